// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gridlock::diagnosis {

/// A row of `dlm/<lockspace>_waiters`: a message of this node that was not answered yet.
struct DlmReply {
  std::string resource;  ///< name as printed
  int node = 0;          ///< that has to answer
  bool operator==(const DlmReply&) const = default;
};

/// Rows that make no sense are skipped; at most 65536 are kept.
/// Source: waiters_read() in fs/dlm/debug_fs.c, "%x %d %d %s".
std::vector<DlmReply> read_dlm_waiters(std::string_view text);

}  // namespace gridlock::diagnosis

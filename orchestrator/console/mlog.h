// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string_view>

namespace gridlock::console {

/// An error that OCFS2 logs: "(COMM,PID,CPU):FUNCTION:LINE ERROR: TEXT". A name may hold anything.
/// Source: __mlog_printk() in fs/ocfs2/cluster/masklog.c.
struct Mlog {
  std::string_view who;  ///< "COMM,PID": on its way up a task may change the processor
  std::string_view function;
  std::string_view said;  ///< the text
};

/// What the line says, if it is one.
std::optional<Mlog> parse_mlog(std::string_view text);

/// Whether an error's text is "status = -5": mlog_errno() in fs/ocfs2/cluster/masklog.h, which each
/// function on the way up to the system call logs again.
bool is_mlog_status(std::string_view said);

}  // namespace gridlock::console

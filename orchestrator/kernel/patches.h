// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "host/command_runner.h"

namespace gridlock {

/// A patch as read once, so that what is keyed, applied and kept is the same.
struct Patch {
  std::string name;  ///< as in the topology, for messages
  std::filesystem::path path;
  std::string text;
};

/// The files a unified diff (plain, git, or a mail with one) changes, creates, deletes or renames,
/// relative to the tree (-p1). Throws HostError if there are none, or one is outside the tree.
std::set<std::string> files_touched(const Patch& patch);

/// Applies the patch to `tree` with patch(1), without fuzz. Throws HostError naming patch, file and
/// hunk; `tree` is then partly changed.
void apply_patch(const Patch& patch, const std::filesystem::path& tree, CommandRunner& runner,
                 std::stop_token stop);

/// From what patch(1) printed: "fs/gfs2/file.c: hunk 2 at line 904 does not apply", one line for
/// each failure, or its own last lines if it failed otherwise.
std::string why_not_applied(std::string_view output);

}  // namespace gridlock

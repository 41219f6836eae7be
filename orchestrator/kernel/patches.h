// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <optional>
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
  std::string subject = {};  ///< without what is in brackets; empty if it has none
  bool revert = false;       ///< it is taken back
  bool flowed = false;       ///< its mail may have wrapped lines (format=flowed)
};

/// What messages call it: its name and its subject.
std::string called(const Patch& patch);

/// How many lines a hunk has on each side.
struct Hunk {
  int old_lines = 0, new_lines = 0;
};

/// Of the line that begins one: "@@ -837,12 +837,8 @@ retry:".
std::optional<Hunk> hunk_in(std::string_view line);

/// What to do about a patch that came through a mailer which changed it.
constexpr const char* kHowToGetWhole =
    "ask its author for the patch as an attachment, or fetch it with b4 or from lore.kernel.org";

/// The files a unified diff (plain, git, or a mail with one) changes, creates, deletes or renames,
/// relative to the tree (-p1). Throws HostError if there are none, or one is outside the tree.
std::set<std::string> files_touched(const Patch& patch);

/// Applies the patch to `tree` with patch(1), or takes it back, without fuzz. Throws HostError
/// naming patch, file and hunk, and what would make it fit; `tree` is then partly changed.
void apply_patch(const Patch& patch, const std::filesystem::path& tree, CommandRunner& runner,
                 std::stop_token stop);

/// From what patch(1) printed: "fs/gfs2/file.c: hunk 2 at line 904 does not apply", one line for
/// each failure, or its own last lines if it failed otherwise.
std::string why_not_applied(std::string_view output);

}  // namespace gridlock

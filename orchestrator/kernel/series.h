// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/git.h"
#include "kernel/mail.h"
#include "kernel/patches.h"
#include "plan/plan.h"

namespace gridlock {

/// What the subject of a mail says of the patch in it.
struct SubjectTag {
  bool reply = false;         ///< "Re: …", "Fwd: …"
  bool patch = false;         ///< "[PATCH …]"
  int version = 1;            ///< 3 of "[PATCH v3 2/5]"
  std::optional<int> number;  ///< 2 of "2/5"; 0: the cover letter
  int total = 0;              ///< 5 of "2/5"
  std::string title;          ///< without what is in brackets before it
};

SubjectTag read_subject(std::string_view subject);

/// Why the unified diff in `text` cannot be what its author wrote: a line of a hunk begins with
/// none of the three characters it must, or a hunk ends early. Absent if it is well-formed; whether
/// blanks were changed in its lines does not show here.
std::optional<std::string> why_mangled(std::string_view text);

/// The patches of a mailbox called `name`, in the order they are numbered whatever the order of the
/// mails: cover letters, replies, older versions of the series and mails that came twice are left
/// out; what is left out and could have been meant is told to `note`. Throws HostError naming a
/// number that is missing, a second series, or a patch that was mangled.
std::vector<Patch> patches_of_mailbox(const std::vector<Mail>& mails, const std::string& name,
                                      const std::filesystem::path& file,
                                      const std::function<void(const std::string&)>& note);

/// One line of a quilt folder's file `series`: the patch, and whether it is taken back (-R). Absent
/// for empty lines and comments. Throws HostError for what patch(1) would be told that is not -p1.
struct QuiltLine {
  std::string file;
  bool revert = false;
};
std::optional<QuiltLine> read_quilt_line(std::string_view line, const std::string& name);

/// All that a kernel's `patches` come to, in the order of applying. `repository` is where ranges
/// come from; null: there are none. Throws HostError naming the file, mail or commit that is wrong.
std::vector<Patch> collect_patches(const PlannedKernel& kernel, const GitRepository* repository,
                                   const std::function<void(const std::string&)>& note);

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/duration.h"

namespace gridlock {

/// The object a line of the kernel's make says it compiles ("  CC      fs/gfs2/file.o"); absent for
/// other lines, and for tools that run on the host.
/// Source: the quiet_cmd_… names in scripts/Makefile.build.
std::optional<std::string> compiled_object(std::string_view line);

/// What a person needs of a failed make: the compiler's and linker's own errors with the lines
/// around that belong to them, else the last lines. At most `lines` lines.
std::string essential_errors(std::string_view errors, std::size_t lines = 20);

/// "about 3m left" from the rate so far; empty while it is too early to tell or if `total` is
/// unknown (0) or was wrong.
std::string time_left(int done, int total, Milliseconds elapsed);

}  // namespace gridlock

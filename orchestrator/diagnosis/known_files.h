// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

#include "diagnosis/look.h"

namespace gridlock::diagnosis {

/// Lines "INODE NAME", the number in decimal; others are skipped, at most a million are kept.
KnownFiles parse_known_files(std::string_view text);

}  // namespace gridlock::diagnosis

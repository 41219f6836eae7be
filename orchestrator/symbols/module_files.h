// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gridlock::symbols {

/// The name a kernel prints for the module in a file of this name: without .ko and what follows
/// it, `-` as `_`. Empty if it is no module's file.
std::string module_name(std::string_view file_name);

/// The modules' files anywhere in `folder`, in the order of their paths, by the modules' names;
/// links to folders are not followed. Throws Error if it cannot be read.
std::map<std::string, std::vector<std::filesystem::path>> module_files(
    const std::filesystem::path& folder);

}  // namespace gridlock::symbols

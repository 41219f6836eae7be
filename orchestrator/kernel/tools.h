// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "host/command_runner.h"

namespace gridlock {

/// What objects depend on besides their source: first lines of the compiler's and linker's
/// versions. Throws HostError if one is missing.
std::string compiler_identity(CommandRunner& runner, std::stop_token stop);

/// Throws HostError naming the programs and headers that building `tree` (empty: a packaged kernel)
/// with the configuration `config` needs and that are not installed, with their Debian packages.
void require_tools(const std::filesystem::path& tree, const std::string& config,
                   CommandRunner& runner, std::stop_token stop);

}  // namespace gridlock

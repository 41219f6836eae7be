// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>

#include "host/command_runner.h"
#include "plan/plan.h"

namespace gridlock {

/// What a plan needs to know of this machine. A program that is not installed leaves its fact
/// empty.
HostFacts read_host_facts(CommandRunner& runner, const std::filesystem::path& fragments,
                          std::stop_token stop);

/// "7.2.22" of "QEMU emulator version 7.2.22 (Debian …)"; empty if `text` has no such version.
std::string qemu_version_in(std::string_view text);

}  // namespace gridlock

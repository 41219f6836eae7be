// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>

#include "base/duration.h"

namespace gridlock {

/// Why nobody takes a TCP connection at `host`:`port` within `limit`; empty: somebody does. Nothing
/// is sent. The name is looked up by the system's own rules and time limits.
std::string tcp_problem(const std::string& host, std::uint16_t port, Milliseconds limit);

}  // namespace gridlock

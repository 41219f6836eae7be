// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gridlock {

/// Where an iSCSI target listens.
struct Portal {
  std::string host;  ///< a name or an address; an IPv6 address without its brackets
  std::uint16_t port = 3260;
};

/// Reads "HOST", "HOST:PORT", "[IPV6]" or "[IPV6]:PORT"; absent: it is none of them.
std::optional<Portal> read_portal(std::string_view text);

}  // namespace gridlock

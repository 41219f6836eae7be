// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace gridlock {

/// What an initiator proves itself with (CHAP, RFC 3720 §11.1.4). Never printed, and never put where
/// others can read it: no argument, no result, no plan.
struct ChapSecret {
  std::string user;
  std::string secret;
};

/// A disk behind an iSCSI portal, as an initiator is told of it.
struct IscsiLun {
  std::string host;  ///< a name or an address; an IPv6 address without brackets
  std::uint16_t port = 3260;
  std::string iqn;
  int lun = 1;
  std::optional<ChapSecret> chap = {};
};

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "host/draft.h"

namespace gridlock {

/// What nobody has used for so long goes from a cache.
constexpr std::chrono::hours kForgotten{14 * 24};

/// A folder of a cache whose entries are folders named by a key (hexadecimal), each with its lock
/// beside it ("KEY.lock"), which whoever uses it holds.
struct IdleEntries {
  std::filesystem::path root;
  std::string stamp;  ///< the file in an entry that is written, or touched, at each use
  /// How long an entry is kept from its last use.
  std::function<std::chrono::hours(const std::filesystem::path& entry)> keep =
      [](const std::filesystem::path&) { return kForgotten; };
};

/// Removes the entries that were not used for so long before `now` and that nobody uses, with their
/// locks. One without a stamp was never finished, and goes. Throws Error.
std::vector<RemovedTree> remove_idle(const IdleEntries& entries, UtcTime now);

}  // namespace gridlock

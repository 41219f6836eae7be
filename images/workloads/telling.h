// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "workloads/options.h"

namespace gridlock::mdio {

/// Tells the node that watches this one's file which writes have ended. Over the network and not
/// the file system, which is what is being tested. What gets lost makes the check weaker, never
/// wrong.
class Teller {
 public:
  /// Tells nobody if there are no peers or no observers.
  explicit Teller(const Options& options);
  ~Teller();
  Teller(const Teller&) = delete;
  Teller& operator=(const Teller&) = delete;

  /// The write of `version` to slot `slot` of this node's process `process` has ended.
  void wrote(std::uint64_t process, std::uint64_t slot, std::uint64_t version) const;

 private:
  int socket_ = -1;
  std::uint64_t seed_;
};

/// The versions this node was told the next node had written, in memory shared with children.
class Told {
 public:
  Told(const Options& options, std::uint64_t slots);

  /// 0: nothing was told.
  std::uint64_t version(std::uint64_t process, std::uint64_t slot) const {
    return versions_[(process - 1) * slots_ + slot].load(std::memory_order_acquire);
  }

  /// Listens until `ended`.
  void listen(const Options& options, const std::atomic<bool>& ended);

 private:
  std::uint64_t processes_;
  std::uint64_t slots_;
  std::atomic<std::uint64_t>* versions_;
};

}  // namespace gridlock::mdio

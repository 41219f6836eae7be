// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <span>

#include "workloads/files.h"
#include "workloads/layout.h"
#include "workloads/options.h"

namespace gridlock::mdio {

/// A fault done on purpose, once, so that it can be seen that the checks find it. One a thread.
class FaultInjector {
 public:
  explicit FaultInjector(Fault fault) : fault_(fault) {}

  /// A transfer has ended; a short return takes bytes off its count.
  void count(std::uint64_t& bytes);

  /// Whether the next transfer, whose data will be looked at, is to be left out although it counts
  /// as done; true once.
  bool skips();

  /// Whether it is time for bad data; true once.
  bool due();

  /// Spoils data that was read, where it is.
  void spoil(std::span<std::byte> buffer, const Layout& layout) const;

  /// Spoils data that was written, in the file.
  void spoil(const File& file, const Layout& layout, std::uint64_t slot) const;

 private:
  /// Turns a block into what it must not be.
  void change(std::span<std::byte> block) const;

  Fault fault_;
  std::uint64_t transfers_ = 0;
  bool spoiled_ = false;
};

}  // namespace gridlock::mdio

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>

#include "host/descriptor.h"

namespace gridlock {

/// QEMU serves one client of a console at a time and lets the next one wait without a word. Those
/// who are attached, or wait, hold a shared lock on the console's log (flock(2)), so that the next
/// one can be told. A log that cannot be opened tells nothing.
class ConsoleTurn {
 public:
  explicit ConsoleTurn(const std::filesystem::path& log);

  /// Whether somebody else was attached when this began.
  bool must_wait() const { return must_wait_; }

 private:
  Descriptor log_;
  bool must_wait_ = false;
};

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>

#include "base/duration.h"

namespace gridlock {

/// Hears how long work goes on: kernel and image builds, steps of a trial. Called on the thread
/// that does the work; implementations return at once.
class Progress {
 public:
  virtual ~Progress() = default;

  /// `what` begins, e.g. "kernel patched" or "node image".
  virtual void begin(const std::string& what) = 0;
  /// `done` of `total` units; total 0: unknown. `detail` e.g. "fs/gfs2/file.o".
  virtual void advance(const std::string& what, int done, int total, const std::string& detail) = 0;
  /// `outcome` e.g. "built in 5m38s" or "from the cache".
  virtual void end(const std::string& what, const std::string& outcome) = 0;
  /// One line worth keeping.
  virtual void note(const std::string& text) = 0;
};

}  // namespace gridlock

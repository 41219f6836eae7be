// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "base/error.h"
#include "machine/inspection.h"
#include "machine/virt_connection.h"

namespace gridlock {

/// Keeps a machine from running, if it runs, for as long as this lives.
class StandingStill {
 public:
  StandingStill(VirtConnection& connection, const std::string& name)
      : connection_(connection),
        name_(name),
        ran_(connection.state(name).kind == MachineState::Kind::running) {
    if (ran_) connection_.pause(name_);
  }
  ~StandingStill() {
    if (!ran_) return;
    try {
      connection_.resume(name_);
    } catch (const Error&) {
      // It ended meanwhile, which its event says.
    }
  }
  StandingStill(const StandingStill&) = delete;
  StandingStill& operator=(const StandingStill&) = delete;

 private:
  VirtConnection& connection_;
  std::string name_;
  bool ran_;
};

}  // namespace gridlock

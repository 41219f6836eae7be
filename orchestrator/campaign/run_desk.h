// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "base/event_loop.h"
#include "record/control_file.h"
#include "trial/control_socket.h"
#include "trial/desk.h"

namespace gridlock {

class LabHost;

/// The desk of a run (trial/desk.h), reached through a socket in its run directory and found by the
/// control.json in its results. The run's lock must be held as long as it lives.
class RunDesk {
 public:
  /// `results` is the run's directory there; `vmlinux` by kernel; `tell` shows a person a line.
  /// Throws Error.
  RunDesk(const LabHost& host, std::filesystem::path results,
          std::map<std::string, std::filesystem::path> vmlinux, const HoldOptions& hold,
          EventLoop& loop, std::function<void(const std::string&)> tell);
  ~RunDesk();

  Desk& desk() { return desk_; }

 private:
  void write_control();

  std::function<void(const std::string&)> tell_;
  std::filesystem::path folder_;
  ControlFile file_;
  bool told_problem_ = false;
  Desk desk_;
  ControlSocket socket_;
};

}  // namespace gridlock

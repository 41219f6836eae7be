// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/duration.h"
#include "base/error.h"

namespace gridlock {

struct Command {
  std::filesystem::path program;  ///< a path, or a name to be searched in PATH
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment;  ///< added to ours
  std::filesystem::path directory;                 ///< empty: ours
  std::string input;                               ///< standard input, then end of file
  Milliseconds deadline{60'000};
  Bytes output_limit = Bytes::mib(8);  ///< of each stream; more is dropped from the front
  /// Called on the calling thread for each complete line of standard output as it comes.
  std::function<void(std::string_view)> on_output_line = {};
};

struct CommandResult {
  enum class Kind { exited, signalled, deadline };
  Kind kind = Kind::exited;
  int value = 0;  ///< exit status or signal number
  std::string output;
  std::string errors;
  Milliseconds duration{0};

  bool ok() const { return kind == Kind::exited && value == 0; }
};

/// A command of ours failed: names it, says how it ended and what it said last.
class HostError : public Error {
  using Error::Error;
};

/// Runs programs on the host. Blocking; from any thread.
class CommandRunner {
 public:
  virtual ~CommandRunner() = default;

  /// Starts the program in a process group of its own and waits for its end; at the deadline or
  /// when `stop` is requested the group gets SIGTERM, two seconds later SIGKILL. Throws
  /// HostError if the program is missing or cannot be started, Cancelled if stopped.
  virtual CommandResult run(const Command& command, std::stop_token stop) = 0;
};

std::unique_ptr<CommandRunner> make_command_runner();

/// Passes on a result that is ok; otherwise throws HostError "<doing>: <program> …".
CommandResult require_ok(CommandResult result, const Command& command, std::string_view doing,
                         std::string hint = {});

}  // namespace gridlock

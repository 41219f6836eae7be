// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
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
  std::vector<std::string> arguments = {};
  std::map<std::string, std::string> environment = {};  ///< added to ours
  std::filesystem::path directory = {};                 ///< empty: ours
  std::string input = {};                               ///< standard input, then end of file
  Milliseconds deadline{60'000};
  Bytes output_limit = Bytes::mib(8);  ///< of each stream; more is dropped from the front
  /// Called on the calling thread for each complete line of standard output as it comes.
  std::function<void(std::string_view)> on_output_line = {};
  /// Descriptors the program and its children keep open under the same numbers, e.g. a FileLock's:
  /// what it guards stays locked until the last of them is gone, even if Gridlock is killed.
  std::vector<int> inherited = {};
};

struct CommandResult {
  enum class Kind { exited, signalled, deadline };
  Kind kind = Kind::exited;
  int value = 0;  ///< exit status or signal number
  std::string output = {};
  std::string errors = {};
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

/// A program started by this runner gets SIGTERM when the thread that waits for it dies.
std::unique_ptr<CommandRunner> make_command_runner();

/// The executable file `program` stands for: itself if it has a slash, else the first in PATH.
std::optional<std::filesystem::path> find_program(const std::filesystem::path& program);

/// "exited with status 2", "was ended by signal 9", "did not end within 5s".
std::string describe_end(const CommandResult& result, const Command& command);

/// Passes on a result that is ok; otherwise throws HostError "<doing>: <program> …".
CommandResult require_ok(CommandResult result, const Command& command, std::string_view doing,
                         std::string hint = {});

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "agent/descriptor.h"

namespace gridlock::agent {

/// "doing: cause of errno".
std::string failure(const std::string& doing, int error);

/// Two ends of a pipe that no program we start inherits by accident; the reading end does not
/// block.
struct Pipe {
  Descriptor reader;
  Descriptor writer;
};
/// Throws std::system_error.
Pipe make_pipe();

/// Called in a new child: gives back what makes the agent special (real-time priority, blocked
/// signals, protection from the out-of-memory killer) and starts a session of its own.
void become_ordinary();

/// A child process that does one thing with files and says how it went through a pipe.
struct FileWorker {
  pid_t pid = -1;
  Descriptor pipe;  ///< reads "k" + data on success, "e" + text on failure, then end of file
};

/// Starts `work` in a child: it returns the data, or throws std::exception. Throws
/// std::system_error if there can be no child.
FileWorker start_file_work(const std::function<std::string()>& work);

/// What the child of a `get` does: up to `limit` bytes from `offset`; the first byte of the result
/// is "1" if nothing follows, else "0".
std::string read_part(const std::string& path, long long offset, std::size_t limit);

/// What the child of a `put` does; makes the folders above `path`.
std::string write_file(const std::string& path, const std::string& data, int mode, int flags);

}  // namespace gridlock::agent

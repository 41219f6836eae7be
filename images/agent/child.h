// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>

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

/// Hears the bytes a child found, piece by piece.
using Emit = std::function<void(std::string_view bytes)>;

/// What a child does with files: emits what it finds and returns true if nothing follows that.
/// Throws std::exception.
using FileWork = std::function<bool(const Emit& emit)>;

/// A child process that does one thing with files and tells of it through a pipe, in frames: a
/// letter, the length of what follows as a std::uint32_t, and so many bytes. "d" is data, of which
/// there may be many; then comes one of "k" (done, nothing follows), "m" (done, more would follow)
/// and "e" (the error's text), and the end of file.
struct FileWorker {
  pid_t pid = -1;
  Descriptor pipe;
};

/// Throws std::system_error if there can be no child.
FileWorker start_file_work(const FileWork& work);

/// What the child of a `get` does: emits up to `limit` bytes from `offset`, read in one go; true if
/// the file ends there.
bool read_file(const std::string& path, long long offset, std::size_t limit, const Emit& emit);

/// What the child of a `put` does; makes the folders above `path`.
std::string write_file(const std::string& path, const std::string& data, int mode, int flags);

}  // namespace gridlock::agent

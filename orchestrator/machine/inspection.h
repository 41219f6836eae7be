// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <exception>
#include <filesystem>
#include <functional>
#include <string>

#include "base/duration.h"
#include "machine/processor_time.h"

namespace gridlock {

/// What a machine does, and the process that runs it.
struct MachineState {
  enum class Kind {
    running,
    paused,    ///< by us, by a debugger, by QEMU: see `detail`
    panicked,  ///< its kernel told so; it is paused
    io_error,  ///< QEMU paused it because its disk failed
    gone,
  };
  enum class Process {
    runs,
    stopped,  ///< by a signal (SIGSTOP) or a debugger of the host: state T or t
    stuck,    ///< in the host's kernel: state D. Only for a moment, as a rule
    gone,
  };
  Kind kind = Kind::gone;
  std::string detail;  ///< who paused it, in words; empty if it runs
  Process process = Process::gone;
};

/// "runs", "is paused: by Gridlock", "its QEMU was stopped by a signal (SIGSTOP?)".
std::string describe(const MachineState& state);

/// Looks into machines from outside, whatever their kernels do. Calls return at once; answers come
/// on the loop, with null or an Error. They do not wait for what is asked of the machine otherwise,
/// nor does that wait for them: one that a machine does not answer ends when it is destroyed.
class Inspection {
 public:
  using Done = std::function<void(std::exception_ptr)>;
  using TextAnswer = std::function<void(std::exception_ptr, const std::string& text)>;
  using StateAnswer = std::function<void(std::exception_ptr, const MachineState& state)>;
  using TimesAnswer = std::function<void(std::exception_ptr, const ThreadTimes& times)>;

  virtual ~Inspection() = default;

  /// The state of a machine, also of one whose QEMU does not answer. One that does not exist is
  /// gone.
  virtual void state(const std::string& name, StateAnswer answer) = 0;

  /// What the threads of a machine's QEMU have used of the host's processors. None: there is no
  /// such machine, or the host does not tell.
  virtual void thread_times(const std::string& name, TimesAnswer answer) = 0;

  /// The registers of every processor as QEMU prints them ("info registers -a"), and behind them
  /// the stacks of those that are in the kernel (machine/registers_text.h reads both), at most 1
  /// MiB. The machine stands still for that moment.
  virtual void registers(const std::string& name, TextAnswer answer) = 0;

  /// Writes the machine's memory and registers to `file`, which must not exist, in the format
  /// kdump-zlib: what crash and drgn read. The machine stands still meanwhile, and goes
  /// on if it ran. On failure, or after `limit`, the file is gone.
  virtual void dump_memory(const std::string& name, const std::filesystem::path& file,
                           Milliseconds limit, Done done) = 0;

  /// Lets one debugger at a time connect to the UNIX socket `socket`, at most 107 bytes, in a
  /// folder QEMU's user may write. While one is connected the machine stands still unless the
  /// debugger lets it go on; it is the caller's to resume it when the debugger went without a word.
  virtual void serve_gdb(const std::string& name, const std::filesystem::path& socket,
                         Done done) = 0;
  /// Ends that, and removes the socket. Nothing to end is success.
  virtual void stop_gdb(const std::string& name, Done done) = 0;

  /// Sends a non-maskable interrupt to every processor. Linux counts it as unknown and says one
  /// line for each (docs/looking.md).
  virtual void inject_nmi(const std::string& name, Done done) = 0;
};

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.h"
#include "base/ids.h"

namespace gridlock {

/// A terminal's window.
struct TerminalSize {
  int rows = 24;
  int columns = 80;
};

/// A program to run on a node.
struct Job {
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment = {};
  std::string input = {};
  std::optional<std::chrono::nanoseconds> at =
      {};  ///< guest CLOCK_MONOTONIC to start at; absent: now
  /// It runs on a terminal of this size: its session's, where its input and output go; all it
  /// prints is standard output. Input is what write() brings.
  std::optional<TerminalSize> terminal = {};
  bool more_input = false;  ///< standard input goes on after `input`: write(), close_input()
};

/// How a job ended.
struct JobEnd {
  std::optional<int> status;  ///< exit status
  std::optional<int> signal;  ///< the signal that killed it
  std::string error;          ///< why it could not be started
  bool ok() const { return status == 0; }
};

struct JobHandlers {
  std::function<void(std::string_view)> on_output = {};  ///< bytes of standard output
  std::function<void(std::string_view)> on_errors = {};  ///< bytes of standard error
  std::function<void(const JobEnd&)> on_end = {};        ///< once; not called if the agent is lost
};

/// What the agent says of itself.
struct Hello {
  std::string boot_id;
  std::string kernel;   ///< uname -r
  std::string version;  ///< uname -v
};

/// What makes a booted node this node.
struct Identity {
  NodeId node;
  std::string name;
  std::string address;  ///< on the fabric, /24
  std::string mac;
  std::chrono::nanoseconds realtime{0};                    ///< since 1970
  std::string entropy;                                     ///< 32 bytes
  std::vector<std::pair<std::string, std::string>> hosts;  ///< name, address of every node
};

/// A program on the node came to wait at a barrier, or waits no more.
struct BarrierEvent {
  std::string barrier;       ///< a barrier's name (wire::is_barrier_name)
  std::uint64_t waiter = 0;  ///< the node's number for the program
  bool gone = false;
};

/// What programs that wait at a barrier are told.
struct BarrierAnswer {
  std::string barrier;
  std::vector<std::uint64_t> waiters;
  std::chrono::nanoseconds at{0};  ///< guest CLOCK_MONOTONIC to go on at
  std::string error;               ///< why they never can; empty: they can
};

/// Asked something, the agent answers with this: an empty error is success.
struct Reply {
  std::string error;
  std::string data;  ///< of `get` and `tasks`
  bool ok() const { return error.empty(); }
};

/// The host's end of one node's agent. Everything happens on the loop's thread. What the node sends
/// is bounded and checked; a line that is not understood is counted and skipped.
class Agent {
 public:
  using JobId = std::uint64_t;
  using Answer = std::function<void(const Reply&)>;

  virtual ~Agent() = default;

  /// Present once the node said hello (on this connection).
  virtual const std::optional<Hello>& hello() const = 0;
  /// When the node last said anything that was understood.
  virtual std::optional<SteadyTime> last_heard() const = 0;
  /// Why the connection ended, or empty while it stands or is still being made.
  virtual const std::string& lost() const = 0;
  /// Lines from the node that could not be understood.
  virtual std::uint64_t garbage() const = 0;

  virtual void identify(const Identity& identity, Answer answer) = 0;
  /// Sets the clock and feeds `entropy` (32 bytes) to a node that goes on from a saved state as who
  /// it was.
  virtual void refresh(std::chrono::nanoseconds realtime, const std::string& entropy,
                       Answer answer) = 0;
  virtual JobId run(const Job& job, JobHandlers handlers) = 0;
  /// Hears a job that an earlier agent object ran on this node before it was saved. Later jobs get
  /// higher numbers.
  virtual void adopt(JobId job, JobHandlers handlers) = 0;
  /// The highest number a job has had.
  virtual JobId last_job() const = 0;
  virtual void signal(JobId job, int number) = 0;
  /// Gives at most wire::kWriteLimit bytes to the input of a job that has a terminal or takes more.
  /// `taken`: how many of them the node keeps for it; what it does not, it takes later, when the
  /// job has read.
  virtual void write(JobId job, std::string_view bytes,
                     std::function<void(const Reply&, std::size_t taken)> answer) = 0;
  /// Ends a job's input; its terminal hangs up, which its session hears as SIGHUP.
  virtual void close_input(JobId job) = 0;
  /// Gives a job's terminal another size; an error if it has none, as with an agent that knows of
  /// none.
  virtual void resize(JobId job, const TerminalSize& size, Answer answer) = 0;
  /// What every thread of the job's session does, as the text that images/agent/PROTOCOL.md
  /// describes, at most wire::kTasksLimit bytes. For job 0: of every job, and every task of the
  /// node in state D. An agent of a lab that was saved long ago may not know how: an error.
  virtual void tasks(JobId job, Answer answer) = 0;
  /// Forgets the handlers of a job; what it still sends is ignored.
  virtual void forget(JobId job) = 0;
  virtual void put(const std::string& path, std::string_view data, int mode, Answer answer) = 0;
  /// Adds `data`, at most wire::kGetLimit bytes, to the end of a file; its mode becomes `mode`.
  virtual void append(const std::string& path, std::string_view data, int mode, Answer answer) = 0;
  /// The first `limit` bytes of a file, read from its begin to its end in one go, however long it
  /// is: a dump that changes meanwhile still fits together. An error if nothing comes for 5 s.
  virtual void get(const std::string& path, std::size_t limit, Answer answer) = 0;
  virtual void sysrq(char key, Answer answer) = 0;
  virtual void power_off() = 0;

  /// Hears of programs that wait at a barrier, from now on; an empty handler ends it. Of one that
  /// waits still, the node may tell again.
  virtual void on_barrier(std::function<void(const BarrierEvent&)> handler) = 0;
  virtual void release(const BarrierAnswer& answer) = 0;

  /// Asks for the node's monotonic clock several times; the answer with the shortest way decides.
  /// `done` gets (guest CLOCK_MONOTONIC − host steady clock) and half the round trip, or nothing
  /// after `limit`.
  struct ClockOffset {
    std::chrono::nanoseconds offset{0};
    std::chrono::nanoseconds uncertainty{0};
  };
  virtual void measure_clock(Milliseconds limit,
                             std::function<void(std::optional<ClockOffset>)> done) = 0;
};

/// Carries lines to and from one node: a UNIX socket, or a script in a test.
class LineChannel {
 public:
  virtual ~LineChannel() = default;
  virtual void on_bytes(std::function<void(std::string_view)> handler) = 0;
  virtual void on_lost(std::function<void(const std::string& why)> handler) = 0;
  virtual void send(std::string_view line) = 0;  ///< with its newline
};

/// Connects to the socket QEMU listens at, trying again until it is there.
std::unique_ptr<LineChannel> connect_channel(const std::filesystem::path& socket, EventLoop& loop);

std::unique_ptr<Agent> make_agent(std::unique_ptr<LineChannel> channel, EventLoop& loop);

}  // namespace gridlock

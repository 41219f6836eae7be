// SPDX-License-Identifier: GPL-2.0-or-later
// lock-ping: POSIX byte-range locks of one file, handed from process to process and from node to
// node, as ctdb's ping_pong does; with data, also whether what is written under a lock is seen by
// the next that has it.
//
// Standard output: lines as docs/topology.md describes them under "Work lines". An operation is a
// lock taken; its latency is how long that took.
// Exit status: 0 done and right · 1 bad data or an error · 2 usage · 3 nothing was done or looked
// at · 4 the files could not be set up, or a process died.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "workloads/board.h"
#include "workloads/lock_ping_options.h"
#include "workloads/lock_ring.h"
#include "workloads/members.h"
#include "workloads/ping_files.h"
#include "workloads/work_lines.h"

namespace gridlock::lock_ping {
namespace {

enum Exit { kRight = 0, kWrong = 1, kUsageExit = 2, kNothingDone = 3, kNoSetUp = 4 };

int run(const Options& options) {
  catch_waking_signal();
  mdio::Board& board = mdio::shared_board();
  std::vector<mdio::Member> members;
  for (std::uint64_t process = 1; process <= options.processes; ++process) {
    mdio::WorkerCounters& counters = board.worker(std::to_string(process) + ".1");
    members.push_back({mdio::Member::Part::worker, "process " + std::to_string(process),
                       [&, process] { run_ring(options, board, process, counters); },
                       kWakingSignal});
  }
  if (!mdio::run_members(board, options.sample, members)) return kNoSetUp;
  std::uint64_t operations = 0;
  bool wrong = false;
  for (const mdio::WorkerCounters& worker : board.workers) {
    operations += worker.operations;
    wrong = wrong || worker.bad > 0 || worker.errors > 0;
  }
  if (wrong) return kWrong;
  return operations == 0 ? kNothingDone : kRight;
}

int verify_and_tell(const Options& options) {
  const Verified verified = verify(options);
  mdio::print_line("gridlock {\"result\":{\"operations\":" + std::to_string(verified.checked) +
                   ",\"checked\":" + std::to_string(verified.checked) +
                   ",\"bad\":" + std::to_string(verified.bad) + ",\"first_bad\":" +
                   (verified.first_bad.empty() ? "null" : verified.first_bad) + "}}");
  if (verified.bad > 0) return kWrong;
  return verified.checked == 0 ? kNothingDone : kRight;
}

int act(const Options& options) {
  switch (options.action) {
    case Action::prepare:
      mdio::print_line("gridlock {\"result\":{\"operations\":1,\"bytes\":" +
                       std::to_string(prepare(options)) + "}}");
      return kRight;
    case Action::run:
      return run(options);
    case Action::verify:
      return verify_and_tell(options);
  }
  return kUsageExit;
}

}  // namespace
}  // namespace gridlock::lock_ping

int main(int count, char** arguments) {
  using namespace gridlock::lock_ping;
  try {
    return act(read_options(count, arguments));
  } catch (const gridlock::mdio::UsageMistake& mistake) {
    std::fprintf(stderr, "lock-ping: %s\n%s", mistake.what(), usage().c_str());
    return kUsageExit;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "lock-ping: %s\n", error.what());
    return kNoSetUp;
  }
}

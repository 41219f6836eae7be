// SPDX-License-Identifier: GPL-2.0-or-later
// mmap-dio: transfers between files and memory that is mapped from files, the workload that GFS2
// deadlocked on before "gfs2: Fix mmap + page fault deadlocks for direct I/O" (v5.16).
//
// Standard output: lines as docs/topology.md describes them under "Work lines".
// Exit status: 0 done and right · 1 bad data, an error or a short transfer · 2 usage · 3 nothing
// was done or looked at · 4 the files could not be set up, or a process died.
#include <cstdio>
#include <exception>
#include <memory>

#include "workloads/board.h"
#include "workloads/disturbance.h"
#include "workloads/layout.h"
#include "workloads/members.h"
#include "workloads/observer.h"
#include "workloads/options.h"
#include "workloads/prepare.h"
#include "workloads/telling.h"
#include "workloads/verify.h"
#include "workloads/work_lines.h"
#include "workloads/worker.h"

namespace gridlock::mdio {
namespace {

enum Exit { kRight = 0, kWrong = 1, kUsageExit = 2, kNothingDone = 3, kNoSetUp = 4 };

int run(const Options& options, const Layout& layout) {
  Board& board = shared_board();
  std::vector<Member> members;
  Versions told(options, layout.slots());
  Versions begun(options, layout.slots());
  for (std::uint64_t process = 1; process <= options.processes; ++process) {
    for (std::uint64_t thread = 1; thread <= options.threads; ++thread)
      board.worker(worker_name(process, thread));
    members.push_back({Member::Part::worker, "process " + std::to_string(process),
                       [&, process] { run_worker(options, layout, board, begun, process); }});
  }
  if (!options.observe.empty() && !options.peers.empty())
    members.push_back({Member::Part::beside, "listener",
                       [&] { listen(options, told, begun, board.workers_ended); }});
  for (const Observer way : options.observe) {
    WorkerCounters& counters = board.worker(std::string("observe.") + name_of(way));
    members.push_back({Member::Part::beside, std::string("observer ") + name_of(way),
                       [&, way] { observe(options, layout, board, told, way, counters); }});
  }
  for (const Disturbance what : options.disturb) {
    if (what == Disturbance::evict) continue;
    WorkerCounters& counters = board.worker(std::string("disturb.") + name_of(what));
    members.push_back({Member::Part::beside, std::string("disturber ") + name_of(what),
                       [&, what] { disturb(options, layout, board, what, counters); }});
  }
  if (!run_members(board, options.sample, members)) return kNoSetUp;
  std::uint64_t operations = 0;
  bool wrong = false;
  for (const WorkerCounters& worker : board.workers) {
    if (worker.transfers()) operations += worker.operations;
    wrong = wrong || worker.bad > 0 || worker.errors > 0 || worker.short_transfers > 0;
  }
  if (wrong) return kWrong;
  return operations == 0 ? kNothingDone : kRight;
}

int verify_and_tell(const Options& options, const Layout& layout) {
  const Verified verified = verify(options, layout);
  print_line("gridlock {\"result\":{\"operations\":" + std::to_string(verified.checked) +
             ",\"checked\":" + std::to_string(verified.checked) +
             ",\"bad\":" + std::to_string(verified.bad) +
             ",\"first_bad\":" + (verified.first_bad.empty() ? "null" : verified.first_bad) + "}}");
  if (verified.bad > 0) return kWrong;
  return verified.checked == 0 ? kNothingDone : kRight;
}

int act(const Options& options) {
  const Layout layout(options);
  switch (options.action) {
    case Action::prepare:
      print_line("gridlock {\"result\":{\"operations\":1,\"bytes\":" +
                 std::to_string(prepare(options, layout)) + "}}");
      return kRight;
    case Action::run:
      return run(options, layout);
    case Action::verify:
      return verify_and_tell(options, layout);
  }
  return kUsageExit;
}

}  // namespace
}  // namespace gridlock::mdio

int main(int count, char** arguments) {
  using namespace gridlock::mdio;
  try {
    return act(read_options(count, arguments));
  } catch (const UsageMistake& mistake) {
    std::fprintf(stderr, "mmap-dio: %s\n%s", mistake.what(), usage().c_str());
    return kUsageExit;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mmap-dio: %s\n", error.what());
    return kNoSetUp;
  }
}

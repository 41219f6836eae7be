// SPDX-License-Identifier: GPL-2.0-or-later
#include "watch/standstill.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace gridlock {
namespace {

using diagnosis::Diagnosis;
using diagnosis::Doing;
using diagnosis::TaskId;
using diagnosis::TaskState;

/// What a clock tick of /proc/PID/stat is: USER_HZ, 100 on all of Linux's machines but one.
constexpr Milliseconds kTick{10};
/// A transfer that waits for a disk leaves the processor alone most of the time; one that only
/// copies is over long before anybody asks.
constexpr double kBusy = 0.7;
/// What tries again and again and writes its pages out each time waits for the disk in between, as
/// a large transfer does, which ends sooner.
constexpr double kHalfBusy = 0.25;
constexpr int kBeliefInTransfers = 3;
/// A node so slow that it did not even tell what its tasks do.
constexpr int kBeliefInTheUnknown = 3;
/// What moves by other means than its counter.
constexpr int kBeliefInOthers = 12;

/// The share of the time between the looks that `ticks` are.
double share(std::uint64_t ticks, const StillNode& node) {
  if (node.between.count() <= 0) return 0;
  return static_cast<double>(ticks) * static_cast<double>(kTick.count()) /
         static_cast<double>(node.between.count());
}

/// The workload's tasks on one node, as both looks show them.
class Workers {
 public:
  Workers(const Diagnosis& diagnosis, const StillNode& node) {
    for (const auto& [id, state] : diagnosis.states)
      if (id.node == node.node && node.tasks.contains(id.pid)) all_.emplace_back(id, state);
  }

  std::uint64_t ticks(std::uint64_t TaskState::*kind) const {
    std::uint64_t sum = 0;
    for (const auto& [id, state] : all_)
      if (state.seen_twice) sum += state.*kind;
    return sum;
  }

  /// "mdio/103 sleeps in gfs2_fault", of the one that used most of `kind`; empty: there is none.
  std::string busiest(std::uint64_t TaskState::*kind) const {
    const auto most = std::max_element(all_.begin(), all_.end(), [&](const auto& a, const auto& b) {
      return a.second.*kind < b.second.*kind;
    });
    return most == all_.end() ? std::string() : text(*most);
  }

  bool empty() const { return all_.empty(); }
  template <class Condition>
  bool all(const Condition& condition) const {
    return !all_.empty() && std::all_of(all_.begin(), all_.end(),
                                        [&](const auto& task) { return condition(task.second); });
  }
  /// The first that is like that.
  template <class Condition>
  std::string first(const Condition& condition) const {
    const auto found = std::find_if(all_.begin(), all_.end(),
                                    [&](const auto& task) { return condition(task.second); });
    return found == all_.end() ? std::string() : text(*found);
  }

 private:
  static std::string text(const std::pair<TaskId, TaskState>& task) {
    return fmt::format("{}/{} {}", task.second.name, task.first.pid, task.second.text());
  }

  std::vector<std::pair<TaskId, TaskState>> all_;
};

bool does_io(const TaskState& state) {
  return state.doing == Doing::fsync || state.doing == Doing::log_flush ||
         state.doing == Doing::writeback || state.doing == Doing::block_io;
}

/// Functions in which a program sleeps because it asked to: for a time, for a signal, for another
/// program to say or do something. Sources: kernel/time/hrtimer.c, fs/select.c, fs/eventpoll.c,
/// kernel/futex, kernel/exit.c, kernel/signal.c, fs/pipe.c, net/unix/af_unix.c,
/// net/core/datagram.c.
bool is_own_sleep(const TaskState& state) {
  static constexpr std::array<std::string_view, 19> kFunctions{"do_nanosleep",
                                                               "hrtimer_nanosleep",
                                                               "common_nsleep",
                                                               "poll_schedule_timeout",
                                                               "do_sys_poll",
                                                               "do_select",
                                                               "ep_poll",
                                                               "do_epoll_wait",
                                                               "futex_wait_queue",
                                                               "futex_wait",
                                                               "do_futex",
                                                               "do_wait",
                                                               "do_sigtimedwait",
                                                               "sigsuspend",
                                                               "pipe_read",
                                                               "unix_stream_data_wait",
                                                               "unix_stream_read_generic",
                                                               "__skb_wait_for_more_packets",
                                                               "io_cqring_wait"};
  return std::find(kFunctions.begin(), kFunctions.end(), state.function) != kFunctions.end();
}

bool sleeps_by_itself(const TaskState& state) {
  return state.where == TaskState::Where::sleeping && is_own_sleep(state);
}

bool leads_from(const Diagnosis& diagnosis, const std::string& node) {
  return diagnosis.kind == Diagnosis::Kind::chain &&
         std::find(diagnosis.nodes.begin(), diagnosis.nodes.end(), node) != diagnosis.nodes.end();
}

Standstill slow(const std::string& text) { return {Standstill::Kind::slow, text, kBeliefInOthers}; }

bool disk_moved(const StillNode& node) {
  return node.disk && node.disk->second.transfers != node.disk->first.transfers;
}

/// Whether the disk was asked for something before the first look and has not answered: QEMU's and
/// the host's doing, not the node's.
bool disk_owes(const StillNode& node) {
  return node.disk && node.disk->first.under_way > 0 && node.disk->second.under_way > 0;
}

}  // namespace

Standstill judge_standstill(const Diagnosis& diagnosis, const StillNode& node) {
  if (node.silent) return slow(node.node + " did not answer");
  const Workers workers(diagnosis, node);
  const double in_kernel = share(workers.ticks(&TaskState::kernel_ticks), node);
  const auto syncs = [](const TaskState& state) { return state.doing == Doing::fsync; };
  if (in_kernel >= kBusy || (in_kernel >= kHalfBusy && workers.first(syncs).empty()))
    return {Standstill::Kind::spin,
            fmt::format("{}, {:.0f} % of a processor in the kernel",
                        workers.busiest(&TaskState::kernel_ticks), 100 * in_kernel),
            in_kernel >= kBusy ? 1 : kBeliefInTransfers};
  const auto is_stopped = [](const TaskState& state) {
    return state.where == TaskState::Where::stopped;
  };
  if (const std::string task = workers.first(is_stopped); !task.empty())
    return {Standstill::Kind::stopped, task};
  if (share(workers.ticks(&TaskState::user_ticks), node) >= kBusy)
    return slow(workers.busiest(&TaskState::user_ticks) + ": it computes, outside the kernel");
  const auto recovers = [](const TaskState& state) { return state.doing == Doing::recovery; };
  if (const std::string task = workers.first(recovers); !task.empty()) return slow(task);
  if (const std::string task = workers.first(does_io); !task.empty()) {
    if (disk_moved(node)) return slow(task + ", and the disk moves");
    if (disk_owes(node)) return slow(task + ", and the disk has not answered");
    return {Standstill::Kind::stall, task + ", and the disk does nothing"};
  }
  const auto works = [](const TaskState& state) {
    return state.where == TaskState::Where::running && state.kernel_ticks > 0 &&
           state.doing != Doing::lock && !is_own_sleep(state);
  };
  const auto waits = [](const TaskState& state) { return state.doing == Doing::lock; };
  const std::string waiter = workers.first(waits);
  if (const std::string task = workers.first(works); !task.empty()) {
    if (disk_moved(node))
      return {Standstill::Kind::slow, task + ", and the disk moves", kBeliefInTransfers};
    if (waiter.empty()) return {Standstill::Kind::slow, task, kBeliefInTransfers};
  }
  // Who does not answer may have what others wait for; what it does itself decides.
  if (!waiter.empty() && !node.silent_others.empty())
    return slow(fmt::format("{}, and {} {} not answer", waiter, join(node.silent_others, " and "),
                            node.silent_others.size() == 1 ? "does" : "do"));
  if (workers.all(sleeps_by_itself))
    return slow(workers.first(sleeps_by_itself) + ", as it asked to");
  if (leads_from(diagnosis, node.node)) {
    if (diagnosis.end->passes()) return slow(diagnosis.sentence);
    return {Standstill::Kind::stall, diagnosis.sentence};
  }
  std::string task = waiter;
  if (task.empty())
    task = workers.first(
        [](const TaskState& state) { return !state.function.empty() && !sleeps_by_itself(state); });
  if (!task.empty()) return {Standstill::Kind::stall, task};
  // Nobody sleeps. A processor that is taken away, from the task or from the machine, is all it
  // lacks.
  const auto runs = [](const TaskState& state) {
    return state.where == TaskState::Where::running && state.kernel_ticks <= state.user_ticks;
  };
  if (const std::string ready = workers.first(runs); !ready.empty())
    return slow(ready + ": it is ready to run");
  return {Standstill::Kind::stall,
          workers.empty() ? "it did not tell in time what its tasks do"
                          : "what it waits for is not known",
          kBeliefInTheUnknown};
}

}  // namespace gridlock

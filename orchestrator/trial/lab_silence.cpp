// SPDX-License-Identifier: GPL-2.0-or-later
// Nodes of a lab that fell silent, and how slow they and their host are.
#include <fmt/format.h>

#include <algorithm>

#include "trial/lab.h"
#include "watch/pace.h"

namespace gridlock {
namespace {

/// The agent sends a heartbeat every half second, at real-time priority. Under emulation on a busy
/// host a guest may be off the CPU for seconds.
constexpr Milliseconds kSilence{20'000};
constexpr double kMostPatience = 4;
/// libvirt knows a machine's state without asking QEMU.
constexpr Milliseconds kStateLimit{3'000};
constexpr Milliseconds kHostLook{1'000};

}  // namespace

void Lab::calibrate(Milliseconds limit, std::stop_token stop) {
  slowness_ = measure_slowness(crew(), pace(), limit, std::move(stop));
}

std::chrono::nanoseconds Lab::pace() const {
  return setting_.acceleration == Acceleration::kvm ? kNativePace : kEmulatedPace;
}

void Lab::look_for_silence() {
  if (const std::string problem = disk_->ended(); !problem.empty()) lose_disk(problem);
  for (Node& node : nodes_) {
    if (!node.agent || !node.agent->hello() || still_.contains(node.id)) continue;
    if (node.loss && node.loss->kind == Loss::Kind::killed) continue;
    if (!node.agent->lost().empty())
      lose(node, Loss::Kind::agent_lost,
           fmt::format("the agent on {} is gone: {}", node.name, node.agent->lost()));
    auto heard = node.agent->last_heard();
    if (const auto went_on = went_on_.find(node.id); heard && went_on != went_on_.end())
      heard = std::max(*heard, went_on->second);
    const auto measured = slowness_.find(node.id);
    const double slow = std::max(measured == slowness_.end() ? 1 : measured->second,
                                 heard ? host_delay_.since(*heard) : 1);
    const auto limit =
        std::chrono::duration_cast<Milliseconds>(kSilence * std::min(slow, kMostPatience));
    if (!heard || setting_.loop.now() - *heard <= limit) {
      asked_why_silent_.erase(node.id);
      continue;
    }
    const auto asked = asked_why_silent_.find(node.id);
    if (asked == asked_why_silent_.end())
      ask_why_silent(node, limit);
    else if (setting_.loop.now() - asked->second > kStateLimit)
      lose(node, Loss::Kind::silent,
           fmt::format("{} has said nothing for {}", node.name, to_string(limit)));
  }
}

void Lab::look_at_host() {
  for (const Node& node : nodes_) {
    SteadyTime& next = next_host_look_[node.id];
    if (node.loss || setting_.loop.now() < next) continue;
    // Whoever is busy with something longer, as a memory image, is not asked again meanwhile.
    next = SteadyTime::max();
    setting_.hypervisor.thread_times(
        node.machine.name, [alive = std::weak_ptr(alive_), id = node.id](std::exception_ptr error,
                                                                         const ThreadTimes& times) {
          const auto lab = alive.lock();
          if (!lab) return;
          const SteadyTime now = (*lab)->setting_.loop.now();
          (*lab)->next_host_look_[id] = now + kHostLook;
          if (!error && !times.empty()) (*lab)->host_delay_.note(id, now, times);
        });
  }
}

void Lab::ask_why_silent(const Node& node, Milliseconds limit) {
  asked_why_silent_[node.id] = setting_.loop.now();
  setting_.hypervisor.state(
      node.machine.name, [alive = std::weak_ptr(alive_), id = node.id, limit](
                             std::exception_ptr error, const MachineState& state) {
        const auto lab = alive.lock();
        // It may have been heard of again.
        if (!lab || error || !(*lab)->asked_why_silent_.contains(id)) return;
        for (Node& silent : (*lab)->nodes_) {
          if (silent.id != id) continue;
          const bool runs = state.kind == MachineState::Kind::running &&
                            state.process == MachineState::Process::runs;
          (*lab)->lose(silent, runs ? Loss::Kind::silent : Loss::Kind::stopped_on_host,
                       fmt::format("{} has said nothing for {}{}", silent.name, to_string(limit),
                                   runs ? "" : ": " + describe(state)));
        }
      });
}

}  // namespace gridlock

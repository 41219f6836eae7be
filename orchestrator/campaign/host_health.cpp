// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/host_health.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace gridlock {
namespace {

constexpr double kMostSteal = 0.05;
/// A clock that is only disciplined moves by less in the time of a trial.
constexpr double kLargestJump = 0.5;  // s
/// With less the host's kernel begins to take pages away from QEMU.
constexpr Bytes kLeastMemory = Bytes::mib(256);
/// The lab of the trial before has kept its processors busy; that much more is somebody else.
constexpr double kLoadOfOthers = 2;  // for each processor

std::optional<double> share(std::uint64_t part, std::uint64_t all) {
  if (all == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(all);
}

}  // namespace

HealthRecord host_health(const HostReading& before, const HostReading& after, const Plan& plan,
                         int cpus) {
  HealthRecord health;
  health.load = before.load;
  if (before.ticks && after.ticks) {
    const std::uint64_t all = after.ticks->all - before.ticks->all;
    health.steal = share(after.ticks->steal - before.ticks->steal, all);
    health.iowait = share(after.ticks->iowait - before.ticks->iowait, all);
  }
  const Bytes memory = std::min(before.available_memory, after.available_memory);
  health.memory_available_bytes = memory.count;
  health.other_machines = std::max(before.other_machines, after.other_machines);
  health.clock_jump_seconds =
      std::chrono::duration<double>(after.clock_offset - before.clock_offset).count();
  // Without the figures, which stand beside it: the same problem of many trials is told once.
  const auto problem = [&](std::string text) { health.problems.push_back(std::move(text)); };
  if (health.steal.value_or(0) > kMostSteal)
    problem(fmt::format("more than {:.0f} % of the processors' time was stolen", 100 * kMostSteal));
  if (health.other_machines > 0) problem("another QEMU ran beside it");
  if (std::abs(health.clock_jump_seconds) > kLargestJump) problem("the clock was set");
  if (memory.count > 0 && memory.count < kLeastMemory.count)
    problem("less than " + to_string(kLeastMemory) + " of memory were free");
  int own = 0;
  for (const PlannedNode& node : plan.nodes) own += node.vcpus;
  if (const double most = own + kLoadOfOthers * cpus; health.load > most)
    problem(fmt::format("the load before it was above {:.0f}", most));
  return health;
}

}  // namespace gridlock

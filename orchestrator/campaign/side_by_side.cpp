// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/side_by_side.h"

#include <algorithm>

namespace gridlock {
namespace {

/// What is left to everybody else on the host.
constexpr Bytes kReserve = Bytes::mib(1024);
constexpr double kIdle = 0.75;
constexpr double kOverloaded = 0.95;
/// A run directory, a fabric and a thread each: beyond this nobody has tried.
constexpr int kMost = 64;

}  // namespace

Room room_for_labs(const Plan& plan, int cpus, Bytes available) {
  int processors = 0;
  for (const PlannedNode& node : plan.nodes) processors += node.vcpus;
  const std::uint64_t memory = lab_memory(plan.nodes).count;
  const std::uint64_t left = available > kReserve ? available.count - kReserve.count : 0;
  Room room;
  room.most = std::clamp(static_cast<int>(std::min<std::uint64_t>(left / memory, kMost)), 1, kMost);
  room.least = std::clamp(cpus / processors, 1, room.most);
  return room;
}

int labs_from_now(const Room& room, int labs, std::optional<double> busy) {
  if (!busy) return labs;
  if (*busy < kIdle) return std::min(labs + 1, room.most);
  if (*busy > kOverloaded) return std::max(labs - 1, room.least);
  return labs;
}

}  // namespace gridlock

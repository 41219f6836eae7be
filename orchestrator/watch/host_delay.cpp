// SPDX-License-Identifier: GPL-2.0-or-later
#include "watch/host_delay.h"

#include <algorithm>

#include "watch/pace.h"

namespace gridlock {
namespace {

/// Longer than most things stand still before they are judged; of longer ones the last part counts.
constexpr std::chrono::minutes kRemembered{15};
/// A machine that sleeps wakes up for moments, and may wait longer for each than it takes. What it
/// waits counts against this share of the time at least, so that it does not seem slow for that.
constexpr double kIdleShare = 0.02;

std::chrono::nanoseconds more(std::chrono::nanoseconds now, std::chrono::nanoseconds before) {
  return std::max(now - before, std::chrono::nanoseconds{0});
}

}  // namespace

void HostDelay::note(NodeId id, SteadyTime now, const ThreadTimes& times) {
  Node& node = nodes_[id];
  ProcessorTime used = node.marks.empty() ? ProcessorTime{} : node.marks.back().used;
  for (const auto& [thread, time] : times) {
    const auto before = node.last.find(thread);
    // What a new thread did before it was seen first was done in that time, but for the first look.
    if (before == node.last.end() && node.marks.empty()) continue;
    const ProcessorTime then = before == node.last.end() ? ProcessorTime{} : before->second;
    used.ran += more(time.ran, then.ran);
    used.waited += more(time.waited, then.waited);
  }
  node.last = times;
  node.marks.push_back({now, used});
  while (now - node.marks.front().at > kRemembered) node.marks.pop_front();
}

double HostDelay::of(const Node& node, SteadyTime from) {
  // The last mark before `from`, or the first one behind it.
  auto begin = std::ranges::upper_bound(node.marks, from, {}, &Mark::at);
  if (begin != node.marks.begin()) --begin;
  if (begin == node.marks.end()) return 1;
  const Mark& end = node.marks.back();
  const auto seconds = [](auto time) { return std::chrono::duration<double>(time).count(); };
  const double idle = kIdleShare * seconds(end.at - begin->at);
  const double ran = seconds(end.used.ran - begin->used.ran) + idle;
  if (ran <= 0) return 1;
  return std::min((ran + seconds(end.used.waited - begin->used.waited)) / ran, kSlowest);
}

double HostDelay::since(SteadyTime from) const {
  double most = 1;
  for (const auto& [id, node] : nodes_) most = std::max(most, of(node, from));
  return most;
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/barriers.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/wire.h"

namespace gridlock {
namespace {

/// Time for the answers to reach every node before the common instant.
constexpr Milliseconds kLead{200};
/// Two clocks that differ by 100 parts in a million are 1 ms apart after this long.
constexpr Milliseconds kClockAge{10'000};
constexpr Milliseconds kClockLimit{10'000};

}  // namespace

Barriers::Barriers(const Crew& crew) : crew_(crew) {
  for (std::size_t i = 0; i < crew_.members().size(); ++i)
    crew_.members()[i].agent->on_barrier([this, i](const BarrierEvent& event) { heard(i, event); });
}

Barriers::~Barriers() {
  for (const Crew::Member& member : crew_.members()) member.agent->on_barrier({});
}

void Barriers::open(std::vector<std::chrono::nanoseconds> offsets) {
  GRIDLOCK_CHECK(offsets.size() == crew_.members().size(), "a node's clock is missing");
  open_ = true;
  offsets_ = std::move(offsets);
  measured_ = crew_.loop().now();
}

void Barriers::open_running() {
  open_ = true;
  offsets_.assign(crew_.members().size(), {});
  measured_.reset();
}

void Barriers::program_ended(NodeId node) {
  for (std::size_t i = 0; i < crew_.members().size(); ++i)
    if (crew_.members()[i].id == node) ended_.insert(i);
  decide_all();
}

void Barriers::node_gone(NodeId node) {
  for (std::size_t i = 0; i < crew_.members().size(); ++i) {
    if (crew_.members()[i].id != node) continue;
    gone_.insert(i);
    for (auto& [name, waiting] : waiting_) waiting[i].clear();
  }
  // An answer of its that is waited for never comes.
  forget_clocks();
  decide_all();
}

void Barriers::forget_clocks() {
  measured_.reset();
  if (!measuring_) return;
  measuring_.reset();
  decide_all();
}

void Barriers::close() {
  open_ = false;
  measuring_.reset();
  decide_all();
}

void Barriers::heard(std::size_t member, const BarrierEvent& event) {
  if (event.gone) {
    const auto found = waiting_.find(event.barrier);
    if (found == waiting_.end()) return;
    found->second[member].erase(event.waiter);
  } else {
    // The node keeps the same bound; that it does is not to be trusted.
    if (waiting_on(member) >= wire::kMostWaiters) return;
    auto& waiting = waiting_[event.barrier];
    waiting.resize(crew_.members().size());
    waiting[member].insert(event.waiter);
  }
  decide(event.barrier);
}

std::size_t Barriers::waiting_on(std::size_t member) const {
  std::size_t count = 0;
  for (const auto& [name, waiting] : waiting_) count += waiting[member].size();
  return count;
}

void Barriers::decide_all() {
  std::vector<std::string> names;
  for (const auto& [name, waiting] : waiting_) names.push_back(name);
  for (const std::string& name : names) decide(name);
}

void Barriers::decide(const std::string& name) {
  const Waiting& waiting = waiting_.at(name);
  const auto comes = [](const std::set<std::uint64_t>& waiters) { return !waiters.empty(); };
  if (std::none_of(waiting.begin(), waiting.end(), comes)) {
    waiting_.erase(name);
    return;
  }
  if (!open_)
    return refuse(name,
                  "a barrier is for the programs of a workload while they run, not before "
                  "or after");
  bool all_come = true;
  for (std::size_t i = 0; i < waiting.size(); ++i)
    all_come = all_come && (gone_.contains(i) || comes(waiting[i]));
  if (all_come) return release(name);
  for (const std::size_t member : ended_)
    if (!comes(waiting[member]))
      return refuse(name, fmt::format("{}'s program ended before it came to barrier {}",
                                      crew_.members()[member].name, name));
}

void Barriers::release(const std::string& name) {
  const SteadyTime now = crew_.loop().now();
  if (!measured_ || now - *measured_ > kClockAge) return measure();
  const auto instant =
      std::chrono::duration_cast<std::chrono::nanoseconds>((now + kLead).time_since_epoch());
  const auto released = waiting_.extract(name);
  for (std::size_t i = 0; i < crew_.members().size(); ++i) {
    const auto& waiters = released.mapped()[i];
    if (gone_.contains(i)) continue;
    crew_.members()[i].agent->release(
        {name, {waiters.begin(), waiters.end()}, instant + offsets_[i], {}});
  }
}

void Barriers::refuse(const std::string& name, const std::string& why) {
  const auto refused = waiting_.extract(name);
  for (std::size_t i = 0; i < crew_.members().size(); ++i) {
    const auto& waiters = refused.mapped()[i];
    if (waiters.empty()) continue;
    crew_.members()[i].agent->release({name, {waiters.begin(), waiters.end()}, {}, why});
  }
}

void Barriers::measure() {
  if (measuring_) return;
  measuring_ = std::make_shared<int>(0);
  struct Measured {
    std::vector<std::optional<Agent::ClockOffset>> offsets;
    std::size_t answers = 0;
  };
  const auto measured = std::make_shared<Measured>();
  measured->offsets.resize(crew_.members().size());
  const std::weak_ptr<int> wanted = measuring_;
  for (std::size_t i = 0; i < crew_.members().size(); ++i)
    if (!gone_.contains(i))
      crew_.members()[i].agent->measure_clock(
          kClockLimit, [this, measured, wanted, i](std::optional<Agent::ClockOffset> offset) {
            // Whoever wanted to know may be no more.
            if (wanted.expired()) return;
            measured->offsets[i] = offset;
            if (++measured->answers < crew_.members().size() - gone_.size()) return;
            measuring_.reset();
            for (std::size_t j = 0; j < measured->offsets.size(); ++j)
              if (measured->offsets[j]) offsets_[j] = measured->offsets[j]->offset;
            // A node that did not tell now is silent or lost, which others find; its last word on
            // the clock is the best there is.
            measured_ = crew_.loop().now();
            decide_all();
          });
}

}  // namespace gridlock

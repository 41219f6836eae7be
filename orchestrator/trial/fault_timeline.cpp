// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/fault_timeline.h"

#include <fmt/format.h>

#include <algorithm>

#include "topology/failure_time.h"
#include "topology/words.h"

namespace gridlock {
namespace {

/// QEMU obeys within milliseconds, if the host has time for it.
constexpr Milliseconds kOrderLimit{20'000};
/// Others try again in steps that become twice as long: by then they have reached a node that was
/// away for half that time (TCP's retransmission time-out, RFC 6298).
constexpr int kBackOff = 2;
constexpr Milliseconds kReconnect{1'000};

double seconds(Milliseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

FaultTimeline::FaultTimeline(Place place) : at_(std::move(place)) {
  for (const PlannedFault& fault : at_.trial.faults) {
    FaultRecord& record = at_.record.faults.emplace_back();
    record.kind = word_of(fault.kind);
    record.node = at_.plan.node(fault.node).name;
    record.planned = seconds(fault.at);
    record.lasts = seconds(fault.lasts);
    record.workload = fault.workload;
  }
}

FaultTimeline::~FaultTimeline() {
  for (std::size_t i = 0; i < at_.trial.faults.size(); ++i)
    if (planned(i).kind == FaultKind::cut && record(i).begin && !record(i).end)
      at_.lab.set_cable(planned(i).node, Fabric::Cable::whole);
}

std::set<NodeId> FaultTimeline::mortal(const std::string& workload) const {
  std::set<NodeId> nodes;
  for (const PlannedFault& fault : at_.trial.faults)
    if (fault.kind == FaultKind::kill && fault.workload == workload) nodes.insert(fault.node);
  return nodes;
}

Milliseconds FaultTimeline::delay(const std::string& workload) const {
  Milliseconds sum{0};
  for (const PlannedFault& fault : at_.trial.faults)
    if (fault.workload == workload)
      sum += fault.kind == FaultKind::kill
                 ? given_up_after(at_.plan.cluster, static_cast<int>(at_.plan.nodes.size()))
                 : kBackOff * fault.lasts;
  return sum;
}

void FaultTimeline::begin(const std::string& workload, SteadyTime instant) {
  workload_ = workload;
  instant_ = instant;
  moved_.clear();
}

bool FaultTimeline::due() const {
  if (!instant_) return false;
  for (std::size_t i = 0; i < at_.trial.faults.size(); ++i)
    if (planned(i).workload == workload_ && !at_.record.faults[i].begin &&
        at_.loop.now() >= *instant_ + planned(i).into)
      return true;
  return false;
}

std::vector<FaultTimeline::Struck> FaultTimeline::strike() {
  std::vector<Struck> struck;
  for (std::size_t i = 0; i < at_.trial.faults.size(); ++i) {
    const PlannedFault& fault = planned(i);
    if (fault.workload != workload_ || record(i).begin || at_.loop.now() < *instant_ + fault.into)
      continue;
    strike(i);
    const Milliseconds excuse =
        fault.kind == FaultKind::kill
            ? given_up_after(at_.plan.cluster, static_cast<int>(at_.plan.nodes.size()))
            : kBackOff * fault.lasts + kReconnect;
    struck.push_back({fault.node, fault.kind, at_.loop.now() + excuse});
  }
  return struck;
}

void FaultTimeline::strike(std::size_t i) {
  const PlannedFault& fault = planned(i);
  record(i).begin = at_.now();
  switch (fault.kind) {
    case FaultKind::kill:
      tell(i, "killed");
      return at_.lab.kill(fault.node, answer(i, "ending the machine of", [] {}));
    case FaultKind::pause:
      ++lasting_;
      tell(i, "paused");
      return at_.lab.stand_still(fault.node, answer(i, "pausing", [this, i] {
                                   at_.loop.after(planned(i).lasts,
                                                  [alive = std::weak_ptr(alive_), i] {
                                                    if (const auto self = alive.lock())
                                                      (*self)->lift(i);
                                                  });
                                 }));
    case FaultKind::cut:
      ++lasting_;
      tell(i, "cut off");
      at_.lab.set_cable(fault.node, Fabric::Cable::cut);
      at_.loop.after(fault.lasts, [alive = std::weak_ptr(alive_), i] {
        if (const auto self = alive.lock()) (*self)->lift(i);
      });
      return;
  }
}

void FaultTimeline::lift(std::size_t i) {
  if (planned(i).kind == FaultKind::pause)
    return at_.lab.go_on_again(planned(i).node, answer(i, "letting go on", [this, i] { over(i); }));
  at_.lab.set_cable(planned(i).node, Fabric::Cable::whole);
  over(i);
}

void FaultTimeline::over(std::size_t i) {
  record(i).end = at_.now();
  --lasting_;
  tell(i, planned(i).kind == FaultKind::pause ? "goes on" : "has its link again");
}

void FaultTimeline::end(std::stop_token stop) {
  instant_.reset();
  if (lasting_ == 0) return;
  const Waited waited = at_.loop.run_until(
      [&] { return lasting_ == 0 || !problem_.empty() || at_.lab.lost(); },
      kOrderLimit + std::ranges::max_element(at_.trial.faults, {}, &PlannedFault::lasts)->lasts,
      std::move(stop));
  if (waited == Waited::stopped) throw Cancelled("waiting for nodes that are paused or cut off");
}

void FaultTimeline::heard(const WorkloadRun::NodeState& state) {
  const SteadyTime now = at_.loop.now();
  const auto [entry, first] = moved_.try_emplace(state.node, state.started);
  if (state.last_progress <= entry->second) return;
  const double still =
      std::chrono::duration<double>(now - std::max(entry->second, state.started)).count();
  entry->second = state.last_progress;
  for (std::size_t i = at_.trial.faults.size(); i-- > 0;) {
    FaultRecord& fault = record(i);
    if (!fault.begin || planned(i).workload != workload_) continue;
    if (planned(i).node != state.node && still > fault.still.value_or(0)) {
      fault.still = still;
      fault.moved = at_.now();
    }
    // What came last is why.
    return;
  }
}

std::string FaultTimeline::name_of(std::size_t i) const {
  return fmt::format("{} of {} at {}", word_of(planned(i).kind),
                     at_.plan.node(planned(i).node).name, to_string(planned(i).at));
}

std::string FaultTimeline::missed() const {
  for (std::size_t i = 0; i < at_.trial.faults.size(); ++i)
    if (planned(i).workload == workload_ && !at_.record.faults[i].begin) return name_of(i);
  return {};
}

void FaultTimeline::tell(std::size_t i, const std::string& what) {
  const PlannedNode& node = at_.plan.node(planned(i).node);
  at_.writer.event(at_.now(), node.name, "fault",
                   Json{{"kind", word_of(planned(i).kind)}, {"what", what}});
  at_.observer.node(node, what + ", as the topology asks");
}

void FaultTimeline::failed(std::size_t i, const std::string& doing,
                           const std::exception_ptr& error) {
  std::string why = fmt::format("not done within {}", to_string(kOrderLimit));
  try {
    if (error) std::rethrow_exception(error);
  } catch (const std::exception& failure) {
    why = failure.what();
  }
  if (problem_.empty()) problem_ = fmt::format("{} {}: {}", doing, record(i).node, why);
}

Hypervisor::Done FaultTimeline::answer(std::size_t i, const std::string& doing,
                                       std::function<void()> then) {
  const auto answered = std::make_shared<bool>(false);
  const auto alive = std::weak_ptr(alive_);
  at_.loop.after(kOrderLimit, [alive, answered, i, doing] {
    const auto self = alive.lock();
    if (self && !*answered) (*self)->failed(i, doing, nullptr);
  });
  return [alive, answered, i, doing, then = std::move(then)](std::exception_ptr error) {
    *answered = true;
    const auto self = alive.lock();
    if (!self) return;
    if (error)
      (*self)->failed(i, doing, error);
    else
      then();
  };
}

}  // namespace gridlock

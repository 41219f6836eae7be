// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/stall_watch.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "trial/deadlock_finding.h"
#include "trial/finding_log.h"
#include "watch/pace.h"

namespace gridlock {
namespace {

/// fio lays out its files before it counts anything.
constexpr Milliseconds kFirstProgress{45'000};
constexpr Milliseconds kPaceLimit{3'000};

using diagnosis::Diagnosis;

bool is_circle(const Diagnosis& diagnosis) { return diagnosis.kind == Diagnosis::Kind::cycle; }

Milliseconds times(double factor, Milliseconds time) {
  return Milliseconds{static_cast<std::int64_t>(factor * static_cast<double>(time.count()))};
}

}  // namespace

void StallWatch::begin(const WorkloadRun& work, const WorkloadSpec& workload,
                       std::map<std::uint64_t, std::string> names) {
  work_ = &work;
  name_ = workload.name;
  files_.names = std::move(names);
  first_progress_ = workload.fio ? kFirstProgress : setting_.plan.watch.stall;
  // A program that counts nothing makes no progress that could be seen; its time limit ends it.
  if (workload.exec) first_progress_ = workload.duration + setting_.plan.deadlines.work;
  stalled_.clear();
  later_.clear();
  excused_ = {};
}

void StallWatch::end() { work_ = nullptr; }

std::map<NodeId, Agent::JobId> StallWatch::jobs() const {
  return work_ ? work_->jobs() : std::map<NodeId, Agent::JobId>{};
}

Milliseconds StallWatch::limit_of(const WorkloadRun::NodeState& state) const {
  const Milliseconds stall = setting_.plan.watch.stall;
  return state.moved ? stall : std::max(stall, first_progress_);
}

std::vector<StallWatch::Still> StallWatch::still() const {
  std::vector<Still> all;
  if (!work_) return all;
  const SteadyTime now = setting_.loop.now();
  for (const WorkloadRun::NodeState& state : work_->nodes()) {
    if (state.over() || stalled_.contains(state.node)) continue;
    const auto time =
        std::chrono::duration_cast<Milliseconds>(now - std::max(state.last_progress, excused_));
    if (time >= limit_of(state)) all.push_back({state.node, time});
  }
  return all;
}

bool StallWatch::due() const {
  const auto all = still();
  return std::any_of(all.begin(), all.end(), [&](const Still& still) {
    const auto later = later_.find(still.node);
    return later == later_.end() ||
           later->second.progress != work_->node(still.node).last_progress ||
           setting_.loop.now() >= later->second.at;
  });
}

std::map<NodeId, double> StallWatch::slowness(std::stop_token stop) const {
  std::map<NodeId, double> all = lab_.slowness();
  for (const auto& [node, now] :
       measure_slowness(lab_.crew(), lab_.pace(), kPaceLimit, std::move(stop)))
    all[node] = std::max(all[node], now);
  return all;
}

StallWatch::Seen StallWatch::look_into(const std::set<NodeId>& broken, std::stop_token stop) {
  const SteadyTime begin = setting_.loop.now();
  EvidenceLadder ladder(setting_.plan, lab_.crew(), lab_.consoles(), broken, stop);
  ladder.look_twice(work_->jobs());
  between_ = std::chrono::duration_cast<Milliseconds>(setting_.loop.now() - begin);
  Seen seen;
  seen.diagnosis = diagnosis_of(ladder);
  // A circle of waits ends on no machine, however slow.
  std::map<NodeId, double> slow;
  if (!is_circle(seen.diagnosis)) slow = slowness(stop);
  judge(seen, ladder.evidence(), slow);
  const bool sleeps = std::any_of(stalled_.begin(), stalled_.end(), [](const auto& node) {
    return node.second == Standstill::Kind::stall;
  });
  if (!is_circle(seen.diagnosis) && !seen.findings.empty() && sleeps) {
    // The circle may go over locks that only the kernels know.
    ladder.look_at_kernel_locks();
    seen.kernel_locks = true;
    seen.diagnosis = diagnosis_of(ladder);
  }
  if (is_circle(seen.diagnosis))
    for (const NodeId node : nodes_of(seen.diagnosis, lab_.crew()))
      seen.findings.emplace_back(gridlock::finding_of(seen.diagnosis), node);
  seen.evidence = ladder.take();
  return seen;
}

Diagnosis StallWatch::diagnosis_of(const EvidenceLadder& ladder) const {
  return diagnosis::diagnose(ladder.evidence().first, ladder.evidence().second, files_);
}

void StallWatch::judge(Seen& seen, const Evidence& evidence, const std::map<NodeId, double>& slow) {
  // As it is now: who has moved meanwhile is none of them any more.
  for (const Still& still : still()) {
    StillNode node{.node = setting_.plan.node(still.node).name,
                   .silent = evidence.silent.contains(still.node),
                   .between = between_};
    for (const NodeId silent : evidence.silent)
      if (silent != still.node) node.silent_others.push_back(setting_.plan.node(silent).name);
    if (const auto workers = evidence.workers.find(still.node); workers != evidence.workers.end())
      node.tasks = workers->second;
    if (const auto disk = evidence.disks.find(still.node); disk != evidence.disks.end())
      node.disk = disk->second;
    const Standstill standstill = judge_standstill(seen.diagnosis, node);
    const Milliseconds patience = patience_with(still, slow);
    if (!is_circle(seen.diagnosis) && still.time < standstill.belief * patience) {
      let_go_on(seen, still, patience, standstill.text);
      continue;
    }
    stalled_.emplace(still.node, standstill.kind);
    seen.findings.emplace_back(finding_of(standstill, still), still.node);
  }
}

Milliseconds StallWatch::patience_with(const Still& still,
                                       const std::map<NodeId, double>& slow) const {
  const auto measured = slow.find(still.node);
  const double held_back = lab_.host_delay().since(setting_.loop.now() - still.time);
  return times(std::max(measured == slow.end() ? 1 : measured->second, held_back),
               limit_of(work_->node(still.node)));
}

void StallWatch::let_go_on(Seen& seen, const Still& still, Milliseconds patience,
                           const std::string& why) {
  seen.slow.push_back({still.node, why, patience});
  const Milliseconds next = still.time < patience ? patience - still.time : patience;
  later_[still.node] = {setting_.loop.now() + next, work_->node(still.node).last_progress};
}

std::string StallWatch::last_move(const Still& still) const {
  const WorkloadRun::NodeState& state = work_->node(still.node);
  const std::string who = state.stillest.empty() ? "" : " (worker " + state.stillest + ")";
  return fmt::format("{} on {}{} made no progress for {} after {} operations", name_,
                     state.name, who, to_string(still.time),
                     state.reader->counters().operations);
}

FindingRecord StallWatch::finding_of(const Standstill& standstill, const Still& still) const {
  FindingRecord finding;
  switch (standstill.kind) {
    case Standstill::Kind::spin:
      finding =
          own_finding("spin", "spin: " + name_ + " keeps a processor busy without progress", name_);
      break;
    case Standstill::Kind::stopped:
      finding =
          own_finding("stall", "stall: a process of " + name_ + " is stopped", name_ + ":stopped");
      break;
    case Standstill::Kind::slow:
    case Standstill::Kind::stall:
      finding = own_finding("stall", "stall: no progress in " + name_, name_);
      break;
  }
  finding.excerpt = last_move(still) + "\n" + standstill.text;
  return finding;
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/work_phase.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "trial/desk.h"
#include "trial/kernel_change.h"
#include "trial/work_record.h"
#include "workload/file_names.h"
#include "workload/programs.h"

namespace gridlock {
namespace {

/// After a BUG: time for its consequences, and for the other nodes to meet the same.
constexpr Milliseconds kSettle{4'000};
constexpr Milliseconds kConsequences{1'000};
/// khungtaskd reports between one and two time-outs after a task went to sleep.
constexpr int kHungTaskPeriods = 2;
constexpr Milliseconds kHungTaskSlack{6'000};
/// A node that counted something this recently is not on its way to a stall.
constexpr Milliseconds kMoving{1'000};
constexpr Milliseconds kLastWords{2'000};
constexpr Milliseconds kClockLimit{10'000};
constexpr Milliseconds kPaceLimit{5'000};
constexpr Milliseconds kNamesLimit{5'000};
/// A host that is busy with others makes programs late, not endless.
constexpr double kMostDelay = 4;
/// A target that is away is waited for as long; open-iscsi gives up after 120 s, QEMU never.
constexpr Milliseconds kDiskPatience{60'000};
constexpr Milliseconds kDiskLook{1'000};
/// Initiators look for a target again in steps that become longer, of up to half a minute.
constexpr Milliseconds kFoundAgain{60'000};

}  // namespace

WorkPhase::WorkPhase(Place place, std::stop_token stop)
    : at_(std::move(place)),
      stop_(std::move(stop)),
      faults_({at_.setting.loop, at_.lab.lab(), at_.setting.plan, at_.trial, at_.writer,
               at_.observer, at_.record, at_.now}) {}

Milliseconds WorkPhase::since(SteadyTime begin) const {
  return std::chrono::duration_cast<Milliseconds>(at_.setting.loop.now() - begin);
}

std::string WorkPhase::last_sample(NodeId node) const {
  const WorkloadRun::NodeState& state = work_->node(node);
  return fmt::format("{} had done {} operations, the last {} before", name_,
                     state.reader->counters().operations,
                     to_string(std::max(since(state.last_progress), Milliseconds{0})));
}

void WorkPhase::doom(const std::string& why) {
  if (doomed_) return;
  doomed_ = at_.setting.loop.now();
  lab().give_up(why);
}

void WorkPhase::work(const WorkloadSpec& workload) {
  const Plan& plan = at_.setting.plan;
  name_ = workload.name;
  if (lab().slowness().empty()) lab().calibrate(kPaceLimit, stop_);
  WorkloadRecord& entry = at_.record.workloads.emplace_back();
  entry.name = workload.name;
  entry.program = program_of(workload);
  entry.operation = operation_of(workload);
  auto run = std::make_unique<WorkloadRun>(
      plan, workload, at_.trial.seed, lab().crew(), faults_.mortal(workload.name),
      [this](NodeId node, const std::string& worker, const WorkerState& state) {
        sample(node, worker, state);
      });
  run->prepare(plan.deadlines.work, stop_);
  auto names = file_names(plan, workload, lab().crew(), kNamesLimit, stop_);
  const KernelCountersAround kernel_counters(at_.setting, lab().crew(), stop_);
  const Milliseconds apart = run->start(kClockLimit, stop_);
  at_.writer.event(at_.now(), "", "work",
                   Json{{"workload", workload.name}, {"start_uncertainty_ms", apart.count()}});
  work_ = std::move(run);
  stalls().begin(*work_, workload, std::move(names));
  faults_.begin(workload.name, work_->nodes().front().started);
  const Milliseconds limit = work_limit(workload, plan) + faults_.delay(workload.name);
  const Waited waited = wait(limit + work_->until_start());
  stalls().end();
  note_work(entry, workload);
  if (waited == Waited::stopped) throw Cancelled("running " + workload.name);
  faults_.end(stop_);
  if (lab().lost()) throw NodeLost(lab().lost()->what);
  if (doomed_) return;
  if (waited == Waited::deadline) return report_endless(workload.name, limit);
  require_faults();
  judge(entry);
  const bool whole = faults_.mortal(workload.name).empty();
  if (whole && !doomed_ && !lab().lost()) kernel_counters.record(entry, stop_);
}

/// What every program did, as far as it came.
void WorkPhase::note_work(WorkloadRecord& entry, const WorkloadSpec& workload) {
  entry.seconds = std::chrono::duration<double>(
                      std::max(at_.setting.loop.now() - work_->nodes().front().started, {}))
                      .count();
  for (const WorkloadRun::NodeState& state : work_->nodes()) {
    count_work(entry, state);
    if (!state.log.empty())
      at_.writer.artefact(state.name, log_name(workload), state.log.text());
    if (const std::string own = state.reader->own_result(); !own.empty())
      at_.writer.artefact(state.name, workload.name + ".json", own);
  }
  count_steady(entry, *work_);
}

void WorkPhase::report_endless(const std::string& workload, Milliseconds limit) {
  for (const WorkloadRun::NodeState& state : work_->nodes())
    if (!state.over())
      at_.report(own_finding("workload",
                             fmt::format("{} did not end within {}", workload, to_string(limit)),
                             workload + ":endless"),
                 state.node);
  doomed_ = at_.setting.loop.now();
}

/// A time since `begin`, as much longer as the host held the nodes back.
Milliseconds WorkPhase::with_delay(Milliseconds limit, SteadyTime begin) {
  const double delay = std::min(lab().host_delay().since(begin), kMostDelay);
  return Milliseconds{static_cast<std::int64_t>(static_cast<double>(limit.count()) * delay)};
}

/// Until every program has ended or the lab is lost; saves the lab now and then if that is asked
/// for.
Waited WorkPhase::wait(Milliseconds limit) {
  EventLoop& loop = at_.setting.loop;
  const SteadyTime begin = loop.now();
  SteadyTime end = begin + limit;
  while (true) {
    const auto left =
        std::max(Milliseconds{0}, std::chrono::duration_cast<Milliseconds>(end - loop.now()));
    const Milliseconds turn = at_.setting.plan.watch.checkpoint.value_or(left);
    const auto over = [&] {
      return work_->ended() || lab().lost() || settled() || !faults_.problem().empty();
    };
    const Waited waited = loop.run_until(
        [&] { return over() || is_struck() || stalls().due() || is_asked() || is_broken(); },
        std::min(left, turn), stop_);
    if (waited == Waited::done && !over() && is_struck()) {
      strike();
      continue;
    }
    if (waited == Waited::done && is_asked()) {
      serve_desk();
      continue;
    }
    if (waited == Waited::done && !over()) {
      if (is_broken())
        at_.investigation.collect({}, stop_);
      else if (!bear_with_disk())
        at_.investigation.look_into_stall(name_, stop_);
      continue;
    }
    if (waited != Waited::deadline) return waited;
    if (turn >= left) {
      const SteadyTime later = begin + with_delay(limit, begin);
      if (later <= loop.now()) return waited;
      end = later;
      continue;
    }
    // A lab that has lost a node, or has one that stands still, is nothing to go back to.
    const bool whole = lab().killed().empty() && !faults_.lasts();
    if (whole && !doomed_ && stalls().stalled().empty()) checkpoint();
  }
}

/// Whether something is to be done to a node. Nothing is any more when there is something to be
/// found out.
bool WorkPhase::is_struck() const {
  return !doomed_ && stalls().stalled().empty() && faults_.due();
}

void WorkPhase::strike() {
  for (const FaultTimeline::Struck& struck : faults_.strike()) {
    if (struck.kind == FaultKind::kill) work_->lose(struck.node);
    // The clock of a machine that stands still does, too.
    if (struck.kind == FaultKind::pause) work_->forget_clocks();
    stalls().excuse(struck.excused);
  }
}

/// A trial in which not all came that the topology asks for says nothing.
void WorkPhase::require_faults() const {
  if (!faults_.problem().empty()) throw Error(faults_.problem());
  if (at_.log.decisive() || doomed_) return;
  if (const std::string missed = faults_.missed(); !missed.empty())
    throw Error(fmt::format("the {} did not come: {} had ended before", missed, name_),
                "let the workload take its whole duration, or let `at` be earlier");
}

void WorkPhase::serve_desk() {
  const SteadyTime begin = at_.setting.loop.now();
  at_.setting.desk->serve(stop_);
  work_->forgive(since(begin));
}

/// Whether a kernel broke and had the time for its consequences: what it left is looked at while
/// the lab settles.
bool WorkPhase::is_broken() const {
  return doomed_ && !at_.investigation.taken() && stalls().stalled().empty() &&
         since(*doomed_) >= kConsequences;
}

bool WorkPhase::is_asked() const { return at_.setting.desk && at_.setting.desk->waits(); }

/// Saves the lab as it is and lets it go on. What cannot be saved is noted; the trial goes on.
void WorkPhase::checkpoint() {
  const SteadyTime begin = at_.setting.loop.now();
  try {
    at_.checkpoints.take(lab(), *at_.lab.cluster(), at_.now(), at_.setting.plan.disk.size, stop_);
    at_.writer.event(at_.now(), "", "checkpoint", Json::object());
  } catch (const Cancelled&) {
    throw;
  } catch (const Error& error) {
    at_.writer.event(at_.now(), "", "problem",
                     Json{{"step", "checkpoint"}, {"what", error.what()}});
  }
  work_->forgive(since(begin));
}

/// Where nothing moves for want of the disk there is nothing to look into: waits for a target that
/// is away, and gives the nodes the time to find it again. False: the disk is there.
bool WorkPhase::bear_with_disk() {
  EventLoop& loop = at_.setting.loop;
  const SteadyTime begin = loop.now();
  const auto pause = [&] {
    return loop.run_until([&] { return lab().lost() != nullptr; }, kDiskLook, stop_);
  };
  const std::string away = lab().disk_problem();
  if (away.empty()) {
    if (!disk_back_ || since(*disk_back_) >= kFoundAgain) return false;
    pause();
    work_->forgive(since(begin));
    return true;
  }
  at_.writer.event(at_.now(), "", "disk_away", Json{{"what", away}});
  while (!lab().lost() && pause() != Waited::stopped) {
    if (since(begin) >= kDiskPatience) {
      lab().lose_disk(away);
    } else if (lab().disk_problem().empty()) {
      disk_back_ = loop.now();
      at_.writer.event(at_.now(), "", "disk_back", Json{{"after_ms", since(begin).count()}});
      break;
    }
  }
  disk_away_ += since(begin);
  work_->forgive(since(begin));
  return true;
}

/// Whether there is nothing more to be learned from a lab that is already lost.
bool WorkPhase::settled() const {
  if (!doomed_) return false;
  const Milliseconds gone = since(*doomed_);
  const auto& stalled = stalls().stalled();
  if (stalled.empty()) return gone >= kSettle;
  // The kernel's own word on the stall: from every node that sleeps, if its detector still lives.
  const std::set<std::string> word{"hung_task", "bug", "oops", "panic", "soft_lockup", "rcu_stall"};
  const bool all = std::all_of(
      work_->nodes().begin(), work_->nodes().end(), [&](const WorkloadRun::NodeState& state) {
        const auto how = stalled.find(state.node);
        if (how != stalled.end())
          return how->second != Standstill::Kind::stall || at_.log.has(state.node, word);
        return state.over() || since(state.last_progress) < kMoving;
      });
  return (all && gone >= kSettle) ||
         gone >= kHungTaskPeriods * at_.setting.plan.watch.hung_task + kHungTaskSlack;
}

void WorkPhase::sample(NodeId node, const std::string& worker, const WorkerState& state) {
  if (work_) faults_.heard(work_->node(node));
  at_.writer.sample(sample_line(at_.now(), name_, at_.setting.plan.node(node).name, worker, state));
  const Counters& counters = work_ ? work_->node(node).reader->counters() : state.counters;
  at_.observer.node(at_.setting.plan.node(node), fmt::format("{}: {} operations, {}", name_, counters.operations,
                                      to_string(Bytes{counters.bytes})));
}

/// Every program has ended: did each do what it was for?
void WorkPhase::judge(WorkloadRecord& entry) {
  const bool all_well = std::all_of(
      work_->nodes().begin(), work_->nodes().end(),
      [](const WorkloadRun::NodeState& state) { return state.killed || state.went_well(); });
  // A program can end because the kernel broke under it; what the kernel says comes just behind.
  if (!all_well && at_.setting.loop.run_until([&] { return at_.log.decisive() != nullptr; },
                                              kLastWords, stop_) == Waited::done)
    return;
  for (const WorkloadRun::NodeState& state : work_->nodes())
    for (const FindingRecord& finding : work_findings(entry, state))
      at_.report(finding, state.node);
  at_.observer.node(at_.setting.plan.nodes.front(),
                    fmt::format("{}: {} operations", entry.name, entry.total.operations));
}

void WorkPhase::verify() {
  const WorkloadRecord& entry = at_.record.workloads.back();
  const std::vector<JobResult> results = work_->verify(at_.setting.plan.deadlines.verify, stop_);
  work_.reset();
  for (const JobResult& result : results) {
    if (result.ok()) continue;
    if (result.finished)
      at_.report(verify_finding(entry, result), result.node);
    else
      at_.report(own_finding("stall", "stall: verifying " + entry.name, entry.name + ":verify"),
                 result.node);
  }
}

}  // namespace gridlock

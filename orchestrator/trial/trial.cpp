// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "cluster/cluster.h"
#include "host/own_use.h"
#include "topology/words.h"
#include "trial/checkpoints.h"
#include "trial/finding_log.h"
#include "trial/judgement.h"
#include "trial/work_record.h"
#include "watch/evidence.h"
#include "watch/oracles.h"
#include "workload/programs.h"
#include "workload/workload_run.h"

namespace gridlock {
namespace {

constexpr Milliseconds kLookInterval{100};
/// After a BUG: time for its consequences, and for the other nodes to meet the same.
constexpr Milliseconds kSettle{4'000};
/// khungtaskd reports between one and two time-outs after a task went to sleep.
constexpr int kHungTaskPeriods = 2;
constexpr Milliseconds kHungTaskSlack{6'000};
/// A node that counted something this recently is not on its way to a stall.
constexpr Milliseconds kMoving{1'000};
/// fio lays out its files before it counts anything.
constexpr Milliseconds kFirstProgress{45'000};
constexpr Milliseconds kLastWords{2'000};
constexpr Milliseconds kClockLimit{10'000};
constexpr Milliseconds kOracleLimit{12'000};
constexpr std::size_t kLongestDaemonLog = 2 << 20;
constexpr std::size_t kExcerpt = 6 << 10;

const std::set<std::string> kFatalKinds{"bug",    "oops",   "gpf",   "panic", "kasan",
                                        "reboot", "silent", "stall", "gfs2"};

/// After these a kernel's memory cannot be trusted.
const std::set<std::string> kCorrupting{"bug", "oops", "gpf", "kasan"};

class Trial {
 public:
  Trial(const LabSetting& setting, const PlannedTrial& trial, const NodeSource& source,
        TrialWriter& writer, TrialObserver& observer, std::stop_token stop)
      : setting_(setting),
        plan_(setting.plan),
        trial_(trial),
        source_(source),
        writer_(writer),
        observer_(observer),
        stop_(std::move(stop)),
        begin_(setting.loop.now()),
        log_({plan_.watch.known.begin(), plan_.watch.known.end()}),
        checkpoints_(writer.directory(), source.parts) {}
  ~Trial() { setting_.loop.cancel(look_timer_); }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  /// The life of a trial.
  TrialRecord run() {
    begin_record();
    try {
      if (source_.start() == Start::formed) {
        step("restore", [&] { restore(); });
      } else {
        step("start", [&] { start(); });
        step("connect", [&] { cluster_->connect(plan_.deadlines.connect, stop_); });
        step("form", [&] { cluster_->form(plan_.deadlines.form, stop_); });
        step("format", [&] { cluster_->format(plan_.deadlines.format, stop_); });
        step("mount", [&] { cluster_->mount(plan_.deadlines.mount, stop_); });
      }
      for (const std::string& name : trial_.workloads) {
        step("work", [&] { work(plan_.workload(name)); });
        if (log_.decisive()) break;
        step("verify", [&] { verify(); });
      }
    } catch (const Cancelled& cancelled) {
      course_.interrupted = cancelled.what();
    } catch (const Error& error) {
      broke(error);
    }
    // From here on nothing may keep the lab from being stopped.
    if (course_.interrupted.empty()) attempt("collect", [&] { collect(); });
    attempt("stop", [&] { end_lab(); });
    conclude();
    return record_;
  }

 private:
  double now() const { return std::chrono::duration<double>(setting_.loop.now() - begin_).count(); }

  void begin_record() {
    record_.number = trial_.number;
    record_.kernel = trial_.kernel;
    record_.name = trial_.name;
    record_.expect = trial_.expect;
    record_.any_of_kernel = trial_.any_of_kernel;
    record_.directory =
        writer_.directory().parent_path().filename() / writer_.directory().filename();
    record_.started = setting_.loop.utc();
    record_.start = word_of(source_.start());
    record_.seed = trial_.seed;
    begin_use_ = own_use();
  }

  void step(const std::string& name, const std::function<void()>& body) {
    record_.steps.push_back({name, now(), 0, {}});
    step_ = name;
    observer_.step(name);
    writer_.event(now(), "", "step", Json{{"step", name}});
    const std::size_t index = record_.steps.size() - 1;
    try {
      body();
    } catch (const Error& error) {
      record_.steps[index].problem = error.what();
      record_.steps[index].end = now();
      throw;
    }
    record_.steps[index].end = now();
  }

  /// A step whose failure changes nothing but its own entry.
  void attempt(const std::string& name, const std::function<void()>& body) {
    try {
      step(name, body);
    } catch (const Cancelled& cancelled) {
      if (course_.interrupted.empty()) course_.interrupted = cancelled.what();
    } catch (const Error& error) {
      writer_.event(now(), "", "problem", Json{{"step", name}, {"what", error.what()}});
    }
  }

  void start() {
    start_lab();
    lab_->identify(plan_.deadlines.start, stop_);
    meet_nodes();
    cluster_->begin(stop_);
  }

  /// In place of all steps to the mounted file system: the lab goes on where it was saved.
  void restore() {
    start_lab();
    lab_->refresh(plan_.deadlines.start, stop_);
    meet_nodes();
    std::vector<DaemonJobs> daemons;
    for (const SavedNode& node : source_.from->nodes) daemons.push_back(node.daemons);
    cluster_->adopt(daemons);
  }

  void start_lab() {
    std::vector<std::filesystem::path> logs;
    for (const PlannedNode& node : plan_.nodes)
      logs.push_back(writer_.node_directory(node.name) / "console.log");
    lab_ = std::make_unique<Lab>(setting_, source_, logs);
    look_timer_ = setting_.loop.every(kLookInterval, [this] { look(); });
    lab_->start(plan_.deadlines.start, stop_);
  }

  /// Every agent has said hello.
  void meet_nodes() {
    for (const Lab::Node& node : lab_->nodes()) {
      const Hello& hello = *node.agent->hello();
      record_.kernel_releases[node.name] = printable(hello.kernel + " " + hello.version, 200);
      writer_.event(now(), node.name, "hello", Json{{"kernel", hello.kernel}});
      writer_.artefact(node.name, "domain.xml", setting_.hypervisor.domain_xml(node.machine.name));
    }
    cluster_ = std::make_unique<Cluster>(
        plan_, lab_->crew(),
        [this](NodeId node, const std::string& daemon, const std::string& line) {
          std::string& log = daemon_logs_[node_name(node) + "/" + daemon];
          if (log.size() < kLongestDaemonLog) log += line + "\n";
          observer_.node(node, daemon + ": " + line);
        });
  }

  /// Looks at everything that may have happened since the last time.
  void look() {
    if (!lab_) return;
    for (Lab::Node& node : lab_->nodes()) {
      if (node.console->poll() && !work_) {
        const std::string line = printable(node.console->reader().last_line(), 120);
        if (!line.empty()) observer_.node(node.id, line);
      }
      take_console(node);
      lab_->look_for_silence();
      if (node.loss && !told_loss_.contains(node.id)) {
        told_loss_.insert(node.id);
        writer_.event(now(), node.name, "lost", Json{{"what", node.loss->what}});
        if (node.loss->kind == Loss::Kind::stopped)
          report(own_finding("reboot", node.loss->what, "unasked"), node.id);
        if (node.loss->kind == Loss::Kind::silent)
          report(own_finding("silent", node.loss->what, "agent"), node.id);
      }
    }
    if (work_) look_for_stalls();
  }

  void take_console(Lab::Node& node) {
    for (const console::Finding& finding : node.console->take())
      report(record_of(finding, node.id, node.console->text(finding.begin, finding.end, kExcerpt)),
             node.id);
  }

  void look_for_stalls() {
    for (const WorkloadRun::NodeState& state : work_->nodes()) {
      if (state.end) continue;
      const auto still = setting_.loop.now() - state.last_progress;
      const Milliseconds limit =
          state.moved ? plan_.watch.stall : std::max(plan_.watch.stall, first_progress_);
      if (still < limit || stalled_.contains(state.node)) continue;
      stalled_.insert(state.node);
      const std::string what =
          fmt::format("{} on {} made no progress for {} after {} operations", work_name_,
                      node_name(state.node), to_string(limit), state.reader->counters().operations);
      FindingRecord finding =
          own_finding("stall", "stall: no progress in " + work_name_, work_name_);
      finding.excerpt = what;
      report(finding, state.node);
    }
  }

  void report(FindingRecord finding, NodeId node) {
    // Whatever ends init in a kernel that has corrupted itself is the corruption's doing.
    if (finding.kind == "panic" && log_.has(node, kCorrupting)) finding.secondary = true;
    const FindingRecord* const added = log_.add(std::move(finding), node, {step_, now()});
    if (added) {
      observer_.finding(*added);
      writer_.event(now(), node_name(node), "finding",
                    Json{{"id", added->id}, {"kind", added->kind}, {"title", added->title}});
    }
    // A report that is less than that may have come first.
    const bool fatal =
        added && !added->known && !added->secondary && kFatalKinds.contains(added->kind);
    if (fatal && !doomed_) {
      doomed_ = setting_.loop.now();
      lab_->give_up(added->title);
    }
  }

  void work(const WorkloadSpec& workload) {
    work_name_ = workload.name;
    first_progress_ = workload.fio ? kFirstProgress : plan_.watch.stall;
    stalled_.clear();
    record_.workloads.push_back({});
    WorkloadRecord& entry = record_.workloads.back();
    entry.name = workload.name;
    entry.program = workload.fio ? "fio" : "mmap-dio";
    entry.operation = operation_of(workload);
    auto run = std::make_unique<WorkloadRun>(
        plan_, workload, trial_.seed, lab_->crew(),
        [this](NodeId node, const Counters& counters) { sample(node, counters); });
    run->prepare(plan_.deadlines.work, stop_);
    const Milliseconds apart = run->start(kClockLimit, stop_);
    const double started = now();
    writer_.event(started, "", "work",
                  Json{{"workload", workload.name}, {"start_uncertainty_ms", apart.count()}});
    work_ = std::move(run);
    const Milliseconds limit = workload.duration + plan_.deadlines.work;
    const Waited waited = wait_for_work(limit);
    entry.seconds = now() - started;
    for (const WorkloadRun::NodeState& state : work_->nodes()) count_work(entry, state);
    if (waited == Waited::stopped) throw Cancelled("running " + workload.name);
    if (lab_->lost()) throw NodeLost(lab_->lost()->what);
    if (doomed_) return;
    if (waited == Waited::deadline) {
      for (const WorkloadRun::NodeState& state : work_->nodes())
        if (!state.end)
          report(
              own_finding("workload",
                          fmt::format("{} did not end within {}", workload.name, to_string(limit)),
                          workload.name + ":endless"),
              state.node);
      doomed_ = setting_.loop.now();
      return;
    }
    judge_work(entry);
  }

  /// Until every program has ended or the lab is lost; saves the lab now and then if that is asked
  /// for.
  Waited wait_for_work(Milliseconds limit) {
    const SteadyTime end = setting_.loop.now() + limit;
    while (true) {
      const auto left = std::max(
          Milliseconds{0}, std::chrono::duration_cast<Milliseconds>(end - setting_.loop.now()));
      const Milliseconds turn = plan_.watch.checkpoint.value_or(left);
      const Waited waited = setting_.loop.run_until(
          [&] { return work_->ended() || lab_->lost() || settled(); }, std::min(left, turn), stop_);
      if (waited != Waited::deadline || turn >= left) return waited;
      if (!doomed_ && stalled_.empty()) checkpoint();
    }
  }

  /// Saves the lab as it is and lets it go on. What cannot be saved is noted; the trial goes on.
  void checkpoint() {
    const SteadyTime begin = setting_.loop.now();
    try {
      checkpoints_.take(*lab_, *cluster_, now(), plan_.disk.size, stop_);
      writer_.event(now(), "", "checkpoint", Json::object());
    } catch (const Cancelled&) {
      throw;
    } catch (const Error& error) {
      writer_.event(now(), "", "problem", Json{{"step", "checkpoint"}, {"what", error.what()}});
    }
    work_->forgive(std::chrono::duration_cast<Milliseconds>(setting_.loop.now() - begin));
  }

  /// Whether there is nothing more to be learned from a lab that is already lost.
  bool settled() const {
    if (!doomed_) return false;
    const auto gone = setting_.loop.now() - *doomed_;
    if (stalled_.empty()) return gone >= kSettle;
    // The kernel's own word on the stall: from every stalled node whose detector still lives.
    const std::set<std::string> word{"hung_task", "bug",         "oops",
                                     "panic",     "soft_lockup", "rcu_stall"};
    const bool all = std::all_of(
        work_->nodes().begin(), work_->nodes().end(), [&](const WorkloadRun::NodeState& state) {
          const bool moving = setting_.loop.now() - state.last_progress < kMoving;
          return stalled_.contains(state.node) ? log_.has(state.node, word)
                                               : state.end.has_value() || moving;
        });
    return (all && gone >= kSettle) ||
           gone >= kHungTaskPeriods * plan_.watch.hung_task + kHungTaskSlack;
  }

  void sample(NodeId node, const Counters& counters) {
    writer_.sample(Json{{"t", now()},
                        {"workload", work_name_},
                        {"node", node_name(node)},
                        {"operations", counters.operations},
                        {"bytes", counters.bytes},
                        {"short", counters.short_transfers},
                        {"errors", counters.errors},
                        {"bad", counters.bad_blocks}});
    observer_.node(node, fmt::format("{}: {} operations, {}", work_name_, counters.operations,
                                     to_string(Bytes{counters.bytes})));
  }

  /// Every program has ended: did each do what it was for?
  void judge_work(WorkloadRecord& entry) {
    const bool all_well =
        std::all_of(work_->nodes().begin(), work_->nodes().end(),
                    [](const WorkloadRun::NodeState& state) { return state.end->ok(); });
    // A program can end because the kernel broke under it; what the kernel says comes just behind.
    if (!all_well && setting_.loop.run_until([&] { return log_.decisive() != nullptr; }, kLastWords,
                                             stop_) == Waited::done)
      return;
    for (const WorkloadRun::NodeState& state : work_->nodes())
      for (const FindingRecord& finding : work_findings(entry, state)) report(finding, state.node);
    observer_.node(NodeId{1}, fmt::format("{}: {} operations", entry.name, entry.total.operations));
  }

  void verify() {
    WorkloadRecord& entry = record_.workloads.back();
    const std::vector<JobResult> results = work_->verify(plan_.deadlines.verify, stop_);
    work_.reset();
    for (const JobResult& result : results) {
      if (result.ok()) continue;
      if (!result.finished) {
        report(own_finding("stall", "stall: verifying " + entry.name, entry.name + ":verify"),
               result.node);
      } else if (result.end.status == 1) {
        FindingRecord finding = own_finding("bad_data", "bad data in " + entry.name, entry.name);
        finding.excerpt = printable(result.output, 2000);
        report(finding, result.node);
      } else {
        throw Error(result.describe("verify " + entry.name));
      }
    }
  }

  /// Something ended the trial's normal course: the kernel's doing, or ours?
  void broke(const Error& error) {
    look();
    course_.failure = error.what();
    if (lab_ && lab_->lost()) explain_loss();
    if (!error.hint().empty()) course_.hint = error.hint();
    writer_.event(now(), "", "problem", Json{{"step", step_}, {"what", course_.failure}});
    if (cluster_ && lab_ && !lab_->lost() &&
        (step_ == "connect" || step_ == "form" || step_ == "format" || step_ == "mount")) {
      std::string diagnosis;
      try {
        diagnosis = cluster_->diagnose(stop_);
      } catch (const Error& again) {
        diagnosis = again.what();
      }
      for (Lab::Node& node : lab_->nodes())
        diagnosis +=
            fmt::format("--- last console lines of {}\n{}", node.name, node.console->tail(8));
      writer_.evidence("barrier-" + step_, "diagnosis.txt", diagnosis);
      course_.hint = diagnosis;
    }
  }

  /// A node is gone. What a dying kernel printed, and why a channel broke, come in a moment later.
  void explain_loss() {
    setting_.loop.run_until([] { return false; }, kLastWords, stop_);
    look();
    for (const Lab::Node& node : lab_->nodes()) {
      if (!node.loss) continue;
      course_.failure = node.loss->what;
      if (node.loss->kind == Loss::Kind::panicked && !log_.has(node.id, {"panic"}))
        report(own_finding("panic", "kernel panic", "unseen"), node.id);
      if (node.loss->kind == Loss::Kind::qemu_died || node.loss->kind == Loss::Kind::agent_lost)
        course_.host_broke = true;
    }
  }

  void collect() {
    if (!lab_ || lab_->nodes().front().agent == nullptr) return;
    std::set<NodeId> lost;
    for (const Lab::Node& node : lab_->nodes())
      if (node.loss) lost.insert(node.id);
    const Crew crew = lab_->crew().without(lost);
    if (crew.members().empty()) return;
    for (const auto& [node, oracles] : ask_oracles(crew, kOracleLimit, stop_)) {
      OracleRecord& entry = record_.oracles[node_name(node)];
      entry.lockdep_alive = oracles.lockdep_alive;
      entry.taint = oracles.taint;
    }
    if (log_.decisive()) {
      std::set<NodeId> broken;
      for (const Crew::Member& member : crew.members())
        if (log_.has(member.id, kCorrupting)) broken.insert(member.id);
      const Evidence evidence = collect_evidence(plan_, crew, broken, stop_);
      if (const auto deadlock = find_deadlock(evidence.first, evidence.second)) {
        FindingRecord finding;
        finding.kind = "deadlock";
        finding.title = deadlock->title();
        finding.identity = deadlock->identity;
        finding.excerpt = deadlock->sentence;
        for (const NodeId node : deadlock->nodes) report(finding, node);
      }
      const std::string id = log_.decisive()->id;
      for (const EvidenceFile& file : evidence.files)
        writer_.evidence(id, node_name(file.node) + "-" + file.name, file.bytes);
      for (const std::string& skipped : evidence.skipped)
        writer_.event(now(), "", "evidence_skipped", Json{{"what", skipped}});
    }
  }

  void end_lab() {
    work_.reset();
    if (!lab_) return;
    // A lab that failed is not asked to leave in order: what hangs would hang again.
    const bool healthy = course_.interrupted.empty() && course_.failure.empty() &&
                         !log_.decisive() && !lab_->lost() && cluster_;
    std::string problem;
    try {
      if (healthy) cluster_->leave(plan_.deadlines.stop, stop_);
    } catch (const Error& error) {
      problem = error.what();
    }
    setting_.loop.cancel(look_timer_);
    const std::string gone = lab_->stop_machines(plan_.deadlines.stop);
    cluster_.reset();
    for (Lab::Node& node : lab_->nodes()) {
      node.console->finish();
      take_console(node);
      OracleRecord& oracles = record_.oracles[node.name];
      oracles.dropped_lines = node.console->reader().dropped();
      oracles.console_bytes = node.console->reader().bytes_read();
      writer_.artefact(node.name, "qemu.log", setting_.hypervisor.qemu_log(node.machine.name));
    }
    for (const auto& [name, text] : daemon_logs_) {
      const std::size_t slash = name.find('/');
      writer_.artefact(name.substr(0, slash), name.substr(slash + 1) + ".log", text);
    }
    lab_.reset();
    if (!gone.empty()) throw Error(gone);
    if (!problem.empty()) throw Error("leaving the cluster: " + problem);
  }

  void conclude() {
    record_.findings = log_.all();
    record_.seconds = now();
    const OwnUse use = own_use();
    record_.own_cpu_seconds = use.cpu_seconds - begin_use_.cpu_seconds;
    record_.own_memory_bytes = use.peak_memory.count;
    judge_trial(record_, log_, course_);
    // A trial that passed is not gone back to.
    record_.outcome == Outcome::failed ? checkpoints_.keep() : checkpoints_.discard();
  }

  const LabSetting& setting_;
  const Plan& plan_;
  const PlannedTrial& trial_;
  const NodeSource& source_;
  TrialWriter& writer_;
  TrialObserver& observer_;
  std::stop_token stop_;
  SteadyTime begin_;
  FindingLog log_;
  TrialRecord record_;
  OwnUse begin_use_;
  std::unique_ptr<Lab> lab_;
  std::unique_ptr<Cluster> cluster_;
  std::unique_ptr<WorkloadRun> work_;
  EventLoop::TimerId look_timer_ = 0;
  std::string step_;
  std::string work_name_;
  Milliseconds first_progress_{0};
  std::set<NodeId> stalled_;
  std::set<NodeId> told_loss_;
  std::optional<SteadyTime> doomed_;  // since when the lab is known to be lost
  Course course_;
  Checkpoints checkpoints_;
  std::map<std::string, std::string> daemon_logs_;  // "node1/corosync" to its lines
};

}  // namespace

TrialRecord run_trial(const LabSetting& setting, const PlannedTrial& trial,
                      const NodeSource& source, TrialWriter& writer, TrialObserver& observer,
                      std::stop_token stop) {
  observer.trial_begins(trial, static_cast<int>(setting.plan.trials.size()));
  TrialRecord record = Trial(setting, trial, source, writer, observer, std::move(stop)).run();
  observer.trial_ends(record);
  return record;
}

}  // namespace gridlock

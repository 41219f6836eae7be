// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/trial.h"

#include <fmt/format.h>

#include <memory>

#include "base/text.h"
#include "host/memory.h"
#include "host/own_use.h"
#include "host/processes.h"
#include "trial/checkpoints.h"
#include "trial/console_check.h"
#include "trial/desk.h"
#include "trial/finding_log.h"
#include "trial/investigation.h"
#include "trial/judgement.h"
#include "trial/lab_news.h"
#include "trial/step_log.h"
#include "trial/work_phase.h"
#include "workload/files.h"

namespace gridlock {
namespace {

constexpr Milliseconds kLookInterval{100};
constexpr Milliseconds kLastWords{2'000};
/// A host that makes its machines take so many times as long is worth telling.
constexpr double kHeldBack = 2;

class Trial {
 public:
  Trial(const LabSetting& setting, const PlannedTrial& trial, const NodeSource& source,
        TrialWriter& writer, TrialObserver& observer, std::stop_token stop, SharedLab* shared)
      : setting_(setting),
        plan_(setting.plan),
        trial_(trial),
        source_(source),
        writer_(writer),
        observer_(observer),
        stop_(std::move(stop)),
        shared_(shared),
        begin_(setting.loop.now()),
        log_(plan_),
        record_(begin_record(trial, source.start(), writer.directory(), setting.loop.utc())),
        steps_(record_, writer, observer, [this] { return now(); }),
        news_(writer.directory(), setting.loop),
        checkpoints_(writer.directory(), source.parts) {}
  ~Trial() {
    setting_.loop.cancel(look_timer_);
    if (lab_) lab_->hear({});
    hide_lab();
  }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  /// The life of a trial.
  TrialRecord run() {
    try {
      if (shared_ && shared_->lab) {
        step("join", [&] { join(); });
      } else if (source_.start() == Start::formed) {
        step("restore", [&] { restore(); });
      } else {
        step("start", [&] { start(); });
        step("connect", [&] { cluster().connect(plan_.deadlines.connect, stop_); });
        step("form", [&] { cluster().form(plan_.deadlines.form, stop_); });
        step("format", [&] { cluster().format(plan_.deadlines.format, stop_); });
        step("mount", [&] { cluster().mount(plan_.deadlines.mount, stop_); });
      }
      if (record_.lab_of == 0) lab_->oracles().ask_before(lab().crew(), kOracleLimit, stop_);
      for (const std::string& name : trial_.workloads) {
        step("work", [&] { work_->work(plan_.workload(name)); });
        if (log_.decisive()) break;
        step("verify", [&] { work_->verify(); });
      }
    } catch (const Cancelled& cancelled) {
      course_.interrupted = cancelled.what();
    } catch (const Error& error) {
      broke(error);
    }
    if (lab_ && course_.interrupted.empty()) blame_disk();
    // From here on nothing may keep the lab from being stopped.
    if (is_followed() && is_well() && is_whole()) attempt("clear", [&] { clear(); });
    if (course_.interrupted.empty()) attempt("collect", [&] { collect(); });
    if (course_.interrupted.empty()) hold();
    if (const std::string why = why_lab_ends(); why.empty())
      hand_lab_on();
    else
      attempt("stop", [&] { end_lab(why); });
    conclude();
    return record_;
  }

 private:
  double now() const { return std::chrono::duration<double>(setting_.loop.now() - begin_).count(); }

  void step(const std::string& name, const std::function<void()>& body) { steps_.step(name, body); }
  void attempt(const std::string& name, const std::function<void()>& body) {
    steps_.attempt(name, course_, body);
  }

  Lab& lab() { return lab_->lab(); }
  Cluster& cluster() { return *lab_->cluster(); }

  void start() {
    begin_lab();
    lab_->start(plan_.deadlines.start, stop_);
    meet_nodes();
  }

  void restore() {
    begin_lab();
    lab_->restore(plan_.deadlines.start, stop_);
    meet_nodes();
  }

  void begin_lab() {
    std::vector<std::filesystem::path> logs;
    for (const PlannedNode& node : plan_.nodes)
      logs.push_back(writer_.node_directory(node.name) / "console.log");
    lab_ = std::make_unique<RunningLab>(setting_, source_, trial_.number, logs);
    watch_lab();
  }

  /// In place of all steps to the mounted file system: goes on in the lab of an earlier trial.
  void join() {
    lab_ = std::move(shared_->lab);
    record_.lab_of = lab_->first_trial();
    writer_.event(now(), "", "join", Json{{"lab_of", record_.lab_of}});
    watch_lab();
    meet_nodes();
  }

  void watch_lab() {
    lab_->oracles().begin_trial(lab());
    investigation_ = std::make_unique<Investigation>(
        setting_, lab(), log_, writer_,
        [this](FindingRecord finding, NodeId node) { report(std::move(finding), node); },
        [this] { return now(); });
    work_ = std::make_unique<WorkPhase>(
        WorkPhase::Place{
            setting_, trial_, *lab_, *investigation_, log_, checkpoints_, writer_, observer_,
            record_,
            [this](FindingRecord finding, NodeId node) { report(std::move(finding), node); },
            [this] { return now(); }},
        stop_);
    lab_->hear([this](NodeId node, const std::string& daemon, const std::string& line) {
      observer_.node(plan_.node(node), daemon + ": " + line);
    });
    look_timer_ = setting_.loop.every(kLookInterval, [this] { look(); });
    if (setting_.desk) setting_.desk->show(shown());
  }

  ShownLab shown() {
    return {lab(),
            plan_,
            trial_.number,
            trial_.kernel,
            writer_.directory() / "evidence",
            [this](const std::string& look, const std::filesystem::path& name,
                   std::string_view bytes) { writer_.evidence(look, name, bytes); },
            [this] { return investigation_->broken(); },
            [this] { return investigation_->stalls().files(); },
            [this](std::stop_token stop) { lab().resume(plan_.deadlines.start, stop); }};
  }

  /// Lets a person look at the lab of a trial that failed. What its kernels say meanwhile is
  /// theirs.
  void hold() {
    if (!lab_ || !setting_.desk || !setting_.desk->holds()) return;
    judge_trial(record_, log_, course_);
    if (record_.outcome != Outcome::failed) return;
    setting_.loop.cancel(look_timer_);
    setting_.desk->hold(fmt::format("trial {} failed: {}", trial_.number, record_.reason), stop_);
    held_ = true;
  }

  /// Every agent has said hello.
  void meet_nodes() {
    for (const Lab::Node& node : lab().nodes()) {
      const Hello& hello = *node.agent->hello();
      if (const std::string& kernel = plan_.node(node.id).runs(trial_.kernel);
          kernel != trial_.kernel)
        record_.node_kernels[node.name] = kernel;
      record_.kernel_releases[node.name] = printable(hello.kernel + " " + hello.version, 200);
      writer_.event(now(), node.name, "hello", Json{{"kernel", hello.kernel}});
      writer_.artefact(node.name, "domain.xml", setting_.hypervisor.domain_xml(node.machine.name));
    }
    for (const Lab::Node& node : lab().nodes()) require_kernel(node);
  }

  /// What a trial finds is said of a kernel: the nodes had better run that one.
  void require_kernel(const Lab::Node& node) const {
    const std::string& kernel = plan_.node(node.id).runs(trial_.kernel);
    const auto release = setting_.releases.find(kernel);
    if (release == setting_.releases.end() || node.agent->hello()->kernel == release->second) return;
    throw Error(fmt::format("{} runs the kernel {}, and '{}' is {}", node.name,
                            printable(node.agent->hello()->kernel, 100), kernel, release->second),
                "remove what is saved of it in the cache (templates/, labs/) and run again");
  }

  /// Looks at everything that may have happened since the last time.
  void look() {
    if (!lab_) return;
    if (held_) return void(news_.look(lab()));
    for (NodeNews& news : news_.look(lab())) {
      if (!news.line.empty() && !work_->works()) observer_.node(plan_.node(news.node), news.line);
      if (news.loss)
        writer_.event(now(), plan_.node(news.node).name, "lost", Json{{"what", news.loss->what}});
      for (FindingRecord& finding : news.findings) {
        if (news.loss && work_->works()) finding.excerpt += "\n" + work_->last_sample(news.node);
        report(std::move(finding), news.node);
      }
    }
  }

  void report(FindingRecord finding, NodeId node) {
    // Whatever ends init in a kernel that has corrupted itself is the corruption's doing.
    if (finding.kind == "panic" && log_.corrupted(node)) finding.secondary = true;
    // So is the reset that ends a panic.
    if (finding.kind == "reboot" && (log_.corrupted(node) || log_.has(node, {"panic"})))
      finding.secondary = true;
    const FindingRecord* const added =
        log_.add(std::move(finding), node, {steps_.current(), now()});
    if (added) {
      observer_.finding(*added);
      writer_.event(now(), plan_.node(node).name, "finding",
                    Json{{"id", added->id}, {"kind", added->kind}, {"title", added->title}});
    }
    // A report that is less than that may have come first.
    if (added && is_fatal(*added)) work_->doom(added->title);
  }

  /// Something ended the trial's normal course: the kernel's doing, or ours?
  void broke(const Error& error) {
    look();
    course_.failure = error.what();
    if (lab_ && lab().lost()) explain_loss();
    if (!error.hint().empty()) course_.hint = error.hint();
    const std::string& step = steps_.current();
    writer_.event(now(), "", "problem", Json{{"step", step}, {"what", course_.failure}});
    if (lab_ && lab_->cluster() && !lab().lost() &&
        (step == "connect" || step == "form" || step == "format" || step == "mount")) {
      course_.hint = lab_->diagnose(stop_);
      writer_.evidence("barrier-" + step, "diagnosis.txt", course_.hint);
    }
    if (dynamic_cast<const BarrierFailed*>(&error)) course_.hint.insert(0, busy_host());
  }

  /// A line for a host that left the nodes without a processor since the step began, so that they
  /// could not meet a deadline.
  std::string busy_host() const {
    if (!lab_ || record_.steps.empty()) return {};
    const std::chrono::duration<double> begin{record_.steps.back().begin};
    const double delay = lab_->lab().host_delay().since(
        begin_ + std::chrono::duration_cast<SteadyTime::duration>(begin));
    if (delay < kHeldBack) return {};
    return fmt::format(
        "the host left the nodes waiting for its processors, so that all took {:.0f} times as long "
        "in this step: let less run beside it\n",
        delay);
  }

  /// A node is gone. What a dying kernel printed, and why a channel broke, come in a moment later.
  void explain_loss() {
    setting_.loop.run_until([] { return false; }, kLastWords, stop_);
    // A kernel that panicked is paused and says no more.
    for (const Lab::Node& node : lab().nodes())
      if (node.loss && node.loss->kind == Loss::Kind::panicked) node.console->finish();
    look();
    for (const Lab::Node& node : lab().nodes()) {
      if (!node.loss) continue;
      course_.failure = node.loss->what;
      if (node.loss->kind == Loss::Kind::panicked && !log_.has(node.id, {"panic"}))
        report(own_finding("panic", "kernel panic", "unseen"), node.id);
      if (is_of_the_host(*node.loss)) course_.host_broke = true;
    }
  }

  /// What a kernel says for want of its disk is no verdict on the kernel.
  void blame_disk() {
    if (course_.host_broke || (course_.failure.empty() && !log_.decisive())) return;
    const std::string problem = lab().disk_problem();
    if (!problem.empty()) {
      lab().lose_disk(problem);
      course_.failure = problem;
    } else if (work_->disk_away() > Milliseconds{0}) {
      course_.failure = fmt::format(
          "the target of the shared disk was away for {}: what the kernels said is no verdict",
          to_string(work_->disk_away()));
    } else {
      return;
    }
    course_.host_broke = true;
    writer_.event(now(), "", "problem", Json{{"step", "disk"}, {"what", course_.failure}});
  }

  /// Whether a trial may go on in this one's lab if that stays sound.
  bool is_followed() const { return shared_ && shared_->next && may_share(trial_, *shared_->next); }

  /// No node was killed.
  bool is_whole() const { return lab_ && lab_->lab().killed().empty(); }

  bool is_well() {
    return course_.interrupted.empty() && course_.failure.empty() && !log_.decisive() && lab_ &&
           lab_->cluster() && !lab().lost();
  }

  /// Makes the lab ready for the next trial: the disk gets its room back.
  void clear() {
    remove_files(plan_, trial_.workloads, lab().crew(), plan_.deadlines.stop, stop_);
    look();
    cleared_ = true;
  }

  void collect() {
    if (!lab_ || lab().nodes().front().agent == nullptr) return;
    std::set<NodeId> lost;
    for (const Lab::Node& node : lab().nodes())
      if (node.loss) lost.insert(node.id);
    record_.nodes_memory_bytes = proportional_memory(qemu_processes_of(setting_.directory)).count;
    // What hangs now is gone first.
    investigation_->collect(lost, stop_);
    ConsoleCheck check{*lab_, news_, [this] { look(); }, trial_.number};
    for (auto& [node, finding] : check.run(investigation_->broken(), stop_))
      report(std::move(finding), node);
    unread_consoles_ = check.unread;
    // What a kernel said last may be why the trial failed.
    investigation_->collect(lost, stop_);
    record_.oracles = lab_->oracles().of_trial(lab());
  }

  /// Why the next trial does not go on in the lab; empty: it does.
  std::string why_lab_ends() {
    if (!is_followed()) return "no trial goes on in it";
    judge_trial(record_, log_, course_);
    if (record_.outcome != Outcome::passed) return "the trial did not pass: " + record_.reason;
    if (lab().lost()) return lab().lost()->what;
    if (!is_whole()) return "a node was killed";
    if (!cleared_) return "it could not be made ready for another";
    if (!unread_consoles_.empty()) return unread_consoles_;
    for (const FindingRecord& finding : log_.all())
      if (!finding.known) return finding.title;
    return lab_->oracles().spoiled(plan_.watch.lockdep);
  }

  void hide_lab() {
    if (setting_.desk) setting_.desk->hide();
  }

  void hand_lab_on() {
    hide_lab();
    setting_.loop.cancel(look_timer_);
    lab_->hear({});
    keep_daemon_logs();
    work_.reset();
    investigation_.reset();
    shared_->lab = std::move(lab_);
  }

  void end_lab(const std::string& why) {
    hide_lab();
    if (!lab_) return;
    work_->give_up();
    if (is_followed()) writer_.event(now(), "", "lab_ends", Json{{"what", why}});
    // A lab that failed is not asked to leave in order: what hangs would hang again.
    std::string problem = is_well() ? lab_->leave(plan_.deadlines.stop, stop_) : "";
    setting_.loop.cancel(look_timer_);
    if (const std::string still = lab_->end(plan_.deadlines.stop); !still.empty()) problem = still;
    look();
    for (const Lab::Node& node : lab().nodes())
      writer_.artefact(node.name, "qemu.log", setting_.hypervisor.qemu_log(node.machine.name));
    record_.oracles = lab_->oracles().of_trial(lab());
    keep_daemon_logs();
    work_.reset();
    investigation_.reset();
    lab_.reset();
    if (!problem.empty()) throw Error(problem);
  }

  void keep_daemon_logs() {
    for (const auto& [whose, lines] : lab_->take_daemon_lines())
      writer_.artefact(whose.first, whose.second + ".log", lines);
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
  SharedLab* shared_;  // null: nobody shares its lab
  SteadyTime begin_;
  FindingLog log_;
  TrialRecord record_;
  StepLog steps_;
  OwnUse begin_use_ = own_use();
  LabNews news_;
  std::unique_ptr<RunningLab> lab_;
  std::unique_ptr<Investigation> investigation_;  // of lab_
  std::unique_ptr<WorkPhase> work_;               // likewise
  EventLoop::TimerId look_timer_ = 0;
  Course course_;
  Checkpoints checkpoints_;
  bool cleared_ = false;
  std::string unread_consoles_;  // why something its kernels said may not have been read
  bool held_ = false;
};

}  // namespace

TrialRecord run_trial(const LabSetting& setting, const PlannedTrial& trial,
                      const NodeSource& source, TrialWriter& writer, TrialObserver& observer,
                      std::stop_token stop, SharedLab* shared) {
  observer.trial_begins(trial, static_cast<int>(setting.plan.trials.size()));
  TrialRecord record =
      Trial(setting, trial, source, writer, observer, std::move(stop), shared).run();
  observer.trial_ends(record);
  return record;
}

}  // namespace gridlock

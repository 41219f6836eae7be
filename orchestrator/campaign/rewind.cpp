// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/rewind.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "campaign/lab_host.h"
#include "campaign/lab_memory.h"
#include "campaign/prepare.h"
#include "campaign/run_desk.h"
#include "host/files.h"
#include "record/writing_lock.h"
#include "topology/words.h"
#include "trial/checkpoints.h"
#include "trial/take_evidence.h"
#include "workload/barriers.h"

namespace gridlock {
namespace {

constexpr Milliseconds kLook{200};

/// Where the lab of the trial can begin.
NodeSource source_of(LabHost& host, const TrialRecord& trial, const std::filesystem::path& run,
                     int back) {
  const auto folders = checkpoints_of(run / trial.directory);
  if (!folders.empty() && !trial.directory.empty()) {
    if (static_cast<std::size_t>(back) >= folders.size())
      throw UsageError(fmt::format("trial {} has {} checkpoints, none {} before the last",
                                   trial.number, folders.size(), back));
    const std::filesystem::path& folder =
        folders[folders.size() - 1 - static_cast<std::size_t>(back)];
    NodeSource source = host.source(trial.kernel, Start::boot);
    const SavedFrom from = saved_from(folder);
    if (from.kernel != source.parts.kernel || from.image != source.parts.image)
      throw UsageError(fmt::format("the checkpoint {} is of another kernel or node image than this "
                                   "Gridlock has now",
                                   folder.string()),
                       "check out the Gridlock and the kernel source of that run");
    if (const std::string why = from.useless_in(source.parts); !why.empty())
      throw UsageError(
          fmt::format("the checkpoint {} cannot be restored: {}", folder.string(), why));
    source.from = read_saved_lab(folder);
    return source;
  }
  if (trial.start != word_of(Start::formed))
    throw UsageError(
        fmt::format("trial {} has no checkpoint to go back to", trial.number),
        "say 'checkpoint: 10s' under watch in the topology, or begin with '--start formed'");
  if (back > 0)
    throw UsageError(fmt::format("trial {} has no checkpoint before the formed lab it began with",
                                 trial.number));
  NodeSource source = host.source(trial.kernel, Start::formed);
  if (source.start() != Start::formed)
    throw Error("the formed lab that the trial began with cannot be made again");
  return source;
}

std::string seconds_text(double seconds) {
  return to_string(Milliseconds{static_cast<std::int64_t>(1000 * seconds)});
}

/// "12.3s after the trial began, 2.1s before its first finding: …".
std::string place_of(const TrialRecord& trial, const SavedLab& saved) {
  std::string text = saved.at > 0 ? seconds_text(saved.at) + " after the trial began"
                                  : "mounted, before the first workload";
  if (saved.at <= 0 && trial.lab_of > 0)
    text += fmt::format(" of trial {}, in whose lab it went on", trial.lab_of);
  const FindingRecord* first = nullptr;
  for (const FindingRecord& finding : trial.findings)
    if (!finding.known && !finding.secondary && is_of_kernel(finding) &&
        (!first || finding.at < first->at))
      first = &finding;
  if (!first) return text;
  // The finding's time is counted from the begin of a later trial.
  if (saved.at <= 0 && trial.lab_of > 0) return text;
  const double before = first->at - saved.at;
  return text + fmt::format(", {} {} it reported: {}", seconds_text(std::abs(before)),
                            before >= 0 ? "before" : "after", printable(first->title, 200));
}

}  // namespace

const TrialRecord& trial_to_rewind(const RunRecord& run, const RewindOptions& options) {
  if (run.trials.empty()) throw UsageError("the run has no trial");
  const auto last = [&](const std::function<bool(const TrialRecord&)>& wanted) {
    const auto found = std::find_if(run.trials.rbegin(), run.trials.rend(), wanted);
    return found == run.trials.rend() ? nullptr : &*found;
  };
  if (options.trial > 0) {
    const TrialRecord* const named =
        last([&](const TrialRecord& trial) { return trial.number == options.trial; });
    if (named) return *named;
    throw UsageError(fmt::format("the run has no trial {}", options.trial),
                     "its trials are in run.json, and their folders in trials/");
  }
  const auto failed = [](const TrialRecord& trial) { return trial.outcome == Outcome::failed; };
  // A hunt keeps the folders of the first few only, and with them their checkpoints.
  if (const TrialRecord* const kept =
          last([&](const TrialRecord& trial) { return failed(trial) && !trial.directory.empty(); }))
    return *kept;
  if (const TrialRecord* const any = last(failed)) return *any;
  return run.trials.back();
}

void rewind(const Plan& plan, const TrialRecord& trial, const std::filesystem::path& run,
            const RewindOptions& options, const Installation& installation, const HostFacts& host,
            CommandRunner& runner, Progress& progress, EventLoop& loop, std::stop_token stop,
            const std::function<void(const std::string&)>& tell) {
  if (WritingLock::is_held(run))
    throw UsageError(fmt::format("the run {} goes on", run.filename().string()),
                     "wait for its end, or stop it");
  // Those who come to look find the lab like that of a run that goes on.
  const WritingLock lock(run);
  require_memory_here(plan, installation.runs, progress);
  const Prepared prepared = prepare(plan, installation, runner, progress, stop);
  LabHost labs(plan, prepared, installation, host, progress, loop, stop);
  const NodeSource source = source_of(labs, trial, run, options.back);
  const LabHost::Place place = labs.place();
  std::vector<std::filesystem::path> consoles;
  for (const PlannedNode& node : plan.nodes)
    consoles.push_back(place.setting().directory / (node.name + ".log"));
  Lab lab(place.setting(), source, consoles);
  lab.load(plan.deadlines.start, stop);
  tell(fmt::format("trial {}, {} {}: {}", trial.number, printable(trial.kernel, 80),
                   printable(trial.name, 120), place_of(trial, *source.from)));
  for (Lab::Node& node : lab.nodes()) {
    // What it had printed by then has been read.
    node.console->poll();
    node.console->take();
    tell(fmt::format("{}: console {}, log {}", node.name, node.machine.console_socket.string(),
                     node.console_log.string()));
  }
  // Whoever waits is told of when an agent says hello. Which programs had ended nobody tells any
  // more, so that waiting for one of them ends with the lab.
  Barriers barriers(lab.crew());
  barriers.open_running();
  const auto go_on = [&](std::stop_token asked) {
    lab.go_on(plan.deadlines.start, asked);
    lab.refresh(plan.deadlines.start, asked);
  };
  if (options.go) go_on(stop);
  const auto look = loop.every(kLook, [&] {
    for (Lab::Node& node : lab.nodes()) {
      node.console->poll();
      for (const console::Finding& finding : node.console->take())
        tell(fmt::format("{}: {}", node.name, printable(finding.title, 300)));
    }
  });
  RunDesk desk(labs, run, vmlinux_of(prepared), {options.limit, !options.go}, loop, tell);
  const std::filesystem::path evidence = run / trial.directory / "evidence";
  const std::string here = "rewind-" + rfc3339(loop.utc());
  desk.desk().show(
      {lab, plan, trial.number, trial.kernel, evidence / here,
       [&](const std::string& name, const std::filesystem::path& file, std::string_view bytes) {
         const std::filesystem::path whole = evidence / here / name / file;
         make_directories(whole.parent_path());
         write_file_atomically(whole, bytes);
       },
       [] { return std::set<NodeId>{}; }, [&] { return kept_files(evidence); }, go_on});
  desk.desk().hold(options.go ? "the nodes go on from there" : "the nodes are paused there", stop);
  desk.desk().hide();
  loop.cancel(look);
  const std::string problem = lab.stop_machines(plan.deadlines.stop);
  if (!problem.empty()) throw Error("ending the lab: " + problem);
  tell("the lab is gone");
}

}  // namespace gridlock

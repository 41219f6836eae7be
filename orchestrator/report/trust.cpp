// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/bytes.h"
#include "base/duration.h"
#include "base/text.h"
#include "report/summary.h"

namespace gridlock {
namespace {

/// Reports after which the kernel switches lockdep off: its own, and whatever taints the kernel so
/// that lock state can no longer be trusted. Source: debug_locks_off() and its callers, add_taint()
/// with LOCKDEP_NOW_UNRELIABLE in kernel/panic.c.
const std::set<std::string> kSwitchesLockdepOff{"lockdep", "lockdep_off", "bug",  "oops",
                                                "gpf",     "panic",       "kasan"};

std::string whose(const TrialRecord& trial) { return printable(trial.kernel + " " + trial.name); }

/// The first finding that explains why lockdep is off on one of `nodes`; null: none does.
const FindingRecord* lockdep_killer(const TrialRecord& trial, const std::set<std::string>& nodes) {
  const FindingRecord* first = nullptr;
  for (const FindingRecord& finding : trial.findings) {
    const bool there = std::any_of(finding.nodes.begin(), finding.nodes.end(),
                                   [&](const std::string& node) { return nodes.contains(node); });
    if (there && kSwitchesLockdepOff.contains(finding.kind) && (!first || finding.at < first->at))
      first = &finding;
  }
  return first;
}

/// Equal names once, with their number.
std::string counted_names(const std::vector<std::string>& names) {
  std::vector<std::string> out;
  for (const std::string& name : std::set<std::string>(names.begin(), names.end())) {
    const auto count = std::count(names.begin(), names.end(), name);
    out.push_back(count == 1 ? name : fmt::format("{} (×{})", name, count));
  }
  return join(out, ", ");
}

/// Trials in which something holds of a node, by kernel and node, each in the order met.
class NodeCounts {
 public:
  void add(const TrialRecord& trial, const std::string& node) {
    ++counts_[index_of(kernels_, trial.kernel)][node];
  }
  bool empty() const { return kernels_.empty(); }
  /// "unpatched: node1 in 2 of 3 trials, node2 in 1 · patched: node1 in 1 of 3 trials".
  std::string text(const RunRecord& run) const {
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < kernels_.size(); ++i) {
      const auto trials = static_cast<std::size_t>(
          std::count_if(run.trials.begin(), run.trials.end(),
                        [&](const TrialRecord& trial) { return trial.kernel == kernels_[i]; }));
      std::vector<std::string> nodes;
      for (const auto& [node, count] : counts_.at(i))
        nodes.push_back(printable(node) + (nodes.empty() ? fmt::format(" in {} of {}", count,
                                                                       counted(trials, "trial"))
                                                         : fmt::format(" in {}", count)));
      parts.push_back(printable(kernels_[i]) + ": " + join(nodes, ", "));
    }
    return join(parts, " · ");
  }

 private:
  static std::size_t index_of(std::vector<std::string>& names, const std::string& name) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    names.push_back(name);
    return names.size() - 1;
  }

  std::vector<std::string> kernels_;
  std::map<std::size_t, std::map<std::string, std::size_t>> counts_;
};

/// Where the work ended without lockdep watching: there "no lockdep report" says nothing.
void add_void_lockdep(Page& page, const RunRecord& run) {
  NodeCounts without;
  for (const TrialRecord& trial : run.trials)
    for (const auto& [node, oracle] : trial.oracles)
      if (oracle.lockdep_alive == false) without.add(trial, node);
  if (!without.empty()) page.labelled("", "\"no lockdep report\" is void for " + without.text(run));
}

/// Tables of lockdep that were nearly full: a longer trial would have switched it off.
void add_lockdep_tables(Page& page, const RunRecord& run) {
  constexpr double kNearlyFull = 0.8;
  std::vector<std::string> full;
  for (const TrialRecord& trial : run.trials)
    for (const auto& [node, oracle] : trial.oracles)
      for (const auto& [table, use] : oracle.lockdep_tables) {
        const double share = static_cast<double>(use.used) /
                             static_cast<double>(std::max<std::uint64_t>(use.most, 1));
        if (share > kNearlyFull)
          full.push_back(fmt::format("{} {:.0f} % on {} in {}", printable(table), 100 * share,
                                     printable(node), whose(trial)));
      }
  if (!full.empty())
    page.labelled("", "tables nearly full: " + counted_names(full) +
                          "; raise CONFIG_LOCKDEP_*_BITS, lockdep goes off when one is full");
}

/// What lockdep was able to see: after it went off, "no report" is unproven.
void add_lockdep(Page& page, const RunRecord& run) {
  std::size_t alive = 0;
  std::vector<std::string> unknown;
  // In the order met: why it went off, and in which trials.
  std::vector<std::pair<std::string, std::vector<std::string>>> off;
  for (const TrialRecord& trial : run.trials) {
    std::set<std::string> dead;
    std::size_t living = 0;
    for (const auto& [node, oracle] : trial.oracles) {
      if (oracle.lockdep_alive && !*oracle.lockdep_alive) dead.insert(node);
      if (oracle.lockdep_alive && *oracle.lockdep_alive) ++living;
    }
    if (dead.empty() && living > 0 && living == trial.oracles.size()) ++alive;
    if (dead.empty() && living != trial.oracles.size()) unknown.push_back(whose(trial));
    if (dead.empty() && trial.oracles.empty()) unknown.push_back(whose(trial));
    if (dead.empty()) continue;
    const FindingRecord* const killer = lockdep_killer(trial, dead);
    const std::string why =
        killer ? "after " + printable(killer->title, 200) : "for no known reason";
    const std::string where =
        dead.size() == trial.oracles.size()
            ? whose(trial)
            : whose(trial) + " (" +
                  printable(join(std::vector<std::string>(dead.begin(), dead.end()), ", ")) + ")";
    auto same =
        std::find_if(off.begin(), off.end(), [&](const auto& entry) { return entry.first == why; });
    if (same == off.end()) same = off.insert(off.end(), {why, {}});
    same->second.push_back(where);
  }
  if (alive == run.trials.size()) {
    page.labelled("lockdep", "alive on every node when the work ended, in every trial");
    return add_lockdep_tables(page, run);
  }
  page.labelled("lockdep", fmt::format("alive on every node when the work ended in {} of {}", alive,
                                       counted(run.trials.size(), "trial")));
  for (const auto& [why, trials] : off)
    page.labelled("", fmt::format("off {}: {}", why, counted_names(trials)));
  if (!unknown.empty())
    page.labelled("", "not known, or not in the kernel: " + counted_names(unknown));
  add_void_lockdep(page, run);
  add_lockdep_tables(page, run);
}

/// Where the kernel had reported as many hung tasks as it may.
void add_hung_tasks(Page& page, const RunRecord& run) {
  NodeCounts stopped;
  for (const TrialRecord& trial : run.trials)
    for (const auto& [node, oracle] : trial.oracles)
      if (oracle.hung_task_reports_left == 0) stopped.add(trial, node);
  if (!stopped.empty())
    page.labelled("hung tasks",
                  "the kernel had stopped reporting them (hung_task_warnings is 0): "
                  "\"no hung task\" is void for " +
                      stopped.text(run));
}

/// Whether what the consoles showed is what the kernels counted; nothing of runs that did not ask.
void add_self_check(Page& page, const RunRecord& run) {
  std::size_t agree = 0;
  std::size_t all = 0;
  std::map<std::string, std::vector<std::string>> doubts;  // by why: where
  for (const TrialRecord& trial : run.trials)
    for (const auto& [node, oracle] : trial.oracles) {
      if (oracle.self_check.empty()) continue;
      ++all;
      if (oracle.self_check == "agrees")
        ++agree;
      else
        doubts[printable(oracle.self_check, 200)].push_back(whose(trial) + " " + printable(node));
    }
  if (all == 0) return;
  page.labelled("self-check", fmt::format("{} of {} agree with what the kernel counted", agree,
                                          counted(all, "console")));
  for (const auto& [why, where] : doubts) page.labelled("", why + ": " + counted_names(where));
}

/// Nodes that ended without a whole cluster.
void add_cluster(Page& page, const RunRecord& run) {
  NodeCounts withdrawn, failed, replaying, recovering;
  for (const TrialRecord& trial : run.trials)
    for (const auto& [node, oracle] : trial.oracles) {
      if (oracle.gfs2_withdrawn == true) withdrawn.add(trial, node);
      if (oracle.ocfs2_failed == true) failed.add(trial, node);
      if (oracle.ocfs2_recovering == true) replaying.add(trial, node);
      if (oracle.dlm_recovering == true) recovering.add(trial, node);
    }
  if (!withdrawn.empty())
    page.labelled("GFS2", "had withdrawn when the work ended on " + withdrawn.text(run));
  if (!failed.empty())
    page.labelled("OCFS2", "was read-only after an error when the work ended on " + failed.text(run));
  if (!replaying.empty())
    page.labelled("OCFS2", "was replaying a journal when the work ended on " + replaying.text(run));
  if (!recovering.empty())
    page.labelled("DLM", "was recovering when the work ended on " + recovering.text(run));
}

void add_console(Page& page, const RunRecord& run) {
  std::uint64_t bytes = 0;
  std::vector<std::string> doubts;
  for (const TrialRecord& trial : run.trials) {
    for (const auto& [node, oracle] : trial.oracles) {
      bytes += oracle.console_bytes;
      const std::string where = whose(trial) + " " + printable(node);
      if (oracle.dropped_lines > 0)
        doubts.push_back(
            fmt::format("{} dropped in {}", counted(oracle.dropped_lines, "line"), where));
      // A sound kernel says nothing while a trial goes on in its lab.
      if (oracle.console_bytes == 0 && trial.lab_of == 0)
        doubts.push_back("nothing came from " + where);
    }
  }
  const std::string read = to_string(Bytes{bytes}) + " read";
  if (doubts.empty()) return page.labelled("consoles", read + ", no line dropped");
  page.labelled("consoles", read + "; " + join(doubts, ", ") + ": reports may be missing there");
}

/// How the run came by a kernel.
std::string how_made(const KernelRecord& kernel) {
  if (kernel.prebuilt) return kernel.package.empty() ? "an image" : printable(kernel.package, 200);
  if (kernel.from_cache) return "from the cache";
  const Milliseconds time{
      static_cast<std::int64_t>(std::clamp(kernel.build_seconds, 0.0, 1e9) * 1000)};
  return fmt::format("built in {}, {}", to_string(time),
                     counted(static_cast<std::size_t>(std::max(kernel.objects, 0)), "object"));
}

void add_kernels(Page& page, const RunRecord& run) {
  std::vector<std::string> kernels;
  for (const KernelRecord& kernel : run.kernels)
    kernels.push_back(fmt::format("{} {} ({}), {}", printable(kernel.name),
                                  printable(kernel.release), kernel_kind(kernel),
                                  how_made(kernel)));
  page.labelled_list("kernels", kernels);
}

void add_own_use(Page& page, const RunRecord& run) {
  double cpu = 0, wall = 0;
  std::uint64_t memory = 0;
  for (const TrialRecord& trial : run.trials) {
    cpu += trial.own_cpu_seconds;
    wall += trial.seconds;
    memory = std::max(memory, trial.own_memory_bytes);
  }
  if (wall <= 0) return;
  page.labelled("own use", fmt::format("{:.1f} % of a cpu while trials ran, at most {}",
                                       100 * cpu / wall, to_string(Bytes{memory})));
}

/// Where the nodes began, if not all of them at power-on.
void add_start(Page& page, const RunRecord& run) {
  std::vector<std::string> places;
  for (const auto& [start, what] :
       {std::pair("template", "from a template"), std::pair("formed", "from a formed lab")}) {
    const std::string_view word = start;
    const auto count = std::count_if(run.trials.begin(), run.trials.end(),
                                     [&](const TrialRecord& trial) { return trial.start == word; });
    if (count > 0)
      places.push_back(
          fmt::format("{} in {} of {}", what, count, counted(run.trials.size(), "trial")));
  }
  if (!places.empty())
    page.labelled("start", join(places, ", ") +
                               ": lockdep's state and the boot's messages came with its memory");
}

/// How long the trial was in some of its steps, s.
double seconds_in(const TrialRecord& trial, const std::set<std::string>& steps) {
  double seconds = 0;
  for (const StepRecord& step : trial.steps)
    if (steps.contains(step.name)) seconds += std::max(0.0, step.end - step.begin);
  return seconds;
}

/// What the nodes had of the host's memory at the most.
void add_memory(Page& page, const RunRecord& run) {
  std::uint64_t most = 0;
  for (const TrialRecord& trial : run.trials) most = std::max(most, trial.nodes_memory_bytes);
  if (most > 0)
    page.labelled("memory", "the nodes' QEMUs had up to " + to_string(Bytes{most}) +
                                " of the host's together, shared pages counted once");
}

/// Nodes that ran another kernel than the trial's.
void add_mixed(Page& page, const RunRecord& run) {
  std::vector<std::string> told;
  for (const TrialRecord& trial : run.trials) {
    if (trial.node_kernels.empty()) continue;
    std::vector<std::string> nodes;
    for (const auto& [node, kernel] : trial.node_kernels)
      nodes.push_back(fmt::format("{} ran {}", printable(node), printable(kernel)));
    const std::string one =
        fmt::format("in trials of {} {}", printable(trial.kernel), join(nodes, ", "));
    if (std::find(told.begin(), told.end(), one) == told.end()) told.push_back(one);
  }
  if (!told.empty()) page.labelled("mixed", join(told, " · "));
}

/// What was done to nodes on purpose.
void add_faults(Page& page, const RunRecord& run) {
  constexpr std::size_t kMostLines = 20;
  std::size_t told = 0;
  for (const TrialRecord& trial : run.trials)
    for (const FaultRecord& fault : trial.faults)
      if (++told <= kMostLines)
        page.labelled(told == 1 ? "faults" : "", whose(trial) + ": " + fault_text(fault));
  if (told > kMostLines) page.labelled("", fmt::format("… {} more in run.json", told - kMostLines));
}

/// How many trials went on in a lab that another had begun, if any, and what that gives.
void add_labs(Page& page, const RunRecord& run) {
  const auto joined = static_cast<std::size_t>(
      std::count_if(run.trials.begin(), run.trials.end(),
                    [](const TrialRecord& trial) { return trial.lab_of > 0; }));
  if (joined == 0) return;
  double up = 0, work = 0;
  for (const TrialRecord& trial : run.trials) {
    up += std::max(0.0, trial.seconds - seconds_in(trial, {"start", "connect", "form", "format",
                                                           "mount", "restore"}));
    work += seconds_in(trial, {"work", "verify"});
  }
  std::string text = fmt::format(
      "{} for {}: {} went on where another had ended, in kernels with a past",
      counted(run.trials.size() - joined, "lab"), counted(run.trials.size(), "trial"), joined);
  if (up > 0)
    text += fmt::format(
        "; {:.1f} % of the time with the nodes up went to workloads: their "
        "files, their work, its verification",
        100 * std::min(1.0, work / up));
  page.labelled("labs", text);
}

}  // namespace

void add_trust(Page& page, const RunRecord& run) {
  if (!run.trials.empty()) {
    add_lockdep(page, run);
    add_hung_tasks(page, run);
    add_console(page, run);
    add_self_check(page, run);
    add_cluster(page, run);
  }
  if (!run.kernels.empty()) add_kernels(page, run);
  add_mixed(page, run);
  add_faults(page, run);
  add_memory(page, run);
  if (!run.accel.empty())
    page.labelled("accel",
                  printable(run.accel) +
                      (run.accel_reason.empty() ? "" : ": " + printable(run.accel_reason)));
  add_start(page, run);
  add_labs(page, run);
  page.labelled("host", printable(run.host));
  add_own_use(page, run);
  page.labelled("seed", std::to_string(run.seed));
  page.labelled("repeat", printable(run.command, 4000));
}

}  // namespace gridlock

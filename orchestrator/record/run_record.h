// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "base/json.h"
#include "base/notes.h"
#include "plan/plan.h"

namespace gridlock {

/// How a trial or a run ended. `error` is ours or the host's fault and gives no verdict.
enum class Outcome { running, passed, failed, error, interrupted };
std::string_view to_string(Outcome outcome);
std::optional<Outcome> parse_outcome(std::string_view text);

/// The kind of a finding against Gridlock itself: a console and its kernel do not say alike.
inline constexpr std::string_view kSelfCheckKind = "self_check";

/// A function that was running, in the kernel's source.
struct SourcePlace {
  std::string function;
  std::string file;      ///< relative to the kernel's source where it lies there; empty: not known
  int line = 0;          ///< 0: not known
  bool inlined = false;  ///< into the one that follows
  bool operator==(const SourcePlace&) const = default;
};

/// One line of a call trace and what it is in the source.
struct TraceStep {
  std::string location;  ///< as printed: "gfs2_fault+0x1a/0x30 [gfs2]"
  /// Innermost first; empty: not known, or it could be several places.
  std::vector<SourcePlace> source;
  bool operator==(const TraceStep&) const = default;
};

/// Something a kernel said or did that it should not have.
struct FindingRecord {
  std::string id;        ///< "f1", "f2", …: unique in its trial
  std::string kind;      ///< as the console reader's kinds, and: stall, silent, reboot, bad_data,
                         ///< short_transfer, io_error, deadlock, workload, self_check
  std::string title;
  std::string identity;
  std::string function;
  std::vector<std::string> nodes;  ///< names, those it was seen on
  int count = 1;                   ///< reports that were the same finding
  std::string step;                ///< the trial's step it was first seen in
  double at = 0;                   ///< seconds since the trial's start, when first seen
  bool known = false;              ///< listed in `watch.known`: reported, not judged
  bool secondary = false;          ///< a consequence of another finding
  std::string incomplete;          ///< why the report is not whole; empty: it is
  std::string excerpt;             ///< the first lines of the evidence, printable
  std::string console;             ///< "nodes/node1/console.log:1234-5678", relative to the
                                   ///< trial's directory, or empty
  /// The report's call trace, in the order printed; empty: the kernel had no debug information, or
  /// the report no call trace.
  std::vector<TraceStep> trace;
};

/// Whether it speaks of a kernel and not of Gridlock itself.
inline bool is_of_kernel(const FindingRecord& finding) { return finding.kind != kSelfCheckKind; }

/// How long a workload's operations took, in microseconds.
struct LatencyRecord {
  double p50_us = 0;
  double p90_us = 0;
  double p99_us = 0;
  double p999_us = 0;
  double max_us = 0;
};

/// What a workload did in its steady window: see WorkloadRecord.
struct SteadyRecord {
  double operations_per_second = 0;
  double bytes_per_second = 0;
  std::optional<LatencyRecord> latency;  ///< if the program tells
};

/// One workload on one node, or summed over the nodes.
struct WorkloadCounters {
  std::uint64_t operations = 0;
  std::uint64_t bytes = 0;
  std::uint64_t short_transfers = 0;
  std::uint64_t errors = 0;
  std::uint64_t bad_blocks = 0;
  std::uint64_t retries = 0;       ///< transfers begun again, blocks looked at again
  std::uint64_t samples = 0;       ///< progress lines received
  std::optional<double> read_bytes_per_second;   ///< fio's own numbers
  std::optional<double> write_bytes_per_second;
  std::optional<LatencyRecord> latency;          ///< likewise, over its whole run time
  std::optional<SteadyRecord> steady;
  std::map<std::string, std::uint64_t> workers;  ///< operations by worker, of a node
  Notes notes;  ///< the program's own; of the sum: its numbers, added up
};

/// How long all nodes together waited for a class of kernel locks during a workload.
struct LockWaitRecord {
  std::string lock_class;  ///< as /proc/lock_stat names it, printable
  double contentions = 0;
  double wait_us = 0;
};

struct WorkloadRecord {
  std::string name;
  std::string program;  ///< "mmap-dio", "fio"
  std::string operation;  ///< "read", "write", or fio's rw
  Outcome outcome = Outcome::running;
  std::string detail;   ///< one line: "412 reads, none short" or what went wrong
  double seconds = 0;   ///< from the common start to the last end
  /// The steady window that figures are taken from, in seconds after the common start; both 0: there
  /// is none, and `not_steady` says why.
  double steady_begin = 0;
  double steady_end = 0;
  std::string not_steady;
  WorkloadCounters total;
  std::map<std::string, WorkloadCounters> nodes;
  /// What the kernels counted meanwhile, by the names of KernelChange::counts; absent: not known.
  std::map<std::string, double> kernel;
  std::vector<LockWaitRecord> lock_waits;  ///< the longest first, few
};

/// How full one of lockdep's tables is.
struct TableRecord {
  std::uint64_t used = 0;
  std::uint64_t most = 0;  ///< when it is full, lockdep goes off
};

/// What the node says of its kernel's own detectors and of its cluster at the end. What it does not
/// say is absent.
struct OracleRecord {
  std::optional<bool> lockdep_alive;   ///< /proc/lockdep_stats debug_locks; absent: no lockdep
  std::map<std::string, TableRecord> lockdep_tables;   ///< by name: see LockdepStats
  std::optional<std::uint64_t> taint;                  ///< /proc/sys/kernel/tainted
  std::optional<std::uint64_t> taint_before;           ///< the same before the work
  std::map<std::string, std::uint64_t> counts;         ///< since its boot, by name: see Oracles
  std::map<std::string, std::uint64_t> counts_before;  ///< the same before the work
  std::optional<std::int64_t> hung_task_reports_left;  ///< -1: all will be reported
  std::optional<bool> gfs2_withdrawn;
  std::optional<bool> ocfs2_failed;
  std::optional<bool> ocfs2_recovering;
  std::optional<bool> dlm_recovering;
  std::optional<std::vector<int>> dlm_members;  ///< numbers of nodes
  std::string unread;      ///< what was not asked or not told, and why; empty: nothing
  std::string self_check;  ///< "agrees", "disagrees", or why the console was not compared with the
                           ///< kernel; empty in older runs
  std::uint64_t dropped_lines = 0;     ///< messages the console said were dropped
  std::uint64_t console_bytes = 0;
};

struct StepRecord {
  std::string name;
  double begin = 0;  ///< seconds since the trial's start
  double end = 0;
  std::string problem;  ///< empty: the step did what it is for
};

/// What was done to a node on purpose while a trial worked.
struct FaultRecord {
  std::string kind;  ///< "kill", "pause" or "cut"
  std::string node;
  double planned = 0;           ///< seconds of work since the first workload began
  double lasts = 0;             ///< seconds, of pause and cut, as planned
  std::string workload;         ///< during which it was to come
  std::optional<double> begin;  ///< seconds since the trial's start; absent: it never came
  std::optional<double> end;    ///< of pause and cut: when it was over
  /// The longest time that a worker on another node stood still, of those that ended after this
  /// began, in seconds, and when it moved again.
  std::optional<double> still;
  std::optional<double> moved;
};

/// How the host was while a trial ran. What the host does not tell is absent.
struct HealthRecord {
  double load = 0;                     ///< of the last minute, just before the trial
  std::optional<double> steal;         ///< share of the processors' time, 0 to 1
  std::optional<double> iowait;        ///< likewise
  std::uint64_t memory_available_bytes = 0;  ///< the least of before and after
  int other_machines = 0;              ///< QEMU processes that are not of this run, the most seen
  double clock_jump_seconds = 0;       ///< how far the time of day left the steady clock
  std::vector<std::string> problems;   ///< why its pair does not count; empty: the host was well
};

struct TrialRecord {
  int number = 0;
  std::string kernel;
  std::string name;
  std::string directory;  ///< relative to the run: "trials/01-unpatched-self-read"
  Outcome outcome = Outcome::running;
  bool any_of_kernel = false;  ///< see PlannedTrial
  bool expected = true;   ///< the outcome is the one the topology expects
  Expectation expect = Expectation::pass;
  std::string reason;     ///< one line: why it failed, or what broke
  UtcTime started{};
  /// Where the nodes of its lab began: "boot", "template" or "formed"; empty in older runs.
  std::string start;
  /// The number of the trial that began the lab this one went on in; 0: it had a lab of its own.
  int lab_of = 0;
  std::uint64_t seed = 0;  ///< of what the trial draws by chance; 0 in older runs
  double seconds = 0;
  std::vector<StepRecord> steps;
  std::vector<FaultRecord> faults;  ///< by their planned time
  std::vector<WorkloadRecord> workloads;
  std::vector<FindingRecord> findings;
  std::map<std::string, OracleRecord> oracles;        ///< by node name
  std::map<std::string, std::string> kernel_releases; ///< by node name: uname -r and -v
  /// By node name: the kernel of nodes that ran another one than the trial's.
  std::map<std::string, std::string> node_kernels;
  double own_cpu_seconds = 0;       ///< Gridlock's own user and system time during the trial
  std::uint64_t own_memory_bytes = 0;  ///< Gridlock's largest resident size so far
  /// What the nodes' QEMUs had of the host's memory when the work ended, shared pages divided by
  /// who shares them (PSS); 0: not known.
  std::uint64_t nodes_memory_bytes = 0;
  std::optional<HealthRecord> health;  ///< of a comparison
};

/// A patch that a kernel was built with.
struct PatchRecord {
  std::string file;     ///< its name in the run's kernels/<name>/patches/
  std::string subject;  ///< of its mail or commit, or empty
  bool revert = false;  ///< it was taken back
  std::string sha256;   ///< of that file
};

struct KernelRecord {
  std::string name;
  std::string from;     ///< the kernel it was derived from, or empty
  std::string key;      ///< of the cache entry: SHA-256 over source, patches, config and compiler
  std::string release;  ///< what `uname -r` says
  double build_seconds = 0;  ///< of the build that made it
  int objects = 0;           ///< compiled by that build
  bool from_cache = false;   ///< nothing was built for this run
  bool perf = false;         ///< built without debug options: its throughput can be compared
  bool prebuilt = false;     ///< taken as somebody else built it
  std::string package;       ///< Debian's, of the source or of a prebuilt kernel: its name and, if
                             ///< known, its version; or empty
  std::string commit;        ///< of a git source; of a checkout the one it was made from; or empty
  std::string git_tree;      ///< git's tree of `commit`, if the source is just that; or empty
  std::string architecture;  ///< "x86_64"; empty in older runs
  std::string compiler;      ///< with its version, as `gcc --version` says it; or empty
  std::vector<std::string> config;     ///< names of the fragments of its configuration
  std::vector<PatchRecord> patches;    ///< in the order they were applied
  std::optional<UtcTime> build_began;  ///< of the build that made it
};

/// A run that repeats its trials, with other seeds, to see how often they fail.
struct HuntRecord {
  UtcTime began{};          ///< its first trials
  double seconds = 0;       ///< since then
  double limit_seconds = 0; ///< how long it was to go on; 0: no limit
  int until = 0;            ///< how many failures were enough; 0: no number
  int labs = 0;             ///< most that ran side by side
};

/// A trial on base and on head, back to back, each in a fresh lab.
struct PairRecord {
  int number = 0;           ///< from 1, of its trial's name; one that is run again keeps it
  std::string trial;        ///< the trial's name
  bool head_first = false;
  int base_trial = 0;       ///< `number` of the trials; 0: it did not run (yet)
  int head_trial = 0;
  std::string spoilt;       ///< why it does not count and is run again; empty: it counts
};

/// A run that compares two kernels.
struct CompareRecord {
  std::string base;         ///< names of kernels; equal: base against itself
  std::string head;
  int pairs = 0;            ///< of each trial, as asked for; 0: until every question is answered
  int same = 0;             ///< of base against itself, as asked for
  bool gates = true;        ///< a pair on a host that was not well is run again
  double budget_seconds = 0;  ///< when to stop at the latest; 0: no limit
  std::uint64_t order_seed = 0;  ///< of the order in the pairs
  std::map<std::string, double> margins;  ///< by workload, as ratios: effects within it do not matter
  std::vector<PairRecord> pairs_run;      ///< in the order they began
  /// Base against itself, as a test of the host: `head_trial` is of base, too.
  std::vector<PairRecord> same_pairs;
  std::string stopped;      ///< why it ended before every question was answered; empty: it did not
};

struct RunRecord {
  static constexpr int kSchema = 2;  ///< older ones are read, too
  static constexpr std::string_view kFormat = "gridlock-run";
  std::string id;          ///< the directory's name
  std::string topology;    ///< its name
  std::string plan_hash;
  std::string gridlock_version;
  Outcome outcome = Outcome::running;
  std::string reason;      ///< for error and interrupted: why
  int exit_code = 0;
  UtcTime started{};
  UtcTime updated{};
  double seconds = 0;
  std::string accel;         ///< "kvm", "tcg", "fake", or empty until chosen
  std::string accel_reason;
  std::string host;          ///< "2 cpus, 23.5 GiB, QEMU 7.2.22"
  int nodes = 0;
  std::uint64_t seed = 1;
  std::string command;       ///< how to run it again
  std::vector<KernelRecord> kernels;
  std::vector<TrialRecord> trials;
  std::optional<HuntRecord> hunt;  ///< absent: an ordinary run
  std::optional<CompareRecord> compare;  ///< absent: it does not compare
};

/// As in run.json and trial.json; docs/results.md describes every member. Times are rounded to
/// milliseconds.
Json to_json(const RunRecord& run);
Json to_json(const TrialRecord& trial);
/// Throws Error naming the member that is missing or wrong ("trials[2].findings[0].kind"). Members
/// it does not know are passed over.
RunRecord run_record_from_json(const Json& json);

}  // namespace gridlock

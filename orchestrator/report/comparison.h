// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compare/effect.h"
#include "compare/failures.h"
#include "record/run_record.h"
#include "report/comparison_trust.h"
#include "report/page.h"

namespace gridlock {

/// What one kernel did with a workload in the trials that completed. Shown, never judged by itself.
struct SideFigures {
  /// Operations a second of all nodes together in the steady window of one trial.
  struct Point {
    int trial = 0;  ///< its number
    double rate = 0;
  };
  std::vector<Point> points;  ///< of trials that completed and had a steady window, as they ran
  double rate = 0;            ///< median of the points; 0: there is none
  double bytes_rate = 0;      ///< likewise of bytes a second
  std::optional<LatencyRecord> latency;  ///< each the median over the trials, of all nodes together
  std::optional<Fairness> fairness;      ///< likewise, of operations by node
};

/// A pair whose trials both completed.
struct PairPoint {
  int pair = 0;  ///< its number
  bool head_first = false;
  int base_trial = 0;
  int head_trial = 0;
  double base_rate = 0;  ///< operations a second, as SideFigures::Point
  double head_rate = 0;
  double log_ratio = 0;  ///< ln(head / base)
};

/// The throughput of one workload of one trial.
struct ThroughputComparison {
  std::string workload;
  std::string program;
  std::string operation;
  double margin = 0.05;  ///< a ratio: effects within it do not matter
  SideFigures base;
  SideFigures head;
  std::vector<PairPoint>
      points;  ///< in the order they ran; empty if the kernels did not run in pairs
  int pairs_without =
      0;          ///< pairs that count but give no point: a trial failed or has no steady window
  Effect effect;  ///< of all points
  double p = 1;   ///< of the paired t test, of all points
  PairsNeeded needed;  ///< with the deviation seen; both absent below two points
  EffectVerdict verdict = EffectVerdict::inconclusive;
  /// The look that decided: after how many pairs, and at which level. 0: there was none yet.
  Look look;
  /// Why it has no verdict, "debug kernels" or "not run in pairs"; then it is shown grey and
  /// `verdict` means nothing. Empty: it is judged.
  std::string not_judged;
  /// What a reader must know of a verdict, or why there is none yet: "driven by single pairs", "the
  /// host was not steady: …", "5 pairs of 12"; or empty.
  std::string doubt;
};

/// All trials of one name.
struct TrialComparison {
  std::string name;
  /// Trials that gave a verdict and ran on a host that was well, also of spoilt pairs and, as base,
  /// of base against itself: what a kernel did is not taken back.
  FailureComparison failures;
  int base_completed = 0;  ///< of failures.base.trials
  int head_completed = 0;
  int no_verdict = 0;  ///< trials of both that broke on our side
  int not_well = 0;    ///< trials of both that are not counted, since the host was not well
  int pairs = 0;       ///< pairs that count
  /// Seconds from a trial's begin to its first failure, or to its end.
  std::vector<TimeToFailure> base_times;
  std::vector<TimeToFailure> head_times;
  std::vector<SurvivalStep> base_survival;
  std::vector<SurvivalStep> head_survival;
  double log_rank_p = 1;  ///< that both have the same times to failure
  std::vector<ThroughputComparison> workloads;
};

/// Where to look for a finding.
struct FindingPlace {
  std::string run;        ///< its id
  int trial = 0;          ///< its number; 0: nowhere
  std::string directory;  ///< of the trial, relative to the run's; empty: not kept
  std::string finding;    ///< its id in the trial: "f1"
  double at = 0;          ///< seconds since the trial's begin
};

/// A finding on one kernel.
struct FindingCount {
  int seen = 0;      ///< trials
  int observed = 0;  ///< trials that would have shown it: report/observed.h
  std::vector<std::string> nodes;
  FindingPlace first;
};

/// A finding by identity, without consequences of others.
struct JudgedFinding {
  std::string identity;
  std::string kind;
  std::string title;
  std::string function;
  std::string source;  ///< where it was in the source: see source_text(); or empty
  bool known = false;  ///< listed in the topology as present in every kernel: not judged
  FindingVerdict verdict = FindingVerdict::not_observable;
  FindingCount base;
  FindingCount head;
  double p = 1;       ///< Fisher's, of seen and observed
  std::string doubt;  ///< why it is not judged, or empty
};

enum class ComparisonVerdict { better, no_difference, worse, inconclusive };
std::string_view to_string(ComparisonVerdict verdict);  ///< "better", "no difference", …

/// Part of a sentence, with what it means for a patch; never the only carrier of it.
struct Phrase {
  std::string text;
  Tone tone = Tone::plain;
};

/// What two kernels' trials say of head against base. Everything a report of it shows.
struct Comparison {
  std::string base;  ///< names of kernels; equal: a kernel against itself
  std::string head;
  std::string base_run;  ///< ids of the runs; equal: it is one
  std::string head_run;
  bool paired = false;      ///< the trials ran as pairs, back to back in a drawn order
  bool perf = false;        ///< both are built to measure throughput
  std::string kind;         ///< see kernel_kind(): "perf" of both, else what keeps them from it
  int pairs_planned = 0;    ///< of each trial; 0: until every question is answered
  std::vector<Look> looks;  ///< taken, before the end too
  bool ended = true;        ///< no further pair comes
  std::string stopped;      ///< why it ended before every question was answered, or empty

  ComparisonVerdict verdict = ComparisonVerdict::inconclusive;
  std::vector<Phrase> phrases;       ///< the result in one sentence: sentence()
  std::vector<std::string> reasons;  ///< for the verdict, each a line: what decided comes first
  std::vector<std::string> open;     ///< questions that are not answered, each a line
  bool new_findings = false;         ///< head shows what base was looked at for and does not
  bool worse_else = false;           ///< head is worse in anything but new findings
  Outcome outcome =
      Outcome::passed;  ///< of the run, or the worse of both: error and interrupted give no verdict

  std::vector<TrialComparison> trials;  ///< in the order of the run
  std::vector<JudgedFinding> findings;  ///< new first, then fixed, changed, the rest, known last
  int incomplete_reports = 0;           ///< reports that were cut short on a console: not compared
  ComparisonTrust trust;
};

/// The result in plain text: one sentence and no line break.
std::string sentence(const Comparison& comparison);

/// Whether compare_run has something to compare: a comparison, or a run of two kernels that is no
/// hunt.
bool is_comparable(const RunRecord& run);

/// Throws UsageError if it is not comparable. A run of two kernels that was no comparison is judged
/// by its failures only.
Comparison compare_run(const RunRecord& run);

/// Two kernels that ran some time or other. Throughput is shown and not judged, since the host may
/// have changed between them. Throws UsageError if a run has no such kernel, or the runs cannot be
/// compared (one emulated, one not).
Comparison compare_runs(const RunRecord& base, const std::string& base_kernel,
                        const RunRecord& head, const std::string& head_kernel);

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
// What the files of a comparison share; others include report/comparison.h.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "report/comparison.h"

namespace gridlock::comparison {

/// A trial and the run it is of. Borrowed.
struct TrialRef {
  const RunRecord* run = nullptr;
  const TrialRecord* trial = nullptr;
};

/// A pair both trials of which ended with a verdict, and that counts.
struct CountedPair {
  const PairRecord* pair = nullptr;
  const TrialRecord* base = nullptr;
  const TrialRecord* head = nullptr;
};

/// Which trials are of which side.
struct Sides {
  std::vector<TrialRef> base;  ///< of any outcome, in the order they ran
  std::vector<TrialRef> head;
  std::vector<CountedPair> pairs;          ///< in the order they ran
  std::vector<CountedPair> same;           ///< of base against itself
  std::vector<std::string> trial_names;    ///< in the order they first ran
  const CompareRecord* compare = nullptr;  ///< absent: the trials did not run in pairs
};
Sides sides_of_pairs(const RunRecord& run);
Sides sides_of_kernels(const RunRecord& base, const std::string& base_kernel, const RunRecord& head,
                       const std::string& head_kernel);

/// Whether the host was well while it ran, as far as is known, or need not be in its run.
bool host_was_well(const TrialRef& ref);
/// Whether what its kernel did is counted.
bool counts(const TrialRef& ref);
/// The pairs of one trial's name.
std::vector<CountedPair> pairs_of(const std::vector<CountedPair>& pairs, const std::string& name);
/// The margin of `workload`, a ratio: as the run says, else 5 %.
double margin_of(const Sides& sides, const std::string& workload);
double median(std::vector<double> values);  ///< 0 without values

/// When a comparison looks at its figures, and whether it does so for the last time.
struct Looking {
  bool looks_early = false;  ///< at the planned looks, not once at the end
  bool ended = true;         ///< no further pair comes
};
/// Figures and effects of all workloads of the trials called `name`, without verdicts: see
/// judge_throughput.
std::vector<ThroughputComparison> throughput_of(const Sides& sides, const std::string& name,
                                                const Comparison& comparison);
/// Sets the verdicts of all workloads of all trials together: one false call in all of them has
/// probability 5 % at most.
void judge_throughput(Comparison& comparison, const Sides& sides, const Looking& looking);
/// ln(head / base) of the pairs of `workload` whose trials both have a rate.
std::vector<PairPoint> points_of(const std::vector<CountedPair>& pairs,
                                 const std::string& workload);

std::vector<JudgedFinding> judge_findings(const Sides& sides, int& incomplete);
ComparisonTrust trust_of(const Sides& sides, const RunRecord& base, const RunRecord& head);
/// "-0.8 % [-2.9, +1.4]"; without an interval "-0.8 %".
std::string effect_text(const Effect& effect);
/// "p = 0.0003", "p < 0.0001".
std::string p_text(double p);
/// Sets the verdict, its reasons, what is open, and the sentence.
void conclude(Comparison& comparison);

}  // namespace gridlock::comparison

// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <set>

#include "report/comparison_parts.h"
#include "report/summary.h"

namespace gridlock::comparison {
namespace {

using TrialsByNumber = std::map<int, const TrialRecord*>;

TrialsByNumber by_number(const RunRecord& run) {
  TrialsByNumber trials;
  for (const TrialRecord& trial : run.trials) trials.emplace(trial.number, &trial);
  return trials;
}

const TrialRecord* trial_of(const TrialsByNumber& trials, int number) {
  const auto it = trials.find(number);
  return it == trials.end() ? nullptr : it->second;
}

void add_name(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

/// The pairs of `records` that count.
std::vector<CountedPair> counted_pairs(const std::vector<PairRecord>& records,
                                       const TrialsByNumber& trials) {
  std::vector<CountedPair> pairs;
  for (const PairRecord& record : records) {
    const TrialRecord* const base = trial_of(trials, record.base_trial);
    const TrialRecord* const head = trial_of(trials, record.head_trial);
    if (record.spoilt.empty() && base && head && has_verdict(*base) && has_verdict(*head))
      pairs.push_back({&record, base, head});
  }
  return pairs;
}

std::vector<TrialRef> trials_of_kernel(const RunRecord& run, const std::string& kernel) {
  std::vector<TrialRef> trials;
  for (const TrialRecord& trial : run.trials)
    if (trial.kernel == kernel) trials.push_back({&run, &trial});
  return trials;
}

}  // namespace

Sides sides_of_pairs(const RunRecord& run) {
  Sides sides;
  sides.compare = &*run.compare;
  const TrialsByNumber trials = by_number(run);
  std::set<int> of_base, of_head;
  for (const PairRecord& pair : run.compare->pairs_run) {
    add_name(sides.trial_names, pair.trial);
    of_base.insert(pair.base_trial);
    of_head.insert(pair.head_trial);
  }
  for (const PairRecord& pair : run.compare->same_pairs) {
    add_name(sides.trial_names, pair.trial);
    of_base.insert(pair.base_trial);
    of_base.insert(pair.head_trial);
  }
  for (const TrialRecord& trial : run.trials) {
    if (of_base.contains(trial.number)) sides.base.push_back({&run, &trial});
    if (of_head.contains(trial.number)) sides.head.push_back({&run, &trial});
  }
  sides.pairs = counted_pairs(run.compare->pairs_run, trials);
  sides.same = counted_pairs(run.compare->same_pairs, trials);
  return sides;
}

Sides sides_of_kernels(const RunRecord& base, const std::string& base_kernel, const RunRecord& head,
                       const std::string& head_kernel) {
  Sides sides;
  sides.base = trials_of_kernel(base, base_kernel);
  sides.head = trials_of_kernel(head, head_kernel);
  for (const std::vector<TrialRef>* const side : {&sides.base, &sides.head})
    for (const TrialRef& ref : *side) add_name(sides.trial_names, ref.trial->name);
  return sides;
}

bool host_was_well(const TrialRef& ref) {
  if (ref.run != nullptr && ref.run->compare && !ref.run->compare->gates) return true;
  return !ref.trial->health || ref.trial->health->problems.empty();
}

bool counts(const TrialRef& ref) { return has_verdict(*ref.trial) && host_was_well(ref); }

std::vector<CountedPair> pairs_of(const std::vector<CountedPair>& pairs, const std::string& name) {
  std::vector<CountedPair> out;
  for (const CountedPair& pair : pairs)
    if (pair.pair->trial == name) out.push_back(pair);
  return out;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace gridlock::comparison

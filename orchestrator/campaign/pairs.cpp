// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/pairs.h"

#include <algorithm>
#include <utility>

#include "compare/pair_order.h"
#include "plan/plan.h"

namespace gridlock {
namespace {

bool counts(const PairRecord& pair) {
  return pair.spoilt.empty() && pair.base_trial > 0 && pair.head_trial > 0;
}

bool has_run(const std::vector<PairRecord>& pairs, const std::string& trial, int number) {
  return std::ranges::any_of(pairs, [&](const PairRecord& pair) {
    return pair.trial == trial && pair.number == number && counts(pair);
  });
}

}  // namespace

Pairs::Pairs(std::vector<std::string> trials, int most, int same, std::uint64_t order_seed)
    : trials_(std::move(trials)), most_(most), same_(std::min(same, most)), seed_(order_seed) {}

bool Pairs::head_first(std::size_t trial, int number, bool same) const {
  // Each trial has an order of its own: what drifts in the time of a round is in all alike.
  const std::uint64_t seed = trial_seed(seed_, trials_[trial] + (same ? " against itself" : ""), 1);
  const int pairs = same ? same_ : most_;
  return pair_orders(pairs, seed).at(static_cast<std::size_t>(number - 1)) == PairOrder::head_first;
}

std::optional<NextPair> Pairs::next(const CompareRecord& done) const {
  for (int number = 1; number <= most_; ++number)
    for (const bool same : {false, true}) {
      if (same && number > same_) continue;
      for (std::size_t trial = 0; trial < trials_.size(); ++trial)
        if (!has_run(same ? done.same_pairs : done.pairs_run, trials_[trial], number))
          return NextPair{trials_[trial], number, head_first(trial, number, same), same};
    }
  return std::nullopt;
}

int Pairs::complete(const CompareRecord& done) const {
  int complete = 0;
  const auto all_have = [&](int number) {
    return std::ranges::all_of(
        trials_, [&](const std::string& trial) { return has_run(done.pairs_run, trial, number); });
  };
  while (complete < most_ && all_have(complete + 1)) ++complete;
  return complete;
}

void close_interrupted(CompareRecord& record) {
  for (std::vector<PairRecord>* const pairs : {&record.pairs_run, &record.same_pairs})
    for (PairRecord& pair : *pairs)
      if (pair.spoilt.empty() && (pair.base_trial == 0 || pair.head_trial == 0))
        pair.spoilt = "interrupted";
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/comparison_parts.h"
#include "report/summary.h"

namespace gridlock::comparison {
namespace {

/// The level of a comparison that looks once, at its end.
constexpr double kOneLookAlpha = 0.05;
/// Two builds of one source differ so much by where their code lies.
constexpr double kOfLayout = 0.03;

/// ln(head / base) of those of the first `count` pairs that give a point. Points are in the order
/// of their pairs.
std::vector<double> first_log_ratios(const ThroughputComparison& one,
                                     const std::vector<CountedPair>& pairs, std::size_t count) {
  std::vector<double> out;
  std::size_t point = 0;
  for (std::size_t i = 0; i < std::min(count, pairs.size()) && point < one.points.size(); ++i)
    if (one.points[point].base_trial == pairs[i].base->number)
      out.push_back(one.points[point++].log_ratio);
  return out;
}

EffectVerdict judged(const std::vector<double>& log_ratios, double margin, double alpha) {
  return judge_effect(log_ratios, {margin, Better::more, alpha});
}

bool differs(EffectVerdict verdict) {
  return verdict == EffectVerdict::better || verdict == EffectVerdict::worse;
}

/// The looks that the pairs of a trial have come to, and the level of the last one if nothing
/// follows.
struct LooksOfTrial {
  std::vector<Look> early;
  std::optional<Look> final;
};

LooksOfTrial looks_of(int pairs, const Looking& looking) {
  LooksOfTrial out;
  if (!looking.looks_early) {
    if (looking.ended && pairs > 0) out.final = Look{pairs, kOneLookAlpha};
    return out;
  }
  for (const Look& look : planned_looks())
    if (look.pairs <= pairs) out.early.push_back(look);
  if (out.early.size() == planned_looks().size()) {
    out.final = out.early.back();
    out.early.pop_back();
  } else if (looking.ended && out.early.empty() && pairs > 0) {
    out.final = Look{pairs, kOneLookAlpha};  // no look was taken before
  } else if (looking.ended && !out.early.empty() && pairs > out.early.back().pairs) {
    // It takes the place of the next one, which would have had more to go by.
    out.final = Look{pairs, planned_looks()[out.early.size()].alpha};
  }
  return out;
}

/// A workload that waits for the last look.
struct Waiting {
  ThroughputComparison* throughput = nullptr;
  std::vector<double> log_ratios;
  Look look;
};

/// Judges together what waits for the last look: Holm's procedure at each level that occurs, with
/// the strictest of them for all.
void judge_last(std::vector<Waiting>& waiting) {
  if (waiting.empty()) return;
  std::vector<double> p_values;
  double alpha = waiting.front().look.alpha;
  for (const Waiting& one : waiting) {
    p_values.push_back(paired_p(one.log_ratios));
    alpha = std::min(alpha, one.look.alpha);
  }
  const std::vector<bool> may_differ = holm(p_values, alpha);
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    Waiting& one = waiting[i];
    ThroughputComparison& throughput = *one.throughput;
    throughput.look = {one.look.pairs, alpha};
    throughput.verdict = judged(one.log_ratios, throughput.margin, alpha);
    if (!differs(throughput.verdict) || may_differ[i]) continue;
    throughput.verdict = EffectVerdict::inconclusive;
    throughput.doubt = "a difference that may be chance among so many workloads (Holm)";
  }
}

std::string doubt_of(const ThroughputComparison& one, const SameResult& same) {
  if (same.host_sick) return "the host is not steady: base differs from itself";
  if (!one.doubt.empty()) return one.doubt;
  if (differs(one.verdict) && one.effect.driven_by_outliers) return "driven by single pairs";
  if (differs(one.verdict) && std::abs(one.effect.ratio) < kOfLayout)
    return "so small that it may come from where the code lies and not from the patch";
  if (one.pairs_without > 0)
    return fmt::format(
        "{} of {} gave a figure for both", one.points.size(),
        counted(one.points.size() + static_cast<std::size_t>(one.pairs_without), "pair"));
  return {};
}

void note_look(std::vector<Look>& looks, const Look& look) {
  if (std::none_of(looks.begin(), looks.end(),
                   [&](const Look& one) { return one.pairs == look.pairs; }))
    looks.push_back(look);
}

}  // namespace

void judge_throughput(Comparison& comparison, const Sides& sides, const Looking& looking) {
  std::vector<Waiting> waiting;
  for (TrialComparison& trial : comparison.trials) {
    const std::vector<CountedPair> pairs = pairs_of(sides.pairs, trial.name);
    const LooksOfTrial looks = looks_of(static_cast<int>(pairs.size()), looking);
    for (const Look& look : looks.early) note_look(comparison.looks, look);
    if (looks.final) note_look(comparison.looks, *looks.final);
    for (ThroughputComparison& one : trial.workloads) {
      if (!one.not_judged.empty()) continue;
      for (const Look& look : looks.early) {
        if (one.verdict != EffectVerdict::inconclusive) break;  // what was answered stays so
        one.verdict = judged(first_log_ratios(one, pairs, static_cast<std::size_t>(look.pairs)),
                             one.margin, look.alpha);
        one.look = look;
      }
      if (looks.final && one.verdict == EffectVerdict::inconclusive)
        waiting.push_back(
            {&one, first_log_ratios(one, pairs, static_cast<std::size_t>(looks.final->pairs)),
             *looks.final});
      else if (one.verdict == EffectVerdict::inconclusive && !looking.ended)
        one.doubt =
            comparison.pairs_planned > 0
                ? fmt::format("{} of {} so far", pairs.size(),
                              counted(static_cast<std::size_t>(comparison.pairs_planned), "pair"))
                : counted(pairs.size(), "pair") + " so far";
    }
  }
  judge_last(waiting);
  std::sort(comparison.looks.begin(), comparison.looks.end(),
            [](const Look& a, const Look& b) { return a.pairs < b.pairs; });
  for (TrialComparison& trial : comparison.trials)
    for (ThroughputComparison& one : trial.workloads) {
      if (!one.not_judged.empty()) continue;
      one.doubt = doubt_of(one, comparison.trust.same);
      if (comparison.trust.same.host_sick) one.verdict = EffectVerdict::inconclusive;
    }
}

}  // namespace gridlock::comparison

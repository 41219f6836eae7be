// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "report/comparison_parts.h"

namespace gridlock::comparison {
namespace {

constexpr std::size_t kLongestTitle = 120;
constexpr std::size_t kMostListed = 3;
constexpr double kPower = 0.8;

std::string named(const std::string& name) { return printable(name, 60); }

/// "a, b, c and 2 more".
std::string listed(std::vector<std::string> texts) {
  const std::size_t all = texts.size();
  texts.resize(std::min(all, kMostListed));
  return join(texts, ", ") +
         (all > kMostListed ? fmt::format(" and {} more", all - kMostListed) : "");
}

std::string plural(std::size_t count, std::string_view thing) { return counted(count, thing); }

/// Gathers what a comparison comes to, the weightiest first.
class Conclusion {
 public:
  explicit Conclusion(const Comparison& of) : of_(of) {}

  void findings() {
    std::vector<std::string> added, fixed, unclear;
    for (const JudgedFinding* const finding : in_order_of_weight()) {
      const std::string text = fmt::format("{} ({})", printable(finding->title, kLongestTitle),
                                           counts_text(finding->base, finding->head, finding->p));
      if (finding->verdict == FindingVerdict::added) {
        added.push_back(text);
        reasons.push_back("new: " + text);
      } else if (finding->verdict == FindingVerdict::fixed) {
        fixed.push_back(text);
        reasons.push_back("fixes " + text);
        better_failures = true;
      } else if (finding->verdict == FindingVerdict::rate_changed) {
        const bool rarer = share(finding->head) < share(finding->base);
        say(rarer ? Tone::good : Tone::bad,
            fmt::format("makes {} {}", text, rarer ? "rarer" : "more frequent"));
        (rarer ? better_failures : worse) = true;
      } else if (finding->verdict == FindingVerdict::not_observable && finding->head.seen > 0 &&
                 finding->base.seen == 0) {
        unclear.push_back(text);
      }
    }
    // One fault is seen in many ways: the weightiest stands for them.
    if (!fixed.empty())
      phrases.insert(
          phrases.begin(),
          {"fixes " + fixed.front() +
               (fixed.size() > 1 ? " and " + plural(fixed.size() - 1, "more finding") : ""),
           Tone::good});
    if (!added.empty()) {
      phrases.insert(
          phrases.begin(),
          {fmt::format("{}: {}", plural(added.size(), "new finding"), listed(added)), Tone::bad});
      new_findings = true;
    }
    if (unclear.empty()) return;
    phrases.push_back(
        {fmt::format("{} of {} that {} had no chance to show", plural(unclear.size(), "finding"),
                     named(of_.head), named(of_.base)),
         Tone::doubtful});
    for (const std::string& text : unclear)
      open_failures.push_back(fmt::format("whether {} has it, too: {}", named(of_.base), text));
  }

  void completion() {
    std::vector<std::string> fine, both;
    for (const TrialComparison& trial : of_.trials) {
      const FailureComparison& failures = trial.failures;
      const std::string text = fmt::format("{} ({})", named(trial.name),
                                           rates_text(failures.base, failures.head, failures.p));
      switch (failures.verdict) {
        case FailureVerdict::fixed:
        case FailureVerdict::rarer:
          say(Tone::good,
              (failures.verdict == FailureVerdict::fixed ? "no longer fails "
                                                         : "less often fails ") +
                  text,
              better_failures);
          better_failures = true;
          break;
        case FailureVerdict::broken:
        case FailureVerdict::more_often:
          say(Tone::bad,
              (failures.verdict == FailureVerdict::broken ? "breaks " : "more often fails ") + text,
              new_findings);
          worse = true;
          break;
        case FailureVerdict::same:
          (failures.base.count + failures.head.count == 0 ? fine : both).push_back(text);
          break;
        case FailureVerdict::inconclusive:
          ask_about(trial, text);
          break;
      }
    }
    if (!both.empty()) phrases.push_back({"both fail " + listed(both), Tone::plain});
    if (fine.empty()) return;
    phrases.push_back({fine.size() == 1
                           ? "neither fails " + fine.front()
                           : fmt::format("neither fails in {}", plural(fine.size(), "other trial")),
                       Tone::plain});
    if (fine.size() == of_.trials.size() && fine.size() > 1)
      phrases.back().text = fmt::format("neither fails in any of {}", plural(fine.size(), "trial"));
  }

  void throughput() {
    std::map<EffectVerdict, std::vector<std::string>> judged;
    std::map<std::string, std::size_t> not_judged;
    std::vector<double> margins;  // of those without a difference
    for (const TrialComparison& trial : of_.trials)
      for (const ThroughputComparison& one : trial.workloads) {
        if (!one.not_judged.empty()) {
          ++not_judged[one.not_judged];
          continue;
        }
        const std::string text =
            fmt::format("{} {}, {}", named(one.workload), effect_text(one.effect),
                        plural(one.points.size(), "pair"));
        judged[one.verdict].push_back(text);
        if (one.verdict == EffectVerdict::no_difference) margins.push_back(one.margin);
        if (one.verdict == EffectVerdict::inconclusive)
          open_throughput.push_back(open_text(one));
        else
          reasons.push_back(fmt::format("throughput {}: {}", to_string(one.verdict), text));
      }
    for (const EffectVerdict verdict :
         {EffectVerdict::worse, EffectVerdict::better, EffectVerdict::no_difference,
          EffectVerdict::inconclusive}) {
      if (judged[verdict].empty()) continue;
      std::string word(to_string(verdict));
      if (verdict == EffectVerdict::no_difference)
        word += fmt::format(" within {:.3g} %",
                            100 * *std::max_element(margins.begin(), margins.end()));
      phrases.push_back(
          {fmt::format("throughput {}: {}", word, listed(judged[verdict])), tone_of(verdict)});
    }
    worse = worse || !judged[EffectVerdict::worse].empty();
    better_throughput = !judged[EffectVerdict::better].empty();
    std::vector<std::string> why;
    for (const auto& [reason, count] : not_judged) why.push_back(reason);
    if (!why.empty())
      phrases.push_back(
          {fmt::format("throughput {}not judged ({})",
                       open_throughput.empty() && margins.empty() ? "" : "else ", listed(why)),
           Tone::plain});
  }

  ComparisonVerdict verdict() const {
    if (new_findings) return ComparisonVerdict::worse;
    if (of_.trust.same.host_sick || nothing_counted()) return ComparisonVerdict::inconclusive;
    if (worse) return ComparisonVerdict::worse;
    if (!open_failures.empty()) return ComparisonVerdict::inconclusive;
    if (better_failures) return ComparisonVerdict::better;
    if (!open_throughput.empty()) return ComparisonVerdict::inconclusive;
    return better_throughput ? ComparisonVerdict::better : ComparisonVerdict::no_difference;
  }

  bool nothing_counted() const {
    return std::none_of(of_.trials.begin(), of_.trials.end(), [](const TrialComparison& trial) {
      return trial.failures.base.trials > 0 && trial.failures.head.trials > 0;
    });
  }

  std::vector<Phrase> phrases;
  std::vector<std::string> reasons, open_failures, open_throughput;
  bool new_findings = false;
  bool worse = false;  ///< in anything but new findings

 private:
  /// What is judged, the kinds first that say most of a fault.
  std::vector<const JudgedFinding*> in_order_of_weight() const {
    static const std::vector<std::string> kWeighty{"deadlock", "panic",    "bug",    "oops",
                                                   "gpf",      "bad_data", "lockdep"};
    std::vector<const JudgedFinding*> out;
    for (const JudgedFinding& finding : of_.findings)
      if (!finding.known) out.push_back(&finding);
    std::stable_sort(out.begin(), out.end(), [](const JudgedFinding* a, const JudgedFinding* b) {
      const auto place = [](const JudgedFinding* one) {
        return std::find(kWeighty.begin(), kWeighty.end(), one->kind);
      };
      return place(a) < place(b);
    });
    return out;
  }

  static Tone tone_of(EffectVerdict verdict) {
    switch (verdict) {
      case EffectVerdict::better:
        return Tone::good;
      case EffectVerdict::worse:
        return Tone::bad;
      case EffectVerdict::no_difference:
        return Tone::plain;
      case EffectVerdict::inconclusive:
        break;
    }
    return Tone::doubtful;
  }

  static double share(const FindingCount& count) {
    return count.observed == 0 ? 0 : static_cast<double>(count.seen) / count.observed;
  }

  std::string counts_text(const FindingCount& base, const FindingCount& head, double p) const {
    return rates_text(exact_rate(base.seen, base.observed), exact_rate(head.seen, head.observed),
                      p);
  }

  std::string rates_text(const Rate& base, const Rate& head, double p) const {
    // A rate is bounded where nothing happened: that is what a reader wants to know of it.
    const auto text = [](const Rate& rate) {
      return rate.count == 0 || rate.trials == 0 ? rate_text(rate)
                                                 : fmt::format("{}/{}", rate.count, rate.trials);
    };
    std::string out =
        fmt::format("{} {}, {} {}", named(of_.base), text(base), named(of_.head), text(head));
    if (base.count + head.count > 0 && base.trials > 0 && head.trials > 0) out += ", " + p_text(p);
    return out;
  }

  /// What is a reason, and a part of the sentence unless it is `told` there by another.
  void say(Tone tone, const std::string& text, bool told = false) {
    reasons.push_back(text);
    if (!told) phrases.push_back({text, tone});
  }

  void ask_about(const TrialComparison& trial, const std::string& text) {
    const Rate& base = trial.failures.base;
    const Rate& head = trial.failures.head;
    if (base.trials == 0 || head.trials == 0) {
      open_failures.push_back(fmt::format("{}: no verdict from {}", named(trial.name),
                                          named(base.trials == 0 ? of_.base : of_.head)));
      return;
    }
    std::string question = "whether that is chance: " + text;
    const double rate = std::max(base.value(), head.value());
    if (rate > 0)
      question +=
          fmt::format("; {} of each kernel would tell",
                      plural(static_cast<std::size_t>(trials_needed(rate, kPower)), "trial"));
    open_failures.push_back(question);
    phrases.push_back(
        {fmt::format("{} fails {}, which may be chance",
                     base.count > 0 ? "only " + named(of_.base) : "only " + named(of_.head), text),
         Tone::doubtful});
  }

  std::string open_text(const ThroughputComparison& one) const {
    std::string text = fmt::format("throughput of {}: {}, {}", named(one.workload),
                                   effect_text(one.effect), plural(one.points.size(), "pair"));
    if (one.effect.detectable)
      text += fmt::format(", which show {:.1f} % or more", 100 * *one.effect.detectable);
    if (one.needed.to_equal && one.needed.to_differ)
      text += fmt::format("; about {} show a difference of {:.3g} %, {} that there is none",
                          *one.needed.to_differ, 100 * one.margin, *one.needed.to_equal);
    if (!one.doubt.empty()) text += "; " + one.doubt;
    return text;
  }

  const Comparison& of_;
  bool better_failures = false;
  bool better_throughput = false;
};

}  // namespace

std::string effect_text(const Effect& effect) {
  if (effect.pairs == 0) return "no figure";
  // Not "-0.0".
  const auto percent = [](double ratio) {
    return fmt::format("{:+.1f}", std::round(1000 * ratio) / 10 + 0.0);
  };
  std::string text = percent(effect.ratio) + " %";
  if (effect.interval)
    text += fmt::format(" [{}, {}]", percent(effect.interval->low), percent(effect.interval->high));
  return text;
}

std::string p_text(double p) {
  return p < 0.0001 ? "p < 0.0001"
         : p < 0.01 ? fmt::format("p = {:.4f}", p)
                    : fmt::format("p = {:.2f}", p);
}

void conclude(Comparison& comparison) {
  Conclusion conclusion(comparison);
  conclusion.findings();
  conclusion.completion();
  conclusion.throughput();
  comparison.verdict = conclusion.verdict();
  comparison.new_findings = conclusion.new_findings;
  comparison.worse_else = conclusion.worse && !comparison.trust.same.host_sick;
  comparison.reasons = std::move(conclusion.reasons);
  comparison.open = std::move(conclusion.open_failures);
  comparison.open.insert(comparison.open.end(), conclusion.open_throughput.begin(),
                         conclusion.open_throughput.end());
  comparison.phrases = std::move(conclusion.phrases);
  if (comparison.trust.same.host_sick) {
    const std::string why = "no verdict holds: the host is not steady, base differs from itself";
    comparison.phrases.push_back({why, Tone::doubtful});
    comparison.reasons.insert(comparison.reasons.begin(), why);
    comparison.open.insert(comparison.open.begin(), why);
  }
  if (conclusion.nothing_counted()) {
    comparison.phrases = {
        {"nothing to compare, a kernel has no trial with a verdict", Tone::doubtful}};
    comparison.open.insert(comparison.open.begin(), comparison.phrases.front().text);
  }
}

}  // namespace gridlock::comparison

namespace gridlock {

std::string_view to_string(ComparisonVerdict verdict) {
  switch (verdict) {
    case ComparisonVerdict::better:
      return "better";
    case ComparisonVerdict::no_difference:
      return "no difference";
    case ComparisonVerdict::worse:
      return "worse";
    case ComparisonVerdict::inconclusive:
      break;
  }
  return "inconclusive";
}

std::string sentence(const Comparison& comparison) {
  std::string text =
      comparison.base == comparison.head && comparison.base_run == comparison.head_run
          ? printable(comparison.base, 60) + " against itself: "
          : printable(comparison.head, 60) + " against " + printable(comparison.base, 60) + ": ";
  for (std::size_t i = 0; i < comparison.phrases.size(); ++i)
    text += (i == 0 ? "" : "; ") + comparison.phrases[i].text;
  return text;
}

}  // namespace gridlock

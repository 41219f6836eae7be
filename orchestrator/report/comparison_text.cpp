// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/comparison_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/text.h"
#include "report/columns.h"
#include "report/comparison_parts.h"

namespace gridlock {
namespace {

using comparison::effect_text;
using comparison::p_text;

/// What mailing lists are read in.
constexpr std::size_t kMailWidth = 76;
constexpr std::size_t kName = 16, kSide = 9, kEffect = 21, kVerdict = 13;
constexpr std::size_t kMostFindings = 12;
constexpr std::size_t kMostOpen = 12;
constexpr std::size_t kMostSpoilt = 5;
constexpr std::size_t kLongestTitle = 200;

Tone tone_of(ComparisonVerdict verdict) {
  switch (verdict) {
    case ComparisonVerdict::better:
    case ComparisonVerdict::no_difference:
      return Tone::good;
    case ComparisonVerdict::worse:
      return Tone::bad;
    case ComparisonVerdict::inconclusive:
      break;
  }
  return Tone::doubtful;
}

Tone tone_of(FailureVerdict verdict) {
  switch (verdict) {
    case FailureVerdict::fixed:
    case FailureVerdict::rarer:
      return Tone::good;
    case FailureVerdict::more_often:
    case FailureVerdict::broken:
      return Tone::bad;
    case FailureVerdict::same:
      return Tone::plain;
    case FailureVerdict::inconclusive:
      break;
  }
  return Tone::doubtful;
}

Tone tone_of(EffectVerdict verdict) {
  switch (verdict) {
    case EffectVerdict::better:
    case EffectVerdict::no_difference:
      return Tone::good;
    case EffectVerdict::worse:
      return Tone::bad;
    case EffectVerdict::inconclusive:
      break;
  }
  return Tone::doubtful;
}

Tone tone_of(const JudgedFinding& finding) {
  if (finding.known) return Tone::plain;
  if (finding.verdict == FindingVerdict::added) return Tone::bad;
  if (finding.verdict == FindingVerdict::fixed) return Tone::good;
  return finding.verdict == FindingVerdict::not_observable ? Tone::doubtful : Tone::plain;
}

std::string rate_of(double operations_per_second) {
  if (operations_per_second <= 0) return "-";
  return operations_per_second >= 10'000 ? fmt::format("{:.1f}k/s", operations_per_second / 1000)
                                         : fmt::format("{:.4g}/s", operations_per_second);
}

std::string name_of(const std::string& name, std::size_t width) {
  return clipped(printable(name, 100), width);
}

/// "p50 0.9 and 1.1 ms, p99 2.4 and 2.5 ms", or empty.
std::string latency_text(const ThroughputComparison& one) {
  if (!one.base.latency || !one.head.latency) return {};
  const auto pair = [&](std::string_view name, double LatencyRecord::*member) {
    return fmt::format("{} {:.3g} and {:.3g} ms", name, (*one.base.latency).*member / 1000,
                       (*one.head.latency).*member / 1000);
  };
  return pair("p50", &LatencyRecord::p50_us) + ", " + pair("p99", &LatencyRecord::p99_us);
}

/// What stands behind the verdict of a workload.
std::string details_of(const ThroughputComparison& one) {
  std::vector<std::string> parts;
  if (!one.not_judged.empty()) {
    parts.push_back("not judged: " + printable(one.not_judged, 200));
  } else {
    parts.push_back(counted(one.points.size(), "pair"));
    parts.push_back(fmt::format("margin {:.3g} %", 100 * one.margin));
    if (one.effect.detectable)
      parts.push_back(fmt::format("shows {:.1f} % or more", 100 * *one.effect.detectable));
    if (one.needed.to_differ && one.needed.to_equal)
      parts.push_back(fmt::format("pairs needed: {} to differ, {} to be equal",
                                  *one.needed.to_differ, *one.needed.to_equal));
    if (one.effect.hodges_lehmann)
      parts.push_back(fmt::format("Hodges-Lehmann {:+.1f} %", 100 * *one.effect.hodges_lehmann));
    if (!one.doubt.empty()) parts.push_back(printable(one.doubt, 200));
  }
  if (const std::string latency = latency_text(one); !latency.empty()) parts.push_back(latency);
  if (one.base.fairness && one.head.fairness)
    parts.push_back(fmt::format("fairness {:.2f} and {:.2f}", one.base.fairness->jain,
                                one.head.fairness->jain));
  return join(parts, "; ");
}

class MailPage {
 public:
  MailPage(const Comparison& of, Colour colour) : of_(of), page_(colour, kMailWidth) {}

  void result() {
    page_.row({{kMailWidth, sentence(of_), Tone::heading}});
    page_.blank();
    page_.labelled("verdict", std::string(to_string(of_.verdict)), tone_of(of_.verdict));
    if (of_.outcome != Outcome::passed)
      page_.labelled("", "the run ended as: " + std::string(to_string(of_.outcome)),
                     Tone::doubtful);
    for (std::size_t i = 0; i < of_.open.size(); ++i) {
      if (i == kMostOpen) {
        page_.labelled("", fmt::format("and {} more", of_.open.size() - i));
        break;
      }
      page_.labelled(i == 0 ? "open" : "", printable(of_.open[i], 400), Tone::doubtful);
    }
    if (!of_.stopped.empty()) page_.labelled("stopped", printable(of_.stopped, 400));
    if (of_.paired && (of_.outcome == Outcome::interrupted || !of_.stopped.empty()))
      page_.labelled("to go on", "gridlock resume " + printable(of_.base_run, 200));
    page_.blank();
  }

  void table() {
    if (of_.trials.empty()) return;
    page_.row({{kName, "trial", Tone::heading},
               {kSide, name_of(of_.base, kSide), Tone::heading},
               {kSide, name_of(of_.head, kSide), Tone::heading},
               {kEffect, "head against base", Tone::heading},
               {kVerdict, "verdict", Tone::heading}});
    for (const TrialComparison& trial : of_.trials) {
      const FailureComparison& failures = trial.failures;
      const auto done = [](int completed, const Rate& rate) {
        return rate.trials == 0 ? "no trial" : fmt::format("{}/{} ok", completed, rate.trials);
      };
      page_.row({{kName, name_of(trial.name, kName)},
                 {kSide, done(trial.base_completed, failures.base)},
                 {kSide, done(trial.head_completed, failures.head)},
                 {kEffect, failures.base.count + failures.head.count > 0 ? p_text(failures.p) : ""},
                 {kVerdict, std::string(to_string(failures.verdict)), tone_of(failures.verdict)}});
      for (const ThroughputComparison& one : trial.workloads) workload(one);
    }
    page_.row({{kMailWidth,
                "(ok: completed, of trials with a verdict; rates: medians of all nodes "
                "together; [95 %]; latencies and fairness, of base and head, have no verdict)"}});
    page_.blank();
  }

  void findings() {
    std::size_t shown = 0, known = 0;
    for (const JudgedFinding& finding : of_.findings) {
      if (finding.known) {
        ++known;
        continue;
      }
      if (shown++ >= kMostFindings) continue;
      const auto side = [](const std::string& name, const FindingCount& count) {
        return fmt::format("{} {}/{}", printable(name, 60), count.seen, count.observed);
      };
      const FindingCount& where = finding.head.seen > 0 ? finding.head : finding.base;
      std::string text = printable(finding.title, kLongestTitle) + "\n" +
                         side(of_.base, finding.base) + ", " + side(of_.head, finding.head);
      if (!where.nodes.empty()) text += "; on " + printable(join(where.nodes, ", "), 100);
      if (where.first.trial > 0)
        text += fmt::format("; first in trial {}, {}", where.first.trial,
                            printable(where.first.finding, 20));
      if (!finding.doubt.empty()) text += "; " + finding.doubt;
      if (!finding.source.empty()) text += "\n" + finding.source;
      page_.labelled(to_string(finding.verdict), text, tone_of(finding));
    }
    if (shown == 0) page_.labelled("findings", "none");
    if (shown > kMostFindings)
      page_.labelled("", fmt::format("and {}", counted(shown - kMostFindings, "more finding")));
    if (known > 0)
      page_.labelled("known", counted(known, "finding") +
                                  " that the topology lists as present in every kernel");
    if (of_.incomplete_reports > 0)
      page_.labelled("incomplete",
                     counted(static_cast<std::size_t>(of_.incomplete_reports), "report") +
                         " cut short on the console, not compared");
    page_.blank();
  }

  void trust(const std::string& command, const std::string& where) {
    const ComparisonTrust& trust = of_.trust;
    order();
    same();
    host();
    spoilt();
    page_.labelled("lockdep", fmt::format("watched to the end in {} of {}{}", trust.lockdep_alive,
                                          counted(static_cast<std::size_t>(trust.trials), "trial"),
                                          trust.lockdep_off > 0
                                              ? fmt::format(", went off in {}", trust.lockdep_off)
                                              : ""));
    page_.labelled(
        "consoles",
        fmt::format("{} dropped; {} of {} agree with what the kernel counted",
                    counted(trust.dropped_lines, "line"), trust.consoles_agree, trust.consoles));
    page_.labelled(
        "kernels",
        fmt::format("{} {}, {} {} ({})", printable(of_.base, 60), printable(trust.base_release, 60),
                    printable(of_.head, 60), printable(trust.head_release, 60), of_.kind));
    page_.labelled("accel",
                   printable(trust.accel) +
                       (trust.accel_reason.empty() ? "" : ": " + printable(trust.accel_reason)));
    page_.labelled("host", printable(trust.host_text) + ", Gridlock " + printable(trust.version));
    for (const std::string& difference : trust.differences)
      page_.labelled("differs", difference, Tone::doubtful);
    page_.labelled("seed", std::to_string(trust.seed));
    if (!command.empty()) page_.labelled("repeat", printable(command, 4000));
    page_.labelled("results", printable(where, 4000));
  }

  const std::string& text() const { return page_.text(); }

 private:
  void workload(const ThroughputComparison& one) {
    const bool judged = one.not_judged.empty();
    page_.row({{0, ""},
               {kName - 2, name_of(one.workload, kName - 2)},
               {kSide, rate_of(one.base.rate)},
               {kSide, rate_of(one.head.rate)},
               {kEffect, one.effect.pairs > 0 ? effect_text(one.effect) : ""},
               {kVerdict, judged ? std::string(to_string(one.verdict)) : "not judged",
                judged ? tone_of(one.verdict) : Tone::plain}});
    page_.row({{2, ""}, {kMailWidth - 4, details_of(one)}});
  }

  void order() {
    if (!of_.paired)
      return page_.labelled("order",
                            "not run in pairs: the host may have changed between the kernels, so "
                            "throughput is shown and not judged");
    std::vector<std::string> looks;
    for (const Look& look : of_.looks)
      looks.push_back(fmt::format("{} at {}", look.pairs, look.alpha));
    page_.labelled(
        "order",
        fmt::format("pairs in an order drawn with seed {}; {}{}", of_.trust.order_seed,
                    of_.looks.empty() ? "no look yet" : "looks after pairs: ", join(looks, ", ")));
  }

  void same() {
    const SameResult& same = of_.trust.same;
    if (!of_.paired) return;
    if (same.pairs == 0) return page_.labelled("base/base", "not run");
    std::vector<std::string> texts;
    for (const SameResult::Workload& one : same.workloads)
      texts.push_back(name_of(one.workload, 40) + " " + effect_text(one.effect));
    page_.labelled("base/base",
                   fmt::format("{}: {}{}", counted(static_cast<std::size_t>(same.pairs), "pair"),
                               same.host_sick  ? "DIFFERS, the host is not steady: "
                               : texts.empty() ? "no figure"
                                               : "no difference found: ",
                               join(texts, ", ")),
                   same.host_sick ? Tone::bad : Tone::plain);
  }

  void host() {
    const HostSummary& host = of_.trust.host;
    if (host.trials == 0) return;
    const auto share = [](const std::optional<double>& value) {
      return value ? fmt::format("{:.1f} %", 100 * *value) : "unknown";
    };
    page_.labelled("health",
                   fmt::format("at worst: load {:.2f}, steal {}, iowait {}, {} free, {}, clock off "
                               "by {:.3g} s",
                               host.load, share(host.steal), share(host.iowait),
                               to_string(Bytes{host.memory_available_bytes}),
                               counted(static_cast<std::size_t>(std::max(host.other_machines, 0)),
                                       "other machine"),
                               host.clock_jump_seconds));
    for (const std::string& problem : host.problems) page_.labelled("", problem, Tone::doubtful);
  }

  void spoilt() {
    const std::vector<PairRecord>& pairs = of_.trust.spoilt;
    for (std::size_t i = 0; i < std::min(pairs.size(), kMostSpoilt); ++i)
      page_.labelled(i == 0 ? "spoilt" : "",
                     fmt::format("pair {} of {}: {}", pairs[i].number,
                                 printable(pairs[i].trial, 60), printable(pairs[i].spoilt, 200)));
    if (pairs.size() > kMostSpoilt)
      page_.labelled("", fmt::format("and {} more", pairs.size() - kMostSpoilt));
  }

  const Comparison& of_;
  Page page_;
};

}  // namespace

std::string comparison_text(const Comparison& comparison, const std::string& command,
                            const std::string& where, Colour colour) {
  MailPage page(comparison, colour);
  page.result();
  page.table();
  page.findings();
  page.trust(command, where);
  return page.text();
}

}  // namespace gridlock

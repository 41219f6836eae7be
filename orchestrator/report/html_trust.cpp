// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/html_trust.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/text.h"
#include "report/html_effect.h"
#include "report/html_parts.h"
#include "report/page.h"

namespace gridlock {
namespace {

constexpr std::size_t kLongest = 130;  // two lines of the box

void fact(HtmlWriter& html, std::string_view name, const std::string& text) {
  add_fact(html, name, clipped_text(text, kLongest));
}

/// What the nodes of a run told of their detectors.
struct Detectors {
  std::size_t alive = 0;  ///< trials in which lockdep watched on every node to the end
  std::size_t known = 0;  ///< trials that tell
  std::uint64_t dropped = 0;
  std::size_t consoles = 0;  ///< that were compared with their kernels
  std::size_t agree = 0;
};

Detectors detectors_of(const RunRecord& run) {
  Detectors out;
  for (const TrialRecord& trial : run.trials) {
    std::size_t told = 0, alive = 0;
    for (const auto& [node, oracle] : trial.oracles) {
      told += oracle.lockdep_alive.has_value() ? 1 : 0;
      alive += oracle.lockdep_alive.value_or(false) ? 1 : 0;
      out.dropped += oracle.dropped_lines;
      out.consoles += oracle.self_check.empty() ? 0 : 1;
      out.agree += oracle.self_check == "agrees" ? 1 : 0;
    }
    out.known += told > 0 ? 1 : 0;
    out.alive += told > 0 && alive == trial.oracles.size() ? 1 : 0;
  }
  return out;
}

void add_detectors(HtmlWriter& html, const Detectors& detectors) {
  fact(html, "lockdep",
       detectors.known == 0
           ? "not in these kernels, or not known"
           : fmt::format("alive to the end on every node in {} of {} trials that tell",
                         detectors.alive, detectors.known));
  fact(html, "consoles",
       detectors.dropped == 0
           ? "no line dropped"
           : fmt::format("{} dropped: reports may be missing", counted(detectors.dropped, "line")));
  if (detectors.consoles > 0)
    fact(html, "self-check",
         fmt::format("{} of {} consoles agree with what their kernel counted", detectors.agree,
                     detectors.consoles));
}

void add_same(HtmlWriter& html, const ComparisonTrust& trust, const Comparison& comparison) {
  const SameResult& same = trust.same;
  html.leaf("dt", "A/A");
  const auto cell = html.in("dd");
  if (same.pairs == 0) {
    html.text(comparison.base == comparison.head ? "this is one" : "none was run");
    return;
  }
  add_tag(html, same.host_sick ? "differs" : "no difference",
          same.host_sick ? Tag::bad : Tag::good);
  std::vector<std::string> parts;
  for (const SameResult::Workload& workload : same.workloads)
    parts.push_back(workload.trial + " " + percent_text(workload.effect.ratio));
  html.text(clipped_text(fmt::format(" {} of {} against itself: {}",
                                     counted(static_cast<std::size_t>(same.pairs), "pair"),
                                     comparison.base, join(parts, ", ")),
                         kLongest));
}

void add_host(HtmlWriter& html, const HostSummary& host) {
  if (host.trials == 0) return;
  std::vector<std::string> parts{fmt::format("load {:.1f}", host.load)};
  if (host.steal) parts.push_back(fmt::format("steal {:.1f} %", 100 * *host.steal));
  if (host.iowait) parts.push_back(fmt::format("iowait {:.0f} %", 100 * *host.iowait));
  parts.push_back(to_string(Bytes{host.memory_available_bytes}) + " free");
  if (host.other_machines > 0)
    parts.push_back(counted(static_cast<std::size_t>(host.other_machines), "other machine"));
  html.leaf("dt", "host health");
  const auto cell = html.in("dd");
  add_tag(html, host.problems.empty() ? "well" : "not well",
          host.problems.empty() ? Tag::good : Tag::doubt);
  html.text(" at worst " + join(parts, ", "));
  if (!host.problems.empty()) html.leaf("small", clipped_text(join(host.problems, "; "), kLongest));
}

void add_pairs(HtmlWriter& html, const Comparison& comparison) {
  if (!comparison.paired) {
    fact(html, "order", "not run in pairs: throughput is not judged");
    return;
  }
  std::string text = fmt::format("drawn, seed {}", comparison.trust.order_seed);
  text += comparison.trust.spoilt.empty()
              ? "; no pair spoilt"
              : fmt::format("; {} spoilt and run again",
                            counted(comparison.trust.spoilt.size(), "pair"));
  if (!comparison.stopped.empty()) text += "; " + comparison.stopped;
  fact(html, "order", text);
}

}  // namespace

void add_trust_box(HtmlWriter& html, const PageInput& input) {
  const RunRecord& run = input.run;
  const auto box =
      html.in("section", {{"class", "box"}, {"id", "trust"}, {"aria-labelledby", "trust-name"}});
  html.leaf("h2", {{"id", "trust-name"}}, "Why to believe it");
  const auto list = html.in("dl", {{"class", "facts"}});
  if (input.comparison) {
    const ComparisonTrust& trust = input.comparison->trust;
    add_same(html, trust, *input.comparison);
    add_host(html, trust.host);
    add_pairs(html, *input.comparison);
  }
  add_detectors(html, detectors_of(run));
  fact(html, "accel",
       run.accel.empty() ? "not chosen"
                         : run.accel + (run.accel_reason.empty() ? "" : ": " + run.accel_reason));
  fact(html, "run",
       fmt::format("{} · {} · seed {} · Gridlock {}", run.host,
                   counted(static_cast<std::size_t>(std::max(run.nodes, 0)), "node"), run.seed,
                   run.gridlock_version));
}

}  // namespace gridlock

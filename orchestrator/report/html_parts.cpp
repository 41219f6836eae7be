// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/html_parts.h"

#include <fmt/format.h>

#include <cmath>

#include "base/digest.h"
#include "base/text.h"
#include "report/hunt_tally.h"
#include "report/page.h"
#include "report/summary.h"

namespace gridlock {

void add_tag(HtmlWriter& html, std::string_view word, Tag tag) {
  const char* name = "tag";
  switch (tag) {
    case Tag::plain:
      break;
    case Tag::same:
      name = "tag same";
      break;
    case Tag::good:
      name = "tag good";
      break;
    case Tag::bad:
      name = "tag bad";
      break;
    case Tag::doubt:
      name = "tag doubt";
      break;
  }
  html.leaf("span", {{"class", name}}, word);
}

void add_tag(HtmlWriter& html, Outcome outcome) {
  const Tag tag = outcome == Outcome::passed   ? Tag::good
                  : outcome == Outcome::failed ? Tag::bad
                                               : Tag::doubt;
  add_tag(html, to_string(outcome), tag);
}

std::string finding_word(const JudgedFinding& finding) {
  return finding.known ? "known" : std::string(to_string(finding.verdict));
}

Tag finding_tag(const JudgedFinding& finding) {
  if (finding.known) return Tag::plain;
  switch (finding.verdict) {
    case FindingVerdict::fixed:
      return Tag::good;
    case FindingVerdict::added:
      return Tag::bad;
    case FindingVerdict::still_present:
      return Tag::same;
    case FindingVerdict::not_seen:
    case FindingVerdict::not_observable:
      return Tag::doubt;
    case FindingVerdict::rate_changed: {
      const auto share = [](const FindingCount& count) {
        return count.observed == 0 ? 0.0 : static_cast<double>(count.seen) / count.observed;
      };
      return share(finding.head) > share(finding.base) ? Tag::bad : Tag::good;
    }
  }
  return Tag::plain;
}

std::string failure_word(const FailureComparison& failures) {
  return failures.verdict == FailureVerdict::same && failures.base.count > 0
             ? "fails on both"
             : std::string(to_string(failures.verdict));
}

Tag failure_tag(const FailureComparison& failures) {
  switch (failures.verdict) {
    case FailureVerdict::fixed:
    case FailureVerdict::rarer:
      return Tag::good;
    case FailureVerdict::same:
      return Tag::same;
    case FailureVerdict::more_often:
    case FailureVerdict::broken:
      return Tag::bad;
    case FailureVerdict::inconclusive:
      return Tag::doubt;
  }
  return Tag::plain;
}

Tag effect_tag(EffectVerdict verdict) {
  switch (verdict) {
    case EffectVerdict::better:
      return Tag::good;
    case EffectVerdict::worse:
      return Tag::bad;
    case EffectVerdict::no_difference:
      return Tag::same;
    case EffectVerdict::inconclusive:
      return Tag::doubt;
  }
  return Tag::plain;
}

std::string plain_sentence(const RunRecord& run) {
  const std::string all = counted(run.trials.size(), "trial");
  if (run.hunt) {
    const HuntTally hunted = tally(run);
    std::string text = fmt::format("Hunt: {} of {} failed ({})", hunted.failing.count, all,
                                   rate_text(hunted.failing));
    if (!hunted.findings.empty()) text += ", most often with " + hunted.findings.front().title;
    return text + ".";
  }
  const std::size_t failed = count_of(run, Outcome::failed);
  switch (run.outcome) {
    case Outcome::passed:
      return failed == 0 ? fmt::format("Passed: none of {} failed.", all)
                         : fmt::format("Passed: {} of {} failed, each as the topology expects.",
                                       failed, all);
    case Outcome::failed:
      return "Failed: " + first_line(run.reason);
    case Outcome::error:
      return "No verdict: " + first_line(run.reason);
    case Outcome::interrupted:
      return "Interrupted: " + first_line(run.reason);
    case Outcome::running:
      return fmt::format("Still running: {} so far.", all);
  }
  return {};
}

std::string clipped_text(std::string_view text, std::size_t limit) {
  return printable(split(text, '\n').front(), limit);
}

void more_link(HtmlWriter& html, const std::string& anchor, const std::string& text) {
  const auto line = html.in("p", {{"class", "more-link"}});
  html.leaf("a", {{"href", anchor}}, text);
}

void add_fact(HtmlWriter& html, std::string_view name, std::string_view text) {
  html.leaf("dt", name).leaf("dd", text);
}

void add_columns(HtmlWriter& html, const std::vector<std::string>& names) {
  const auto head = html.in("thead");
  const auto row = html.in("tr");
  for (const std::string& name : names) {
    if (name.starts_with('#'))
      html.leaf("th", {{"scope", "col"}, {"class", "num"}}, name.substr(1));
    else
      html.leaf("th", {{"scope", "col"}}, name);
  }
}

void add_number(HtmlWriter& html, std::string_view text) {
  html.leaf("td", {{"class", "num"}}, text);
}

void add_cell(HtmlWriter& html, std::string_view text) { html.leaf("td", text); }

void add_chart(HtmlWriter& html, std::string_view chart, const std::string& source,
               const std::string& label, const std::string& caption) {
  const auto figure = html.in("figure");
  {
    const auto box = html.in(
        "div", {{"class", "chart"}, {"data-chart", std::string(chart)}, {"data-source", source}});
    html.leaf("canvas", {{"role", "img"}, {"aria-label", label}});
  }
  html.leaf("figcaption", caption);
}

std::string trial_anchor(int number) { return fmt::format("trial-{}", number); }

std::string finding_anchor(std::string_view identity) {
  constexpr std::size_t kDigits = 12;
  return "finding-" + sha256(identity).substr(0, kDigits);
}

void add_trial_link(HtmlWriter& html, int number) {
  html.leaf("a", {{"href", "#" + trial_anchor(number)}}, fmt::format("trial {}", number));
}

std::string per_second_text(double rate) {
  return rate < 100 ? fmt::format("{:.1f} /s", rate) : fmt::format("{:.0f} /s", rate);
}

std::string megabytes_text(double bytes_per_second) {
  return fmt::format("{:.1f} MB/s", bytes_per_second / 1e6);
}

std::string latency_text(double us) {
  return us < 1000 ? fmt::format("{:.0f} us", us) : fmt::format("{:.1f} ms", us / 1000);
}

std::string seconds_text(double seconds) { return fmt::format("{:.1f}", seconds); }

double rounded(double value, double unit) {
  // Dividing by a whole number gives the shortest decimal.
  return std::isfinite(value) ? std::round(value / unit) / std::round(1 / unit) : value;
}

}  // namespace gridlock

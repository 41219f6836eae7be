// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "console/frames.h"
#include "console/reader.h"
#include "report/finding_index.h"
#include "report/html_graph.h"
#include "report/html_parts.h"
#include "report/html_sections.h"
#include "report/page.h"
#include "report/summary.h"
#include "report/trace_text.h"

namespace gridlock {
namespace {

constexpr std::size_t kMostFindings = 100;
constexpr std::size_t kMostTrialLinks = 24;
constexpr std::size_t kOpenLines = 40;
constexpr std::size_t kLongestLine = 2000;
constexpr std::size_t kLongestTitle = 400;
constexpr std::size_t kLongestName = 100;

/// The lines of what a node printed, each printable, without line ends.
std::vector<std::string> raw_lines(std::string_view bytes) {
  std::vector<std::string> lines;
  while (!bytes.empty()) {
    std::string_view line = take_line(bytes);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(printable(line, kLongestLine));
  }
  return lines;
}

void add_lines(HtmlWriter& html, std::span<const std::string> lines, const std::string& name) {
  // What can be scrolled must be reached by keys.
  html.leaf("pre", {{"tabindex", "0"}, {"aria-label", name}}, join(lines, "\n"));
}

/// The first lines open, the rest folded away.
void add_raw(HtmlWriter& html, std::string_view bytes, const std::string& name, bool cut) {
  const std::vector<std::string> lines = raw_lines(bytes);
  const std::span<const std::string> all(lines);
  const std::size_t open = std::min(lines.size(), kOpenLines);
  add_lines(html, all.first(open), name);
  if (open < lines.size()) {
    const auto rest = html.in("details");
    html.leaf("summary", fmt::format("{} more lines", lines.size() - open));
    add_lines(html, all.subspan(open), name + ", continued");
  }
  if (cut) html.leaf("p", {{"class", "note"}}, "The report goes on in the console's file.");
}

/// The record of the very report that is shown, else of the first.
const FindingRecord& record_of(const RunRecord& run, const FindingMaterial& material,
                               const FindingRecord& first) {
  for (const TrialRecord& trial : run.trials)
    for (const FindingRecord& finding : trial.findings)
      if (trial.number == material.trial && finding.id == material.id) return finding;
  return first;
}

/// What a location is in the source: a line for each function that was inlined there, and one for
/// the function itself.
void add_source(HtmlWriter& html, const std::vector<TraceStep>& trace,
                const std::string& location) {
  const auto step = std::ranges::find(trace, location, &TraceStep::location);
  if (step == trace.end()) return;
  for (const SourcePlace& place : step->source) {
    const auto line = html.in("span", {{"class", "source"}});
    html.text(place_text(place));
    if (place.inlined) html.text(" " + printable(place.function, kLongestName) + " [inlined]");
  }
}

void add_stack(HtmlWriter& html, const console::Finding& finding,
               const std::vector<TraceStep>& trace) {
  if (finding.stack.empty()) return;
  html.leaf("h4", "Call trace, innermost first");
  const auto list = html.in("ol", {{"class", "frames"}});
  for (const console::CodeLocation& location : finding.stack) {
    const std::string name = console::plain_name(location.symbol);
    const bool blamed = !finding.function.empty() && name == finding.function;
    const bool inner = console::is_primitive(name) || console::is_plumbing(name);
    const auto item = html.in("li", {{"class", blamed ? "blamed" : inner ? "inner" : "frame"}});
    html.text(name).leaf("span", {{"class", "soft"}},
                         fmt::format("+{:#x}/{:#x}", location.offset, location.size));
    if (!location.module.empty()) html.text(" [" + location.module + "]");
    if (blamed) html.text(" ← named");
    add_source(html, trace, printable(console::to_string(location), kLongestTitle));
  }
}

void add_glocks(HtmlWriter& html, const console::Finding& finding) {
  if (finding.glocks.empty()) return;
  html.leaf("h4", "Glocks in the report");
  const auto list = html.in("ul", {{"class", "frames"}});
  for (const Glock& glock : finding.glocks) {
    std::string text = fmt::format("{} ({}) {}", to_string(glock.name),
                                   glock_type_name(glock.name.type), mode_name(glock.state));
    for (const GlockHolder& holder : glock.holders)
      text += fmt::format("; {}/{} {} {}", holder.comm, holder.pid,
                          holder.granted ? "holds" : "wants", mode_name(holder.mode));
    html.leaf("li", text);
  }
}

void add_decoded(HtmlWriter& html, const console::Finding& finding,
                 const std::vector<TraceStep>& trace) {
  if (!finding.sentence.empty()) html.leaf("p", finding.sentence);
  {
    const auto list = html.in("dl", {{"class", "facts"}});
    if (!finding.task.empty())
      add_fact(html, "task",
               finding.pid ? fmt::format("{}/{}", finding.task, *finding.pid) : finding.task);
    if (finding.cpu) add_fact(html, "cpu", std::to_string(*finding.cpu));
    if (finding.kernel_time)
      add_fact(html, "kernel time", fmt::format("{:.6f} s", *finding.kernel_time));
    if (!finding.function.empty()) add_fact(html, "function", finding.function);
    if (!finding.incomplete.empty()) add_fact(html, "not whole", finding.incomplete);
  }
  add_stack(html, finding, trace);
  add_glocks(html, finding);
}

void add_traces(HtmlWriter& html, const RunRecord& run, const FindingMaterial& material,
                const FindingRecord& first) {
  const std::string_view bytes = material.console.empty() ? first.excerpt : material.console;
  if (bytes.empty()) return;
  const std::optional<console::Finding> finding =
      material.console.empty() ? std::nullopt : console::report_in(bytes, first.identity);
  const std::string name = material.console.empty() ? "What was seen" : "As the node printed it";
  if (!finding) {
    html.leaf("h4", name);
    return add_raw(html, bytes, name, material.cut);
  }
  const auto both = html.in("div", {{"class", "beside"}});
  {
    const auto left = html.in("div");
    html.leaf("h4", "Decoded");
    add_decoded(html, *finding, record_of(run, material, first).trace);
  }
  const auto right = html.in("div");
  html.leaf("h4", name);
  add_raw(html, bytes, name, material.cut);
}

void add_seen(HtmlWriter& html, const std::string& kernel, const IndexedFinding::Seen& seen) {
  html.leaf("dt", "on " + kernel);
  const auto cell = html.in("dd");
  html.text(counted(seen.trials.size(), "trial") + ", " +
            counted(static_cast<std::size_t>(std::max(seen.reports, 0)), "report") + ", " +
            join(std::vector<std::string>(seen.nodes.begin(), seen.nodes.end()), ", ") + ": ");
  for (std::size_t i = 0; i < seen.trials.size() && i < kMostTrialLinks; ++i) {
    if (i > 0) html.text(" ");
    html.leaf("a", {{"href", "#" + trial_anchor(seen.trials[i])}},
              fmt::format("{}", seen.trials[i]));
  }
  if (seen.trials.size() > kMostTrialLinks) html.text(" …");
}

void add_picture(HtmlWriter& html, const FindingMaterial& material) {
  if (material.svg.empty() && material.diagnosis.empty()) return;
  const std::string words = printable(trimmed(material.diagnosis), 4 * kLongestLine);
  html.leaf("h4", "Who waits for whom");
  const bool drawn = add_graph(html, material.svg, words.empty() ? "who waits for whom" : words);
  if (!words.empty())
    html.leaf("p", words);
  else if (!drawn)
    html.leaf("p", {{"class", "note"}}, "The picture is damaged or too large to be shown here.");
}

void add_verdict(HtmlWriter& html, const PageInput& input, const std::string& identity) {
  if (!input.comparison) return;
  for (const JudgedFinding& judged : input.comparison->findings) {
    if (judged.identity != identity) continue;
    add_tag(html, finding_word(judged), finding_tag(judged));
    html.text(fmt::format(" {} {}/{}, {} {}/{}, p = {:.2g}", input.comparison->base,
                          judged.base.seen, judged.base.observed, input.comparison->head,
                          judged.head.seen, judged.head.observed, judged.p));
    if (!judged.doubt.empty()) html.text("; " + judged.doubt);
    return;
  }
}

void add_finding(HtmlWriter& html, const PageInput& input, const IndexedFinding& finding) {
  const FindingRecord& first = *finding.first;
  const std::string id = finding_anchor(first.identity);
  const auto article = html.in("article", {{"id", id}, {"aria-labelledby", id + "-name"}});
  html.leaf("h3", {{"id", id + "-name"}}, printable(first.title, kLongestTitle));
  {
    const auto line = html.in("p");
    add_tag(html, printable(first.kind), Tag::plain);
    html.text(" ");
    if (finding.known) add_tag(html, "known", Tag::plain);
    if (finding.secondary) add_tag(html, "a consequence of another", Tag::plain);
    add_verdict(html, input, first.identity);
  }
  {
    const auto list = html.in("dl", {{"class", "facts"}});
    html.leaf("dt", "identity");
    {
      const auto cell = html.in("dd");
      html.leaf("code", printable(first.identity, kLongestTitle));
    }
    if (!first.function.empty()) add_fact(html, "function", first.function);
    for (const auto& [kernel, seen] : finding.kernels) add_seen(html, kernel, seen);
    add_fact(html, "first seen",
             fmt::format("{} s into trial {} ({} on {}), in step {}", seconds_text(first.at),
                         finding.first_trial->number, finding.first_trial->name,
                         finding.first_trial->kernel, first.step));
  }
  const auto material = input.material.findings.find(first.identity);
  if (material == input.material.findings.end()) return add_traces(html, input.run, {}, first);
  add_picture(html, material->second);
  add_traces(html, input.run, material->second, first);
}

}  // namespace

void add_finding_details(HtmlWriter& html, const PageInput& input) {
  const auto section =
      html.in("section", {{"id", "findings"}, {"aria-labelledby", "findings-name"}});
  html.leaf("h2", {{"id", "findings-name"}}, "Findings");
  const std::vector<IndexedFinding> findings = index_findings(input.run);
  if (findings.empty()) {
    html.leaf("p", "There are none.");
    return;
  }
  for (std::size_t i = 0; i < findings.size() && i < kMostFindings; ++i)
    add_finding(html, input, findings[i]);
  // Trials link to every finding of theirs: those without an article are named here.
  if (findings.size() <= kMostFindings) return;
  html.leaf("p", {{"class", "note"}}, "Further findings, told in full in run.json only:");
  const auto list = html.in("ul", {{"class", "plain-list"}});
  for (std::size_t i = kMostFindings; i < findings.size(); ++i)
    html.leaf("li", {{"id", finding_anchor(findings[i].first->identity)}},
              printable(findings[i].first->title, kLongestTitle));
}

}  // namespace gridlock

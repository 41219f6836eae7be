// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/html_page.h"

#include <fmt/format.h>

#include "base/text.h"
#include "report/html_frame.h"
#include "report/html_parts.h"
#include "report/page.h"
#include "report/summary.h"

namespace gridlock {
namespace {

constexpr std::size_t kLongestCommand = 4000;

void add_top(HtmlWriter& html, const RunRecord& run) {
  const auto top = html.in("header", {{"class", "top"}});
  html.leaf("h1", {}, "Gridlock · " + printable(run.topology, 80) + " · " + printable(run.id, 80));
  html.leaf("p", fmt::format("{} · {} in {}", rfc3339(run.started),
                             counted(run.trials.size(), "trial"), duration_text(run.seconds)));
}

void add_parts(HtmlWriter& html, const PageInput& input) {
  const auto nav = html.in("nav", {{"class", "parts"}, {"aria-label", "Parts of this page"}});
  const auto list = html.in("ul");
  const auto link = [&](const char* anchor, const char* name) {
    const auto item = html.in("li");
    html.leaf("a", {{"href", anchor}}, name);
  };
  link("#summary", "Summary");
  if (input.comparison) link("#workloads", "Workloads");
  link("#findings", "Findings");
  link("#trials", "Trials");
  link("#kernels", "Kernels");
  link("#repeat", "Repeat it");
}

void add_folded(HtmlWriter& html, const std::string& name, std::string_view text) {
  if (text.empty()) return;
  const auto details = html.in("details");
  html.leaf("summary", name);
  html.leaf("pre", {{"tabindex", "0"}, {"aria-label", name}}, text);
}

void add_files(HtmlWriter& html) {
  html.leaf("dt", "files");
  const auto cell = html.in("dd");
  for (const char* const name : {"run.json", "plan.json", "topology.yaml", "report.txt"}) {
    html.leaf("a", {{"href", relative_link(name)}}, name);
    html.text(" ");
  }
}

}  // namespace

void add_repeat(HtmlWriter& html, const PageInput& input) {
  const RunRecord& run = input.run;
  const auto section = html.in("section", {{"id", "repeat"}, {"aria-labelledby", "repeat-name"}});
  html.leaf("h2", {{"id", "repeat-name"}}, "Repeat it");
  html.leaf("pre", {{"tabindex", "0"}, {"aria-label", "Command"}},
            printable(run.command, kLongestCommand));
  {
    const auto list = html.in("dl", {{"class", "facts"}});
    add_fact(html, "host", run.host);
    add_fact(html, "accelerator",
             run.accel + (run.accel_reason.empty() ? "" : ": " + run.accel_reason));
    add_fact(html, "seed", std::to_string(run.seed));
    add_fact(html, "plan", run.plan_hash);
    add_fact(html, "Gridlock", run.gridlock_version);
    if (input.lies_with_run) add_files(html);
  }
  add_folded(html, "topology.yaml", input.material.topology);
}

std::string html_page(const PageInput& input) {
  HtmlWriter html;
  {
    const auto root = html.in("html", {{"lang", "en"}});
    add_page_head(html, fmt::format("{}: {}", input.run.topology, to_string(input.run.outcome)),
                  input.run.gridlock_version);
    const auto body = html.in("body");
    html.leaf("a", {{"class", "skip"}, {"href", "#summary"}}, "Skip to the result");
    add_top(html, input.run);
    {
      const auto main = html.in("main");
      add_summary(html, input);
      add_parts(html, input);
      add_comparison_charts(html, input);
      add_finding_details(html, input);
      add_trials(html, input);
      add_kernel_details(html, input);
      add_repeat(html, input);
    }
    html.leaf("footer", fmt::format("Written by Gridlock {} from run.json and the files beside it. "
                                    "Charts by Chart.js (MIT license), which is inside this page.",
                                    input.run.gridlock_version));
    add_page_scripts(html);
  }
  return html.page() + "\n";
}

std::string html_report(const RunRecord& run, const std::filesystem::path& directory) {
  const RunMaterial material = read_material(run, directory);
  if (!is_comparable(run)) return html_page({run, material, nullptr});
  const Comparison comparison = compare_run(run);
  return html_page({run, material, &comparison});
}

}  // namespace gridlock

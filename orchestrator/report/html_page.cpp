// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/html_page.h"

#include <fmt/format.h>

#include <array>

#include "base/digest.h"
#include "base/text.h"
#include "report/html_parts.h"
#include "report/page.h"
#include "report/page_assets.h"
#include "report/summary.h"

namespace gridlock {
namespace {

constexpr std::size_t kLongestCommand = 4000;

int digit_of(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

/// Base64 (RFC 4648) of the bytes that `hex` spells.
std::string base64_of_hex(std::string_view hex) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  int held = 0;
  const auto put = [&](unsigned value) { out += kLetters[value & 63u]; };
  for (const char c : hex) {
    bits = bits << 4 | static_cast<unsigned>(digit_of(c));
    held += 4;
    if (held >= 6) put(bits >> (held -= 6));
    bits &= 63u;
  }
  if (held > 0) put(bits << (6 - held));
  while (out.size() % 4 != 0) out += '=';
  return out;
}

std::string source_of(std::string_view script) {
  return "'sha256-" + base64_of_hex(sha256(script)) + "'";
}

/// Only the two scripts of the page run, and nothing is loaded: see Content Security Policy
/// Level 3.
std::string policy() {
  return fmt::format(
      "default-src 'none'; script-src {} {}; style-src 'unsafe-inline'; img-src data:; base-uri "
      "'none'; form-action 'none'",
      source_of(chart_library()), source_of(page_script()));
}

void add_head(HtmlWriter& html, const RunRecord& run) {
  const auto head = html.in("head");
  html.leaf("meta", {{"charset", "utf-8"}});
  html.leaf("meta", {{"http-equiv", "Content-Security-Policy"}, {"content", policy()}});
  html.leaf("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  html.leaf("meta", {{"name", "color-scheme"}, {"content", "light dark"}});
  html.leaf("meta", {{"name", "generator"}, {"content", "Gridlock " + run.gridlock_version}});
  html.leaf("title", fmt::format("{}: {}", run.topology, to_string(run.outcome)));
  html.style(page_style());
}

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
    add_head(html, input.run);
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
    html.script(chart_library());
    html.script(page_script());
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

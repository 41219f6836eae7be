// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/config_diff.h"
#include "report/html_parts.h"
#include "report/html_sections.h"
#include "report/page.h"
#include "report/summary.h"

namespace gridlock {
namespace {

constexpr std::size_t kMostOptions = 500;
constexpr std::size_t kLongestLine = 1000;
constexpr std::size_t kKeyDigits = 16;

void add_patch(HtmlWriter& html, const KernelMaterial::Patch& patch) {
  const auto details = html.in("details");
  html.leaf("summary", patch.name);
  {
    const auto pre = html.in("pre", {{"tabindex", "0"}, {"aria-label", "Patch " + patch.name}});
    std::string_view text = patch.text;
    while (!text.empty()) {
      const std::string line = printable(take_line(text), kLongestLine) + "\n";
      if (line.starts_with("@@"))
        html.leaf("span", {{"class", "hunk"}}, line);
      else if (line.starts_with('+'))
        html.leaf("span", {{"class", "add"}}, line);
      else if (line.starts_with('-'))
        html.leaf("span", {{"class", "gone"}}, line);
      else
        html.text(line);
    }
  }
  if (patch.cut) html.leaf("p", {{"class", "note"}}, "The patch goes on in its file.");
}

void add_kernel(HtmlWriter& html, const KernelRecord& kernel, const KernelMaterial& material) {
  const std::string id = anchor_of("kernel", kernel.name);
  html.leaf("h3", {{"id", id}}, kernel.name);
  {
    const auto list = html.in("dl", {{"class", "facts"}});
    add_fact(html, "release", kernel.release);
    if (!material.source.empty()) add_fact(html, "source", printable(material.source, 200));
    if (material.prebuilt)
      add_fact(html, "built", "by others (prebuilt)");
    else
      add_fact(html, "built to", kernel.perf ? "measure throughput (perf)" : "find bugs (debug)");
    if (!kernel.from.empty()) add_fact(html, "derived from", kernel.from);
    add_fact(html, "key", kernel.key.substr(0, kKeyDigits));
    if (!kernel.compiler.empty()) add_fact(html, "compiler", printable(kernel.compiler, 200));
    add_fact(html, "build",
             kernel.from_cache
                 ? "from the cache"
                 : fmt::format(
                       "{}, {}", duration_text(kernel.build_seconds),
                       counted(static_cast<std::size_t>(std::max(kernel.objects, 0)), "object")));
    add_fact(html, "patches",
             material.patches.empty() ? "none" : std::to_string(material.patches.size()));
  }
  for (const KernelMaterial::Patch& patch : material.patches) add_patch(html, patch);
}

void add_difference(HtmlWriter& html, const std::string& base, const std::string& base_config,
                    const std::string& head, const std::string& head_config) {
  html.leaf("h3", {{"id", "config-difference"}}, "Difference of their configs");
  if (base_config.empty() || head_config.empty()) {
    html.leaf("p", "A config was not kept.");
    return;
  }
  const std::vector<ConfigDifference> differences = config_difference(base_config, head_config);
  if (differences.empty()) {
    html.leaf("p", fmt::format("None: {} and {} have the same options.", base, head));
    return;
  }
  const auto scroll = html.in("div", {{"class", "scroll"}});
  const auto table = html.in("table");
  html.leaf("caption", counted(differences.size(), "option") + " differ");
  add_columns(html, {"option", base, head});
  const auto body = html.in("tbody");
  for (std::size_t i = 0; i < differences.size() && i < kMostOptions; ++i) {
    const auto row = html.in("tr");
    html.leaf("th", {{"scope", "row"}}, differences[i].option);
    add_cell(html, differences[i].base);
    add_cell(html, differences[i].head);
  }
  if (differences.size() > kMostOptions) {
    const auto row = html.in("tr");
    add_cell(html, fmt::format("{} more", differences.size() - kMostOptions));
  }
}

}  // namespace

void add_kernel_details(HtmlWriter& html, const PageInput& input) {
  const auto section = html.in("section", {{"id", "kernels"}, {"aria-labelledby", "kernels-name"}});
  html.leaf("h2", {{"id", "kernels-name"}}, "Kernels");
  static const KernelMaterial kNothing;
  const auto material = [&](const std::string& name) -> const KernelMaterial& {
    const auto found = input.material.kernels.find(name);
    return found == input.material.kernels.end() ? kNothing : found->second;
  };
  for (const KernelRecord& kernel : input.run.kernels)
    add_kernel(html, kernel, material(kernel.name));
  const std::vector<std::string> names = kernels_in_order(input.run);
  const std::string base = input.comparison ? input.comparison->base
                           : names.empty()  ? ""
                                            : names.front();
  const std::string head = input.comparison    ? input.comparison->head
                           : names.size() == 2 ? names.back()
                                               : "";
  if (!head.empty() && base != head)
    add_difference(html, base, material(base).config, head, material(head).config);
}

}  // namespace gridlock

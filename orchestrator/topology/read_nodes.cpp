// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "topology/read.h"
#include "topology/section.h"

namespace gridlock {
namespace {

constexpr std::size_t kLongestName = 41;

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

/// A host name that is no number: "127" and "0x7f" would be taken for addresses. Source: RFC 1123,
/// section 2.1, and inet_aton(3).
bool valid_host_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !text.empty() && text.size() <= kLongestName && letter(text.front()) &&
         text.back() != '-' && std::ranges::all_of(text, [&](char c) {
           return letter(c) || (c >= '0' && c <= '9') || c == '-';
         });
}

std::vector<std::string> read_names(const Section& section, Mistakes& mistakes) {
  std::vector<std::string> names;
  std::vector<std::string> taken{"localhost"};
  for (const MarkedText& name : section.lines("names")) {
    if (!valid_host_name(name.text)) {
      mistakes.add(name.mark,
                   fmt::format("the name of a node must be letters, digits and dashes, at most "
                               "{}, beginning with a letter and not ending with a dash; not {}",
                               kLongestName, in_quotes(name.text)));
    } else if (const std::string key = lower(name.text);
               std::ranges::find(taken, key) != taken.end()) {
      mistakes.add(name.mark, key == "localhost"
                                  ? "a node cannot be called `localhost`, which every node is"
                                  : fmt::format("another node is called {}; host names are the "
                                                "same in capitals",
                                                in_quotes(name.text)));
    } else {
      taken.push_back(key);
    }
    names.push_back(name.text);
  }
  if (section.find("names") && section.find("names")->kind == DocNode::Kind::list && names.empty())
    mistakes.add(section.mark("names"), "`names` is empty; without it nodes are called node1, …");
  return names;
}

int read_count(const Section& section, std::size_t names, Mistakes& mistakes) {
  if (names == 0) return section.integer("count");
  if (section.find("count")) {
    const std::size_t before = mistakes.size();
    const int count = section.integer("count");
    if (mistakes.size() == before && static_cast<std::size_t>(count) != names)
      mistakes.add(
          section.mark("count"),
          fmt::format("`count` is {}, and there are {} names; one of them would do", count, names));
  }
  return static_cast<int>(names);
}

NodeOverride read_override(const DocEntry& entry, const std::vector<std::string>& kernels,
                           Mistakes& mistakes) {
  const Section section(&entry.value, entry.mark, kNodeKeys, mistakes);
  NodeOverride own;
  own.mark = entry.mark;
  own.kernel = section.text("kernel");
  if (section.find("vcpus")) own.vcpus = section.integer("vcpus");
  if (section.find("memory")) own.memory = section.size("memory");
  if (!own.kernel.empty() && std::ranges::find(kernels, own.kernel) == kernels.end())
    mistakes.add(section.mark("kernel"), fmt::format("unknown kernel {}{}", in_quotes(own.kernel),
                                                     suggestion(own.kernel, kernels)));
  return own;
}

}  // namespace

NodesSpec read_nodes(const Section& section, const DocNode* kernels, Mistakes& mistakes) {
  NodesSpec spec;
  spec.names = read_names(section, mistakes);
  spec.count = read_count(section, spec.names.size(), mistakes);
  if (spec.names.empty())
    for (int number = 1; number <= spec.count; ++number)
      spec.names.push_back(fmt::format("node{}", number));
  spec.vcpus = section.integer("vcpus");
  spec.memory = section.size("memory");
  const DocNode* const overrides = section.find("overrides");
  if (overrides == nullptr) return spec;
  std::vector<std::string> known;
  if (kernels && kernels->kind == DocNode::Kind::map)
    for (const DocEntry& kernel : kernels->entries) known.push_back(kernel.key);
  for_each_named(*overrides, "a node", spec.names.size(), mistakes, [&](const DocEntry& entry) {
    if (std::ranges::find(spec.names, entry.key) == spec.names.end())
      mistakes.add(entry.mark, fmt::format("unknown node {}{}", in_quotes(entry.key),
                                           suggestion(entry.key, spec.names)));
    spec.overrides[entry.key] = read_override(entry, known, mistakes);
  });
  return spec;
}

}  // namespace gridlock

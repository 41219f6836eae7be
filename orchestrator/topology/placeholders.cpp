// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology/placeholders.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/text.h"

namespace gridlock {
namespace {

const std::array<std::string, 8> kNames{"node",  "nodes", "name", "address",
                                        "mount", "dir",   "seed", "duration"};

[[noreturn]] void wrong(std::string_view text, const std::string& why) {
  throw UsageError(fmt::format("'{}': {}", printable(text, 100), why),
                   "{{ and }} stand for { and }");
}

}  // namespace

std::span<const std::string> placeholder_names() { return kNames; }

std::string fill_in(std::string_view text,
                    const std::function<std::string(std::string_view)>& value_of) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool doubled = at + 1 < text.size() && text[at + 1] == c;
    if ((c != '{' && c != '}') || doubled) {
      out += c;
      at += (c == '{' || c == '}') ? 1 : 0;
      continue;
    }
    if (c == '}') wrong(text, "a } without its {");
    const std::size_t end = text.find('}', at);
    if (end == std::string_view::npos) wrong(text, "a { without its }");
    const std::string_view name = text.substr(at + 1, end - at - 1);
    if (std::find(kNames.begin(), kNames.end(), name) == kNames.end()) {
      const std::string nearest = nearest_name(name, kNames);
      wrong(text, fmt::format("there is no {{{}}}{}", printable(name, 40),
                              nearest.empty() ? "; there are {" + join(kNames, "}, {") + "}"
                                              : "; did you mean {" + nearest + "}?"));
    }
    out += value_of(name);
    at = end;
  }
  return out;
}

}  // namespace gridlock

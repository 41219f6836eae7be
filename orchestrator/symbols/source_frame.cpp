// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbols/source_frame.h"

#include <fmt/format.h>

namespace gridlock::symbols {

std::string describe(const SourceFrame& frame) {
  std::string text = frame.function;
  if (!frame.file.empty() && frame.line > 0)
    text += fmt::format(" ({}:{})", frame.file, frame.line);
  else if (!frame.file.empty())
    text += fmt::format(" ({})", frame.file);
  if (frame.inlined) text += " [inlined]";
  return text;
}

std::vector<std::string> describe(const Resolution& resolution) {
  std::vector<std::string> lines;
  const std::size_t all = resolution.candidates.size() + resolution.unlisted;
  for (std::size_t i = 0; i < resolution.candidates.size(); ++i) {
    const std::string mark = resolution.ambiguous() ? fmt::format("{} of {}: ", i + 1, all) : "";
    for (const SourceFrame& frame : resolution.candidates[i])
      lines.push_back(mark + describe(frame));
  }
  if (resolution.lack != Lack::nothing) lines.push_back("(" + resolution.why + ")");
  return lines;
}

}  // namespace gridlock::symbols

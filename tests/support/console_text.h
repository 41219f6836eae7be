// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "console/reader.h"

namespace gridlock::console {

/// The bytes of a console of tests/testdata/consoles/; empty if it is not there.
inline std::string real_console(const std::string& name) {
  std::ifstream in(GRIDLOCK_SOURCE_DIR "/tests/testdata/consoles/" + name + ".console",
                   std::ios::binary);
  std::stringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

inline std::vector<Finding> findings_in(const std::string& bytes) {
  Reader reader;
  reader.feed(bytes);
  reader.finish();
  return reader.take();
}

/// The findings that decide: whole and no consequence of another.
inline std::vector<Finding> primary(std::vector<Finding> findings) {
  std::erase_if(findings, [](const Finding& f) { return f.secondary || !f.incomplete.empty(); });
  return findings;
}

inline std::vector<std::string> kinds_of(const std::vector<Finding>& findings) {
  std::vector<std::string> kinds;
  for (const Finding& finding : findings) kinds.push_back(finding.kind);
  return kinds;
}

inline std::vector<std::string> identities_of(const std::vector<Finding>& findings) {
  std::vector<std::string> identities;
  for (const Finding& finding : findings) identities.push_back(finding.identity);
  return identities;
}

/// Lines of text as a console shows them, all of one instant.
inline std::string stamped(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += "[   12.000000] " + text + "\n";
  return all;
}

inline std::string with(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

/// The text of the console between the first `from` and the line end after the next `to`.
inline std::string excerpt(const std::string& console, const std::string& from,
                           const std::string& to) {
  const std::size_t at = console.find(from);
  const std::size_t begin = at == std::string::npos ? at : console.rfind('\n', at) + 1;
  const std::size_t last = console.find(to, at);
  if (at == std::string::npos || last == std::string::npos) return {};
  return console.substr(begin, console.find('\n', last) + 1 - begin);
}

}  // namespace gridlock::console

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "agent/wire.h"
#include "base/json.h"

namespace gridlock {

/// What must hold for any bytes on the agent's port; aborts where it does not. Shared by the fuzz
/// target and the test that replays its seeds.
inline void check_agent_protocol(std::string_view bytes) {
  const auto require = [](bool condition) {
    if (!condition) std::abort();
  };
  constexpr std::size_t kLimit = 4096;
  const auto lines_of = [&](std::size_t piece, std::uint64_t& too_long) {
    wire::LineSplitter splitter(kLimit);
    std::vector<std::string> lines;
    const auto keep = [&](std::string_view line) { lines.emplace_back(line); };
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      splitter.add(bytes.substr(at, piece), keep);
      require(splitter.held() <= kLimit);
    }
    // After any garbage the next whole line is understood.
    splitter.add("\n{\"id\":7,\"request\":\"ping\"}\n", keep);
    too_long = splitter.too_long();
    return lines;
  };
  std::uint64_t whole_long = 0;
  const auto whole = lines_of(bytes.size() + 1, whole_long);
  require(!whole.empty());
  const auto last = parse_json(whole.back());
  require(last && integer_or(*last, "id", 0) == 7);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{4096}}) {
    std::uint64_t too_long = 0;
    require(lines_of(piece, too_long) == whole);
    require(too_long == whole_long);
  }
  for (const std::string& line : whole) {
    require(!line.empty() && line.size() <= kLimit && line.find('\n') == std::string::npos);
    if (const auto decoded = wire::from_base64(line))
      require(wire::from_base64(wire::to_base64(*decoded)) == decoded);
    // Ends with a value or nothing, whatever the nesting.
    if (const auto json = parse_json(line)) require(!json->is_discarded());
  }
}

}  // namespace gridlock

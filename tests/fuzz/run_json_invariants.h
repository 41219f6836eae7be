// SPDX-License-Identifier: GPL-2.0-or-later
// What must hold for the readers of run.json and *.jsonl whatever the bytes are. Shared by the fuzz
// target and the unit test that replays its seeds.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "record/run_reader.h"

namespace gridlock::fuzz {

inline void require(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

inline std::optional<RunRecord> try_run(std::string_view text) {
  try {
    return parse_run(text, "run.json");
  } catch (const Error& error) {
    require(std::string_view(error.what()).starts_with("run.json:"), "an error names the file");
    return std::nullopt;
  }
}

inline std::optional<std::vector<Json>> try_lines(std::string_view text) {
  try {
    return parse_json_lines(text, "events.jsonl");
  } catch (const Error& error) {
    require(std::string_view(error.what()).starts_with("events.jsonl:"), "an error names the file");
    return std::nullopt;
  }
}

/// A run that was read comes back unchanged from what it is written as, and no start of it is a
/// run.
inline void check_run(std::string_view text) {
  const std::optional<RunRecord> run = try_run(text);
  if (!run) return;
  const std::string written = to_json(*run).dump();
  const std::optional<RunRecord> again = try_run(written);
  require(again.has_value(), "what is written can be read");
  require(to_json(*again).dump() == written, "reading and writing changes nothing");
  for (std::size_t cut = 0; cut < written.size(); cut += 1 + written.size() / 64)
    require(!try_run(std::string_view(written).substr(0, cut)), "a cut run.json is an error");
}

/// Lines that were read stay readable however the end is cut off, and lose lines only there.
inline void check_lines(std::string_view text) {
  const std::optional<std::vector<Json>> lines = try_lines(text);
  if (!lines) return;
  for (std::size_t cut = 0; cut < text.size(); cut += 1 + text.size() / 64) {
    const auto fewer = try_lines(text.substr(0, cut));
    require(fewer.has_value(), "a cut tail is tolerated");
    require(fewer->size() <= lines->size(), "cutting adds no line");
    for (std::size_t i = 0; i < fewer->size(); ++i)
      require((*fewer)[i] == (*lines)[i], "cutting changes no earlier line");
  }
}

inline void check_all(std::string_view text) {
  check_run(text);
  check_lines(text);
}

}  // namespace gridlock::fuzz

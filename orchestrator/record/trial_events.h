// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gridlock {

/// Something that happened in a trial, as events.jsonl tells it.
struct TrialEvent {
  double at = 0;      ///< seconds since the trial's start
  std::string node;   ///< empty: it concerns all
  std::string event;  ///< "hello", "work", "lost", …: docs/results.md
  std::string what;   ///< its own words: the step, workload, finding's id, or why; may be empty
};

/// The events in the text of an events.jsonl, at most `most`. Lines that are no events, such as a
/// cut last one, are passed over.
std::vector<TrialEvent> parse_events(std::string_view text, std::size_t most = 1000);

}  // namespace gridlock

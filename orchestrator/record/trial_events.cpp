// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/trial_events.h"

#include <cmath>

#include "base/json.h"
#include "base/text.h"

namespace gridlock {

std::vector<TrialEvent> parse_events(std::string_view text, std::size_t most) {
  std::vector<TrialEvent> events;
  while (!text.empty() && events.size() < most) {
    const std::optional<Json> json = parse_json(take_line(text), 8);
    if (!json || !json->is_object()) continue;
    TrialEvent event;
    event.at = number_or(*json, "t", -1);
    event.event = text_or(*json, "event", "");
    if (!(event.at >= 0) || event.event.empty()) continue;
    event.node = text_or(*json, "node", "");
    for (const char* const member : {"step", "workload", "id", "kernel", "what", "why"})
      if (event.what.empty()) event.what = text_or(*json, member, "");
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace gridlock

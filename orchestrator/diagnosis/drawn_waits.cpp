// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnosis/drawn_waits.h"

#include <set>

namespace gridlock::diagnosis {

std::vector<DrawnWait> drawn_waits(const Diagnosis& diagnosis, std::size_t limit) {
  std::vector<DrawnWait> drawn;
  std::set<Wait> on_path;
  std::set<Party> parties;
  const auto add = [&](const Wait& wait, bool is_path) {
    if (drawn.size() < limit) drawn.push_back({&wait, is_path});
  };
  for (const Wait& wait : diagnosis.path) {
    add(wait, true);
    on_path.insert(wait);
    parties.insert(wait.from);
    parties.insert(wait.to);
  }
  for (const bool near : {true, false})
    for (const Wait& wait : diagnosis.waits) {
      const bool touches = parties.contains(wait.from) || parties.contains(wait.to);
      if (touches == near && !on_path.contains(wait)) add(wait, false);
    }
  return drawn;
}

}  // namespace gridlock::diagnosis

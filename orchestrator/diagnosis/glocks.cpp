// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnosis/glocks.h"

namespace gridlock::diagnosis {
namespace {

constexpr std::size_t kMaxWaited = 65536;

}  // namespace

GlockCounts collect_waited_glocks(std::string_view text, std::set<GlockName>& waited) {
  GlockCounts counts;
  each_glock(text, [&](const Glock& glock) {
    ++counts.glocks;
    std::size_t waiters = 0;
    for (const GlockHolder& holder : glock.holders) {
      waiters += holder.waiting ? 1 : 0;
      counts.holders += holder.granted ? 1 : 0;
    }
    counts.waiters += waiters;
    if (waiters > 0 && waited.size() < kMaxWaited) waited.insert(glock.name);
  });
  return counts;
}

std::map<GlockName, Glock> read_glocks(std::string_view text, const std::set<GlockName>& waited) {
  std::map<GlockName, Glock> glocks;
  if (waited.empty()) return glocks;
  each_glock(text, [&](const Glock& glock) {
    if (waited.contains(glock.name)) glocks.emplace(glock.name, glock);
  });
  return glocks;
}

}  // namespace gridlock::diagnosis

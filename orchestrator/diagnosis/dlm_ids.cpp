// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnosis/dlm_ids.h"

#include <algorithm>
#include <cstddef>
#include <tuple>

#include "diagnosis/dlm_locks.h"

namespace gridlock::diagnosis {
namespace {

constexpr std::size_t kMaxCopies = 65536;  // of all nodes: a few would be enough

/// A lock as its owner and its master both know it: resource, owner's id, master's id.
using Key = std::tuple<std::string_view, std::uint32_t, std::uint32_t>;
struct Copy {
  std::size_t master;  ///< index of the node whose dump has the copy
  int owner;           ///< DLM number
};

/// How often each number was said of each node.
using Votes = std::map<std::pair<std::size_t, int>, std::size_t>;

}  // namespace

void find_dlm_ids(Look& look) {
  std::map<Key, Copy> copies;
  for (std::size_t i = 0; i < look.size(); ++i)
    each_dlm_lock(look[i].dlm_locks, [&](const DlmLock& lock) {
      if (lock.is_copy && copies.size() < kMaxCopies)
        copies.emplace(Key{lock.resource, lock.remote_id, lock.id}, Copy{i, lock.node});
    });
  Votes votes;
  for (std::size_t i = 0; i < look.size(); ++i)
    each_dlm_lock(look[i].dlm_locks, [&](const DlmLock& lock) {
      if (lock.is_copy || lock.remote_id == 0) return;
      const auto copy = copies.find(Key{lock.resource, lock.id, lock.remote_id});
      if (copy == copies.end() || copy->second.master == i) return;
      ++votes[{i, copy->second.owner}];
      ++votes[{copy->second.master, lock.node}];
    });
  std::vector<std::pair<std::size_t, std::pair<std::size_t, int>>> ranked;
  for (const auto& [what, count] : votes) ranked.emplace_back(count, what);
  std::sort(ranked.rbegin(), ranked.rend());
  for (const auto& [count, what] : ranked) {
    const auto [node, id] = what;
    const bool taken = std::any_of(look.begin(), look.end(),
                                   [id = id](const NodeLook& other) { return other.dlm_id == id; });
    if (!taken && !look[node].dlm_id) look[node].dlm_id = id;
  }
}

}  // namespace gridlock::diagnosis

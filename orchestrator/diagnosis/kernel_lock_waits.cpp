// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <array>

#include "console/frames.h"
#include "diagnosis/waits.h"

namespace gridlock::diagnosis {
namespace {

/// How a task waits for a sleeping lock: "read", "write", or "lock" where there is one way only.
/// Absent if it does not.
std::optional<std::string> lock_wait(const std::vector<std::string>& frames) {
  constexpr std::array<std::string_view, 7> kWaits{
      "__mutex_lock", "mutex_lock",        "rwsem_down_", "down_",
      "__down_",      "percpu_rwsem_wait", "rt_mutex_"};
  for (const std::string& frame : frames) {
    for (const std::string_view wait : kWaits)
      if (frame.starts_with(wait)) {
        if (frame.find("read") != std::string::npos) return "read";
        return frame.find("write") != std::string::npos ? "write" : "lock";
      }
    // Past the scheduler's own functions the first one says what is waited for.
    if (!console::is_primitive(frame)) return std::nullopt;
  }
  return std::nullopt;
}

/// Addresses are hashed or left out where a kernel does not show them.
bool is_address(std::string_view text) {
  constexpr std::size_t kShortest = 8;
  if (text.starts_with("0x")) text.remove_prefix(2);
  return text.size() >= kShortest &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos &&
         text.find_first_not_of('0') != std::string_view::npos;
}

/// One task's use of one lock.
struct Use {
  int pid = 0;
  std::string lock_class;
  std::optional<std::string> wanted;  ///< it waits for the lock; else it holds it
};

std::map<std::string, std::vector<Use>> uses_of(const NodeFacts& facts) {
  std::map<std::string, std::vector<Use>> uses;
  for (const LockUser& user : facts.log.lock_users) {
    const auto wanted = lock_wait(facts.frames(user.pid));
    for (const HeldLock& lock : user.locks) {
      if (!is_address(lock.address)) continue;
      // Lockdep notes a lock before it is had: the one that is waited for is the last.
      const bool is_last = &lock == &user.locks.back();
      uses[lock.address].push_back(
          {user.pid, lock.lock_class, is_last ? wanted : std::optional<std::string>()});
    }
  }
  return uses;
}

void add_waits_for(const std::string& node, const std::string& address,
                   const std::vector<Use>& uses, Waits& waits) {
  const bool writer_waits =
      std::any_of(uses.begin(), uses.end(), [](const Use& use) { return use.wanted == "write"; });
  for (const Use& use : uses) {
    if (!use.wanted) continue;
    waits.begin();
    const Lock lock{Lock::Kind::kernel, use.lock_class + " " + address, use.lock_class, 0};
    // A reader that comes after a writer waits for it, however many readers have the lock.
    const bool behind_writer = use.wanted == "read" && writer_waits;
    for (const Use& other : uses) {
      if (other.pid == use.pid) continue;
      const bool in_way = behind_writer ? other.wanted == "write" : !other.wanted;
      if (in_way)
        waits.add({{Party::Kind::task, node, use.pid, {}},
                   {Party::Kind::task, node, other.pid, {}},
                   lock,
                   *use.wanted,
                   other.wanted.value_or(""),
                   other.wanted ? Wait::How::queued : Wait::How::held});
    }
  }
}

/// What newer kernels say of a lock's owner, where lockdep is not built in.
void add_likely_owners(const NodeFacts& facts, Waits& waits) {
  std::map<int, const LikelyOwner*> latest;
  for (const LikelyOwner& owner : facts.log.owners) latest[owner.pid] = &owner;
  for (const auto& [pid, owner] : latest) {
    const auto wanted = lock_wait(facts.frames(pid));
    if (!wanted) continue;  // it was long ago
    const Party from{Party::Kind::task, facts.look->node, pid, {}};
    const Party to{Party::Kind::task, facts.look->node, owner->owner, {}};
    const bool is_known =
        std::any_of(waits.all().begin(), waits.all().end(), [&](const Wait& wait) {
          return wait.lock.kind == Lock::Kind::kernel && wait.from == from && wait.to == to;
        });
    waits.begin();
    if (!is_known)
      waits.add({from,
                 to,
                 {Lock::Kind::kernel, owner->lock, owner->lock, 0},
                 *wanted,
                 {},
                 Wait::How::held});
  }
}

}  // namespace

void add_kernel_lock_waits(const std::vector<NodeFacts>& facts, Waits& waits) {
  for (const NodeFacts& node : facts) {
    for (const auto& [address, uses] : uses_of(node))
      add_waits_for(node.look->node, address, uses, waits);
    add_likely_owners(node, waits);
  }
}

}  // namespace gridlock::diagnosis

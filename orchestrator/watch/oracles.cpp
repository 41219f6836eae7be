// SPDX-License-Identifier: GPL-2.0-or-later
#include "watch/oracles.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "watch/lock_files.h"
#include "watch/ocfs2_state.h"

namespace gridlock {
namespace {

constexpr std::size_t kEnough = 16 << 10;

/// As the kernel names lockdep's tables, and as we do.
constexpr std::array<std::pair<std::string_view, const char*>, 5> kTables{{
    {"lock-classes", "lock_classes"},
    {"direct dependencies", "direct_dependencies"},
    {"dependency chains", "dependency_chains"},
    {"dependency chain hlocks used", "chain_hlocks"},
    {"stack-trace entries", "stack_trace_entries"},
}};

/// Source: kernel/panic.c, kernel/exit.c; the last four are of kernels after 6.12.
constexpr std::array<std::pair<const char*, const char*>, 6> kCounters{{
    {"warnings", "/sys/kernel/warn_count"},
    {"oopses", "/sys/kernel/oops_count"},
    {"hung_tasks", "/proc/sys/kernel/hung_task_detect_count"},
    {"soft_lockups", "/sys/kernel/softlockup_count"},
    {"hard_lockups", "/sys/kernel/hardlockup_count"},
    {"rcu_stalls", "/sys/kernel/rcu_stall_count"},
}};

constexpr const char* kLockdepStats = "/proc/lockdep_stats";
constexpr const char* kTainted = "/proc/sys/kernel/tainted";
constexpr const char* kHungTaskWarnings = "/proc/sys/kernel/hung_task_warnings";

/// DLM_RS_DONE in fs/dlm/dlm_internal.h: set at the end of a node's own part of a recovery.
constexpr std::uint64_t kRecoveryDone = 0x40;

/// The number that begins `text`, up to a blank or its end.
std::optional<std::uint64_t> first_number(std::string_view text) {
  text = trimmed(text);
  return number<std::uint64_t>(text.substr(0, text.find(' ')), 10);
}

/// "        1187 [max: 8192]"
std::optional<TableUse> table_use(std::string_view text) {
  constexpr std::string_view kMost = "[max:";
  const std::size_t most = text.find(kMost);
  const std::size_t end = text.find(']', std::min(most, text.size()));
  if (end == std::string_view::npos) return std::nullopt;
  const auto used = first_number(text.substr(0, most));
  const auto limit = first_number(text.substr(most + kMost.size(), end - most - kMost.size()));
  if (!used || !limit || *limit == 0) return std::nullopt;
  return TableUse{*used, *limit};
}

/// What files of all nodes of a crew hold, read at once.
class Answers {
 public:
  Answers(const Crew& crew, const std::vector<std::string>& paths, Milliseconds limit,
          std::stop_token stop) {
    const auto replies = crew.get_each(paths, kEnough, limit, std::move(stop));
    for (std::size_t path = 0; path < paths.size(); ++path)
      for (std::size_t node = 0; node < crew.members().size(); ++node)
        answers_[{crew.members()[node].id, paths[path]}] = replies[path][node];
  }
  const Reply& reply(NodeId node, const std::string& path) const {
    return answers_.at({node, path});
  }
  /// What a file holds; absent if it could not be read.
  std::optional<std::string> text(NodeId node, const std::string& path) const {
    const auto found = answers_.find({node, path});
    if (found == answers_.end() || !found->second.ok()) return std::nullopt;
    return found->second.data;
  }
  template <class Number>
  std::optional<Number> value(NodeId node, const std::string& path, int base = 10) const {
    const auto held = text(node, path);
    return held ? number<Number>(trimmed(*held), base) : std::nullopt;
  }

 private:
  std::map<std::pair<NodeId, std::string>, Reply> answers_;
};

/// Files of the kernel itself: reading them takes no lock that a task could hold for long.
std::vector<std::string> kernel_files() {
  std::vector<std::string> files{kTainted, kLockdepStats, kHungTaskWarnings};
  for (const auto& [name, path] : kCounters) files.emplace_back(path);
  return files;
}

Oracles kernel_oracles(const Answers& told, NodeId node) {
  Oracles oracles;
  oracles.taint = told.value<std::uint64_t>(node, kTainted);
  if (const auto stats = told.text(node, kLockdepStats))
    oracles.lockdep = parse_lockdep_stats(*stats);
  oracles.hung_task_reports_left = told.value<std::int64_t>(node, kHungTaskWarnings);
  for (const auto& [name, path] : kCounters)
    if (const auto count = told.value<std::uint64_t>(node, path)) oracles.counts[name] = *count;
  // Every kernel has this one.
  if (const Reply& reply = told.reply(node, kTainted); !reply.ok()) oracles.unread = reply.error;
  return oracles;
}

/// The files of the cluster; reading them may wait for locks of the file system or its DLM.
std::vector<std::string> cluster_files(const LockFiles& files) {
  std::vector<std::string> all{files.withdrawn, files.dlm_recovery, files.ocfs2_state,
                               files.o2dlm_state};
  for (const auto& [id, path] : files.dlm_members) all.push_back(path);
  std::erase(all, std::string());
  return all;
}

void add_dlm(const Answers& told, const LockFiles& files, NodeId node, Oracles& oracles) {
  const auto recovery = told.value<std::uint64_t>(node, files.dlm_recovery, 16);
  if (!recovery) return;
  oracles.dlm_recovering = (*recovery & kRecoveryDone) == 0;
  std::vector<int> members;
  for (const auto& [id, path] : files.dlm_members)
    if (told.value<int>(node, path) == id) members.push_back(id);
  if (!members.empty()) oracles.dlm_members = std::move(members);
}

void add_o2cb(const Answers& told, const LockFiles& files, NodeId node, Oracles& oracles) {
  const auto text = told.text(node, files.o2dlm_state);
  const auto state = text ? parse_o2dlm_state(*text) : std::nullopt;
  if (!state) return;
  oracles.dlm_recovering = state->recovering;
  if (!state->members.empty()) oracles.dlm_members = state->members;
}

void add_cluster(const Answers& told, const LockFiles& files, NodeId node, Oracles& oracles) {
  if (const auto withdrawn = told.value<std::uint64_t>(node, files.withdrawn))
    oracles.gfs2_withdrawn = *withdrawn != 0;
  const auto mount = told.text(node, files.ocfs2_state);
  const auto ocfs2 = mount ? parse_ocfs2_state(*mount) : std::nullopt;
  if (ocfs2) {
    oracles.ocfs2_failed = ocfs2->failed;
    oracles.ocfs2_recovering = ocfs2->recovering;
  }
  add_dlm(told, files, node, oracles);
  add_o2cb(told, files, node, oracles);
}

}  // namespace

LockdepStats parse_lockdep_stats(std::string_view text) {
  LockdepStats stats;
  text = text.substr(0, text.rfind('\n') + 1);
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = trimmed(line.substr(0, colon));
    const std::string_view rest = line.substr(colon + 1);
    if (name == "debug_locks") {
      if (const auto value = first_number(rest)) stats.alive = *value != 0;
    }
    for (const auto& [theirs, ours] : kTables)
      if (name == theirs)
        if (const auto use = table_use(rest)) stats.tables[ours] = *use;
  }
  return stats;
}

std::map<NodeId, Oracles> ask_oracles(const Plan& plan, const Crew& crew,
                                      const std::set<NodeId>& broken, Milliseconds limit,
                                      std::stop_token stop) {
  // A node that does not answer takes its half only, and is not asked again.
  const Answers kernels(crew, kernel_files(), limit / 2, stop);
  std::map<NodeId, Oracles> all;
  std::set<NodeId> without = broken;
  for (const Crew::Member& member : crew.members()) {
    Oracles& oracles = all[member.id] = kernel_oracles(kernels, member.id);
    if (!oracles.unread.empty()) without.insert(member.id);
    if (oracles.unread.empty() && broken.contains(member.id))
      oracles.unread = "the file system and its DLM: its kernel broke; reading them could hang it";
  }
  const Crew sound = crew.without(without);
  if (sound.members().empty()) return all;
  const LockFiles files = lock_files(plan);
  const Answers clusters(sound, cluster_files(files), limit / 2, std::move(stop));
  for (const Crew::Member& member : sound.members())
    add_cluster(clusters, files, member.id, all[member.id]);
  return all;
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "watch/evidence.h"

#include <fmt/format.h>

namespace gridlock {
namespace {

constexpr Milliseconds kRungLimit{6'000};
/// A wait that is present in two dumps this far apart is a wait, not a moment.
constexpr Milliseconds kBetweenDumps{1'500};
constexpr std::size_t kDumpSize = 4 << 20;
constexpr int kAttempts = 3;

/// Everything after the colon: "lab:data" is mounted in DLM lockspace "data".
std::string lockspace_of(const std::string& lock_table) {
  return lock_table.substr(lock_table.find(':') + 1);
}

class Ladder {
 public:
  Ladder(const Plan& plan, const Crew& crew, const std::set<NodeId>& broken, std::stop_token stop)
      : crew_(crew),
        sound_(crew.without(broken)),
        stop_(std::move(stop)),
        gfs2_("/sys/kernel/debug/gfs2/" + plan.lock_table),
        dlm_("/sys/kernel/debug/dlm/" + lockspace_of(plan.lock_table)) {
    for (const NodeId node : broken)
      evidence_.skipped.push_back("locks on " + node_name(node) +
                                  ": its kernel broke; reading them could hang it");
  }

  Evidence climb() {
    if (!sound_.members().empty()) dump_locks();
    keep(crew_, "/proc/lockdep_stats", "lockdep_stats");
    for (const Crew::Member& member : crew_.members())
      member.agent->sysrq('w', [](const Reply&) {});
    return std::move(evidence_);
  }

 private:
  void dump_locks() {
    evidence_.first = whole_dump("1");
    const auto never = [] { return false; };
    if (crew_.loop().run_until(never, kBetweenDumps, stop_) == Waited::stopped)
      throw Cancelled("collecting evidence");
    evidence_.second = whole_dump("2");
    keep(sound_, gfs2_ + "/sbstats", "sbstats");
    keep(sound_, dlm_ + "_waiters", "dlm_waiters");
  }

  /// Reads a file from every node and keeps it; answers in the members' order, empty where the node
  /// gave none.
  std::vector<std::string> keep(const Crew& crew, const std::string& path,
                                const std::string& name) {
    const auto replies = crew.get_all(path, kDumpSize, kRungLimit, stop_);
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < replies.size(); ++i) {
      const Crew::Member& member = crew.members()[i];
      texts.push_back(replies[i].data);
      if (replies[i].ok())
        evidence_.files.push_back({member.id, name + ".txt", replies[i].data});
      else
        evidence_.skipped.push_back(
            fmt::format("{} on {}: {}", name, member.name, replies[i].error));
    }
    return texts;
  }

  /// A dump of every sound node, if need be in a later attempt: a node that the host hardly runs
  /// does not answer in time, and without it a cycle through it is not seen.
  std::vector<NodeDump> whole_dump(const std::string& which) {
    std::vector<NodeDump> dumps = dump(which);
    for (int attempt = 1; attempt < kAttempts && dumps.size() < sound_.members().size();
         ++attempt) {
      std::vector<NodeDump> again = dump(which + "-again" + std::to_string(attempt));
      if (again.size() >= dumps.size()) dumps = std::move(again);
    }
    return dumps;
  }

  std::vector<NodeDump> dump(const std::string& which) {
    const auto glocks = keep(sound_, gfs2_ + "/glocks", "glocks-" + which);
    const auto locks = keep(sound_, dlm_ + "_locks", "dlm_locks-" + which);
    std::vector<NodeDump> dumps;
    for (std::size_t i = 0; i < glocks.size(); ++i)
      if (!glocks[i].empty()) dumps.push_back({sound_.members()[i].id, glocks[i], locks[i]});
    return dumps;
  }

  const Crew& crew_;
  Crew sound_;
  std::stop_token stop_;
  std::string gfs2_;
  std::string dlm_;
  Evidence evidence_;
};

}  // namespace

Evidence collect_evidence(const Plan& plan, const Crew& crew, const std::set<NodeId>& broken,
                          std::stop_token stop) {
  return Ladder(plan, crew, broken, std::move(stop)).climb();
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "watch/wait_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <iterator>
#include <map>
#include <set>

#include "watch/dlm_dump.h"

namespace gridlock {
namespace {

constexpr std::size_t kMaxEdges = 16384;      // of one dump, and so of the graph
constexpr std::size_t kMaxEdgesOfAWait = 64;  // more tasks in one's way add nothing
constexpr std::size_t kMaxStarts = 64;        // tasks from which a shorter circle is looked for

struct Task {
  NodeId node;
  int pid = 0;
  auto operator<=>(const Task&) const = default;
};

/// `from` wants `glock` and cannot have it before `to` gives way.
struct Wait {
  Task from;
  Task to;
  GlockName glock;
  GlockMode wanted = GlockMode::UN;
  GlockMode held = GlockMode::UN;  ///< `to`'s mode: held, or wanted if it is only queued before
  bool queued = false;             ///< `to` has it not yet either
  auto operator<=>(const Wait&) const = default;
};

/// One node's glocks and what the cluster grants it.
struct NodeLocks {
  NodeId node;
  std::map<GlockName, Glock> glocks;
};

/// One moment of the whole cluster.
struct Snapshot {
  std::vector<NodeLocks> nodes;
  std::map<std::pair<GlockName, NodeId>, GlockMode> grants;
  std::map<Task, std::string> comms;
};

bool is_task(const GlockHolder& holder) { return holder.pid > 0 && holder.comm != "(ended)"; }

Snapshot snapshot_of(const std::vector<NodeDump>& dumps) {
  Snapshot snapshot;
  for (const NodeDump& dump : dumps) {
    NodeLocks locks{dump.node, {}};
    for (Glock& glock : parse_glocks(dump.glocks)) {
      for (const GlockHolder& holder : glock.holders)
        if (is_task(holder)) snapshot.comms[{dump.node, holder.pid}] = holder.comm;
      locks.glocks.emplace(glock.name, std::move(glock));
    }
    snapshot.nodes.push_back(std::move(locks));
  }
  // A node's word on its own locks is better than its master's copy, which may be older.
  for (const bool own : {false, true})
    for (const NodeDump& dump : dumps)
      for (const DlmGrant& grant : parse_dlm_locks(dump.dlm_locks, dump.node))
        if ((grant.owner == dump.node) == own)
          snapshot.grants.insert_or_assign({grant.name, grant.owner}, grant.mode);
  return snapshot;
}

/// Collects the waits of one task's holder, at most kMaxEdgesOfAWait.
class WaitsOf {
 public:
  WaitsOf(const Snapshot& snapshot, std::set<Wait>& waits) : snapshot_(snapshot), waits_(waits) {}

  void add(NodeId node, const Glock& glock, std::size_t waiter) {
    wait_ = Wait{{node, glock.holders[waiter].pid}, {}, glock.name,
                 glock.holders[waiter].mode,        {}, false};
    left_ = kMaxEdgesOfAWait;
    for (std::size_t i = 0; i < glock.holders.size(); ++i) {
      const GlockHolder& other = glock.holders[i];
      const bool before = other.waiting && i < waiter;
      if ((other.granted || before) && !compatible(other.mode, wait_.wanted)) add(node, other);
    }
    for (const NodeLocks& remote : snapshot_.nodes)
      if (remote.node != node) add_remote(remote);
  }

 private:
  /// A cluster lock that is in the way but has no holders is being given down: slow, not stuck.
  void add_remote(const NodeLocks& remote) {
    const auto glock = remote.glocks.find(wait_.glock);
    if (glock == remote.glocks.end()) return;
    const auto grant = snapshot_.grants.find({wait_.glock, remote.node});
    const GlockMode has = grant == snapshot_.grants.end() ? glock->second.state : grant->second;
    if (compatible(has, wait_.wanted)) return;
    for (const GlockHolder& other : glock->second.holders)
      if (other.granted) add(remote.node, other);
  }

  void add(NodeId node, const GlockHolder& other) {
    if (!is_task(other) || left_ == 0 || waits_.size() >= kMaxEdges) return;
    --left_;
    wait_.to = {node, other.pid};
    wait_.held = other.mode;
    wait_.queued = !other.granted;
    waits_.insert(wait_);
  }

  const Snapshot& snapshot_;
  std::set<Wait>& waits_;
  Wait wait_;
  std::size_t left_ = 0;
};

std::set<Wait> waits_of(const Snapshot& snapshot) {
  std::set<Wait> waits;
  WaitsOf collector(snapshot, waits);
  for (const NodeLocks& locks : snapshot.nodes)
    for (const auto& [name, glock] : locks.glocks)
      for (std::size_t i = 0; i < glock.holders.size(); ++i)
        if (glock.holders[i].waiting && is_task(glock.holders[i]))
          collector.add(locks.node, glock, i);
  return waits;
}

using Graph = std::map<Task, std::vector<Wait>>;

/// Leaves only waits that lead on and on: whoever follows them gets into a circle.
Graph graph_of(const std::vector<Wait>& waits) {
  std::map<Task, std::vector<const Wait*>> behind;
  std::map<Task, std::size_t> open_waits;
  for (const Wait& wait : waits) {
    behind[wait.to].push_back(&wait);
    ++open_waits[wait.from];
    open_waits.try_emplace(wait.to, 0);
  }
  std::set<Task> free;
  std::deque<Task> next;
  for (const auto& [task, count] : open_waits)
    if (count == 0) next.push_back(task);
  while (!next.empty()) {
    const Task task = next.front();
    next.pop_front();
    free.insert(task);
    for (const Wait* wait : behind[task])
      if (--open_waits[wait->from] == 0) next.push_back(wait->from);
  }
  Graph graph;
  for (const Wait& wait : waits)
    if (!free.contains(wait.from) && !free.contains(wait.to)) graph[wait.from].push_back(wait);
  return graph;
}

/// A task on a circle, found by following first waits from `task`.
Task on_a_circle(const Graph& graph, Task task) {
  std::set<Task> seen;
  while (seen.insert(task).second) task = graph.at(task).front().to;
  return task;
}

/// The shortest circle through `start`, beginning with a wait of `start`; empty if there is none.
std::vector<Wait> circle_through(const Graph& graph, const Task& start) {
  std::map<Task, Wait> reached_by;
  std::deque<Task> next{start};
  while (!next.empty()) {
    const Task task = next.front();
    next.pop_front();
    const auto waits = graph.find(task);
    if (waits == graph.end()) continue;
    for (const Wait& wait : waits->second) {
      if (!reached_by.emplace(wait.to, wait).second) continue;
      if (wait.to != start) {
        next.push_back(wait.to);
        continue;
      }
      std::vector<Wait> circle{wait};
      while (circle.back().from != start) circle.push_back(reached_by.at(circle.back().from));
      std::reverse(circle.begin(), circle.end());
      return circle;
    }
  }
  return {};
}

std::vector<Wait> shortest_circle(const Graph& graph) {
  std::vector<Wait> best;
  std::size_t starts = 0;
  for (const auto& [task, waits] : graph) {
    if (++starts > kMaxStarts) break;
    std::vector<Wait> circle = circle_through(graph, on_a_circle(graph, task));
    if (best.empty() || circle.size() < best.size()) best = std::move(circle);
  }
  return best;
}

/// What the task in the middle of two waits does: how it has what the one behind wants, and what
/// it wants itself.
std::string step_of(const Wait& behind, const Wait& own) {
  const std::string_view has = glock_type_name(behind.glock.type);
  const std::string_view wants = glock_type_name(own.glock.type);
  return fmt::format("[{}{}>{} {}{}]", behind.queued ? "queued " : "", mode_name(behind.held),
                     mode_name(own.wanted), has,
                     has == wants ? std::string() : fmt::format(">{}", wants));
}

std::string identity_of(const std::vector<Wait>& circle, std::size_t nodes) {
  std::vector<std::string> steps;
  for (std::size_t i = 0; i < circle.size(); ++i)
    steps.push_back(step_of(circle[(i + circle.size() - 1) % circle.size()], circle[i]));
  std::vector<std::string> canonical = steps;
  for (std::size_t i = 1; i < steps.size(); ++i) {
    std::rotate(steps.begin(), steps.begin() + 1, steps.end());
    canonical = std::min(canonical, steps);
  }
  const std::string where = nodes == 1 ? "local" : fmt::format("{}nodes", nodes);
  std::string identity = fmt::format("deadlock:gfs2:{}:", where);
  for (std::size_t i = 0; i < canonical.size();) {
    std::size_t run = i + 1;
    while (run < canonical.size() && canonical[run] == canonical[i]) ++run;
    identity += canonical[i];
    if (run - i > 1) identity += fmt::format("x{}", run - i);
    i = run;
  }
  return identity;
}

std::string sentence_of(const std::vector<Wait>& circle, const Snapshot& snapshot) {
  const auto name = [&](const Task& task) {
    const auto comm = snapshot.comms.find(task);
    return fmt::format("{} {}/{}", node_name(task.node),
                       comm == snapshot.comms.end() ? "" : comm->second, task.pid);
  };
  const Wait& last = circle.back();
  std::string text =
      fmt::format("deadlock: {} {} {} ({}), ", name(last.to), last.queued ? "queues for" : "holds",
                  to_string(last.glock), mode_name(last.held));
  for (const Wait& wait : circle) {
    text += fmt::format("waits for {} ({})", to_string(wait.glock), mode_name(wait.wanted));
    if (circle.size() == 1)
      text += " itself";
    else if (&wait != &last)
      text += fmt::format(" {} {}, which ", wait.queued ? "behind" : "held by", name(wait.to));
  }
  return text;
}

}  // namespace

std::string Deadlock::title() const {
  std::string where;
  for (const NodeId node : nodes) where += (where.empty() ? "" : " <-> ") + node_name(node);
  return fmt::format("deadlock: {}, {} glock{}", where, glocks, glocks == 1 ? "" : "s");
}

std::optional<Deadlock> find_deadlock(const std::vector<NodeDump>& first,
                                      const std::vector<NodeDump>& second) {
  const std::set<Wait> before = waits_of(snapshot_of(first));
  const Snapshot now = snapshot_of(second);
  const std::set<Wait> after = waits_of(now);
  std::vector<Wait> lasting;
  std::set_intersection(before.begin(), before.end(), after.begin(), after.end(),
                        std::back_inserter(lasting));
  const std::vector<Wait> circle = shortest_circle(graph_of(lasting));
  if (circle.empty()) return std::nullopt;

  std::set<NodeId> nodes;
  std::set<GlockName> glocks;
  for (const Wait& wait : circle) {
    nodes.insert(wait.from.node);
    glocks.insert(wait.glock);
  }
  Deadlock deadlock;
  deadlock.identity = identity_of(circle, nodes.size());
  deadlock.sentence = sentence_of(circle, now);
  deadlock.nodes.assign(nodes.begin(), nodes.end());
  deadlock.tasks = static_cast<int>(circle.size());
  deadlock.glocks = static_cast<int>(glocks.size());
  return deadlock;
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnosis/diagnose.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <set>
#include <utility>

#include "diagnosis/chain_ends.h"
#include "diagnosis/facts.h"
#include "diagnosis/paths.h"
#include "diagnosis/waits.h"
#include "diagnosis/wording.h"

namespace gridlock::diagnosis {
namespace {

/// Both looks with the same nodes. One that answered in only one of them counts as silent in both:
/// it proves no wait of its own to last, but others may wait for it all the same.
class BothHeard {
 public:
  BothHeard(const Look& first, const Look& second) {
    std::map<std::string, std::pair<const NodeLook*, const NodeLook*>> nodes;
    for (const NodeLook& node : first) nodes[node.node].first = &node;
    for (const NodeLook& node : second) nodes[node.node].second = &node;
    for (const auto& [name, looks] : nodes) {
      const auto [then, now] = looks;
      if (then != nullptr && now != nullptr && then->answered() && now->answered()) {
        first_.push_back(then);
        second_.push_back(now);
      } else {
        const auto id = now != nullptr ? now->dlm_id : then->dlm_id;
        silent_.push_back({.node = name, .dlm_id = id});
        first_.push_back(&silent_.back());
        second_.push_back(&silent_.back());
      }
    }
  }
  const Heard& first() const { return first_; }
  const Heard& second() const { return second_; }

 private:
  std::deque<NodeLook> silent_;  // whose addresses stay
  Heard first_;
  Heard second_;
};

/// The waits that are in both moments and whose task is not stopped.
std::vector<Wait> lasting(const Moment& before, const Moment& now,
                          const std::map<TaskId, TaskState>& states) {
  std::vector<Wait> waits;
  std::set_intersection(before.waits.begin(), before.waits.end(), now.waits.begin(),
                        now.waits.end(), std::back_inserter(waits));
  std::erase_if(waits, [&](const Wait& wait) {
    const auto state = states.find({wait.from.node, wait.from.pid});
    return state != states.end() && state->second.where == TaskState::Where::stopped;
  });
  return waits;
}

/// The tasks of the path, each once, in its order.
std::vector<TaskId> tasks_of(const std::vector<Wait>& path) {
  std::vector<TaskId> tasks;
  std::set<TaskId> seen;
  for (const Wait& wait : path)
    for (const Party& party : {wait.from, wait.to}) {
      const TaskId task{party.node, party.pid};
      if (party.kind == Party::Kind::task && seen.insert(task).second) tasks.push_back(task);
    }
  return tasks;
}

}  // namespace

Diagnosis diagnose(const Look& first, const Look& second, const KnownFiles& files) {
  const BothHeard heard(first, second);
  const std::vector<NodeFacts> facts_before = facts_of(heard.first());
  const std::vector<NodeFacts> facts_now = facts_of(heard.second());
  const Moment before = waits_of(heard.first(), facts_before);
  const Moment now = waits_of(heard.second(), facts_now);

  Diagnosis diagnosis;
  diagnosis.states = task_states(facts_before, facts_now);
  for (const auto& [task, name] : now.names)
    if (auto& state = diagnosis.states[task]; state.name.empty()) state.name = name;
  diagnosis.waits = lasting(before, now, diagnosis.states);

  const Wording wording(now.names, files);
  diagnosis.path = shortest_cycle(diagnosis.waits);
  if (!diagnosis.path.empty()) {
    diagnosis.kind = Diagnosis::Kind::cycle;
    diagnosis.identity = cycle_identity(diagnosis.path);
    diagnosis.title = cycle_title(diagnosis.path);
    diagnosis.sentence = wording.cycle(diagnosis.path);
  } else if (!diagnosis.waits.empty()) {
    const ChainEnds ends(heard.second(), facts_now, diagnosis.states);
    std::map<Party, Wait> last_waits;
    for (const Wait& wait : diagnosis.waits) last_waits.emplace(wait.to, wait);
    diagnosis.path = longest_chain(diagnosis.waits, [&](const Party& end) {
      const auto last = last_waits.find(end);
      return last != last_waits.end() && !ends.of(last->second).passes();
    });
    diagnosis.kind = Diagnosis::Kind::chain;
    diagnosis.end = ends.of(diagnosis.path.back());
    diagnosis.identity = chain_identity(diagnosis.path, *diagnosis.end);
    diagnosis.title = chain_title(diagnosis.path, *diagnosis.end);
    diagnosis.sentence = wording.chain(diagnosis.path, *diagnosis.end);
  }
  diagnosis.nodes = nodes_of(diagnosis.path);
  diagnosis.tasks = tasks_of(diagnosis.path);
  diagnosis.locks = locks_of(diagnosis.path);
  for (const Wait& wait : diagnosis.waits)
    if (const std::string file = wording.file(wait.lock); !file.empty())
      diagnosis.files[wait.lock.inode] = file;
  return diagnosis;
}

}  // namespace gridlock::diagnosis

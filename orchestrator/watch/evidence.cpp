// SPDX-License-Identifier: GPL-2.0-or-later
#include "watch/evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/text.h"

namespace gridlock {
namespace {

constexpr Milliseconds kRungLimit{6'000};
/// A wait that is present in two looks this far apart is a wait, not a moment.
constexpr Milliseconds kBetweenLooks{1'500};
/// A console that has printed nothing for so long has printed what it was asked for.
constexpr Milliseconds kConsoleQuiet{300};
constexpr Milliseconds kConsoleLimit{4'000};
/// 200,000 glocks; a dump that is cut is read as far as it goes.
constexpr std::size_t kLocksSize = 32 << 20;
constexpr std::size_t kSize = 1 << 20;
constexpr std::size_t kConsoleSize = 512 << 10;
constexpr std::size_t kConsoleLines = 200;
/// To the agent: the tasks of all jobs, and all that are blocked.
constexpr Agent::JobId kAllJobs = 0;

/// The threads of a text of tasks, of lines "task PID TID".
std::set<int> threads_in(std::string_view text) {
  constexpr std::string_view kWord = "task ";
  std::set<int> threads;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (!line.starts_with(kWord)) continue;
    if (const auto thread = number<int>(line.substr(line.rfind(' ') + 1), 10))
      threads.insert(*thread);
  }
  return threads;
}

}  // namespace

EvidenceLadder::EvidenceLadder(const Plan& plan, const Crew& crew,
                               std::map<NodeId, ConsoleTail*> consoles, std::set<NodeId> broken,
                               std::stop_token stop)
    : plan_(plan),
      crew_(crew),
      consoles_(std::move(consoles)),
      sound_(crew.without(broken)),
      stop_(std::move(stop)),
      files_(lock_files(plan)) {
  for (const NodeId node : broken)
    evidence_.skipped.push_back("locks on " + plan.node(node).name +
                                ": its kernel broke; reading them could hang it");
}

EvidenceLadder::Question EvidenceLadder::file(const std::string& name, const std::string& path,
                                              std::size_t size) {
  return {name, [path, size](const Crew::Member& member, Agent::Answer answer) {
            member.agent->get(path, size, std::move(answer));
          }};
}

EvidenceLadder::Answers EvidenceLadder::ask(const Crew& crew,
                                            const std::vector<Question>& questions) {
  // Shared with the answers, which may come after the wait was given up.
  struct Replies {
    std::map<std::pair<NodeId, std::string>, Reply> came;
    std::size_t open = 0;
  };
  const auto replies = std::make_shared<Replies>();
  std::vector<std::pair<NodeId, std::string>> asked;
  for (const Crew::Member& member : crew.members())
    for (const Question& question : questions) {
      const std::pair key{member.id, question.name};
      if (given_up_.contains(key) || deaf_.contains(member.id)) continue;
      asked.push_back(key);
      evidence_.silent.insert(member.id);
      ++replies->open;
      question.ask(member, [replies, key](const Reply& reply) {
        replies->came.emplace(key, reply);
        --replies->open;
      });
    }
  if (crew_.loop().run_until([&] { return replies->open == 0; }, kRungLimit, stop_) ==
      Waited::stopped)
    throw Cancelled("collecting evidence");
  Answers answers;
  for (const auto& key : asked) {
    const auto reply = replies->came.find(key);
    if (reply != replies->came.end() && crew.member(key.first).agent->lost().empty())
      evidence_.silent.erase(key.first);
    const std::string error = reply == replies->came.end()
                                  ? "no answer within " + to_string(kRungLimit)
                                  : reply->second.error;
    if (error.empty()) {
      answers[key.first][key.second] = reply->second.data;
      continue;
    }
    given_up_.insert(key);
    evidence_.skipped.push_back(
        fmt::format("{} on {}: {}", key.second, plan_.node(key.first).name, error));
  }
  for (const NodeId node : evidence_.silent)
    if (deaf_.insert(node).second)
      evidence_.skipped.push_back(
          fmt::format("all else on {}: it answers nothing", plan_.node(node).name));
  return answers;
}

std::vector<EvidenceLadder::Dump> EvidenceLadder::dumps() const {
  return {{"glocks", &files_.glocks, &diagnosis::NodeLook::glocks},
          {"dlm_locks", &files_.dlm_locks, &diagnosis::NodeLook::dlm_locks},
          {"dlm_waiters", &files_.dlm_waiters, &diagnosis::NodeLook::dlm_waiters},
          {"ocfs2_locks", &files_.ocfs2_locks, &diagnosis::NodeLook::ocfs2_locks}};
}

void EvidenceLadder::keep(NodeId node, int look, const std::string& name,
                          const std::string& bytes) {
  if (!bytes.empty()) evidence_.files.push_back({node, look, name + ".txt", bytes});
}

void EvidenceLadder::wait(Milliseconds time) {
  if (crew_.loop().run_until([] { return false; }, time, stop_) == Waited::stopped)
    throw Cancelled("collecting evidence");
}

diagnosis::Look EvidenceLadder::look(int which, const std::map<NodeId, Agent::JobId>& jobs) {
  const Question tasks{"tasks", [](const Crew::Member& member, Agent::Answer answer) {
                         member.agent->tasks(kAllJobs, std::move(answer));
                       }};
  const Question workers{"workers", [&jobs](const Crew::Member& member, Agent::Answer answer) {
                           const auto job = jobs.find(member.id);
                           member.agent->tasks(job == jobs.end() ? kAllJobs : job->second,
                                               std::move(answer));
                         }};
  std::vector<Question> locks{tasks, workers, file("mountinfo", "/proc/self/mountinfo", kSize),
                              file("diskstats", "/proc/diskstats", kSize)};
  for (const auto& [name, path, text] : dumps())
    if (!path->empty()) locks.push_back(file(name, *path, kLocksSize));
  // All at once: what does not hang answers within a moment, and one instant is looked at.
  std::set<NodeId> sound;
  for (const Crew::Member& member : sound_.members()) sound.insert(member.id);
  Answers answers = ask(sound_, locks);
  if (sound_.members().size() < crew_.members().size())
    answers.merge(ask(crew_.without(sound), {tasks, workers}));
  diagnosis::Look look;
  for (const Crew::Member& member : crew_.members()) {
    auto& texts = answers[member.id];
    diagnosis::NodeLook& node = look.emplace_back();
    node.node = member.name;
    node.dlm_id = member.id.number;
    for (const auto& [name, path, text] : dumps()) node.*text = texts[name];
    node.tasks = texts["tasks"];
    // Recoveries that began and have not ended are told there. Who answers nothing stays silent:
    // what its console shows says nothing of the locks it holds.
    if (const auto console = consoles_.find(member.id);
        console != consoles_.end() && node.answered())
      node.console = console->second->tail(kConsoleLines);
    if (const auto moves =
            disk_moves(texts["mountinfo"], texts["diskstats"], plan_.filesystem.mount))
      disks_[member.id].at(static_cast<std::size_t>(which - 1)) = *moves;
    keep(member.id, which, "tasks", node.tasks);
    for (const auto& [name, path, text] : dumps()) keep(member.id, which, name, node.*text);
    if (!texts["workers"].empty()) evidence_.workers[member.id] = threads_in(texts["workers"]);
  }
  return look;
}

void EvidenceLadder::look_twice(const std::map<NodeId, Agent::JobId>& jobs) {
  evidence_.first = look(1, jobs);
  wait(kBetweenLooks);
  evidence_.second = look(2, jobs);
  for (const auto& [node, both] : disks_) evidence_.disks[node] = {both[0], both[1]};
}

void EvidenceLadder::look_at_kernel_locks() {
  for (const int which : {1, 2}) {
    if (which == 2) wait(kBetweenLooks);
    const auto tasks = sysrq('w', which, "sysrq-w");
    const auto locks = sysrq('d', which, "sysrq-d");
    for (diagnosis::NodeLook& node : which == 1 ? evidence_.first : evidence_.second)
      for (const Crew::Member& member : crew_.members()) {
        if (member.name != node.node) continue;
        for (const auto* const texts : {&tasks, &locks})
          if (const auto text = texts->find(member.id); text != texts->end())
            node.console += text->second;
      }
  }
}

void EvidenceLadder::ask_for_kernel_locks() {
  sysrq('w', 0, "sysrq-w");
  sysrq('d', 0, "sysrq-d");
}

void EvidenceLadder::ask_kernels() {
  const std::vector<Question> counters{file("lockdep_stats", "/proc/lockdep_stats", kSize),
                                       file("trace", "/sys/kernel/debug/tracing/trace", kSize)};
  std::vector<Question> locks{file("lock_stat", "/proc/lock_stat", kSize)};
  if (!files_.sbstats.empty()) locks.push_back(file("sbstats", files_.sbstats, kSize));
  if (!files_.ocfs2_state.empty()) locks.push_back(file("ocfs2_state", files_.ocfs2_state, kSize));
  if (!files_.o2dlm_state.empty()) locks.push_back(file("o2dlm_state", files_.o2dlm_state, kSize));
  for (const auto& [name, path] : files_.o2cb) locks.push_back(file(name, path, kLocksSize));
  for (const auto& [node, texts] : ask(crew_, counters))
    for (const auto& [name, text] : texts) keep(node, 0, name, text);
  for (const auto& [node, texts] : ask(sound_, locks))
    for (const auto& [name, text] : texts) keep(node, 0, name, text);
  sysrq('l', 0, "sysrq-l");
}

std::map<NodeId, std::string> EvidenceLadder::sysrq(char key, int look, const std::string& name) {
  std::map<NodeId, std::uint64_t> begins;
  for (const auto& [node, console] : consoles_) {
    console->poll();
    begins[node] = console->reader().bytes_read();
  }
  const Answers answers =
      ask(crew_, {{name, [key](const Crew::Member& member, Agent::Answer answer) {
                     member.agent->sysrq(key, std::move(answer));
                   }}});
  std::map<NodeId, std::string> texts;
  if (answers.empty()) return texts;
  SteadyTime changed = crew_.loop().now();
  std::uint64_t printed = 0;
  const auto quiet = [&] {
    std::uint64_t all = 0;
    for (const auto& [node, console] : consoles_) {
      console->poll();
      all += console->reader().bytes_read();
    }
    if (std::exchange(printed, all) != all) changed = crew_.loop().now();
    return crew_.loop().now() - changed > kConsoleQuiet;
  };
  if (crew_.loop().run_until(quiet, kConsoleLimit, stop_) == Waited::stopped)
    throw Cancelled("collecting evidence");
  for (const auto& [node, console] : consoles_) {
    if (!answers.contains(node)) continue;
    texts[node] = console->text(begins[node], console->reader().bytes_read(), kConsoleSize);
    keep(node, look, name, texts[node]);
  }
  return texts;
}

}  // namespace gridlock

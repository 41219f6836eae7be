// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnosis/wording.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"

namespace gridlock::diagnosis {
namespace {

constexpr std::size_t kMaxFileName = 200;
constexpr std::size_t kMaxStepsTold = 16;  // of a chain, at its begin and at its end together

/// What a lock is called the first time; a glock's name alone says what it is from then on.
std::string full_name(const Lock& lock) {
  switch (lock.kind) {
    case Lock::Kind::glock:
      return "glock " + lock.name;
    case Lock::Kind::dlm:
      return fmt::format("DLM resource \"{}\"", printable(lock.name));
    case Lock::Kind::ocfs2:
      return "OCFS2 lock " + printable(lock.name);
    case Lock::Kind::kernel:
      return printable(lock.name);
  }
  return {};
}

std::string short_name(const Lock& lock) {
  return lock.kind == Lock::Kind::glock ? lock.name : full_name(lock);
}

/// As one wait: wanting a cluster lock that is given down, and the task that does that.
std::vector<Wait> steps_of(const std::vector<Wait>& path) {
  std::vector<Wait> steps;
  for (const Wait& wait : path) {
    if (wait.how == Wait::How::works && !steps.empty()) {
      steps.back().to = wait.to;
      steps.back().how = Wait::How::works;
    } else {
      steps.push_back(wait);
    }
  }
  return steps;
}

std::string_view relation(const Wait& step) {
  switch (step.how) {
    case Wait::How::held:
      return " held by ";
    case Wait::How::queued:
      return " behind ";
    case Wait::How::works:
      return " being given down by ";
  }
  return {};
}

std::string_view possession(const Wait& step) {
  switch (step.how) {
    case Wait::How::held:
      return "holds";
    case Wait::How::queued:
      return "queues for";
    case Wait::How::works:
      return "gives down";
  }
  return {};
}

std::string family_of(const std::vector<Wait>& path) {
  std::set<std::string> families;
  for (const Lock& lock : locks_of(path))
    families.insert(lock.kind == Lock::Kind::glock ? "gfs2" : std::string(kind_name(lock.kind)));
  return fmt::format("{}", fmt::join(families, "+"));
}

/// "[a][a][b]" as "[a]x2[b]".
std::string in_runs(const std::vector<std::string>& steps) {
  std::string text;
  for (std::size_t i = 0; i < steps.size();) {
    std::size_t run = i + 1;
    while (run < steps.size() && steps[run] == steps[i]) ++run;
    text += steps[i];
    if (run - i > 1) text += fmt::format("x{}", run - i);
    i = run;
  }
  return text;
}

/// What the task in the middle of two waits does: how it has what the one behind wants, and what it
/// wants itself.
std::string step_of(const Wait& behind, const Wait& own) {
  std::string_view how;
  if (behind.how == Wait::How::queued) how = "queued ";
  if (behind.how == Wait::How::works) how = "demoting ";
  const std::string_view has = behind.has.empty() ? "held" : std::string_view(behind.has);
  return printable(fmt::format("[{}{}>{} {}{}]", how, has, own.wanted, behind.lock.type,
                               behind.lock.type == own.lock.type ? "" : ">" + own.lock.type));
}

std::string count_of_locks(const std::vector<Wait>& path) {
  const std::vector<Lock> locks = locks_of(path);
  const bool glocks = std::all_of(locks.begin(), locks.end(),
                                  [](const Lock& lock) { return lock.kind == Lock::Kind::glock; });
  return fmt::format("{} {}{}", locks.size(), glocks ? "glock" : "lock",
                     locks.size() == 1 ? "" : "s");
}

}  // namespace

std::string Wording::task(const Party& party) const {
  const auto name = names_.find({party.node, party.pid});
  return printable(party.node) + " " + (name == names_.end() ? "" : printable(name->second)) +
         fmt::format("/{}", party.pid);
}

std::string Wording::file(const Lock& lock) const {
  const auto name = lock.inode == 0 ? files_.names.end() : files_.names.find(lock.inode);
  return name == files_.names.end() ? std::string() : printable(name->second, kMaxFileName);
}

std::string Wording::with_mode(const Lock& lock, const std::string& mode) const {
  const std::string file_name = file(lock);
  std::vector<std::string> details;
  if (!mode.empty()) details.push_back(mode);
  if (!file_name.empty()) details.push_back("file " + file_name);
  return details.empty() ? std::string() : fmt::format(" ({})", join(details, ", "));
}

std::string Wording::cycle(const std::vector<Wait>& path) const {
  const std::vector<Wait> steps = steps_of(path);
  const Wait& last = steps.back();
  std::string text = fmt::format("deadlock: {} {} {}{}, ", task(last.to), possession(last),
                                 full_name(last.lock), with_mode(last.lock, last.has));
  if (steps.size() == 1)
    return text + fmt::format("waits for it itself{}", with_mode({}, last.wanted));
  for (const Wait& step : steps) {
    text += "waits for " + short_name(step.lock);
    if (&step == &last) break;
    text += with_mode(step.lock, step.wanted);
    text += fmt::format("{}{}, which ", relation(step), task(step.to));
  }
  return text;
}

std::string Wording::chain(const std::vector<Wait>& path, const ChainEnd& end) const {
  const std::vector<Wait> steps = steps_of(path);
  std::string text = "no cycle: ";
  text += steps.front().from.kind == Party::Kind::task ? task(steps.front().from)
                                                       : printable(steps.front().from.node);
  text += ' ';
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Wait& step = steps[i];
    if (steps.size() > kMaxStepsTold && i == kMaxStepsTold / 2) {
      const std::size_t left_out = steps.size() - kMaxStepsTold;
      text += fmt::format("waits behind {} more, which ", left_out);
      i += left_out - 1;
      continue;
    }
    text += fmt::format("waits for {}{}", i == 0 ? full_name(step.lock) : short_name(step.lock),
                        with_mode(step.lock, step.wanted));
    if (step.to.kind == Party::Kind::task) text += std::string(relation(step)) + task(step.to);
    if (i + 1 < steps.size()) text += ", which ";
  }
  return text + "; " + end.text;
}

std::string cycle_identity(const std::vector<Wait>& path) {
  const std::vector<Wait> waits = steps_of(path);
  std::vector<std::string> steps;
  for (std::size_t i = 0; i < waits.size(); ++i)
    steps.push_back(step_of(waits[(i + waits.size() - 1) % waits.size()], waits[i]));
  std::vector<std::string> canonical = steps;
  for (std::size_t i = 1; i < steps.size(); ++i) {
    std::rotate(steps.begin(), steps.begin() + 1, steps.end());
    canonical = std::min(canonical, steps);
  }
  const std::size_t nodes = nodes_of(path).size();
  return fmt::format("deadlock:{}:{}:{}", family_of(path),
                     nodes == 1 ? "local" : fmt::format("{}nodes", nodes), in_runs(canonical));
}

std::string chain_identity(const std::vector<Wait>& path, const ChainEnd& end) {
  constexpr std::size_t kSteps = 8;  // how long a queue is, is chance
  std::vector<std::string> steps;
  for (const Wait& step : steps_of(path))
    if (steps.size() < kSteps)
      steps.push_back(printable(
          fmt::format("[{}{}{}]", step.wanted, step.wanted.empty() ? "" : " ", step.lock.type)));
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  return fmt::format("waits:{}:{}:{}", family_of(path), join(steps, ""), kind_name(end.kind));
}

std::vector<std::string> nodes_of(const std::vector<Wait>& path) {
  std::set<std::string> nodes;
  for (const Wait& wait : path)
    for (const Party& party : {wait.from, wait.to})
      if (!party.node.empty()) nodes.insert(party.node);
  return {nodes.begin(), nodes.end()};
}

std::vector<Lock> locks_of(const std::vector<Wait>& path) {
  std::vector<Lock> locks;
  std::set<Lock> seen;
  for (const Wait& wait : path)
    if (seen.insert(wait.lock).second) locks.push_back(wait.lock);
  return locks;
}

std::string cycle_title(const std::vector<Wait>& path) {
  return printable(
      fmt::format("deadlock: {}, {}", join(nodes_of(path), " <-> "), count_of_locks(path)));
}

std::string chain_title(const std::vector<Wait>& path, const ChainEnd& end) {
  return printable(
      fmt::format("waits: {}, {}, {}", join(nodes_of(path), ", "), count_of_locks(path), end.text));
}

}  // namespace gridlock::diagnosis

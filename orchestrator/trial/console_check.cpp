// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/console_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

#include "base/text.h"
#include "trial/finding_log.h"

namespace gridlock {
namespace {

constexpr Milliseconds kMarkLimit{5'000};

/// What both sides said, for the one who has to find out which is wrong.
std::string both_sides(const OracleRecord& oracles, const ConsoleTally& console) {
  std::string text =
      "in this trial the console shows, and since its boot the kernel counted (before the work):\n";
  for (const auto& [name, count] : oracles.counts) {
    const auto before = oracles.counts_before.find(name);
    text += fmt::format(
        "  {}: {}, {} ({})\n", name, console.counted(name), count,
        before == oracles.counts_before.end() ? "not known" : std::to_string(before->second));
  }
  if (oracles.taint) text += fmt::format("tainted: {:#x}\n", *oracles.taint);
  if (oracles.lockdep_alive)
    text += fmt::format("lockdep: {}\n", *oracles.lockdep_alive ? "on" : "off");
  return text;
}

}  // namespace

std::vector<std::pair<NodeId, FindingRecord>> ConsoleCheck::run(const std::set<NodeId>& broken,
                                                                std::stop_token stop) {
  LabOracles& oracles = lab.oracles();
  std::vector<Crew::Member> members;
  for (const Lab::Node& node : lab.lab().nodes()) {
    const std::string why = node.loss                             ? node.loss->what
                            : !node.agent || !node.agent->hello() ? "the agent has not come up"
                                                                  : "";
    if (why.empty()) {
      members.push_back({node.id, node.name, node.agent.get()});
      continue;
    }
    oracles.cannot_ask(node.id, why);
    oracles.note_check(node.id, "not made: " + why);
  }
  // The nodes that are left are asked also where the lab was given up.
  const Crew crew(lab.lab().crew().loop(), members, [] { return std::string(); });
  std::vector<std::pair<NodeId, FindingRecord>> found;
  if (members.empty()) return found;
  // What the kernel counts a moment before or after it prints it, and what it says between the
  // question and the mark, is no disagreement: it is gone when both are asked again.
  constexpr int kRounds = 2;
  for (int round = 0; round < kRounds; ++round) {
    found = compare(crew, broken, stop);
    if (found.empty()) break;
  }
  return found;
}

std::vector<std::pair<NodeId, FindingRecord>> ConsoleCheck::compare(const Crew& crew,
                                                                    const std::set<NodeId>& broken,
                                                                    std::stop_token stop) {
  LabOracles& oracles = lab.oracles();
  oracles.ask(crew, broken, kOracleLimit, stop);
  unread.clear();
  std::set<NodeId> mute;
  for (const Crew::Member& member : crew.members())
    if (!oracles.told(member.id)) mute.insert(member.id);
  const std::map<NodeId, std::string> unmarked = lab.mark_consoles(
      crew.without(mute), fmt::format("gridlock: trial {} was read", trial), kMarkLimit, stop);
  look();
  std::vector<std::pair<NodeId, FindingRecord>> found;
  for (const Lab::Node& node : lab.lab().nodes()) {
    if (node.loss) {  // perhaps only now
      oracles.note_check(node.id, "not made: " + node.loss->what);
      continue;
    }
    if (std::ranges::find(crew.members(), node.id, &Crew::Member::id) == crew.members().end())
      continue;
    if (mute.contains(node.id)) {
      unread = node.name + " did not tell how its kernel is";
      oracles.note_check(node.id, "not made: the node did not tell how its kernel is");
      continue;
    }
    if (const auto why = unmarked.find(node.id); why != unmarked.end()) {
      unread = why->second;
      oracles.note_check(node.id, "not made: " + why->second);
      continue;
    }
    const ConsoleTally& console = news.found_on(node.id);
    const SelfCheck check = oracles.check(node, console);
    if (!check.unproven.empty()) oracles.note_check(node.id, "not made: " + check.unproven);
    if (!check.unproven.empty()) continue;
    oracles.note_check(node.id, check.disagreements.empty() ? "agrees" : "disagrees");
    for (const Disagreement& one : check.disagreements) {
      FindingRecord finding =
          own_finding(std::string(kSelfCheckKind), fmt::format("{} ({})", one.text, node.name),
                      one.about + ":" + node.name);
      finding.excerpt = both_sides(oracles.of_trial(lab.lab()).at(node.name), console);
      found.emplace_back(node.id, std::move(finding));
    }
  }
  return found;
}

}  // namespace gridlock

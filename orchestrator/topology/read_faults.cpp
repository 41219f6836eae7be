// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "topology/failure_time.h"
#include "topology/read.h"
#include "topology/words.h"

namespace gridlock {
namespace {

constexpr const char* kExample = "such as {at: 5s, kill: node2} or {at: 3s, pause: node1, for: 4s}";

/// For the locks and the journal, on a slow machine.
constexpr Milliseconds kRecovery{5'000};

struct WrittenFault {
  FaultSpec fault;
  Mark mark;  ///< of its node
};

class FaultReader {
 public:
  FaultReader(const Topology& topology, Milliseconds work, Mistakes& mistakes)
      : topology_(topology), work_(work), mistakes_(mistakes) {}

  void read(const DocNode& item) {
    if (item.kind != DocNode::Kind::map)
      return mistakes_.add(item.mark, fmt::format("a fault is a mapping, {}", kExample));
    const Section section(&item, item.mark, kFaultKeys, mistakes_);
    std::optional<FaultKind> kind;
    for (const FaultKind one : {FaultKind::kill, FaultKind::pause, FaultKind::cut}) {
      if (!section.find(word_of(one))) continue;
      if (kind)
        return mistakes_.add(section.key_mark(word_of(one)),
                             fmt::format("a fault is one thing: `{}` or `{}`, not both",
                                         word_of(*kind), word_of(one)));
      kind = one;
    }
    if (!kind)
      return mistakes_.add(item.mark,
                           "a fault needs one of `kill`, `pause` and `cut`, with the "
                           "name of a node");
    FaultSpec fault;
    fault.kind = *kind;
    fault.node = section.text(word_of(*kind));
    if (section.find("at")) fault.at = section.duration("at");
    if (section.find("for")) fault.lasts = section.duration("for");
    check_node(fault, section.mark(word_of(*kind)));
    check_times(fault, section);
    written_.push_back({fault, section.mark(word_of(*kind))});
  }

  std::vector<FaultSpec> finish() {
    std::ranges::stable_sort(written_, {}, [](const WrittenFault& one) { return one.fault.at; });
    check_together();
    std::vector<FaultSpec> faults;
    for (const WrittenFault& one : written_) faults.push_back(one.fault);
    return faults;
  }

 private:
  void check_node(const FaultSpec& fault, Mark mark) {
    const std::vector<std::string>& names = topology_.nodes.names;
    if (std::ranges::find(names, fault.node) == names.end())
      mistakes_.add(mark, fmt::format("unknown node {}{}", in_quotes(fault.node),
                                      suggestion(fault.node, names)));
    else if (fault.kind != FaultKind::pause && topology_.nodes.count == 1)
      mistakes_.add(mark, fmt::format("a lab of one node has no other that could go on: `{}` needs "
                                      "at least two",
                                      word_of(fault.kind)));
  }

  void check_times(const FaultSpec& fault, const Section& section) {
    if (section.find("at") && fault.at >= work_)
      mistakes_.add(section.mark("at"),
                    fmt::format("`at` must be before the work ends, after {}, not {}",
                                to_string(work_), to_string(fault.at)));
    const std::string word = word_of(fault.kind);
    if (fault.kind == FaultKind::kill) {
      check_patience(section.mark(word),
                     topology_.cluster.stack == ClusterStack::none
                         ? Milliseconds{0}
                         : given_up_after(topology_.cluster, topology_.nodes.count) + kRecovery);
      if (section.find("for"))
        mistakes_.add(section.key_mark("for"),
                      "`for` goes with `pause` and `cut`: a node that is "
                      "killed stays away");
      return;
    }
    if (!section.find("for"))
      return mistakes_.add(section.mark(word),
                           fmt::format("`{}` needs `for`: how long it lasts", word));
    check_patience(section.mark(word), 2 * fault.lasts);
    const Milliseconds most = noticed_after(topology_.cluster) / 2;
    if (fault.lasts > most)
      mistakes_.add(
          section.mark("for"),
          fmt::format("`for` must be at most {}, half of what the cluster takes to give a node up "
                      "({}), not {}: nothing fences, and a node that came back would damage the "
                      "disk",
                      to_string(most), to_string(2 * most), to_string(fault.lasts)));
    else if (fault.at < work_ && fault.lasts > work_ - fault.at)
      mistakes_.add(section.mark("for"),
                    fmt::format("this would end {} after it began, and the work ends {} after that",
                                to_string(fault.lasts), to_string(work_ - fault.at)));
  }

  /// The others wait for the node for so long, and their kernels must not call that a hang.
  void check_patience(Mark mark, Milliseconds wait) {
    if (topology_.watch.hung_task >= wait) return;
    mistakes_.add(
        mark,
        fmt::format(
            "the other nodes may wait {} for this one, and their kernels report "
            "what is blocked for {}: let `watch.hung_task` be longer{}",
            to_string(wait), to_string(topology_.watch.hung_task),
            topology_.cluster.stack == ClusterStack::none ? "" : ", or `cluster.token` shorter"));
  }

  /// What several faults do to a node, in their order.
  void check_together() {
    std::map<std::string, Milliseconds> busy;  // until when it is paused or cut
    std::map<std::string, Milliseconds> dead;
    for (const auto& [fault, mark] : written_) {
      if (const auto at = dead.find(fault.node); at != dead.end()) {
        mistakes_.add(mark,
                      fmt::format("{} is killed before, at {}", fault.node, to_string(at->second)));
        continue;
      }
      if (const auto until = busy.find(fault.node); until != busy.end() && until->second > fault.at)
        mistakes_.add(mark, fmt::format("{} is paused or cut off until {}", fault.node,
                                        to_string(until->second)));
      if (fault.kind == FaultKind::kill)
        dead[fault.node] = fault.at;
      else
        busy[fault.node] = fault.at + fault.lasts;
      if (topology_.nodes.count > 1 && dead.size() == topology_.nodes.names.size())
        mistakes_.add(mark, "this kills the last node: nobody is left who could go on");
    }
  }

  const Topology& topology_;
  Milliseconds work_;
  Mistakes& mistakes_;
  std::vector<WrittenFault> written_;
};

}  // namespace

std::vector<FaultSpec> read_faults(const DocNode* node, const Topology& topology, Milliseconds work,
                                   Mistakes& mistakes) {
  if (!node || node->kind == DocNode::Kind::nothing) return {};
  if (node->kind != DocNode::Kind::list) {
    mistakes.add(node->mark, fmt::format("`faults` must be a list of faults, {}", kExample));
    return {};
  }
  if (node->items.size() > kMaxFaults) {
    mistakes.add(node->mark, fmt::format("{} faults are too many; {} is the most",
                                         node->items.size(), kMaxFaults));
    return {};
  }
  FaultReader reader(topology, work, mistakes);
  for (const DocNode& item : node->items) reader.read(item);
  return reader.finish();
}

}  // namespace gridlock

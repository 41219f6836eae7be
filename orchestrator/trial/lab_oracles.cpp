// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/lab_oracles.h"

#include <fmt/format.h>

#include <utility>

#include "watch/oracles.h"

namespace gridlock {

void LabOracles::begin_trial(Lab& lab) {
  before_ = now_;
  now_.clear();
  consoles_.clear();
  consoles_ = of_trial(lab);
}

void LabOracles::ask(const Crew& crew, Milliseconds limit, std::stop_token stop) {
  for (const auto& [node, oracles] : ask_oracles(crew, limit, stop)) {
    now_[node_name(node)].lockdep_alive = oracles.lockdep_alive;
    now_[node_name(node)].taint = oracles.taint;
  }
}

void LabOracles::ask_before(const Crew& crew, Milliseconds limit, std::stop_token stop) {
  ask(crew, limit, stop);
  before_ = std::exchange(now_, {});
}

std::map<std::string, OracleRecord> LabOracles::of_trial(Lab& lab) const {
  std::map<std::string, OracleRecord> all = now_;
  for (const Lab::Node& node : lab.nodes()) {
    const auto begin = consoles_.find(node.name);
    const OracleRecord before = begin == consoles_.end() ? OracleRecord{} : begin->second;
    all[node.name].dropped_lines = node.console->reader().dropped() - before.dropped_lines;
    all[node.name].console_bytes = node.console->reader().bytes_read() - before.console_bytes;
  }
  return all;
}

std::string LabOracles::spoiled(Lockdep lockdep) const {
  if (before_.empty()) return "nobody asked how its kernels were";
  for (const auto& [node, was] : before_) {
    const auto found = now_.find(node);
    const OracleRecord is = found == now_.end() ? OracleRecord{} : found->second;
    const bool watched = was.lockdep_alive || lockdep == Lockdep::required;
    if (is.lockdep_alive ? !*is.lockdep_alive : watched)
      return "lockdep does not watch on " + node + " any more";
    if (!was.taint || !is.taint) return node + " does not say whether its kernel is tainted";
    if (const std::uint64_t more = *is.taint & ~*was.taint; more != 0)
      return fmt::format("the kernel of {} was tainted ({:#x})", node, more);
  }
  return {};
}

}  // namespace gridlock

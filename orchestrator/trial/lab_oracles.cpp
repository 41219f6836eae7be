// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/lab_oracles.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"

namespace gridlock {
namespace {

constexpr const char* kAgrees = "agrees";

/// What is recorded of what a node said.
void write(const Oracles& oracles, OracleRecord& record) {
  record.lockdep_alive = oracles.lockdep.alive;
  for (const auto& [name, use] : oracles.lockdep.tables)
    record.lockdep_tables[name] = {use.used, use.most};
  record.taint = oracles.taint;
  record.counts = oracles.counts;
  record.hung_task_reports_left = oracles.hung_task_reports_left;
  record.gfs2_withdrawn = oracles.gfs2_withdrawn;
  record.ocfs2_failed = oracles.ocfs2_failed;
  record.ocfs2_recovering = oracles.ocfs2_recovering;
  record.dlm_recovering = oracles.dlm_recovering;
  record.dlm_members = oracles.dlm_members;
  record.unread = printable(oracles.unread, 200);
}

}  // namespace

void LabOracles::begin_trial(Lab& lab) {
  joined_ = std::exchange(begun_, true);
  unsure_.clear();
  for (const Lab::Node& node : lab.nodes())
    if (joined_ && checks_[node.id] != kAgrees) unsure_.insert(node.id);
  before_ = std::exchange(now_, {});
  checks_.clear();
  consoles_.clear();
  for (const Lab::Node& node : lab.nodes()) consoles_[node.id] = shown(node);
}

void LabOracles::ask(const Crew& crew, const std::set<NodeId>& broken, Milliseconds limit,
                     std::stop_token stop) {
  for (auto& [node, oracles] : ask_oracles(plan_, crew, broken, limit, stop))
    now_[node] = std::move(oracles);
}

void LabOracles::ask_before(const Crew& crew, Milliseconds limit, std::stop_token stop) {
  if (!before_.empty()) return;
  ask(crew, {}, limit, stop);
  before_ = std::exchange(now_, {});
}

void LabOracles::cannot_ask(NodeId node, const std::string& why) {
  now_[node] = {};
  now_[node].unread = why;
}

bool LabOracles::told(NodeId node) const {
  const auto found = now_.find(node);
  return found != now_.end() && found->second.taint.has_value();
}

SelfCheck LabOracles::check(const Lab::Node& node, const ConsoleTally& console) const {
  ConsoleAndKernel both;
  both.console = console;
  both.dropped = shown(node).dropped;
  both.lost = shown(node).lost;
  both.after = now_.at(node.id);
  // What a lab that begins with the trial said before it was saved begins its consoles: there
  // console and kernel are compared from power-on.
  if (joined_) {
    const auto before = before_.find(node.id);
    if (before == before_.end() || unsure_.contains(node.id))
      return {"console and kernel were not seen to agree before the trial", {}};
    both.before = before->second;
  }
  return check_console(both);
}

void LabOracles::note_check(NodeId node, const std::string& result) { checks_[node] = result; }

LabOracles::Shown LabOracles::shown(const Lab::Node& node) const {
  const auto begin = consoles_.find(node.id);
  const Shown before = begin == consoles_.end() ? Shown{} : begin->second;
  const console::Reader& reader = node.console->reader();
  return {reader.bytes_read() - before.bytes, reader.dropped() - before.dropped,
          reader.lost() - before.lost};
}

std::map<std::string, OracleRecord> LabOracles::of_trial(Lab& lab) const {
  std::map<std::string, OracleRecord> all;
  for (const Lab::Node& node : lab.nodes()) {
    OracleRecord& record = all[node.name];
    if (const auto now = now_.find(node.id); now != now_.end()) write(now->second, record);
    if (const auto before = before_.find(node.id); before != before_.end()) {
      record.taint_before = before->second.taint;
      record.counts_before = before->second.counts;
    }
    if (const auto check = checks_.find(node.id); check != checks_.end())
      record.self_check = printable(check->second, 200);
    record.dropped_lines = shown(node).dropped;
    record.console_bytes = shown(node).bytes;
  }
  return all;
}

std::string LabOracles::spoiled(Lockdep lockdep) const {
  if (before_.empty()) return "nobody asked how its kernels were";
  for (const auto& [node, was] : before_) {
    const std::string& name = plan_.node(node).name;
    const auto found = now_.find(node);
    const Oracles is = found == now_.end() ? Oracles{} : found->second;
    const bool watched = was.lockdep.alive || lockdep == Lockdep::required;
    if (is.lockdep.alive ? !*is.lockdep.alive : watched)
      return "lockdep does not watch on " + name + " any more";
    if (!was.taint || !is.taint) return name + " does not say whether its kernel is tainted";
    if (const std::uint64_t more = *is.taint & ~*was.taint; more != 0)
      return fmt::format("the kernel of {} was tainted ({:#x})", name, more);
    if (is.gfs2_withdrawn.value_or(false)) return "GFS2 has withdrawn on " + name;
    if (is.ocfs2_failed.value_or(false)) return "OCFS2 has become read-only on " + name;
  }
  return {};
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/investigation.h"

#include "trial/deadlock_finding.h"
#include "watch/machine_evidence.h"

namespace gridlock {

namespace {

/// What a workload's programs told when they had ended.
bool is_of_the_work(const FindingRecord& finding) {
  static const std::set<std::string> kKinds{"bad_data", "short_transfer", "io_error"};
  return kKinds.contains(finding.kind);
}

}  // namespace

Investigation::Investigation(const LabSetting& setting, Lab& lab, const FindingLog& log,
                             TrialWriter& writer, std::function<void(FindingRecord, NodeId)> report,
                             std::function<double()> now)
    : setting_(setting),
      lab_(lab),
      log_(log),
      writer_(writer),
      report_(std::move(report)),
      now_(std::move(now)),
      stalls_(setting, lab) {}

std::set<NodeId> Investigation::broken() const {
  std::set<NodeId> nodes;
  for (const Lab::Node& node : lab_.nodes())
    if (!node.loss && log_.corrupted(node.id)) nodes.insert(node.id);
  return nodes;
}

KeepEvidence Investigation::keeper(const std::string& name) const {
  return [this, name](const std::filesystem::path& file, std::string_view bytes) {
    writer_.evidence(name, file, bytes);
  };
}

void Investigation::note(const std::vector<std::string>& skipped) {
  for (const std::string& one : skipped)
    writer_.event(now_(), "", "evidence_skipped", Json{{"what", one}});
}

void Investigation::look_into_stall(const std::string& workload, std::stop_token stop) {
  const StallWatch::Seen seen = stalls_.look_into(broken(), stop);
  for (const StallWatch::Slow& slow : seen.slow)
    writer_.event(
        now_(), setting_.plan.node(slow.node).name, "slow",
        Json{{"workload", workload}, {"why", slow.why}, {"patience_ms", slow.patience.count()}});
  // A node that died while it was asked leaves nothing to be asked again.
  const bool died = lab_.lost() != nullptr;
  if (seen.findings.empty() && !died) return;
  for (const auto& [finding, node] : seen.findings) report_(finding, node);
  const FindingRecord* const decisive = log_.decisive();
  // A copy: reports that come in meanwhile move the log's findings.
  const std::string name = decisive ? decisive->id : "stall";
  keep_files(seen.evidence, setting_.plan, keeper(name));
  note(seen.evidence.skipped);
  keep_diagnosis(seen.diagnosis, seen.evidence.second, keeper(name));
  if (died) return;
  taken_ = true;
  // Who answered nothing is not waited for again.
  EvidenceLadder ladder(setting_.plan, lab_.crew().without(seen.evidence.silent), lab_.consoles(),
                        broken(), stop);
  if (!seen.kernel_locks) ladder.ask_for_kernel_locks();
  ladder.ask_kernels();
  const Evidence more = ladder.take();
  keep_files(more, setting_.plan, keeper(name));
  note(more.skipped);
  look_at_machines(name, stop);
}

void Investigation::look_at_machines(const std::string& name, std::stop_token stop) {
  const bool image = setting_.plan.watch.memory_image == MemoryImage::on_hang;
  std::vector<SeenMachine> machines;
  for (const Lab::Node& node : lab_.nodes()) {
    const bool silent = node.loss && node.loss->kind == Loss::Kind::silent;
    if (node.loss && !silent && node.loss->kind != Loss::Kind::panicked) continue;
    SeenMachine& machine = machines.emplace_back();
    machine.node = node.id;
    machine.node_name = node.name;
    machine.name = node.machine.name;
    machine.silent = silent;
    machine.console = node.console.get();
    if (image) machine.image = writer_.directory() / "evidence" / name / node.name / "memory.kdump";
  }
  if (machines.empty()) return;
  const Evidence seen =
      gridlock::look_at_machines(setting_.hypervisor, setting_.loop, machines, std::move(stop));
  keep_files(seen, setting_.plan, keeper(name));
  note(seen.skipped);
}

void Investigation::collect(const std::set<NodeId>& lost, std::stop_token stop) {
  const FindingRecord* const decisive = log_.decisive();
  if (!decisive || taken_) return;
  taken_ = true;
  const std::string name = decisive->id;
  if (lab_.crew().without(lost).members().empty()) return look_at_machines(name, stop);
  if (is_of_the_work(*decisive)) {
    // Its programs have ended: nobody waits for anything.
    EvidenceLadder ladder(setting_.plan, lab_.crew().without(lost), lab_.consoles(), broken(),
                          stop);
    ladder.ask_kernels();
    const Evidence evidence = ladder.take();
    keep_files(evidence, setting_.plan, keeper(name));
    return note(evidence.skipped);
  }
  const LookedAt lab{setting_.plan, lab_.crew(), lab_.consoles(), broken(), lost};
  const EvidenceTaken taken =
      take_evidence(lab, stalls_.files(), KernelLocks::kept, keeper(name), stop);
  note(taken.skipped);
  // What a kernel has said itself needs no looking at its processors.
  if (!lost.empty()) look_at_machines(name, stop);
  if (taken.diagnosis.kind != diagnosis::Diagnosis::Kind::cycle) return;
  for (const NodeId node : nodes_of(taken.diagnosis, lab_.crew()))
    report_(finding_of(taken.diagnosis), node);
}

}  // namespace gridlock

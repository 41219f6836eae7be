// SPDX-License-Identifier: GPL-2.0-or-later
#include "cluster/cluster.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/filesystem.h"
#include "cluster/steps.h"

namespace gridlock {
namespace {

/// The shared disk carries this serial; the agent links /dev/disk/by-serial to what it finds.
constexpr const char* kSharedDisk = "/dev/disk/by-serial/SHARED";

constexpr Milliseconds kDiagnosisLimit{8'000};
/// Lines of a daemon that a diagnosis shows.
constexpr std::size_t kDaemonTail = 12;

}  // namespace

Cluster::Cluster(const Plan& plan, const Crew& crew, Sink sink)
    : plan_(plan), crew_(crew), sink_(sink), stack_(make_stack(plan, crew, std::move(sink))) {}

void Cluster::begin(std::stop_token) {
  stack_->begin();
  const std::vector<std::string> mkfs = mkfs_command(plan_, kSharedDisk);
  const Crew::Member& first = crew_.members().front();
  mkfs_ = std::make_unique<Daemon>(first, mkfs.front(), program(mkfs),
                                   [this, &first, name = mkfs.front()](const std::string& line) {
                                     if (sink_) sink_(first.id, name, line);
                                   });
}

void Cluster::connect(Milliseconds limit, std::stop_token stop) {
  // One shell a node: a program start costs a node under emulation more than the ping does.
  const TimeLeft left(crew_.loop(), limit);
  std::vector<bool> reached(crew_.members().size(), false);
  std::string last;
  while (true) {
    const auto results = crew_.run_all(
        [&](const Crew::Member& member) {
          std::string script = "true";
          for (const PlannedNode& peer : plan_.nodes)
            if (peer.id != member.id)
              script += fmt::format(" && busybox ping -c 1 -W 2 {} >/dev/null", peer.address);
          return shell(script);
        },
        limit, stop);
    for (std::size_t i = 0; i < results.size(); ++i) {
      reached[i] = results[i].ok();
      if (!reached[i]) last = results[i].describe("ping");
    }
    const std::string unreached = missing(crew_, [&](std::size_t i) { return bool(reached[i]); });
    if (unreached.empty()) return;
    if (left() <= Milliseconds{0})
      throw BarrierFailed(fmt::format("{} does not reach every other node within {} ({})",
                                      unreached, to_string(limit), last));
  }
}

void Cluster::form(Milliseconds limit, std::stop_token stop) {
  stack_->form(limit, std::move(stop));
}

void Cluster::format(Milliseconds limit, std::stop_token stop) {
  crew_.wait(
      mkfs_->name() + " to end", [&] { return mkfs_->ended().has_value(); }, limit, stop);
  if (!mkfs_->ended()->ok())
    throw BarrierFailed(
        describe_end(crew_.members().front(), mkfs_->name(), *mkfs_->ended(), mkfs_->tail(3)));
}

void Cluster::mount(Milliseconds limit, std::stop_token stop) {
  run_everywhere(crew_, "mount", support_script(plan_) + mount_script(plan_, kSharedDisk, limit),
                 limit, std::move(stop));
}

void Cluster::settle(Milliseconds limit, std::stop_token stop) {
  run_everywhere(crew_, "sync", "busybox sync", limit, std::move(stop));
}

void Cluster::leave(const std::set<NodeId>& gone, Milliseconds limit, std::stop_token stop) {
  const TimeLeft left(crew_.loop(), limit);
  // One after another: a node that leaves while another's requests are under way makes the DLM
  // recover them, which is not what an orderly end is about.
  for (std::size_t i = crew_.members().size(); i-- > 0;) {
    if (gone.contains(crew_.members()[i].id)) continue;
    const JobResult result =
        crew_.run(crew_.members()[i].id, program({"umount", plan_.filesystem.mount}), left(), stop);
    if (!result.ok()) throw BarrierFailed(result.describe("umount"));
  }
  stack_->leave(gone, left(), std::move(stop));
}

std::string Cluster::diagnose(std::stop_token stop) const {
  const std::string script =
      stack_->diagnosis_script() +
      "; echo '--- mounts'; grep -E ' (gfs2|ocfs2) ' /proc/mounts; echo '--- net'; ip -br addr";
  std::string out;
  std::vector<JobResult> results;
  try {
    results = crew_.run_all([&](const Crew::Member&) { return shell(script); }, kDiagnosisLimit,
                            std::move(stop));
  } catch (const NodeLost& lost) {
    out += std::string("(") + lost.what() + ")\n";
  }
  for (std::size_t i = 0; i < crew_.members().size(); ++i) {
    out += "== " + crew_.members()[i].name + "\n";
    if (i < results.size()) out += results[i].output + results[i].errors;
    std::vector<const Daemon*> daemons = stack_->daemons_of(i);
    if (i == 0) daemons.push_back(mkfs_.get());
    for (const Daemon* const daemon : daemons)
      if (daemon)
        out += fmt::format("--- last lines of {}\n{}", daemon->name(), daemon->tail(kDaemonTail));
  }
  return out;
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/formed_lab.h"

#include <fmt/format.h>

#include "base/digest.h"
#include "base/json.h"
#include "cluster/node_disk.h"

namespace gridlock {
namespace {

constexpr Milliseconds kSaveLimit{180'000};

/// What of the plan the lab has taken in by the time it is mounted.
std::string key_of(const LabSetting& setting, const SavedParts& parts) {
  const Json plan = to_json(setting.plan);
  Digest digest;
  digest.field("machine", machine_key(setting, parts));
  for (const auto& [node, own] : parts.own)
    digest.field(fmt::format("kernel of node {}", node.number), own.key);
  for (const char* const member : {"nodes", "disk", "cluster", "filesystem"})
    digest.field(member, plan.at(member).dump());
  return digest.hex().substr(0, 32);
}

SavedLab form_and_save(const LabSetting& setting, const SavedParts& parts,
                       const std::filesystem::path& folder, std::stop_token stop) {
  const Plan& plan = setting.plan;
  std::vector<std::filesystem::path> consoles;
  for (const PlannedNode& node : plan.nodes)
    consoles.push_back(setting.directory / (node.name + ".forming.log"));
  Lab lab(setting, NodeSource{parts.kernel, {}, {}, parts.initrd, parts.own}, consoles);
  lab.start(plan.deadlines.start, stop);
  lab.identify(plan.deadlines.start, stop);
  if (plan.disk.transport == Transport::iscsi)
    NodeDisk(lab.crew(), lab.lun_for_guests(), plan.disk.size, {})
        .attach(plan.deadlines.start, stop);
  Cluster cluster(plan, lab.crew(), {});
  cluster.begin(stop);
  cluster.connect(plan.deadlines.connect, stop);
  cluster.form(plan.deadlines.form, stop);
  cluster.format(plan.deadlines.format, stop);
  cluster.mount(plan.deadlines.mount, stop);
  cluster.settle(plan.deadlines.mount, stop);
  // Every trial that begins with this lab finds its kernels like that.
  const std::map<NodeId, Oracles> oracles = ask_oracles(plan, lab.crew(), {}, kOracleLimit, stop);
  SavedLab saved = lab.save(folder, Lab::Saving::whole, kSaveLimit, stop);
  const std::vector<DaemonJobs> daemons = cluster.daemons();
  for (std::size_t i = 0; i < saved.nodes.size(); ++i) {
    saved.nodes[i].daemons = daemons[i];
    if (const Oracles& asked = oracles.at(plan.nodes[i].id); asked.taint)
      saved.nodes[i].oracles = asked;
  }
  const std::string problem = lab.stop_machines(plan.deadlines.stop);
  if (!problem.empty()) throw Error("ending the machines of a lab that was saved: " + problem);
  for (const std::filesystem::path& console : consoles) std::filesystem::remove(console);
  return saved;
}

}  // namespace

SavedLab formed_lab(const LabSetting& setting, const SavedParts& parts, SavedLabCache& cache,
                    std::stop_token stop) {
  SavedLabCache::Wanted wanted;
  wanted.what = "formed lab " + parts.kernel_name;
  wanted.key = key_of(setting, parts);
  wanted.room = setting.plan.disk.size;
  for (const PlannedNode& node : setting.plan.nodes)
    wanted.room = Bytes{wanted.room.count + node.memory.count};
  wanted.make = [&](const std::filesystem::path& folder) {
    return form_and_save(setting, parts, folder, stop);
  };
  return cache.get(wanted, parts, stop);
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/guest_template.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

namespace gridlock {
namespace {

constexpr Milliseconds kSaveLimit{90'000};

/// Boots the node of a plan that has one and saves it into `folder`.
SavedLab boot_and_save(const LabSetting& one, const SavedParts& parts,
                       const std::filesystem::path& folder, std::stop_token stop) {
  const Plan& plan = one.plan;
  // The console's log is QEMU's user's to write: in the run directory, not in the cache.
  const std::filesystem::path console = one.directory / "template.log";
  Lab lab(one, NodeSource{parts.kernel, {}, {}, parts.initrd}, {console});
  lab.start(plan.deadlines.start, stop);
  SavedLab saved = lab.save(folder, Lab::Saving::guest, kSaveLimit, stop);
  const std::string problem = lab.stop_machines(plan.deadlines.stop);
  if (!problem.empty()) throw Error("ending the template's machine: " + problem);
  std::filesystem::remove(console);
  return saved;
}

/// The plan's first node alone, with the shape of `node`: whoever is started from a template is
/// told later who it is.
Plan plan_of_one(const Plan& plan, const PlannedNode& node) {
  Plan one = plan;
  one.nodes.resize(1);
  one.nodes.front().vcpus = node.vcpus;
  one.nodes.front().memory = node.memory;
  return one;
}

/// What `node` runs.
SavedParts parts_of(const SavedParts& parts, NodeId node) {
  SavedParts own = parts;
  own.own.clear();
  if (const auto found = parts.own.find(node); found != parts.own.end()) {
    own.kernel_name = found->second.name;
    own.kernel_key = found->second.key;
    own.kernel = found->second.image;
    own.initrd = found->second.initrd;
  }
  return own;
}

SavedLab template_of(const LabSetting& setting, const SavedParts& parts, SavedLabCache& cache,
                     std::stop_token stop) {
  SavedLabCache::Wanted wanted;
  wanted.what = "template " + parts.kernel_name;
  wanted.key = machine_key(setting, parts);
  // Never more than the guest's memory; mostly far less.
  wanted.room = setting.plan.nodes.front().memory;
  wanted.make = [&](const std::filesystem::path& folder) {
    return boot_and_save(setting, parts, folder, stop);
  };
  return cache.get(wanted, parts, stop);
}

}  // namespace

SavedLab guest_template(const LabSetting& setting, const SavedParts& parts, SavedLabCache& cache,
                        std::stop_token stop) {
  std::map<std::string, SavedLab> templates;  // by key
  std::vector<std::string> keys;              // by node
  for (const PlannedNode& node : setting.plan.nodes) {
    const Plan plan = plan_of_one(setting.plan, node);
    const LabSetting one = setting.with_plan(plan);
    const SavedParts own = parts_of(parts, node.id);
    keys.push_back(machine_key(one, own));
    if (!templates.contains(keys.back()))
      templates.emplace(keys.back(), template_of(one, own, cache, stop));
  }
  if (templates.size() == 1) return templates.begin()->second;
  SavedLab guests;
  for (const std::string& key : keys) guests.nodes.push_back(templates.at(key).nodes.front());
  return guests;
}

}  // namespace gridlock

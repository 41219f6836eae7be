// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/guest_template.h"

#include <fmt/format.h>

namespace gridlock {
namespace {

constexpr Milliseconds kSaveLimit{90'000};

/// Boots one node of the plan and saves it into `folder`.
SavedLab boot_and_save(const LabSetting& setting, const SavedParts& parts,
                       const std::filesystem::path& folder, std::stop_token stop) {
  Plan plan = setting.plan;
  plan.nodes.resize(1);
  const LabSetting one = setting.with_plan(plan);
  // The console's log is QEMU's user's to write: in the run directory, not in the cache.
  const std::filesystem::path console = setting.directory / "template.log";
  Lab lab(one, NodeSource{parts.kernel, {}}, {console});
  lab.start(plan.deadlines.start, stop);
  SavedLab saved = lab.save(folder, Lab::Saving::guest, kSaveLimit, stop);
  const std::string problem = lab.stop_machines(plan.deadlines.stop);
  if (!problem.empty()) throw Error("ending the template's machine: " + problem);
  std::filesystem::remove(console);
  return saved;
}

}  // namespace

SavedLab guest_template(const LabSetting& setting, const SavedParts& parts, SavedLabCache& cache,
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

}  // namespace gridlock

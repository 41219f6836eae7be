// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan/disk.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "topology/words.h"

namespace gridlock {
namespace {

/// Why a lab with this disk is not saved as a whole; empty: it is.
std::string why_not_saved(const DiskSpec& disk) {
  if (disk.transport != Transport::iscsi) return {};
  if (disk.target) return "its disk is that of a target which exists, and is not copied";
  if (disk.via == IscsiVia::guest)
    return "its nodes' kernels have iSCSI sessions, which end where a lab is restored";
  return {};
}

}  // namespace

void check_disk(const Plan& plan, const HostFacts& host) {
  if (const auto& target = plan.disk.target; target && target->chap) {
    const std::filesystem::path& file = target->chap->secret_file;
    const std::vector<std::string> beside = host.files_in(file.parent_path());
    if (std::ranges::find(beside, file.filename().string()) == beside.end())
      throw UsageError(fmt::format("disk {}: there is no file {} with the target's secret",
                                   plan.disk.name, printable(file.string(), 200)),
                       "write the secret into it, in one line, and let only yourself read it");
  }
  const std::string why = why_not_saved(plan.disk);
  if (why.empty()) return;
  if (plan.watch.checkpoint)
    throw UsageError(
        fmt::format("watch.checkpoint saves the lab, and this one cannot be: {}", why),
        "leave checkpoint out, or take `transport: virtio`, or `via: host` without a target");
  for (const PlannedTrial& trial : plan.trials)
    if (trial.start == Start::formed)
      throw UsageError(fmt::format("trial {} cannot begin with a formed lab: {}",
                                   printable(trial.name, 80), why),
                       "start from a template or by booting");
}

Json disk_json(const DiskSpec& disk, DiskPaths paths) {
  Json json{
      {"name", disk.name}, {"size_bytes", disk.size.count}, {"transport", word_of(disk.transport)}};
  if (disk.transport != Transport::iscsi) return json;
  json["via"] = word_of(disk.via);
  if (!disk.target) return json;
  json["target"] = {
      {"portal", disk.target->portal}, {"iqn", disk.target->iqn}, {"lun", disk.target->lun}};
  if (const auto& chap = disk.target->chap) {
    json["target"]["user"] = chap->user;
    if (paths == DiskPaths::written) json["target"]["secret_file"] = chap->secret_file.string();
  }
  return json;
}

std::string transport_text(const DiskSpec& disk) {
  std::string text = word_of(disk.transport);
  if (disk.transport != Transport::iscsi) return text;
  text += " via " + word_of(disk.via);
  if (disk.target)
    text += fmt::format(", LUN {} of {} at {}{}", disk.target->lun, disk.target->iqn,
                        disk.target->portal,
                        disk.target->chap ? ", user " + disk.target->chap->user : "");
  return text;
}

}  // namespace gridlock

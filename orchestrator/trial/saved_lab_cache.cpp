// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/saved_lab_cache.h"

#include <fmt/format.h>

#include <chrono>
#include <fstream>

#include "base/digest.h"
#include "host/draft.h"
#include "host/file_lock.h"
#include "host/files.h"
#include "host/idle_entries.h"
#include "machine/domain_xml.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kKeyDigits = 32;
/// Another run may be forming the same lab.
constexpr Milliseconds kLockLimit{600'000};
/// A run that took it from the cache may still be restoring from it.
constexpr std::chrono::hours kInUse{24};

/// What tells processors apart: a saved guest holds what it found out about the one it booted on.
/// Source: /proc/cpuinfo.
std::string processor() {
  std::ifstream in("/proc/cpuinfo");
  std::string text;
  for (std::string line; std::getline(in, line) && !line.empty();)
    for (const std::string_view key : {"vendor_id", "cpu family", "model", "stepping", "flags"})
      if (line.starts_with(key)) text += line + "\n";
  return text;
}

void mark_used(const fs::path& folder, UtcTime now) {
  std::error_code ignored;
  fs::last_write_time(folder / kSavedLabStamp, std::chrono::file_clock::from_sys(now), ignored);
}

}  // namespace

SavedFrom made_of(const SavedParts& parts) {
  std::string kernels = parts.kernel_key;
  for (const auto& [node, own] : parts.own)
    kernels += fmt::format(" {}:{}", node.number, own.key);
  return {kernels, parts.image_key, parts.qemu_version, sha256(processor())};
}

std::string machine_key(const LabSetting& setting, const SavedParts& parts) {
  const PlannedNode& node = setting.plan.nodes.front();
  // Without what may differ from node to node. The command line is the plan's: what else is on it
  // for this host (a measured clock rate) differs by what measuring differs.
  MachineSpec shape;
  shape.name = "gl-template";
  shape.acceleration = setting.acceleration;
  shape.vcpus = node.vcpus;
  shape.memory = node.memory;
  shape.mac = node.mac;
  shape.kernel = "/kernel";
  shape.command_line = setting.plan.kernel_command_line;
  shape.root_disk = "/root";
  give_disk_of_kind(setting.plan.disk, shape);
  shape.console_log = "/console";
  shape.console_socket = "/console.socket";
  shape.agent_socket = "/agent";
  shape.fabric_socket = "/fabric";
  return Digest{}
      .field("kernel", parts.kernel_key)
      .field("image", parts.image_key)
      .field("machine", domain_xml(shape, "00000000-0000-0000-0000-000000000000"))
      .field("disk", std::to_string(setting.plan.disk.size.count))
      .hex()
      .substr(0, kKeyDigits);
}

SavedLab SavedLabCache::get(const Wanted& wanted, const SavedParts& parts, std::stop_token stop) {
  const SavedFrom here = made_of(parts);
  make_directories(root_);
  progress_.begin(wanted.what);
  const FileLock lock =
      FileLock::take(root_ / (wanted.key + ".lock"), "saving a " + wanted.what, kLockLimit, stop,
                     [&](const std::string& text) { progress_.note(text); });
  const fs::path folder = root_ / wanted.key;
  if (fs::exists(folder)) {
    try {
      if (const std::string why = saved_from(folder).useless_in(here); !why.empty())
        throw Error(why);
      SavedLab kept = read_saved_lab(folder);
      mark_used(folder, clock_.utc());
      progress_.end(wanted.what, "from the cache");
      return kept;
    } catch (const Error& damage) {
      progress_.note(fmt::format("the {} is made anew: {}", wanted.what, damage.what()));
      remove_tree(folder);
    }
  }
  const SteadyTime begin = clock_.now();
  remove_stale(here);
  require_free_space(root_, wanted.room, "the " + wanted.what);
  const Draft work(root_);
  const fs::path draft = work.path() / "finished";
  fs::create_directory(draft);
  write_manifest(draft, wanted.make(draft), here);
  fs::rename(draft, folder);
  mark_used(folder, clock_.utc());
  const auto took = std::chrono::duration_cast<Milliseconds>(clock_.now() - begin);
  progress_.end(wanted.what, "made and saved in " + to_string(took));
  return read_saved_lab(folder);
}

void SavedLabCache::remove_stale(const SavedFrom& here) {
  remove_dead_drafts(root_);
  remove_idle({root_, kSavedLabStamp,
               [&](const fs::path& entry) {
                 return saved_from(entry).useless_in(here).empty() ? kForgotten : kInUse;
               }},
              clock_.utc());
}

}  // namespace gridlock

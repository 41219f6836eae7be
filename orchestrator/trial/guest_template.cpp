// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/guest_template.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "host/file_lock.h"
#include "host/files.h"
#include "machine/domain_xml.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

/// Raised when what a template holds or how it is restored changes.
constexpr int kFormat = 1;
constexpr Milliseconds kLockLimit{600'000};
constexpr Milliseconds kSaveLimit{90'000};
constexpr Bytes kManifestLimit = Bytes::mib(1);

/// What tells processors apart: a template holds what the guest found out about the one it booted
/// on. Source: /proc/cpuinfo.
std::string processor() {
  std::ifstream in("/proc/cpuinfo");
  std::string text;
  for (std::string line; std::getline(in, line) && !line.empty();)
    for (const std::string_view key : {"vendor_id", "cpu family", "model", "stepping", "flags"})
      if (line.starts_with(key)) text += line + "\n";
  return text;
}

/// Everything that must be equal where the template is made and where it is restored. The command
/// line is the plan's: what else is on it for this host (a measured clock rate) is remembered by the
/// guest and differs by what measuring differs.
std::string key_of(const LabSetting& setting, const TemplateParts& parts,
                   const std::string& qemu_version) {
  const PlannedNode& node = setting.plan.nodes.front();
  // The machine down to its last device, without what may differ from node to node.
  MachineSpec shape;
  shape.name = "gl-template";
  shape.acceleration = setting.acceleration;
  shape.vcpus = node.vcpus;
  shape.memory = node.memory;
  shape.mac = node.mac;
  shape.kernel = "/kernel";
  shape.command_line = setting.plan.kernel_command_line;
  shape.root_disk = "/root";
  shape.shared_disk = "/shared";
  shape.console_log = "/console";
  shape.console_socket = "/console.socket";
  shape.agent_socket = "/agent";
  shape.fabric_socket = "/fabric";
  return Digest{}
      .field("format", std::to_string(kFormat))
      .field("kernel", parts.kernel_key)
      .field("image", parts.image_key)
      .field("machine", domain_xml(shape, "00000000-0000-0000-0000-000000000000"))
      .field("disk", std::to_string(setting.plan.disk.size.count))
      .field("qemu", qemu_version)
      .field("processor", processor())
      .hex()
      .substr(0, 32);
}

GuestTemplate template_in(const fs::path& folder) {
  return {folder / "state", folder / "console.log"};
}

/// Why what is kept in `folder` cannot be used; empty: it can.
std::string damage_of(const fs::path& folder) {
  const GuestTemplate kept = template_in(folder);
  try {
    const auto manifest = parse_json(read_file(folder / "template.json", kManifestLimit));
    if (!manifest || integer_or(*manifest, "format", 0) != kFormat) return "its manifest is damaged";
    const std::int64_t size = integer_or(*manifest, "state_bytes", -1);
    const auto found = static_cast<std::int64_t>(fs::file_size(kept.state));
    if (found != size)
      return fmt::format("its state has {} bytes instead of {}", found, size);
    if (sha256_of_file(kept.state) != text_or(*manifest, "state_sha256", "") ||
        sha256_of_file(kept.console_log) != text_or(*manifest, "console_sha256", ""))
      return "its bytes are not those that were saved";
  } catch (const fs::filesystem_error& error) {
    return error.what();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

/// Boots one node of the plan and saves it into `folder`.
void boot_and_save(const LabSetting& setting, const TemplateParts& parts, const fs::path& folder,
                   std::stop_token stop) {
  Plan plan = setting.plan;
  plan.nodes.resize(1);
  LabSetting one{plan, setting.loop, setting.hypervisor, setting.connect};
  one.acceleration = setting.acceleration;
  one.root_disk = setting.root_disk;
  one.directory = setting.directory;
  if (!setting.fabric_sockets.empty()) one.fabric_sockets = {setting.fabric_sockets.front()};
  one.command_line = setting.command_line;
  one.qemu_uid = setting.qemu_uid;
  one.qemu_gid = setting.qemu_gid;
  // The console's log is QEMU's user's to write: in the run directory, not in the cache.
  const fs::path console = setting.directory / "template.log";
  Lab lab(one, NodeSource{parts.kernel, {}}, {console});
  lab.start(plan.deadlines.start, stop);
  lab.save(folder / "state", kSaveLimit, stop);
  const std::string problem = lab.stop_machines(plan.deadlines.stop);
  if (!problem.empty()) throw Error("ending the template's machine: " + problem);
  fs::copy_file(console, folder / "console.log");
  fs::remove(console);
}

}  // namespace

GuestTemplate guest_template(const LabSetting& setting, const TemplateParts& parts,
                             const std::string& qemu_version, const fs::path& cache,
                             Progress& progress, std::stop_token stop) {
  const std::string what = "template " + parts.kernel_name;
  const std::string key = key_of(setting, parts, qemu_version);
  const fs::path templates = cache / "templates";
  make_directories(templates);
  progress.begin(what);
  const FileLock lock =
      FileLock::take(templates / (key + ".lock"), "making a template", kLockLimit, stop,
                     [&](const std::string& text) { progress.note(text); });
  const fs::path folder = templates / key;
  if (fs::exists(folder)) {
    const std::string damage = damage_of(folder);
    if (damage.empty()) {
      progress.end(what, "from the cache");
      return template_in(folder);
    }
    progress.note(fmt::format("the template of {} is made anew: {}", parts.kernel_name, damage));
    remove_tree(folder);
  }
  const SteadyTime begin = setting.loop.now();
  // Never more than the guest's memory; mostly far less.
  require_free_space(templates, setting.plan.nodes.front().memory, "the template of " + parts.kernel_name);
  const TempDir work(templates, "making-" + key.substr(0, 8) + "-");
  const fs::path finished = work.path() / "finished";
  fs::create_directory(finished);
  boot_and_save(setting, parts, finished, stop);
  const Json manifest{{"format", kFormat},
                      {"kernel", parts.kernel_key},
                      {"image", parts.image_key},
                      {"qemu", qemu_version},
                      {"state_bytes", fs::file_size(finished / "state")},
                      {"state_sha256", sha256_of_file(finished / "state")},
                      {"console_sha256", sha256_of_file(finished / "console.log")}};
  write_file_atomically(finished / "template.json", manifest.dump(1) + "\n");
  fs::rename(finished, folder);
  const auto took = std::chrono::duration_cast<Milliseconds>(setting.loop.now() - begin);
  progress.end(what, "booted and saved in " + to_string(took));
  return template_in(folder);
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/modules.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "host/files.h"
#include "kernel/config.h"

namespace gridlock {
namespace fs = std::filesystem;
namespace {

constexpr Bytes kLargestConfig = Bytes::mib(4);

/// `what`: "the kernel 'mine' (6.1.0)".
[[noreturn]] void fail(const std::string& what, const std::vector<std::string>& missing) {
  throw UsageError(
      fmt::format("{} has no {}", what, join(missing, ", no ")),
      "build it with the config fragments `base` and `cluster`, or take a kernel that has them");
}

std::string named(const BuiltKernel& kernel) {
  return fmt::format("the kernel '{}' ({})", kernel.name, kernel.release);
}

std::string described(const NeededModule& needed) {
  return fmt::format("{} for {} ({})", needed.name, needed.what_for, needed.symbol);
}

}  // namespace

std::vector<NeededModule> needed_modules(const Plan& plan) {
  std::vector<NeededModule> needed{
      {"virtio_pci", "CONFIG_VIRTIO_PCI", "the devices of a node"},
      {"virtio_blk", "CONFIG_VIRTIO_BLK", "its disks"},
      {"virtio_console", "CONFIG_VIRTIO_CONSOLE", "its agent"},
      {"virtio_net", "CONFIG_VIRTIO_NET", "its network"},
      {"virtio_rng", "CONFIG_HW_RANDOM_VIRTIO", "random numbers", false},
      {"pvpanic-mmio", "CONFIG_PVPANIC_MMIO", "telling of a panic", false},
      {"vmgenid", "CONFIG_VMGENID", "random numbers of its own after a restore", false},
      {"erofs", "CONFIG_EROFS_FS", "the root"},
      {"overlay", "CONFIG_OVERLAY_FS", "what is written to the root"},
      {"af_packet", "CONFIG_PACKET", "its network", false},
      {"configfs", "CONFIG_CONFIGFS_FS", "joining a cluster", false},
  };
  const auto add = [&](std::vector<NeededModule> more) {
    needed.insert(needed.end(), more.begin(), more.end());
  };
  if (plan.disk.transport == Transport::iscsi) {
    add({{"sd_mod", "CONFIG_BLK_DEV_SD", "the shared disk"}});
    if (plan.disk.via == IscsiVia::host)
      add({{"virtio_scsi", "CONFIG_SCSI_VIRTIO", "the shared disk"}});
    else
      add({{"iscsi_tcp", "CONFIG_ISCSI_TCP", "the shared disk"}});
  }
  const bool gfs2 = plan.filesystem.type == FilesystemType::gfs2;
  if (plan.cluster.stack != ClusterStack::none)
    add({{"configfs", "CONFIG_CONFIGFS_FS", "joining the cluster"}});
  if (plan.cluster.stack == ClusterStack::corosync)
    add({{"dlm", "CONFIG_DLM", "the cluster's locks"}});
  if (gfs2) {
    add({{"gfs2", "CONFIG_GFS2_FS", "the file system"}});
  } else {
    add({{"ocfs2", "CONFIG_OCFS2_FS", "the file system"}});
    if (plan.cluster.stack == ClusterStack::o2cb)
      add({{"ocfs2_stack_o2cb", "CONFIG_OCFS2_FS_O2CB", "joining the cluster"},
           {"ocfs2_dlmfs", "CONFIG_OCFS2_FS_O2CB", "the cluster's locks", false}});
    if (plan.cluster.stack == ClusterStack::corosync)
      add({{"ocfs2_stack_user", "CONFIG_OCFS2_FS_USERSPACE_CLUSTER", "joining the cluster"}});
  }
  return needed;
}

std::vector<fs::path> find_modules(const BuiltKernel& kernel,
                                   const std::vector<NeededModule>& needed, CommandRunner& runner,
                                   std::stop_token stop) {
  if (!find_program("modprobe"))
    throw HostError("modprobe is not installed, which knows what a module needs",
                    "apt-get install kmod");
  // …/lib/modules/RELEASE: modprobe is told the folder above lib.
  const fs::path root = kernel.modules.parent_path().parent_path().parent_path();
  std::vector<fs::path> files;
  std::vector<std::string> missing;
  for (const NeededModule& module : needed) {
    // No settings of this host: what it does not load is no concern of a node.
    const Command ask{.program = "modprobe",
                      .arguments = {"-d", root.string(), "-S", kernel.modules.filename().string(),
                                    "-C", "/dev/null", "--show-depends", module.name},
                      .environment = {{"LC_ALL", "C"}}};
    const CommandResult result = runner.run(ask, stop);
    if (!result.ok()) {
      if (result.kind != CommandResult::Kind::exited)
        require_ok(result, ask, "finding the kernel's modules");
      if (module.required) missing.push_back(described(module));
      continue;
    }
    for (const std::string& line : split(result.output, '\n')) {
      constexpr std::string_view kInsert = "insmod ";
      if (!line.starts_with(kInsert)) continue;
      const fs::path file(trimmed(std::string_view(line).substr(kInsert.size())));
      if (std::ranges::find(files, file) == files.end()) files.push_back(file);
    }
  }
  if (!missing.empty()) fail(named(kernel), missing);
  return files;
}

void require_requested(const PlannedKernel& kernel, const std::vector<NeededModule>& needed) {
  std::map<std::string, std::string> asked;
  for (const PlannedFile& fragment : kernel.config)
    for (const ConfigRequest& request :
         parse_fragment(read_file(fragment.path, kLargestConfig), fragment.path))
      asked[request.symbol] = request.value;
  std::vector<std::string> missing;
  for (const NeededModule& module : needed)
    if (const auto found = asked.find(module.symbol);
        module.required && (found == asked.end() || found->second == "n"))
      missing.push_back(described(module));
  if (!missing.empty()) fail(fmt::format("the config of kernel '{}'", kernel.name), missing);
}

void require_built_in(const BuiltKernel& kernel, const std::vector<NeededModule>& needed) {
  const auto config = parse_final_config(read_file(kernel.config, kLargestConfig));
  if (config.empty()) return;  // of an image that came alone
  std::vector<std::string> missing;
  for (const NeededModule& module : needed)
    if (const auto found = config.find(module.symbol);
        module.required && (found == config.end() || found->second != "y"))
      missing.push_back(described(module));
  if (!missing.empty()) fail(named(kernel), missing);
}

}  // namespace gridlock

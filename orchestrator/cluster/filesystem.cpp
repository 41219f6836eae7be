// SPDX-License-Identifier: GPL-2.0-or-later
#include "cluster/filesystem.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "plan/lock_names.h"

namespace gridlock {
namespace {

/// Between two attempts to mount. One that comes just before dlm_controld has told the kernel its
/// addresses fails with -107; the next one works.
constexpr Milliseconds kMountRetry{250};

std::vector<std::string> mkfs_gfs2(const Plan& plan) {
  const bool local = plan.cluster.stack == ClusterStack::none;
  return {"mkfs.gfs2", "-O",
          "-q",        "-K",
          "-p",        local ? "lock_nolock" : "lock_dlm",
          "-t",        plan.lock_table,
          "-j",        std::to_string(plan.nodes.size()),
          "-J",        std::to_string(plan.filesystem.journal.count >> 20)};
}

std::vector<std::string> mkfs_ocfs2(const Plan& plan) {
  // -F: the cluster need not be up yet. -x: no questions. A node's heartbeat is a block beside the
  // other nodes'; QEMU writes whole sectors of the host's disk, reading first what it was not
  // given, so two nodes with blocks in one sector of 4 KiB would undo each other's heartbeats.
  std::vector<std::string> command{"mkfs.ocfs2", "-F", "-x", "-b", "4K"};
  command.insert(command.end(), {"-N", std::to_string(plan.nodes.size()), "-J",
                                 fmt::format("size={}M", plan.filesystem.journal.count >> 20), "-U",
                                 lockspace_of(plan.lock_table)});
  if (plan.cluster.stack == ClusterStack::none) {
    command.insert(command.end(), {"-M", "local"});
  } else {
    command.push_back(plan.cluster.stack == ClusterStack::o2cb ? "--cluster-stack=o2cb"
                                                               : "--cluster-stack=pcmk");
    command.push_back("--cluster-name=" + plan.cluster_name);
  }
  return command;
}

/// `text` for the shell, whatever is in it.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string lacks(const std::string& what, const std::string& option) {
  return fmt::format("{{ echo 'this kernel has no {} ({})' >&2; exit 1; }}", what, option);
}

}  // namespace

std::vector<std::string> mkfs_command(const Plan& plan, const std::string& device) {
  std::vector<std::string> command =
      plan.filesystem.type == FilesystemType::gfs2 ? mkfs_gfs2(plan) : mkfs_ocfs2(plan);
  const std::vector<std::string>& own = plan.filesystem.options.mkfs;
  command.insert(command.end(), own.begin(), own.end());
  command.push_back(device);
  return command;
}

std::string support_script(const Plan& plan) {
  const bool gfs2 = plan.filesystem.type == FilesystemType::gfs2;
  const std::string type = gfs2 ? "gfs2" : "ocfs2";
  std::string script = fmt::format(
      "grep -qw {0} /proc/filesystems || modprobe -q {0}; grep -qw {0} /proc/filesystems || {1}; ",
      type, lacks(gfs2 ? "GFS2" : "OCFS2", gfs2 ? "CONFIG_GFS2_FS" : "CONFIG_OCFS2_FS"));
  if (plan.cluster.stack == ClusterStack::corosync)
    script +=
        "[ -d /sys/kernel/config/dlm ] || modprobe -q dlm; [ -d /sys/kernel/config/dlm ] || " +
        lacks("DLM", "CONFIG_DLM") + "; ";
  if (gfs2 || plan.cluster.stack == ClusterStack::none) return script;
  // Source: fs/ocfs2/stackglue.c and stack_user.c. "user" is the plug-in for stacks outside the
  // kernel; loaded_cluster_plugins shows one plug-in only, however many there are, so that one is
  // known by its device.
  const bool o2cb = plan.cluster.stack == ClusterStack::o2cb;
  script += fmt::format(
      "has_plugin() {{ grep -qw {0}; }}; has_plugin || modprobe -q {1}; has_plugin || {2}; ",
      o2cb ? "o2cb /sys/fs/ocfs2/loaded_cluster_plugins" : "ocfs2_control /proc/misc",
      o2cb ? "ocfs2_stack_o2cb" : "ocfs2_stack_user",
      o2cb ? lacks("o2cb", "CONFIG_OCFS2_FS_O2CB")
           : lacks("OCFS2 on corosync", "CONFIG_OCFS2_FS_USERSPACE_CLUSTER"));
  if (!o2cb)
    script += "[ \"$(cat /sys/fs/ocfs2/dlm_recover_callback_support 2>/dev/null)\" = 1 ] || " +
              lacks("OCFS2 on corosync without ocfs2_controld, which is no longer made",
                    "since Linux 3.14") +
              "; ";
  return script +
         fmt::format("echo {} >/sys/fs/ocfs2/cluster_stack || exit 1; ", o2cb ? "o2cb" : "pcmk");
}

std::string mount_script(const Plan& plan, const std::string& device, Milliseconds limit) {
  const std::string& own = plan.filesystem.options.mount;
  const std::string options = quoted("noatime" + (own.empty() ? "" : "," + own));
  const std::string& where = plan.filesystem.mount;  // of letters, digits, ".", "_", "-" and "/"
  const std::string mount =
      plan.filesystem.type == FilesystemType::gfs2
          ? fmt::format("mount -t gfs2 -o {} {} '{}'", options, device, where)
          : fmt::format("mount.ocfs2 -n -o {} {} '{}'", options, device, where);
  const std::int64_t attempts = plan.cluster.stack == ClusterStack::corosync
                                    ? std::max<std::int64_t>(1, limit / kMountRetry / 2)
                                    : 1;
  // The retry is a loop in the node, so that a node that is ready does not wait for the host.
  return fmt::format(
      "mkdir -p '{}'; n=0; until {} 2>/tmp/mount.err; do n=$((n+1)); [ $n -ge {} ] && {{ cat "
      "/tmp/mount.err >&2; exit 1; }}; sleep {}; done",
      where, mount, attempts, static_cast<double>(kMountRetry.count()) / 1000);
}

}  // namespace gridlock

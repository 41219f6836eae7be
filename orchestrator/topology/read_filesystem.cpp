// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology/read_filesystem.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "base/text.h"

namespace gridlock {
namespace {

/// An option that Gridlock gives itself, and by what a topology says it instead.
struct OwnOption {
  FilesystemType type;
  std::string_view option;
  std::string_view instead;
};

/// Of mkfs: as it is written, or with its value behind it. Source: mkfs.gfs2(8), mkfs.ocfs2(8).
constexpr std::array kOwnMkfsOptions = std::to_array<OwnOption>({
    {FilesystemType::gfs2, "-p", "cluster.stack"},
    {FilesystemType::gfs2, "-t", "the topology's name"},
    {FilesystemType::gfs2, "-j", "nodes.count"},
    {FilesystemType::gfs2, "-J", "filesystem.journal"},
    {FilesystemType::ocfs2, "-N", "nodes.count"},
    {FilesystemType::ocfs2, "--node-slots", "nodes.count"},
    {FilesystemType::ocfs2, "-J", "filesystem.journal"},
    {FilesystemType::ocfs2, "--journal-options", "filesystem.journal"},
    {FilesystemType::ocfs2, "-M", "cluster.stack"},
    {FilesystemType::ocfs2, "--mount", "cluster.stack"},
    {FilesystemType::ocfs2, "--cluster-stack", "cluster.stack"},
    {FilesystemType::ocfs2, "--cluster-name", "the topology's name"},
    {FilesystemType::ocfs2, "--global-heartbeat", "nothing: the heartbeat is on the shared disk"},
    {FilesystemType::ocfs2, "-U", "the topology's name"},
});

/// Of mount: the part before "=". Source: Documentation/filesystems/gfs2.rst and ocfs2.rst,
/// mount.ocfs2(8).
constexpr std::array kOwnMountOptions = std::to_array<OwnOption>({
    {FilesystemType::gfs2, "lockproto", "cluster.stack"},
    {FilesystemType::gfs2, "locktable", "the topology's name"},
    {FilesystemType::gfs2, "hostdata", "nothing: the DLM says which journal is whose"},
    {FilesystemType::ocfs2, "heartbeat", "cluster.stack"},
    {FilesystemType::ocfs2, "cluster_stack", "cluster.stack"},
    {FilesystemType::ocfs2, "nocluster", "cluster.stack: none"},
});

std::string_view name_of(FilesystemType type) {
  return type == FilesystemType::gfs2 ? "gfs2" : "ocfs2";
}

void check_mount(const std::string& mount, Mark mark, Mistakes& mistakes) {
  const std::filesystem::path path(mount);
  const bool plain = std::ranges::all_of(
      mount, [](char c) { return c == '/' || valid_name(std::string("a") + c); });
  if (!plain || !path.is_absolute() || path.lexically_normal().string() != mount ||
      mount.find("//") != std::string::npos || mount.ends_with('/') || mount.size() > 200) {
    mistakes.add(mark, fmt::format("`mount` must be an absolute path of letters, digits, dots, "
                                   "dashes and underscores, without // . .. or a final /, not {}",
                                   in_quotes(mount)));
    return;
  }
  for (const std::string& folder : split(kSystemFolders, ' ')) {
    if (mount != folder && !mount.starts_with(folder + "/")) continue;
    mistakes.add(mark, fmt::format("`mount` must not be in {}, which belongs to the node's system; "
                                   "use a folder below /mnt",
                                   folder));
  }
}

/// Whether `written` is `option`, or one argument of it and its value.
bool is_option(std::string_view written, std::string_view option) {
  if (!written.starts_with(option)) return false;
  const bool is_long = option.starts_with("--");
  return !is_long || written.size() == option.size() || written[option.size()] == '=';
}

FilesystemOptions read_options(const Section& section, FilesystemType type, Mistakes& mistakes) {
  FilesystemOptions options;
  for (const MarkedText& argument : section.lines("mkfs")) {
    for (const OwnOption& own : kOwnMkfsOptions)
      if (own.type == type && is_option(argument.text, own.option))
        mistakes.add(argument.mark, fmt::format("`mkfs` must not hold {}: that is said by {}",
                                                own.option, own.instead));
    options.mkfs.push_back(argument.text);
  }
  options.mount = section.text("mount");
  for (const std::string& option : split(options.mount, ',')) {
    const std::string name = option.substr(0, option.find('='));
    for (const OwnOption& own : kOwnMountOptions)
      if (own.type == type && name == own.option)
        mistakes.add(
            section.mark("mount"),
            fmt::format("`mount` must not hold {}: that is said by {}", own.option, own.instead));
    if (name == "ro")
      mistakes.add(section.mark("mount"), "`mount` must not hold ro: workloads write");
  }
  return options;
}

O2cbTimes read_o2cb_times(const Section& section, Milliseconds token, Mistakes& mistakes) {
  constexpr std::chrono::seconds kHeartbeat{2};  // O2HB_REGION_TIMEOUT_MS
  O2cbTimes times;
  times.dead_threshold =
      static_cast<int>((6 * token + kHeartbeat - Milliseconds{1}) / kHeartbeat) + 1;
  times.idle_timeout = 3 * token;
  times.keepalive_delay = token / 5;
  times.reconnect_delay = token / 5;
  if (section.find("dead_threshold")) times.dead_threshold = section.integer("dead_threshold");
  const auto read = [&](const char* key, Milliseconds& time) {
    if (section.find(key)) time = section.duration(key);
  };
  read("idle_timeout", times.idle_timeout);
  read("keepalive_delay", times.keepalive_delay);
  read("reconnect_delay", times.reconnect_delay);
  if (times.keepalive_delay >= times.idle_timeout)
    mistakes.add(section.mark(section.find("keepalive_delay") ? "keepalive_delay" : "idle_timeout"),
                 fmt::format("`keepalive_delay` ({}) must be less than `idle_timeout` ({})",
                             to_string(times.keepalive_delay), to_string(times.idle_timeout)));
  return times;
}

}  // namespace

FilesystemSpec read_filesystem(const Section& section, const std::vector<std::string>& disks,
                               Mistakes& mistakes) {
  FilesystemSpec spec;
  spec.type = section.choice<FilesystemType>("type");
  spec.disk = section.text("disk");
  spec.mount = section.text("mount");
  spec.journal = section.size("journal");
  check_mount(spec.mount, section.mark("mount"), mistakes);
  if (spec.disk.empty() && !disks.empty()) {
    spec.disk = disks.front();
  } else if (!disks.empty() && std::ranges::find(disks, spec.disk) == disks.end()) {
    mistakes.add(section.mark("disk"), fmt::format("unknown disk {}{}", in_quotes(spec.disk),
                                                   suggestion(spec.disk, disks)));
  }
  spec.options = read_options(Section(section.find("options"), section.key_mark("options"),
                                      kFilesystemOptionsKeys, mistakes),
                              spec.type, mistakes);
  return spec;
}

ClusterSpec read_cluster(const Section& section, FilesystemType type, int node_count,
                         Mistakes& mistakes) {
  ClusterSpec cluster;
  if (section.find("stack"))
    cluster.stack = section.choice<ClusterStack>("stack");
  else if (type == FilesystemType::ocfs2)
    cluster.stack = ClusterStack::o2cb;
  cluster.token = section.duration("token");
  cluster.o2cb =
      read_o2cb_times(Section(section.find("o2cb"), section.key_mark("o2cb"), kO2cbKeys, mistakes),
                      cluster.token, mistakes);
  if (section.find("o2cb") && cluster.stack != ClusterStack::o2cb)
    mistakes.add(section.key_mark("o2cb"), "`o2cb` needs `stack: o2cb`");
  if (cluster.stack == ClusterStack::o2cb && type != FilesystemType::ocfs2)
    mistakes.add(
        section.mark("stack"),
        fmt::format("`stack: o2cb` is OCFS2's own; {} needs corosync or, on one node, none",
                    name_of(type)));
  if (cluster.stack == ClusterStack::none && node_count != 1)
    mistakes.add(section.mark("stack"),
                 fmt::format("`stack: none` mounts locally: it needs `nodes: {{count: 1}}`, not {}",
                             node_count));
  return cluster;
}

void check_workloads_of(const Topology& topology, Mistakes& mistakes) {
  if (topology.filesystem.type != FilesystemType::ocfs2) return;
  for (const WorkloadSpec& workload : topology.workloads) {
    if (workload.mmap_dio &&
        std::ranges::find(workload.mmap_dio->disturb, MmapDioSpec::Disturbance::demote) !=
            workload.mmap_dio->disturb.end())
      mistakes.add(workload.mark,
                   fmt::format("workload {}: `disturb: demote` asks for glocks to be given down, "
                               "which only gfs2 has; another node that uses the file has OCFS2 "
                               "give its lock down: `buffer: next-node` or `observe`",
                               workload.name));
    // ocfs2_fops_no_plocks in fs/ocfs2/file.c: such locks are a node's own.
    if (workload.lock_ping && topology.cluster.stack == ClusterStack::o2cb)
      mistakes.add(workload.mark,
                   fmt::format("workload {}: lock-ping needs POSIX locks that hold on all nodes, "
                               "which OCFS2 has with `cluster: {{stack: corosync}}` only",
                               workload.name));
  }
}

Bytes own_room(FilesystemType type, int node_count) {
  const auto nodes = static_cast<std::uint64_t>(node_count);
  // A quota file of 1 MiB and small files for each node, the bitmaps of the resource groups;
  // rounded up. Source: mkfs.gfs2(8).
  if (type == FilesystemType::gfs2)
    return Bytes{Bytes::mib(16).count + nodes * Bytes::mib(2).count};
  // OCFS2: what mkfs.ocfs2 1.8.7 took of disks of 512 MiB and 4 GiB for 2 and 8 nodes was at most
  // 16 MiB and 5 MiB a node; inodes are allocated in chunks of each node's own.
  return Bytes{Bytes::mib(24).count + nodes * Bytes::mib(8).count};
}

}  // namespace gridlock

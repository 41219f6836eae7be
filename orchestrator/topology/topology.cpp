// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology/topology.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>

#include "base/text.h"
#include "topology/data_size.h"
#include "topology/document.h"
#include "topology/mistakes.h"
#include "topology/read.h"
#include "topology/section.h"

namespace gridlock {
namespace {

/// What gfs2 itself takes of the disk: a quota file of 1 MiB and small files for each node, the
/// bitmaps of the resource groups; rounded up. Source: mkfs.gfs2(8). That journals may take half of
/// the disk is what mkfs.gfs2 3.5 was seen to insist on.
constexpr Bytes kRoomOfNode = Bytes::mib(2);
constexpr Bytes kRoomOfDisk = Bytes::mib(16);

/// The file's name without its ending, with what a name may not hold replaced.
std::string default_name(const std::filesystem::path& file) {
  std::string name = file.stem().string().substr(0, 41);
  std::ranges::replace_if(
      name, [](char c) { return !valid_name(std::string("a") + c); }, '-');
  return valid_name(name) ? name : "topology";
}

NodesSpec read_nodes(const Section& section) {
  return {section.integer("count"), section.integer("vcpus"), section.size("memory")};
}

/// A disk, and where its size is written, if it is.
struct WrittenDisk {
  DiskSpec disk;
  std::optional<Mark> size_mark;
};

std::vector<WrittenDisk> read_disks(const DocNode* node, Mark mark, Mistakes& mistakes) {
  std::vector<WrittenDisk> disks;
  const auto read = [&](const std::string& name, const DocNode* value, Mark at) {
    const Section section(value, at, kDiskKeys, mistakes);
    WrittenDisk written;
    written.disk = {name, section.size("size"), section.choice<Transport>("transport")};
    if (section.find("size")) written.size_mark = section.mark("size");
    disks.push_back(std::move(written));
  };
  if (!node || node->kind == DocNode::Kind::nothing) {
    read("shared", nullptr, mark);
    return disks;
  }
  for_each_named(*node, "a disk", kMaxKernels, mistakes,
                 [&](const DocEntry& entry) { read(entry.key, &entry.value, entry.mark); });
  if (disks.size() > 1)
    mistakes.add(node->entries[1].mark,
                 "more than one disk is not supported yet; all nodes share one");
  return disks;
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

FilesystemSpec read_filesystem(const Section& section, const std::vector<WrittenDisk>& disks,
                               Mistakes& mistakes) {
  FilesystemSpec spec;
  spec.type = section.choice<FilesystemType>("type");
  spec.disk = section.text("disk");
  spec.mount = section.text("mount");
  spec.journal = section.size("journal");
  check_mount(spec.mount, section.mark("mount"), mistakes);
  std::vector<std::string> names;
  for (const WrittenDisk& written : disks) names.push_back(written.disk.name);
  if (spec.disk.empty() && !names.empty()) {
    spec.disk = names.front();
  } else if (!names.empty() && std::ranges::find(names, spec.disk) == names.end()) {
    mistakes.add(section.mark("disk"), fmt::format("unknown disk {}{}", in_quotes(spec.disk),
                                                   suggestion(spec.disk, names)));
  }
  return spec;
}

WatchSpec read_watch(const Section& section, Mistakes& mistakes) {
  WatchSpec watch;
  watch.hung_task = section.duration("hung_task");
  watch.stall = section.duration("stall");
  if (section.find("checkpoint")) watch.checkpoint = section.duration("checkpoint");
  watch.lockdep = section.choice<Lockdep>("lockdep");
  watch.memory_image = section.choice<MemoryImage>("memory_image");
  for (const MarkedText& identity : section.lines("known")) {
    if (std::ranges::find(watch.known, identity.text) != watch.known.end())
      mistakes.add(identity.mark, "this identity is in `known` already");
    watch.known.push_back(identity.text);
  }
  return watch;
}

/// Whether the journals and the workloads' files have room on the disk. A disk whose size is not
/// written is not what is wrong: then `journals_mark` or `workloads_mark` is.
void check_room(const Topology& topology, const WrittenDisk& written, Mark journals_mark,
                Mark workloads_mark, Mistakes& mistakes) {
  const auto nodes = static_cast<std::uint64_t>(topology.nodes.count);
  const std::uint64_t size = written.disk.size.count;
  const std::uint64_t journals = nodes * topology.filesystem.journal.count;
  if (2 * journals > size) {
    mistakes.add(
        written.size_mark.value_or(journals_mark),
        fmt::format("a disk of {} is too small for {} journals of {}: journals may take half "
                    "of it, so it needs {}",
                    to_string(Bytes{size}), nodes, to_string(topology.filesystem.journal),
                    to_string(Bytes{2 * journals})));
    return;
  }
  const std::uint64_t own = nodes * kRoomOfNode.count + kRoomOfDisk.count;
  const Bytes data = workload_data(topology);
  if (own > size - journals || data.count > size - journals - own) {
    mistakes.add(
        written.size_mark.value_or(workloads_mark),
        fmt::format("a disk of {} is too small: {} for {} journals, {} for the file system "
                    "and up to {} for the workloads' files",
                    to_string(Bytes{size}), to_string(Bytes{journals}), nodes,
                    to_string(Bytes{own}), to_string(data)));
  }
}

}  // namespace

Topology read_topology(std::string_view text, const std::filesystem::path& file,
                       const Surroundings* /*around*/) {
  Topology topology;
  topology.file = std::filesystem::absolute(file).lexically_normal();
  topology.text = text;
  // A byte order mark is not part of the first line.
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  Mistakes mistakes(text, printable(file.string()));
  const DocNode root = parse_document(text, mistakes);
  const Mark start{1, 1};
  const Section top(&root, start, kTopologyKeys, mistakes);
  const auto section = [&](const char* key, const KeyTable& table) {
    return Section(top.find(key), top.key_mark(key), table, mistakes);
  };

  topology.name = top.find("name") ? top.text("name") : default_name(file);
  topology.description = trimmed(top.text("description"));
  topology.accel = top.choice<Accel>("accel");
  if (top.find("start")) topology.start = top.choice<Start>("start");
  topology.lab = top.choice<LabUse>("lab");
  topology.nodes = read_nodes(section("nodes", kNodesKeys));
  const std::vector<WrittenDisk> disks =
      read_disks(top.find("disks"), top.key_mark("disks"), mistakes);
  for (const WrittenDisk& written : disks) topology.disks.push_back(written.disk);
  const Section cluster = section("cluster", kClusterKeys);
  static_cast<void>(cluster.choice<int>("stack"));
  topology.cluster.token = cluster.duration("token");
  const Section filesystem = section("filesystem", kFilesystemKeys);
  topology.filesystem = read_filesystem(filesystem, disks, mistakes);
  topology.watch = read_watch(section("watch", kWatchKeys), mistakes);
  if (const DocNode* const workloads = top.find("workloads"))
    topology.workloads = read_workloads(*workloads, topology.nodes.count,
                                        topology.file.parent_path(), mistakes);
  const std::size_t before_trials = mistakes.size();
  topology.trials = read_trials(top.find("trials"), topology.workloads, topology.lab, mistakes);
  // The names of trials that could not be read right are no ground for complaints about others.
  const bool trials_known = mistakes.size() == before_trials;
  if (const DocNode* const kernels = top.find("kernels"))
    topology.kernels =
        read_kernels(*kernels, topology.file.parent_path(),
                     trials_known ? topology.trials : std::vector<TrialSpec>{}, mistakes);
  if (mistakes.size() == 0) {
    const Mark journals =
        filesystem.find("journal") ? filesystem.mark("journal") : top.key_mark("nodes");
    check_room(topology, disks.front(), journals, top.key_mark("workloads"), mistakes);
  }

  mistakes.throw_if_any();
  return topology;
}

Topology load_topology(const std::filesystem::path& file) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error))
    throw UsageError(fmt::format("cannot read topology {}: it is a folder", file.string()),
                     "name the YAML file in it");
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    throw UsageError(
        fmt::format("cannot read topology {}: {}", file.string(), std::strerror(errno)),
        "ready ones are in topologies/");
  }
  // One byte more than allowed tells a full file from one that is too long, or endless.
  std::string text(kMaxFileBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad() || text.size() > kMaxFileBytes)
    throw UsageError(fmt::format("cannot read topology {}: {}", file.string(),
                                 in.bad() ? "reading failed" : "it is larger than 1 MiB"),
                     "a topology is a small YAML file; ready ones are in topologies/");
  return read_topology(text, file);
}

}  // namespace gridlock

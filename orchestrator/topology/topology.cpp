// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology/topology.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "topology/data_size.h"
#include "topology/defaults.h"
#include "topology/document.h"
#include "topology/flatten.h"
#include "topology/include.h"
#include "topology/mistakes.h"
#include "topology/read.h"
#include "topology/read_disks.h"
#include "topology/read_filesystem.h"
#include "topology/section.h"

namespace gridlock {
namespace {

/// The file's name without its ending, with what a name may not hold replaced.
std::string default_name(const std::filesystem::path& file) {
  std::string name = file.stem().string().substr(0, 41);
  std::ranges::replace_if(
      name, [](char c) { return !valid_name(std::string("a") + c); }, '-');
  return valid_name(name) ? name : "topology";
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
    if (identity.text == "*")
      mistakes.add(identity.mark, "`*` alone would leave nothing to judge; begin it as they begin");
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
  const std::uint64_t own = own_room(topology.filesystem.type, topology.nodes.count).count;
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
                       const Surroundings* around) {
  Topology topology;
  topology.file = std::filesystem::absolute(file).lexically_normal();
  topology.text = text;
  // A byte order mark is not part of the first line.
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Mistakes mistakes(text, printable(file.string()));
  WholeDocument document = parse_with_includes(text, file, around, mistakes);
  if (!document.files.empty()) topology.text = flattened(document.root, document.files);
  if (topology.text.size() > kMaxFileBytes)
    mistakes.add({1, 1}, fmt::format("with all it includes written out, the topology is above {}",
                                     to_string(Bytes{kMaxFileBytes})));
  DocNode& root = document.root;
  apply_defaults(root, mistakes);
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
  topology.nodes = read_nodes(section("nodes", kNodesKeys), top.find("kernels"), mistakes);
  const std::vector<WrittenDisk> disks =
      read_disks(top.find("disks"), top.key_mark("disks"), topology.file.parent_path(), mistakes);
  for (const WrittenDisk& written : disks) topology.disks.push_back(written.disk);
  std::vector<std::string> disk_names;
  for (const DiskSpec& disk : topology.disks) disk_names.push_back(disk.name);
  const Section filesystem = section("filesystem", kFilesystemKeys);
  topology.filesystem = read_filesystem(filesystem, disk_names, mistakes);
  topology.cluster = read_cluster(section("cluster", kClusterKeys), topology.filesystem.type,
                                  topology.nodes.count, mistakes);
  topology.watch = read_watch(section("watch", kWatchKeys), mistakes);
  if (const DocNode* const workloads = top.find("workloads"))
    topology.workloads = read_workloads(*workloads, topology.nodes.count,
                                        topology.file.parent_path(), mistakes);
  check_workloads_of(topology, mistakes);
  const std::size_t before_trials = mistakes.size();
  topology.trials = read_trials(top.find("trials"), topology, mistakes);
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

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/json.h"
#include "topology/topology.h"

namespace gridlock {

/// Where the DLM of every node listens for the others: DEFAULT_TCP_PORT, fs/dlm/config.c.
constexpr std::uint16_t kDlmPort = 21064;
/// Where o2cb's does, as its configuration says: o2cb(8).
constexpr std::uint16_t kO2cbPort = 7777;

/// The names of the regular files in `folder`, sorted; none if it cannot be read.
std::vector<std::string> list_files(const std::filesystem::path& folder);

/// What the plan needs to know of the machine it is made for. Nothing that changes from one
/// moment to the next: the same host gives the same plan.
struct HostFacts {
  int cpus = 1;
  Bytes memory;                     ///< physical
  bool kvm_device = false;          ///< /dev/kvm can be opened; whether it works is proven later
  std::string qemu_version;         ///< "7.2.22", or empty if QEMU is not installed
  std::string compiler;             ///< first line of `gcc --version`, or empty
  std::filesystem::path fragments;  ///< images/kernels: config fragments by name, and patches/
  /// All that a plan wants to know of the file system: which files there are. Tests replace it.
  std::function<std::vector<std::string>(const std::filesystem::path&)> files_in = list_files;
};

struct PlanOptions {
  std::vector<std::string> kernels;  ///< run only these, in this order; empty: all
  std::uint64_t seed = 1;
  std::optional<Start> start = {};  ///< absent: as the topology says
  int repeat = 1;                   ///< each trial so many times, each with a seed of its own
};

struct PlannedNode {
  NodeId id;
  std::string name;     ///< its host name, which is also what everybody is told: "node1"
  std::string address;  ///< "10.77.0.1", on the fabric
  std::string mac;      ///< locally administered, from the id alone
  int vcpus = 1;
  Bytes memory;
  std::string kernel = {};  ///< runs this one whatever kernel is tested; empty: the tested one

  /// The kernel it runs in a trial of `tested`.
  const std::string& runs(const std::string& tested) const {
    return kernel.empty() ? tested : kernel;
  }
};

/// What QEMU itself is allowed for beside the guest's memory, emulated code included.
constexpr Bytes kQemuOverhead = Bytes::mib(256);

/// What the nodes of a lab may take of the host's memory: theirs, and what QEMU needs itself.
Bytes lab_memory(const std::vector<PlannedNode>& nodes);

/// A config fragment.
struct PlannedFile {
  std::string name;            ///< a fragment's name, or the path relative to the topology
  std::filesystem::path path;  ///< absolute
};

/// A patch, a mailbox, a quilt folder, or commits of the kernel's git repository.
struct PlannedPatch {
  std::string name;            ///< the path relative to the topology, or the range
  std::filesystem::path path;  ///< absolute; empty for a range
  std::string range = {};      ///< "base..head"
  bool revert = false;         ///< taken back, the last one first
};

struct PlannedKernel {
  std::string name;
  std::string from;
  KernelSource source;
  std::vector<PlannedFile> config;
  std::vector<PlannedPatch> patches;
  bool perf = false;  ///< built with the perf fragment and without debug: throughput is comparable
  bool tested = true;  ///< false: no trial is of it; nodes that have a kernel of their own run it
};

/// What is done to a node on purpose while a trial works.
struct PlannedFault {
  FaultKind kind = FaultKind::kill;
  NodeId node;
  Milliseconds at{0};     ///< time of work since the first workload began
  Milliseconds lasts{0};  ///< of pause and cut
  std::string workload;   ///< the one that runs then, by its duration
  Milliseconds into{0};   ///< since that one began
};

/// One trial on one kernel.
struct PlannedTrial {
  int number = 0;  ///< from 1, in order of running
  std::string kernel;
  std::string name;
  std::vector<std::string> workloads;
  Expectation expect = Expectation::pass;
  /// A kernel-wide `expect: fail`: passing is fine as long as another trial of it fails.
  bool any_of_kernel = false;
  Start start = Start::boot;
  LabUse lab = LabUse::fresh;
  int repetition = 1;  ///< from 1
  /// From the plan's seed, the trial's name and the repetition, so the same for every kernel; below
  /// 2^53, which every reader of JSON keeps exactly.
  std::uint64_t seed = 0;
  std::vector<PlannedFault> faults = {};  ///< by their time
};

/// How long each step of a trial may take at the most, already scaled for emulation.
struct Deadlines {
  Milliseconds start, connect, form, format, mount, work, verify, collect, stop;
  // `work` is per workload and comes on top of its duration; laying out its files may take as long.
};

/// The topology with everything resolved: a pure function of topology, options and host facts.
struct Plan {
  std::string topology_name;
  std::string description;
  std::filesystem::path topology_file;
  std::string topology_text;
  Accel accel = Accel::automatic;
  std::vector<PlannedKernel> kernels;
  std::vector<PlannedNode> nodes;
  DiskSpec disk;             ///< the shared disk the file system is on
  std::string cluster_name;  ///< as lock_names.h says, and so the lock table
  std::string lock_table;    ///< "cluster:fs"; of OCFS2 "cluster:UUID"
  ClusterSpec cluster;
  FilesystemSpec filesystem;
  std::vector<WorkloadSpec> workloads;
  std::vector<PlannedTrial> trials;
  WatchSpec watch;
  Deadlines deadlines;
  std::string kernel_command_line;  ///< the same for every node
  std::uint64_t seed = 1;

  const PlannedKernel& kernel(const std::string& name) const;
  const WorkloadSpec& workload(const std::string& name) const;
  const PlannedNode& node(NodeId id) const;
  /// Whether a trial of `tested` has nodes that run another kernel.
  bool is_mixed(const std::string& tested) const;
};

/// The seed of a trial's `repetition` (from 1).
std::uint64_t trial_seed(std::uint64_t seed, const std::string& trial, int repetition);

/// Throws UsageError for a kernel that does not exist (with a suggestion), a patch, fragment,
/// source tree or file for the nodes that is not there, `accel: kvm` without /dev/kvm, nodes that
/// do not fit the host's memory, or another start for a trial that the topology insists on booting.
/// A patch written as a bare file name is looked for next to the topology, then in
/// `host.fragments`/patches.
Plan make_plan(const Topology& topology, const PlanOptions& options, const HostFacts& host);

/// Raised when a member of the plan's JSON changes its meaning or goes away.
constexpr int kPlanSchema = 4;

/// Canonical form, as in plan.json: durations in milliseconds ("_ms"), sizes in bytes ("_bytes").
/// Everything but the topology's text, of which it has the SHA-256.
Json to_json(const Plan& plan);

/// SHA-256 of the canonical form without absolute paths, the topology's text and its description:
/// equal for equal labs on any machine.
std::string plan_hash(const Plan& plan);

}  // namespace gridlock

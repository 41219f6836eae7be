// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "base/ids.h"
#include "base/json.h"
#include "topology/topology.h"

namespace gridlock {

/// What the plan needs to know of the machine it is made for. Nothing that changes from one
/// moment to the next: the same host gives the same plan.
struct HostFacts {
  int cpus = 1;
  Bytes memory;                    ///< physical
  bool kvm_device = false;         ///< /dev/kvm can be opened; whether it works is proven later
  std::string qemu_version;        ///< "7.2.22", or empty if QEMU is not installed
  std::string compiler;            ///< first line of `gcc --version`, or empty
  std::filesystem::path fragments; ///< images/kernels: config fragments by name
};

struct PlanOptions {
  std::vector<std::string> kernels;  ///< run only these, in this order; empty: all
  std::uint64_t seed = 1;
};

struct PlannedNode {
  NodeId id;
  std::string name;       ///< "node1"
  std::string address;    ///< "10.77.0.1", on the fabric
  std::string mac;        ///< locally administered, from the id alone
  int vcpus = 1;
  Bytes memory;
};

/// A config fragment or a patch, by content.
struct PlannedFile {
  std::string name;             ///< as in the topology, for messages
  std::filesystem::path path;   ///< absolute
};

struct PlannedKernel {
  std::string name;
  std::string from;
  KernelSource source;
  std::vector<PlannedFile> config;
  std::vector<PlannedFile> patches;
  bool perf = false;  ///< built with the perf fragment and without debug: throughput is comparable
};

/// One trial on one kernel.
struct PlannedTrial {
  int number = 0;      ///< from 1, in order of running
  std::string kernel;
  std::string name;
  std::vector<std::string> workloads;
  Expectation expect = Expectation::pass;
  /// A kernel-wide `expect: fail`: passing is fine as long as another trial of it fails.
  bool any_of_kernel = false;
  std::uint64_t seed = 0;
};

/// How long each step of a trial may take at the most, already scaled for emulation.
struct Deadlines {
  Milliseconds start, connect, form, format, mount, work, verify, collect, stop;
  // `work` is per workload and comes on top of its duration.
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
  DiskSpec disk;                        ///< the shared disk the file system is on
  std::string cluster_name;             ///< at most 32 characters, for corosync and the lock table
  std::string lock_table;               ///< "cluster:fs", for mkfs
  ClusterSpec cluster;
  FilesystemSpec filesystem;
  std::vector<WorkloadSpec> workloads;
  std::vector<PlannedTrial> trials;
  WatchSpec watch;
  Deadlines deadlines;
  std::string kernel_command_line;      ///< the same for every node
  std::uint64_t seed = 1;

  const PlannedKernel& kernel(const std::string& name) const;
  const WorkloadSpec& workload(const std::string& name) const;
};

/// Throws UsageError for a choice that does not exist (with a suggestion), a patch or fragment
/// that is not there, or nodes that do not fit the host's memory.
Plan make_plan(const Topology& topology, const PlanOptions& options, const HostFacts& host);

/// Canonical form, as in plan.json: durations in milliseconds, sizes in bytes.
Json to_json(const Plan& plan);

/// SHA-256 of the canonical form without absolute paths: equal for equal labs on any machine.
std::string plan_hash(const Plan& plan);

}  // namespace gridlock

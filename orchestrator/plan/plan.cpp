// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "base/text.h"
#include "plan/boot.h"
#include "plan/deadlines.h"
#include "plan/inputs.h"

namespace gridlock {
namespace {

/// What QEMU itself is allowed for beside the guest's memory, emulated code included.
constexpr Bytes kQemuOverhead = Bytes::mib(256);
/// Limits of a lock table name. Source: mkfs.gfs2(8).
constexpr std::size_t kClusterNameBytes = 32;
constexpr std::size_t kFilesystemNameBytes = 30;

/// `name` as lower-case letters, digits and dashes, at most `limit` of them.
std::string dashed(std::string_view name, std::size_t limit) {
  std::string out;
  for (const char c : name.substr(0, limit)) {
    if (c >= 'A' && c <= 'Z')
      out += static_cast<char>(c - 'A' + 'a');
    else
      out += (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
  }
  return out.substr(0, out.find_last_not_of('-') + 1);
}

PlannedNode plan_node(NodeId id, const NodesSpec& spec) {
  PlannedNode node;
  node.id = id;
  node.name = node_name(id);
  node.address = fmt::format("10.77.0.{}", id.number);
  // QEMU's prefix, then "gl", then the id.
  node.mac = fmt::format("52:54:00:67:6c:{:02x}", id.number);
  node.vcpus = spec.vcpus;
  node.memory = spec.memory;
  return node;
}

std::vector<const KernelSpec*> chosen_kernels(const Topology& topology,
                                              const std::vector<std::string>& wanted) {
  std::vector<const KernelSpec*> kernels;
  if (wanted.empty())
    for (const KernelSpec& kernel : topology.kernels) kernels.push_back(&kernel);
  for (const std::string& name : wanted) {
    const auto found = std::ranges::find(topology.kernels, name, &KernelSpec::name);
    if (found == topology.kernels.end()) {
      std::vector<std::string> names;
      for (const KernelSpec& kernel : topology.kernels) names.push_back(kernel.name);
      throw UsageError(
          fmt::format("topology {} has no kernel called {}", topology.name, printable(name, 80)),
          suggestion_hint(name, names, "its kernels are"));
    }
    if (std::ranges::find(kernels, &*found) != kernels.end())
      throw UsageError(fmt::format("kernel {} is asked for twice", name), "name each kernel once");
    kernels.push_back(&*found);
  }
  return kernels;
}

Expectation expectation(const KernelSpec& kernel, const std::string& trial) {
  const auto found = kernel.expect_trial.find(trial);
  return found == kernel.expect_trial.end() ? kernel.expect : found->second;
}

/// Where a trial begins. A `boot` that is written down is insisted on: what the trial judges may
/// only be seen in a kernel that boots.
Start start_of(const Topology& topology, const TrialSpec& trial, const PlanOptions& options) {
  const std::optional<Start> written = trial.start ? trial.start : topology.start;
  if (options.start && *options.start != Start::boot && written == Start::boot)
    throw UsageError(fmt::format("the topology insists on 'start: boot' for the trial {}",
                                 printable(trial.name, 80)),
                     "take `start: boot` out of the topology to leave the choice to the caller");
  return options.start ? *options.start : written.value_or(Start::boot);
}

void check_host(const Topology& topology, const HostFacts& host) {
  const Bytes each{topology.nodes.memory.count + kQemuOverhead.count};
  const Bytes needed{static_cast<std::uint64_t>(topology.nodes.count) * each.count};
  if (needed > host.memory) {
    throw UsageError(
        fmt::format(
            "{} nodes of {} do not fit this host: with {} for each QEMU they need {}, and it "
            "has {}",
            topology.nodes.count, to_string(topology.nodes.memory), to_string(kQemuOverhead),
            to_string(needed), to_string(host.memory)),
        "lower nodes.memory or nodes.count in the topology");
  }
  if (topology.accel == Accel::kvm && !host.kvm_device) {
    throw UsageError("the topology asks for accel: kvm, and /dev/kvm cannot be opened here",
                     "join the group that owns /dev/kvm, or write accel: auto");
  }
}

/// What exec workloads put on the nodes: each is a file, or a folder that holds something.
void check_files(const Topology& topology, const HostFacts& host) {
  for (const WorkloadSpec& workload : topology.workloads) {
    if (!workload.exec) continue;
    for (const ExecSpec::File& file : workload.exec->files) {
      const std::vector<std::string> beside = host.files_in(file.from.parent_path());
      if (std::ranges::find(beside, file.from.filename().string()) != beside.end()) continue;
      if (!host.files_in(file.from).empty()) continue;
      throw UsageError(fmt::format("workload {} puts {} on the nodes, and there is no such file",
                                   workload.name, file.from.string()),
                       "paths of `files` are relative to the topology");
    }
  }
}

}  // namespace

const PlannedKernel& Plan::kernel(const std::string& name) const {
  const auto found = std::ranges::find(kernels, name, &PlannedKernel::name);
  GRIDLOCK_CHECK(found != kernels.end(), "no kernel called " + name + " in the plan");
  return *found;
}

const WorkloadSpec& Plan::workload(const std::string& name) const {
  const auto found = std::ranges::find(workloads, name, &WorkloadSpec::name);
  GRIDLOCK_CHECK(found != workloads.end(), "no workload called " + name + " in the plan");
  return *found;
}

std::uint64_t trial_seed(std::uint64_t seed, const std::string& trial, int repetition) {
  Digest digest;
  digest.field("seed", std::to_string(seed)).field("trial", trial);
  if (repetition > 1) digest.field("repetition", std::to_string(repetition));
  return std::stoull(digest.hex().substr(0, 16), nullptr, 16) >> 11;
}

Plan make_plan(const Topology& topology, const PlanOptions& options, const HostFacts& host) {
  GRIDLOCK_CHECK(!topology.disks.empty(), "a topology without a disk");
  check_host(topology, host);
  check_files(topology, host);
  Plan plan;
  plan.topology_name = topology.name;
  plan.description = topology.description;
  plan.topology_file = topology.file;
  plan.topology_text = topology.text;
  plan.accel = topology.accel;
  plan.seed = options.seed;
  for (int i = 1; i <= topology.nodes.count; ++i)
    plan.nodes.push_back(plan_node(NodeId{i}, topology.nodes));

  const auto disk = std::ranges::find(topology.disks, topology.filesystem.disk, &DiskSpec::name);
  GRIDLOCK_CHECK(disk != topology.disks.end(), "a file system without its disk");
  plan.disk = *disk;
  plan.cluster = topology.cluster;
  plan.filesystem = topology.filesystem;
  plan.cluster_name = dashed(topology.name, kClusterNameBytes);
  plan.lock_table = plan.cluster_name + ":" + dashed(plan.disk.name, kFilesystemNameBytes);
  plan.workloads = topology.workloads;
  plan.watch = topology.watch;

  for (const KernelSpec* const kernel : chosen_kernels(topology, options.kernels)) {
    plan.kernels.push_back(plan_kernel(*kernel, topology.file, host));
    for (const TrialSpec& spec : topology.trials)
      for (int repetition = 1; repetition <= options.repeat; ++repetition) {
        PlannedTrial trial;
        trial.number = static_cast<int>(plan.trials.size()) + 1;
        trial.kernel = kernel->name;
        trial.name = spec.name;
        trial.workloads = spec.workloads;
        trial.expect = expectation(*kernel, spec.name);
        trial.any_of_kernel = kernel->expect_trial.empty() && kernel->expect == Expectation::fail;
        trial.start = start_of(topology, spec, options);
        trial.lab = spec.lab;
        trial.repetition = repetition;
        trial.seed = trial_seed(options.seed, spec.name, repetition);
        plan.trials.push_back(std::move(trial));
      }
  }
  plan.deadlines = plan_deadlines(topology);
  plan.kernel_command_line = kernel_command_line(topology.watch);
  return plan;
}

}  // namespace gridlock

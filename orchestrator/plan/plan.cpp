// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "base/text.h"
#include "plan/boot.h"
#include "plan/deadlines.h"
#include "plan/disk.h"
#include "plan/inputs.h"
#include "plan/lock_names.h"

namespace gridlock {
namespace {

PlannedNode plan_node(NodeId id, const NodesSpec& spec) {
  PlannedNode node;
  node.id = id;
  node.name = spec.names.at(static_cast<std::size_t>(id.number - 1));
  node.address = fmt::format("10.77.0.{}", id.number);
  // QEMU's prefix, then "gl", then the id.
  node.mac = fmt::format("52:54:00:67:6c:{:02x}", id.number);
  node.vcpus = spec.vcpus;
  node.memory = spec.memory;
  if (const auto own = spec.overrides.find(node.name); own != spec.overrides.end()) {
    node.kernel = own->second.kernel;
    node.vcpus = own->second.vcpus.value_or(node.vcpus);
    node.memory = own->second.memory.value_or(node.memory);
  }
  return node;
}

std::vector<PlannedNode> plan_nodes(const NodesSpec& spec) {
  std::vector<PlannedNode> nodes;
  for (int number = 1; number <= spec.count; ++number)
    nodes.push_back(plan_node(NodeId{number}, spec));
  return nodes;
}

/// "3 nodes of 768 MiB", or what differing ones come to together.
std::string memory_text(const std::vector<PlannedNode>& nodes) {
  const Bytes first = nodes.front().memory;
  const bool alike =
      std::ranges::all_of(nodes, [&](const PlannedNode& node) { return node.memory == first; });
  if (alike) return fmt::format("{} nodes of {}", nodes.size(), to_string(first));
  std::vector<std::string> each;
  for (const PlannedNode& node : nodes)
    each.push_back(fmt::format("{} of {}", node.name, to_string(node.memory)));
  return fmt::format("{} nodes ({})", nodes.size(), join(each, ", "));
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

/// Kernels that only nodes run which have one of their own.
std::vector<const KernelSpec*> kernels_of_nodes_only(const Topology& topology, const Plan& plan) {
  std::vector<const KernelSpec*> kernels;
  for (const KernelSpec& kernel : topology.kernels) {
    const bool tested =
        std::ranges::find(plan.kernels, kernel.name, &PlannedKernel::name) != plan.kernels.end();
    if (!tested &&
        std::ranges::find(plan.nodes, kernel.name, &PlannedNode::kernel) != plan.nodes.end())
      kernels.push_back(&kernel);
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

void check_host(const Topology& topology, const std::vector<PlannedNode>& nodes,
                const HostFacts& host) {
  const Bytes needed = lab_memory(nodes);
  if (needed > host.memory) {
    throw UsageError(
        fmt::format("{} do not fit this host: with {} for each QEMU they need {}, and it has {}",
                    memory_text(nodes), to_string(kQemuOverhead), to_string(needed),
                    to_string(host.memory)),
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

Bytes lab_memory(const std::vector<PlannedNode>& nodes) {
  Bytes sum;
  for (const PlannedNode& node : nodes) sum.count += node.memory.count + kQemuOverhead.count;
  return sum;
}

const PlannedKernel& Plan::kernel(const std::string& name) const {
  const auto found = std::ranges::find(kernels, name, &PlannedKernel::name);
  GRIDLOCK_CHECK(found != kernels.end(), "no kernel called " + name + " in the plan");
  return *found;
}

const PlannedNode& Plan::node(NodeId id) const {
  const auto found = std::ranges::find(nodes, id, &PlannedNode::id);
  GRIDLOCK_CHECK(found != nodes.end(), fmt::format("no node {} in the plan", id.number));
  return *found;
}

bool Plan::is_mixed(const std::string& tested) const {
  return std::ranges::any_of(nodes,
                             [&](const PlannedNode& node) { return node.runs(tested) != tested; });
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

namespace {

/// `plan` has the nodes and the workloads.
std::vector<PlannedFault> plan_faults(const TrialSpec& trial, const Plan& plan) {
  std::vector<PlannedFault> faults;
  for (const FaultSpec& spec : trial.faults) {
    const auto node = std::ranges::find(plan.nodes, spec.node, &PlannedNode::name);
    GRIDLOCK_CHECK(node != plan.nodes.end(), "a fault of a node that is not there");
    Milliseconds begin{0};
    for (const std::string& workload : trial.workloads) {
      const Milliseconds end = begin + plan.workload(workload).duration;
      if (spec.at < end) {
        faults.push_back({spec.kind, node->id, spec.at, spec.lasts, workload, spec.at - begin});
        break;
      }
      begin = end;
    }
  }
  return faults;
}

}  // namespace

Plan make_plan(const Topology& topology, const PlanOptions& options, const HostFacts& host) {
  GRIDLOCK_CHECK(!topology.disks.empty(), "a topology without a disk");
  const std::vector<PlannedNode> nodes = plan_nodes(topology.nodes);
  check_host(topology, nodes, host);
  check_files(topology, host);
  Plan plan;
  plan.topology_name = topology.name;
  plan.description = topology.description;
  plan.topology_file = topology.file;
  plan.topology_text = topology.text;
  plan.accel = topology.accel;
  plan.seed = options.seed;
  plan.nodes = nodes;

  const auto disk = std::ranges::find(topology.disks, topology.filesystem.disk, &DiskSpec::name);
  GRIDLOCK_CHECK(disk != topology.disks.end(), "a file system without its disk");
  plan.disk = *disk;
  plan.cluster = topology.cluster;
  plan.filesystem = topology.filesystem;
  const LockNames names = lock_names(plan.filesystem.type, topology.name, plan.disk.name);
  plan.cluster_name = names.cluster;
  plan.lock_table = names.table;
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
        trial.faults = plan_faults(spec, plan);
        plan.trials.push_back(std::move(trial));
      }
  }
  for (const KernelSpec* const kernel : kernels_of_nodes_only(topology, plan)) {
    plan.kernels.push_back(plan_kernel(*kernel, topology.file, host));
    plan.kernels.back().tested = false;
  }
  check_disk(plan, host);
  plan.deadlines = plan_deadlines(topology);
  plan.kernel_command_line = kernel_command_line(topology.watch);
  return plan;
}

}  // namespace gridlock

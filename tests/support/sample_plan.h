// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>

#include "plan/plan.h"

namespace gridlock {

/// A two-node GFS2 plan with one mmap-dio trial on a kernel called "patched", made by hand.
inline Plan sample_plan() {
  using namespace std::chrono_literals;
  Plan plan;
  plan.topology_name = "sample";
  plan.topology_text = "name: sample\n";
  PlannedKernel kernel;
  kernel.name = "patched";
  kernel.source.package = "linux-source-6.1";
  plan.kernels = {kernel};
  for (int i = 1; i <= 2; ++i) {
    PlannedNode node;
    node.id = NodeId{i};
    node.name = "node" + std::to_string(i);
    node.address = "10.77.0." + std::to_string(i);
    node.mac = "52:54:00:67:6c:0" + std::to_string(i);
    node.memory = Bytes::mib(256);
    plan.nodes.push_back(node);
  }
  plan.disk = {"shared", Bytes::mib(64), Transport::virtio};
  plan.cluster_name = "sample";
  plan.lock_table = "sample:data";
  plan.filesystem.disk = "shared";
  WorkloadSpec workload;
  workload.name = "self-read";
  workload.mmap_dio = MmapDioSpec{};
  workload.duration = 5s;
  plan.workloads = {workload};
  PlannedTrial trial;
  trial.number = 1;
  trial.kernel = "patched";
  trial.name = "self-read";
  trial.workloads = {"self-read"};
  trial.seed = 7;
  plan.trials = {trial};
  plan.deadlines = {60s, 30s, 60s, 30s, 30s, 30s, 30s, 30s, 30s};
  plan.kernel_command_line = "console=ttyS0";
  return plan;
}

}  // namespace gridlock

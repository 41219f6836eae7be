// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "record/run_record.h"

namespace gridlock {

inline UtcTime sample_time() {
  return UtcTime{std::chrono::seconds(1'795'386'605)} + Milliseconds(123);
}

inline FindingRecord sample_finding(const std::string& id, const std::string& kind,
                                    const std::string& title, double at,
                                    std::vector<std::string> nodes = {"node1", "node2"}) {
  FindingRecord finding;
  finding.id = id;
  finding.kind = kind;
  finding.title = title;
  finding.identity = kind + ":" + title;
  finding.nodes = std::move(nodes);
  finding.step = "work";
  finding.at = at;
  return finding;
}

/// Every kind of number that the kernels count while a workload runs.
inline void with_kernel_counts(WorkloadRecord& workload) {
  workload.kernel = {{"dlm_requests", 330},       {"holders_queued", 1236},
                     {"dlm_frames", 865},         {"dlm_bytes", 90'000},
                     {"lock_contentions", 77},    {"lock_acquisitions", 1'234'567},
                     {"lock_wait_us", 12'345.25}, {"lock_stat_cut", 1}};
  workload.lock_waits = {{"&ip->i_rw_mutex", 40, 12'000.5}, {"&gl->gl_lockref.lock", 37, 344.75}};
}

/// A trial that passed on two nodes after 412 reads.
inline TrialRecord sample_trial(int number, const std::string& kernel, const std::string& name) {
  TrialRecord trial;
  trial.number = number;
  trial.kernel = kernel;
  trial.name = name;
  trial.directory = "trials/0" + std::to_string(number) + "-" + kernel + "-" + name;
  trial.outcome = Outcome::passed;
  trial.started = sample_time();
  trial.seconds = 42;
  trial.steps = {{"start", 0, 20.5, ""}, {"work", 25, 41.25, ""}};
  WorkloadRecord workload;
  workload.name = name;
  workload.program = "mmap-dio";
  workload.operation = "read";
  workload.outcome = Outcome::passed;
  workload.detail = "412 reads, none short";
  workload.seconds = 20;
  workload.total.operations = 412;
  workload.total.bytes = 412 << 20;
  workload.total.samples = 200;
  for (const char* const node : {"node1", "node2"}) {
    workload.nodes[node].operations = 206;
    workload.nodes[node].bytes = 206 << 20;
    workload.nodes[node].samples = 100;
  }
  trial.workloads = {workload};
  for (const char* const node : {"node1", "node2"}) {
    OracleRecord& oracle = trial.oracles[node];
    oracle.lockdep_alive = true;
    oracle.taint = oracle.taint_before = 0;
    oracle.counts = {{"warnings", 1}, {"oopses", 0}};
    oracle.counts_before = {{"warnings", 1}, {"oopses", 0}};
    oracle.lockdep_tables = {{"lock_classes", {1187, 8192}}};
    oracle.hung_task_reports_left = -1;
    oracle.gfs2_withdrawn = oracle.dlm_recovering = false;
    oracle.dlm_members = std::vector<int>{1, 2};
    oracle.self_check = "agrees";
    oracle.console_bytes = 64'000;
    trial.kernel_releases[node] = "6.1.192-gridlock #1 SMP";
  }
  trial.own_cpu_seconds = 0.5;
  trial.own_memory_bytes = 43'200'000;
  return trial;
}

/// A run of two nodes without kernels and trials.
inline RunRecord sample_run() {
  RunRecord run;
  run.id = "20261122T223005Z-gfs2-mmap-dio-7f3a";
  run.topology = "gfs2-mmap-dio";
  run.plan_hash = std::string(64, 'a');
  run.gridlock_version = "0.1.0";
  run.outcome = Outcome::passed;
  run.started = sample_time();
  run.updated = sample_time() + std::chrono::seconds(252);
  run.seconds = 252;
  run.accel = "tcg";
  run.accel_reason = "/dev/kvm opens, but a kernel does not run on it";
  run.host = "2 cpus, 23.5 GiB, QEMU 7.2.22";
  run.nodes = 2;
  run.seed = 7;
  run.command = "./lab run topologies/gfs2-mmap-dio.yaml";
  return run;
}

inline KernelRecord sample_kernel(const std::string& name, const std::string& from) {
  KernelRecord kernel;
  kernel.name = name;
  kernel.from = from;
  kernel.key = std::string(64, 'b');
  kernel.release = "6.1.192-gridlock";
  kernel.build_seconds = from.empty() ? 338.4 : 17;
  kernel.objects = from.empty() ? 1516 : 1;
  return kernel;
}

/// What the demo shows: the unpatched kernel fails two of three trials, the patched one none.
inline RunRecord demo_run() {
  RunRecord run = sample_run();
  run.kernels = {sample_kernel("patched", ""), sample_kernel("unpatched", "patched")};
  FindingRecord leave = sample_finding(
      "f9", "lockdep", "lockdep: &con->sock_mutex / con->swork, when a node leaves", 40);
  leave.step = "stop";
  int number = 0;
  for (const char* const kernel : {"patched", "unpatched"}) {
    for (const char* const name : {"self-read", "abba", "stream"}) {
      TrialRecord trial = sample_trial(++number, kernel, name);
      const bool unpatched = std::string(kernel) == "unpatched";
      const bool fails = unpatched && std::string(name) != "stream";
      if (std::string(name) == "abba") trial.workloads[0].detail = "806 reads, none short";
      if (std::string(name) == "stream") {
        trial.workloads[0].program = "fio";
        trial.workloads[0].total.read_bytes_per_second = unpatched ? 20.5e6 : 20.7e6;
        trial.workloads[0].total.write_bytes_per_second = unpatched ? 20.4e6 : 20.6e6;
      }
      if (unpatched && std::string(name) != "stream") trial.expect = Expectation::fail;
      if (fails) {
        trial.outcome = trial.workloads[0].outcome = Outcome::failed;
      } else {
        trial.findings.push_back(leave);
      }
      if (fails && std::string(name) == "self-read") {
        trial.findings = {sample_finding("f1", "bug", "kernel BUG in gfs2_glock_nq", 25.5),
                          sample_finding("f2", "stall", "stall: no progress in self-read", 30)};
        trial.findings[1].secondary = true;
        for (auto& [node, oracle] : trial.oracles) oracle.lockdep_alive = false;
      } else if (fails) {
        trial.findings = {
            sample_finding("f1", "stall", "stall: no progress in abba", 30),
            sample_finding("f2", "hung_task", "hung task in gfs2_glock_nq", 41),
            sample_finding("f3", "deadlock", "deadlock: node1 <-> node2, 2 glocks", 43)};
      }
      if (fails) trial.reason = trial.findings.back().title;
      if (fails && std::string(name) == "self-read") trial.reason = trial.findings[0].title;
      run.trials.push_back(trial);
    }
  }
  return run;
}

}  // namespace gridlock

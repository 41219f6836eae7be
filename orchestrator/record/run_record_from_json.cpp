// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include "base/error.h"
#include "record/compare_json.h"
#include "record/json_members.h"
#include "record/run_record.h"

namespace gridlock {
namespace {

using record_json::Members;
using record_json::read_compare;
using record_json::read_health;

SourcePlace read_place(const Members& from) {
  SourcePlace place;
  from.read("function", place.function);
  from.read("file", place.file);
  from.read("line", place.line);
  from.read("inlined", place.inlined);
  return place;
}

TraceStep read_step_of_trace(const Members& from) {
  TraceStep step;
  from.read("location", step.location);
  from.read("source", step.source, read_place);
  return step;
}

FindingRecord read_finding(const Members& from) {
  FindingRecord finding;
  from.read("id", finding.id);
  from.read("kind", finding.kind);
  from.read("title", finding.title);
  from.read("identity", finding.identity);
  from.read("function", finding.function);
  from.read("nodes", finding.nodes);
  from.read("count", finding.count);
  from.read("step", finding.step);
  from.read("at_seconds", finding.at);
  from.read("known", finding.known);
  from.read("secondary", finding.secondary);
  from.read("incomplete", finding.incomplete);
  from.read("excerpt", finding.excerpt);
  from.read("console", finding.console);
  if (from.has("trace")) from.read("trace", finding.trace, read_step_of_trace);
  return finding;
}

LatencyRecord read_latency(const Members& from) {
  LatencyRecord latency;
  from.read("p50_us", latency.p50_us);
  from.read("p90_us", latency.p90_us);
  from.read("p99_us", latency.p99_us);
  from.read("p999_us", latency.p999_us);
  from.read("max_us", latency.max_us);
  return latency;
}

SteadyRecord read_steady(const Members& from) {
  SteadyRecord steady;
  from.read("operations_per_second", steady.operations_per_second);
  from.read("bytes_per_second", steady.bytes_per_second);
  if (from.has("latency"))
    steady.latency = read_latency(Members(from.at("latency"), from.inner("latency")));
  return steady;
}

/// Operations by worker.
std::map<std::string, std::uint64_t> read_workers(const Members& from, const Json& object) {
  std::map<std::string, std::uint64_t> workers;
  for (const auto& [name, count] : object.items()) from.read(name, workers[name]);
  return workers;
}

WorkloadCounters read_counters(const Members& from) {
  WorkloadCounters counters;
  from.read("operations", counters.operations);
  from.read("bytes", counters.bytes);
  from.read("short_transfers", counters.short_transfers);
  from.read("errors", counters.errors);
  from.read("bad_blocks", counters.bad_blocks);
  // Runs from before these were counted have none of them.
  if (from.has("retries")) from.read("retries", counters.retries);
  if (from.has("latency"))
    counters.latency = read_latency(Members(from.at("latency"), from.inner("latency")));
  if (from.has("steady"))
    counters.steady = read_steady(Members(from.at("steady"), from.inner("steady")));
  if (from.has("workers"))
    counters.workers =
        read_workers(Members(from.at("workers"), from.inner("workers")), from.at("workers"));
  if (from.has("notes")) from.read("notes", counters.notes);
  from.read("samples", counters.samples);
  from.read("read_bytes_per_second", counters.read_bytes_per_second);
  from.read("write_bytes_per_second", counters.write_bytes_per_second);
  return counters;
}

LockWaitRecord read_lock_wait(const Members& from) {
  LockWaitRecord wait;
  from.read("class", wait.lock_class);
  from.read("contentions", wait.contentions);
  from.read("wait_us", wait.wait_us);
  return wait;
}

WorkloadRecord read_workload(const Members& from) {
  WorkloadRecord workload;
  from.read("name", workload.name);
  from.read("program", workload.program);
  from.read("operation", workload.operation);
  from.read("outcome", workload.outcome);
  from.read("detail", workload.detail);
  from.read("seconds", workload.seconds);
  if (from.has("steady_begin_seconds")) {
    from.read("steady_begin_seconds", workload.steady_begin);
    from.read("steady_end_seconds", workload.steady_end);
    from.read("not_steady", workload.not_steady);
  }
  workload.total = read_counters(Members(from.at("total"), from.inner("total")));
  from.read("nodes", workload.nodes, read_counters);
  if (from.has("kernel")) from.read("kernel", workload.kernel);
  if (from.has("lock_waits")) from.read("lock_waits", workload.lock_waits, read_lock_wait);
  return workload;
}

TableRecord read_table(const Members& from) {
  TableRecord table;
  from.read("used", table.used);
  from.read("max", table.most);
  return table;
}

OracleRecord read_oracle(const Members& from) {
  OracleRecord oracle;
  from.read("lockdep_alive", oracle.lockdep_alive);
  from.read("taint", oracle.taint);
  from.read("dropped_lines", oracle.dropped_lines);
  from.read("console_bytes", oracle.console_bytes);
  // Schema 1 had no more.
  if (!from.has("self_check")) return oracle;
  from.read("lockdep_tables", oracle.lockdep_tables, read_table);
  from.read("taint_before", oracle.taint_before);
  from.read("counts", oracle.counts);
  from.read("counts_before", oracle.counts_before);
  from.read("hung_task_reports_left", oracle.hung_task_reports_left);
  from.read("gfs2_withdrawn", oracle.gfs2_withdrawn);
  from.read("ocfs2_failed", oracle.ocfs2_failed);
  from.read("ocfs2_recovering", oracle.ocfs2_recovering);
  from.read("dlm_recovering", oracle.dlm_recovering);
  from.read("dlm_members", oracle.dlm_members);
  from.read("unread", oracle.unread);
  from.read("self_check", oracle.self_check);
  return oracle;
}

StepRecord read_step(const Members& from) {
  StepRecord step;
  from.read("name", step.name);
  from.read("begin_seconds", step.begin);
  from.read("end_seconds", step.end);
  from.read("problem", step.problem);
  return step;
}

PatchRecord read_patch(const Members& from) {
  PatchRecord patch;
  from.read("file", patch.file);
  from.read("subject", patch.subject);
  from.read("revert", patch.revert);
  from.read("sha256", patch.sha256);
  return patch;
}

FaultRecord read_fault(const Members& from) {
  FaultRecord fault;
  from.read("kind", fault.kind);
  from.read("node", fault.node);
  from.read("planned_seconds", fault.planned);
  from.read("for_seconds", fault.lasts);
  from.read("workload", fault.workload);
  const auto read = [&](const char* member, std::optional<double>& seconds) {
    if (from.has(member)) from.read(member, seconds.emplace());
  };
  read("begin_seconds", fault.begin);
  read("end_seconds", fault.end);
  read("still_seconds", fault.still);
  read("moved_seconds", fault.moved);
  return fault;
}

KernelRecord read_kernel(const Members& from) {
  KernelRecord kernel;
  from.read("name", kernel.name);
  from.read("from", kernel.from);
  from.read("key", kernel.key);
  from.read("release", kernel.release);
  from.read("build_seconds", kernel.build_seconds);
  from.read("objects", kernel.objects);
  from.read("from_cache", kernel.from_cache);
  from.read("perf", kernel.perf);
  // Older runs do not say what it was made from.
  if (!from.has("prebuilt")) return kernel;
  from.read("prebuilt", kernel.prebuilt);
  from.read("package", kernel.package);
  from.read("commit", kernel.commit);
  from.read("git_tree", kernel.git_tree);
  from.read("architecture", kernel.architecture);
  from.read("compiler", kernel.compiler);
  from.read("config", kernel.config);
  from.read("patches", kernel.patches, read_patch);
  from.read("build_began", kernel.build_began);
  return kernel;
}

TrialRecord read_trial(const Members& from) {
  TrialRecord trial;
  from.read("number", trial.number);
  from.read("kernel", trial.kernel);
  from.read("name", trial.name);
  from.read("directory", trial.directory);
  // Older runs do not say them.
  if (from.has("start")) from.read("start", trial.start);
  if (from.has("lab_of")) from.read("lab_of", trial.lab_of);
  if (from.has("seed")) from.read("seed", trial.seed);
  from.read("outcome", trial.outcome);
  from.read("expect", trial.expect);
  from.read("any_of_kernel", trial.any_of_kernel);
  from.read("expected", trial.expected);
  from.read("reason", trial.reason);
  from.read("started", trial.started);
  from.read("seconds", trial.seconds);
  from.read("steps", trial.steps, read_step);
  from.read("workloads", trial.workloads, read_workload);
  from.read("findings", trial.findings, read_finding);
  from.read("oracles", trial.oracles, read_oracle);
  from.read("kernel_releases", trial.kernel_releases);
  if (from.has("faults")) from.read("faults", trial.faults, read_fault);
  if (from.has("node_kernels")) from.read("node_kernels", trial.node_kernels);
  if (from.has("nodes_memory_bytes")) from.read("nodes_memory_bytes", trial.nodes_memory_bytes);
  from.read("own_cpu_seconds", trial.own_cpu_seconds);
  from.read("own_memory_bytes", trial.own_memory_bytes);
  from.read("health", trial.health, read_health);
  return trial;
}

HuntRecord read_hunt(const Members& from) {
  HuntRecord hunt;
  from.read("began", hunt.began);
  from.read("seconds", hunt.seconds);
  from.read("limit_seconds", hunt.limit_seconds);
  from.read("until", hunt.until);
  from.read("labs", hunt.labs);
  return hunt;
}

}  // namespace

RunRecord run_record_from_json(const Json& json) {
  const Members from(json, "");
  std::string format;
  from.read("format", format);
  if (format != RunRecord::kFormat) from.wrong("format", "is not \"gridlock-run\"");
  int schema = 0;
  from.read("schema", schema);
  if (schema < 1 || schema > RunRecord::kSchema)
    throw Error(
        fmt::format("'schema' is {}, this Gridlock reads 1 to {}", schema, RunRecord::kSchema),
        "read it with the Gridlock that wrote it");
  RunRecord run;
  from.read("id", run.id);
  from.read("topology", run.topology);
  from.read("plan_hash", run.plan_hash);
  from.read("gridlock_version", run.gridlock_version);
  from.read("outcome", run.outcome);
  from.read("reason", run.reason);
  from.read("exit_code", run.exit_code);
  from.read("started", run.started);
  from.read("updated", run.updated);
  from.read("seconds", run.seconds);
  from.read("accel", run.accel);
  from.read("accel_reason", run.accel_reason);
  from.read("host", run.host);
  from.read("nodes", run.nodes);
  from.read("seed", run.seed);
  from.read("command", run.command);
  from.read("kernels", run.kernels, read_kernel);
  from.read("trials", run.trials, read_trial);
  from.read("hunt", run.hunt, read_hunt);
  from.read("compare", run.compare, read_compare);
  return run;
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/run_record.h"

#include <array>
#include <cmath>
#include <utility>

#include "record/compare_json.h"

namespace gridlock {
namespace {

constexpr std::array<std::pair<Outcome, std::string_view>, 5> kOutcomes{{
    {Outcome::running, "running"},
    {Outcome::passed, "passed"},
    {Outcome::failed, "failed"},
    {Outcome::error, "error"},
    {Outcome::interrupted, "interrupted"},
}};

double to_the_millisecond(double seconds) { return std::round(seconds * 1000) / 1000; }

/// A JSON object of `map`, also if it is empty.
template <class Value>
Json object_of(const std::map<std::string, Value>& map) {
  Json json = Json::object();
  for (const auto& [key, value] : map) json[key] = value;
  return json;
}

template <class Value>
Json object_of(const std::map<std::string, Value>& map, Json (*convert)(const Value&)) {
  Json json = Json::object();
  for (const auto& [key, value] : map) json[key] = convert(value);
  return json;
}

template <class Value>
Json array_of(const std::vector<Value>& values, Json (*convert)(const Value&)) {
  Json json = Json::array();
  for (const Value& value : values) json.push_back(convert(value));
  return json;
}

Json place_json(const SourcePlace& place) {
  return Json{{"function", place.function},
              {"file", place.file},
              {"line", place.line},
              {"inlined", place.inlined}};
}

Json step_of_trace_json(const TraceStep& step) {
  return Json{{"location", step.location}, {"source", array_of(step.source, place_json)}};
}

Json finding_json(const FindingRecord& finding) {
  Json json{{"id", finding.id},
            {"kind", finding.kind},
            {"title", finding.title},
            {"identity", finding.identity},
            {"function", finding.function},
            {"nodes", finding.nodes},
            {"count", finding.count},
            {"step", finding.step},
            {"at_seconds", to_the_millisecond(finding.at)},
            {"known", finding.known},
            {"secondary", finding.secondary},
            {"incomplete", finding.incomplete},
            {"excerpt", finding.excerpt},
            {"console", finding.console}};
  if (!finding.trace.empty()) json["trace"] = array_of(finding.trace, step_of_trace_json);
  return json;
}

/// To a thousandth, which is far below what is known of any of these.
double to_a_thousandth(double value) { return std::round(value * 1000) / 1000; }

Json latency_json(const LatencyRecord& latency) {
  return Json{{"p50_us", to_a_thousandth(latency.p50_us)},
              {"p90_us", to_a_thousandth(latency.p90_us)},
              {"p99_us", to_a_thousandth(latency.p99_us)},
              {"p999_us", to_a_thousandth(latency.p999_us)},
              {"max_us", to_a_thousandth(latency.max_us)}};
}

Json steady_json(const SteadyRecord& steady) {
  Json json{{"operations_per_second", to_a_thousandth(steady.operations_per_second)},
            {"bytes_per_second", to_a_thousandth(steady.bytes_per_second)}};
  if (steady.latency) json["latency"] = latency_json(*steady.latency);
  return json;
}

Json notes_json(const Notes& notes) {
  Json json = Json::object();
  for (const auto& [name, note] : notes)
    std::visit([&, &key = name](const auto& value) { json[key] = value; }, note);
  return json;
}

Json counters_json(const WorkloadCounters& counters) {
  Json json{{"operations", counters.operations},           {"bytes", counters.bytes},
            {"short_transfers", counters.short_transfers}, {"errors", counters.errors},
            {"bad_blocks", counters.bad_blocks},           {"retries", counters.retries},
            {"samples", counters.samples}};
  if (counters.latency) json["latency"] = latency_json(*counters.latency);
  if (counters.steady) json["steady"] = steady_json(*counters.steady);
  if (!counters.workers.empty()) {
    Json workers = Json::object();
    for (const auto& [name, operations] : counters.workers) workers[name] = operations;
    json["workers"] = std::move(workers);
  }
  if (!counters.notes.empty()) json["notes"] = notes_json(counters.notes);
  if (counters.read_bytes_per_second)
    json["read_bytes_per_second"] = *counters.read_bytes_per_second;
  if (counters.write_bytes_per_second)
    json["write_bytes_per_second"] = *counters.write_bytes_per_second;
  return json;
}

Json lock_wait_json(const LockWaitRecord& wait) {
  return Json{{"class", wait.lock_class},
              {"contentions", wait.contentions},
              {"wait_us", wait.wait_us}};
}

Json workload_json(const WorkloadRecord& workload) {
  return Json{{"name", workload.name},
              {"program", workload.program},
              {"operation", workload.operation},
              {"outcome", to_string(workload.outcome)},
              {"detail", workload.detail},
              {"seconds", to_the_millisecond(workload.seconds)},
              {"steady_begin_seconds", to_the_millisecond(workload.steady_begin)},
              {"steady_end_seconds", to_the_millisecond(workload.steady_end)},
              {"not_steady", workload.not_steady},
              {"total", counters_json(workload.total)},
              {"nodes", object_of(workload.nodes, counters_json)},
              {"kernel", object_of(workload.kernel)},
              {"lock_waits", array_of(workload.lock_waits, lock_wait_json)}};
}

Json table_json(const TableRecord& table) {
  return Json{{"used", table.used}, {"max", table.most}};
}

Json oracle_json(const OracleRecord& oracle) {
  Json json{{"lockdep_tables", object_of(oracle.lockdep_tables, table_json)},
            {"counts", object_of(oracle.counts)},
            {"counts_before", object_of(oracle.counts_before)},
            {"unread", oracle.unread},
            {"self_check", oracle.self_check},
            {"dropped_lines", oracle.dropped_lines},
            {"console_bytes", oracle.console_bytes}};
  const auto put = [&json](const char* name, const auto& value) {
    if (value) json[name] = *value;
  };
  put("lockdep_alive", oracle.lockdep_alive);
  put("taint", oracle.taint);
  put("taint_before", oracle.taint_before);
  put("hung_task_reports_left", oracle.hung_task_reports_left);
  put("gfs2_withdrawn", oracle.gfs2_withdrawn);
  put("ocfs2_failed", oracle.ocfs2_failed);
  put("ocfs2_recovering", oracle.ocfs2_recovering);
  put("dlm_recovering", oracle.dlm_recovering);
  put("dlm_members", oracle.dlm_members);
  return json;
}

Json step_json(const StepRecord& step) {
  return Json{{"name", step.name},
              {"begin_seconds", to_the_millisecond(step.begin)},
              {"end_seconds", to_the_millisecond(step.end)},
              {"problem", step.problem}};
}

Json patch_json(const PatchRecord& patch) {
  return Json{{"file", patch.file},
              {"subject", patch.subject},
              {"revert", patch.revert},
              {"sha256", patch.sha256}};
}

Json fault_json(const FaultRecord& fault) {
  Json json{{"kind", fault.kind},
            {"node", fault.node},
            {"planned_seconds", to_the_millisecond(fault.planned)},
            {"for_seconds", to_the_millisecond(fault.lasts)},
            {"workload", fault.workload}};
  const auto put = [&](const char* member, const std::optional<double>& seconds) {
    if (seconds) json[member] = to_the_millisecond(*seconds);
  };
  put("begin_seconds", fault.begin);
  put("end_seconds", fault.end);
  put("still_seconds", fault.still);
  put("moved_seconds", fault.moved);
  return json;
}

Json kernel_json(const KernelRecord& kernel) {
  Json json{{"name", kernel.name},
            {"from", kernel.from},
            {"key", kernel.key},
            {"release", kernel.release},
            {"build_seconds", to_the_millisecond(kernel.build_seconds)},
            {"objects", kernel.objects},
            {"from_cache", kernel.from_cache},
            {"perf", kernel.perf},
            {"prebuilt", kernel.prebuilt},
            {"package", kernel.package},
            {"commit", kernel.commit},
            {"git_tree", kernel.git_tree},
            {"architecture", kernel.architecture},
            {"compiler", kernel.compiler},
            {"config", kernel.config},
            {"patches", array_of(kernel.patches, patch_json)}};
  if (kernel.build_began) json["build_began"] = rfc3339(*kernel.build_began);
  return json;
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  for (const auto& [value, name] : kOutcomes)
    if (value == outcome) return name;
  return "unknown";
}

std::optional<Outcome> parse_outcome(std::string_view text) {
  for (const auto& [value, name] : kOutcomes)
    if (name == text) return value;
  return std::nullopt;
}

Json to_json(const TrialRecord& trial) {
  Json json{{"number", trial.number},
            {"kernel", trial.kernel},
            {"name", trial.name},
            {"directory", trial.directory},
            {"start", trial.start},
            {"lab_of", trial.lab_of},
            {"seed", trial.seed},
            {"outcome", to_string(trial.outcome)},
            {"expect", trial.expect == Expectation::fail ? "fail" : "pass"},
            {"any_of_kernel", trial.any_of_kernel},
            {"expected", trial.expected},
            {"reason", trial.reason},
            {"started", rfc3339(trial.started)},
            {"seconds", to_the_millisecond(trial.seconds)},
            {"steps", array_of(trial.steps, step_json)},
            {"workloads", array_of(trial.workloads, workload_json)},
            {"findings", array_of(trial.findings, finding_json)},
            {"oracles", object_of(trial.oracles, oracle_json)},
            {"kernel_releases", object_of(trial.kernel_releases)},
            {"own_cpu_seconds", to_the_millisecond(trial.own_cpu_seconds)},
            {"own_memory_bytes", trial.own_memory_bytes}};
  if (trial.nodes_memory_bytes > 0) json["nodes_memory_bytes"] = trial.nodes_memory_bytes;
  if (!trial.faults.empty()) json["faults"] = array_of(trial.faults, fault_json);
  if (!trial.node_kernels.empty()) json["node_kernels"] = object_of(trial.node_kernels);
  if (trial.health) json["health"] = record_json::health_json(*trial.health);
  return json;
}

Json to_json(const RunRecord& run) {
  Json json{{"format", RunRecord::kFormat},
            {"schema", RunRecord::kSchema},
            {"id", run.id},
            {"topology", run.topology},
            {"plan_hash", run.plan_hash},
            {"gridlock_version", run.gridlock_version},
            {"outcome", to_string(run.outcome)},
            {"reason", run.reason},
            {"exit_code", run.exit_code},
            {"started", rfc3339(run.started)},
            {"updated", rfc3339(run.updated)},
            {"seconds", to_the_millisecond(run.seconds)},
            {"accel", run.accel},
            {"accel_reason", run.accel_reason},
            {"host", run.host},
            {"nodes", run.nodes},
            {"seed", run.seed},
            {"command", run.command},
            {"kernels", array_of(run.kernels, kernel_json)},
            {"trials", array_of(run.trials, to_json)}};
  if (run.hunt)
    json["hunt"] = {{"began", rfc3339(run.hunt->began)},
                    {"seconds", to_the_millisecond(run.hunt->seconds)},
                    {"limit_seconds", to_the_millisecond(run.hunt->limit_seconds)},
                    {"until", run.hunt->until},
                    {"labs", run.hunt->labs}};
  if (run.compare) json["compare"] = record_json::compare_json(*run.compare);
  return json;
}

}  // namespace gridlock

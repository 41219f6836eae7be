// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/work_record.h"

#include <fmt/format.h>

#include <set>

#include "base/text.h"
#include "trial/finding_log.h"
#include "workload/programs.h"
#include "workload/work_lines.h"

namespace gridlock {
namespace {

/// Lines of a program's output that explain how it ended.
constexpr std::size_t kLastLines = 20;

/// "exited with status 3", or what else became of a program that is not still running.
std::string how_it_ended(const JobEnd& end) {
  if (end.signal) return fmt::format("was killed by signal {}", *end.signal);
  return fmt::format("exited with status {}", end.status.value_or(-1));
}

FindingRecord ended_badly(const std::string& name, const std::string& node, const JobEnd& end,
                          const std::string& output) {
  const std::string how = how_it_ended(end);
  FindingRecord finding = own_finding(
      "workload", fmt::format("{} on {} {}", name, node, how), name + ":" + how);
  finding.excerpt = printable_lines(output);
  return finding;
}

}  // namespace

Milliseconds work_limit(const WorkloadSpec& workload, const Plan& plan) {
  return workload.exec ? workload.duration : workload.duration + plan.deadlines.work;
}

std::string log_name(const WorkloadSpec& workload) {
  // What a node's folder holds anyway.
  static const std::set<std::string> kTaken{"console", "qemu", "corosync", "dlm_controld"};
  return (kTaken.contains(workload.name) ? "workload-" : "") + workload.name + ".log";
}

namespace {

LatencyRecord latency_record(const LatencyFigures& figures) {
  return {figures.p50_us, figures.p90_us, figures.p99_us, figures.p999_us, figures.max_us};
}

/// What one node did in the window, and its latencies for the sum; absent if one of its workers has
/// no figures.
std::optional<SteadyRecord> steady_of(const WorkloadRun::NodeState& state,
                                      const SteadyWindow& window, Histogram& latencies) {
  if (state.meters.empty()) return std::nullopt;
  SteadyRecord steady;
  Histogram own;
  for (const auto& [name, meter] : state.meters) {
    const auto figures = meter.figures();
    if (!figures) return std::nullopt;
    steady.operations_per_second += figures->operations;
    steady.bytes_per_second += figures->bytes;
    own.add(meter.latency());
  }
  const double seconds = std::chrono::duration<double>(window.end - window.begin).count();
  steady.operations_per_second /= seconds;
  steady.bytes_per_second /= seconds;
  if (own.count() > 0) steady.latency = latency_record(figures_of(own));
  latencies.add(own);
  return steady;
}

/// Texts of several nodes have no sum.
void add_numbers(Notes& sum, const Notes& notes) {
  for (const auto& [name, note] : notes) {
    const double* const number = std::get_if<double>(&note);
    if (number == nullptr) continue;
    const auto before = sum.find(name);
    sum[name] = *number + (before == sum.end() ? 0 : std::get<double>(before->second));
  }
}

}  // namespace

Json sample_line(double at, const std::string& workload, const std::string& node, const std::string& worker,
                 const WorkerState& state) {
  const Counters& counters = state.counters;
  Json line{{"t", at},
            {"workload", workload},
            {"node", node},
            {"worker", worker},
            {"since_start_ms", state.sample.at.count()},
            {"operations", counters.operations},
            {"bytes", counters.bytes},
            {"short", counters.short_transfers},
            {"errors", counters.errors},
            {"bad", counters.bad_blocks},
            {"retries", counters.retries}};
  if (state.sample.latency.empty()) return line;
  Histogram latency;
  for (const auto& [bucket, count] : state.sample.latency) latency.add(bucket, count);
  const LatencyFigures figures = figures_of(latency);
  line.update(Json{{"p50_us", figures.p50_us},
                   {"p90_us", figures.p90_us},
                   {"p99_us", figures.p99_us},
                   {"p999_us", figures.p999_us},
                   {"max_us", figures.max_us}});
  return line;
}

void count_steady(WorkloadRecord& entry, const WorkloadRun& run) {
  if (!run.window()) {
    entry.not_steady = "nobody knew beforehand how long it would take";
    return;
  }
  SteadyRecord sum;
  Histogram latencies;
  for (const WorkloadRun::NodeState& state : run.nodes()) {
    const auto steady = steady_of(state, *run.window(), latencies);
    if (!steady) {
      entry.not_steady =
          state.name + (state.killed ? " was killed" : " reported too little of the window");
      return;
    }
    sum.operations_per_second += steady->operations_per_second;
    sum.bytes_per_second += steady->bytes_per_second;
    entry.nodes[state.name].steady = steady;
  }
  if (latencies.count() > 0) sum.latency = latency_record(figures_of(latencies));
  entry.total.steady = sum;
  entry.steady_begin = std::chrono::duration<double>(run.window()->begin).count();
  entry.steady_end = std::chrono::duration<double>(run.window()->end).count();
}

void count_work(WorkloadRecord& entry, const WorkloadRun::NodeState& state) {
  const Counters& counters = state.reader->counters();
  WorkloadCounters node;
  node.operations = counters.operations;
  node.bytes = counters.bytes;
  node.short_transfers = counters.short_transfers;
  node.errors = counters.errors;
  node.bad_blocks = counters.bad_blocks;
  node.retries = counters.retries;
  node.samples = counters.samples;
  if (counters.latency) node.latency = latency_record(*counters.latency);
  for (const auto& [name, worker] : state.reader->workers())
    node.workers[name] = worker.counters.operations;
  node.read_bytes_per_second = counters.read_rate;
  node.write_bytes_per_second = counters.write_rate;
  node.notes = counters.notes;
  WorkloadCounters& total = entry.total;
  total.operations += node.operations;
  total.bytes += node.bytes;
  total.short_transfers += node.short_transfers;
  total.errors += node.errors;
  total.bad_blocks += node.bad_blocks;
  total.retries += node.retries;
  total.samples += node.samples;
  add_numbers(total.notes, node.notes);
  if (counters.read_rate)
    total.read_bytes_per_second = total.read_bytes_per_second.value_or(0) + *counters.read_rate;
  if (counters.write_rate)
    total.write_bytes_per_second = total.write_bytes_per_second.value_or(0) + *counters.write_rate;
  entry.nodes[state.name] = node;
}

std::vector<FindingRecord> work_findings(const WorkloadRecord& entry,
                                         const WorkloadRun::NodeState& state) {
  const Counters& counters = state.reader->counters();
  std::vector<FindingRecord> findings;
  const auto bad = [&](const std::string& kind, const std::string& title,
                       const std::string& excerpt) {
    findings.push_back(own_finding(kind, title, entry.name));
    findings.back().excerpt = excerpt;
  };
  if (counters.bad_blocks > 0)
    bad("bad_data", "bad data in " + entry.name,
        counters.first_bad ? printable_lines(describe(*counters.first_bad)) : "");
  if (counters.short_transfers > 0)
    bad("short_transfer", "short transfers in " + entry.name,
        fmt::format("{} on {}{}{}", counters.short_transfers, state.name,
                    counters.first_error.empty() ? "" : ", first ", counters.first_error));
  if (counters.errors > 0) bad("io_error", "I/O errors in " + entry.name, counters.first_error);
  // Nobody knows how it would have ended.
  if (state.killed) return findings;
  const bool by_status = state.program->judged_by_status;
  if (state.end->signal && !by_status)
    bad("workload", fmt::format("{} killed by signal {}", entry.program, *state.end->signal),
        state.errors);
  if (!findings.empty()) return findings;
  const bool worked = state.reader->has_result() && counters.operations > 0;
  if (state.went_well() && (worked || by_status)) return findings;
  if (by_status && state.end->error.empty())
    return {ended_badly(entry.name, state.name, *state.end, state.log.end(kLastLines))};
  JobResult result;
  result.node = state.node;
  result.node_name = state.name;
  result.finished = true;
  result.end = *state.end;
  result.errors = state.errors;
  throw Error(fmt::format("{} did no work: {}", entry.name, result.describe(entry.program)));
}

FindingRecord verify_finding(const WorkloadRecord& entry, const JobResult& result) {
  if (result.end.status == 1) {
    FindingRecord finding = own_finding("bad_data", "bad data in " + entry.name, entry.name);
    WorkLineReader reader;
    reader.feed(result.output);
    const auto& bad = reader.counters().first_bad;
    finding.excerpt = printable_lines(bad ? describe(*bad) : result.output + result.errors);
    return finding;
  }
  if (entry.program != "exec" || !result.end.error.empty())
    throw Error(result.describe("verify " + entry.name));
  return ended_badly("verify of " + entry.name, result.node_name, result.end,
                     result.output + result.errors);
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/work_record.h"

#include <fmt/format.h>

#include "trial/finding_log.h"

namespace gridlock {

void count_work(WorkloadRecord& entry, const WorkloadRun::NodeState& state) {
  const Counters& counters = state.reader->counters();
  WorkloadCounters node;
  node.operations = counters.operations;
  node.bytes = counters.bytes;
  node.short_transfers = counters.short_transfers;
  node.errors = counters.errors;
  node.bad_blocks = counters.bad_blocks;
  node.samples = counters.samples;
  node.read_bytes_per_second = counters.read_rate;
  node.write_bytes_per_second = counters.write_rate;
  WorkloadCounters& total = entry.total;
  total.operations += node.operations;
  total.bytes += node.bytes;
  total.short_transfers += node.short_transfers;
  total.errors += node.errors;
  total.bad_blocks += node.bad_blocks;
  total.samples += node.samples;
  if (counters.read_rate)
    total.read_bytes_per_second = total.read_bytes_per_second.value_or(0) + *counters.read_rate;
  if (counters.write_rate)
    total.write_bytes_per_second = total.write_bytes_per_second.value_or(0) + *counters.write_rate;
  entry.nodes[node_name(state.node)] = node;
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
  if (counters.bad_blocks > 0) bad("bad_data", "bad data in " + entry.name, counters.first_bad);
  if (counters.short_transfers > 0)
    bad("short_transfer", "short transfers in " + entry.name,
        fmt::format("{} on {}", counters.short_transfers, node_name(state.node)));
  if (counters.errors > 0) bad("io_error", "I/O errors in " + entry.name, counters.first_error);
  if (state.end->signal)
    bad("workload", fmt::format("{} killed by signal {}", entry.program, *state.end->signal),
        state.errors);
  if (!findings.empty()) return findings;
  if (state.end->ok() && state.reader->has_result() && counters.operations > 0) return findings;
  JobResult result;
  result.node = state.node;
  result.finished = true;
  result.end = *state.end;
  result.errors = state.errors;
  throw Error(fmt::format("{} did no work: {}", entry.name, result.describe(entry.program)));
}

}  // namespace gridlock

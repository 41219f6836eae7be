// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology/data_size.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace gridlock {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

/// `text` as a count, or 1.
std::uint64_t count_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && rest == text.data() + text.size() ? number : 1;
}

/// Products and sums that do not fit stay at the largest value.
std::uint64_t product(std::uint64_t a, std::uint64_t b) {
  return b != 0 && a > kMost / b ? kMost : a * b;
}
std::uint64_t sum(std::uint64_t a, std::uint64_t b) { return b > kMost - a ? kMost : a + b; }

std::uint64_t data_of_node(const WorkloadSpec& workload) {
  if (workload.mmap_dio) {
    const MmapDioSpec& spec = *workload.mmap_dio;
    const std::uint64_t files = spec.buffer == MmapDioSpec::Buffer::own_file ? 2 : 1;
    // Its two halves begin at pages of their own, and room behind them is disturbed.
    constexpr std::uint64_t kBeside = 4 << 20;
    return product(sum(spec.file_size.count, kBeside),
                   files * static_cast<std::uint64_t>(spec.processes));
  }
  if (workload.lock_ping) return 1 << 20;
  if (workload.exec) return workload.exec->data.count;
  std::uint64_t size = 0;
  std::uint64_t jobs = 1;
  if (workload.fio) {
    for (const auto& [key, value] : workload.fio->jobs) {
      if (key == "size") size = parse_bytes(value).value_or(Bytes{}).count;
      if (key == "numjobs") jobs = count_of(value);
    }
  }
  return product(size, jobs);
}

}  // namespace

Bytes workload_data(const Topology& topology) {
  std::uint64_t most = 0;
  for (const TrialSpec& trial : topology.trials) {
    std::uint64_t node = 0;
    for (const std::string& name : trial.workloads) {
      const auto workload = std::ranges::find(topology.workloads, name, &WorkloadSpec::name);
      if (workload != topology.workloads.end()) node = sum(node, data_of_node(*workload));
    }
    most = std::max(most, product(node, static_cast<std::uint64_t>(topology.nodes.count)));
  }
  return Bytes{most};
}

}  // namespace gridlock

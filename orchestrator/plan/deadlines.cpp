// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan/deadlines.h"

#include <algorithm>

#include "base/bytes.h"
#include "topology/data_size.h"

namespace gridlock {
namespace {

using std::chrono::seconds;

/// The slowest a shared disk is taken to be.
constexpr Bytes kPerSecond = Bytes::mib(8);
/// mkfs touches every resource group of a disk, which are at most 2 GiB apart.
constexpr Bytes kFormattedPerSecond = Bytes::gib(8);

seconds time_for(Bytes amount, Bytes per_second) {
  return seconds(static_cast<std::int64_t>(amount.count / per_second.count));
}

}  // namespace

Deadlines plan_deadlines(const Topology& topology) {
  const int nodes = topology.nodes.count;
  // Two nodes are what the base values were chosen for; the nodes share the host's processors.
  const auto scaled = [&](int base, int per_node) {
    return seconds(base + per_node * std::max(0, nodes - 2));
  };
  const Milliseconds token = topology.cluster.token;
  const Bytes journals{static_cast<std::uint64_t>(nodes) * topology.filesystem.journal.count};
  const seconds data = time_for(workload_data(topology), kPerSecond);

  Deadlines limit;
  limit.start = scaled(180, 30);
  limit.connect = scaled(60, 5);
  // Membership settles within a few tokens, and mounting waits for membership.
  limit.form = scaled(80, 15) + 4 * token;
  limit.format = seconds(120) + time_for(journals, kPerSecond) +
                 time_for(topology.disks.front().size, kFormattedPerSecond);
  limit.mount = scaled(80, 15) + 4 * token;
  // A hung task is reported within twice its time-out, and that report is wanted.
  limit.work =
      std::max<Milliseconds>(scaled(60, 10), 3 * topology.watch.hung_task + topology.watch.stall) +
      data;
  limit.verify = scaled(120, 10) + data;
  limit.collect = scaled(60, 10);
  limit.stop = scaled(60, 5);
  return limit;
}

}  // namespace gridlock

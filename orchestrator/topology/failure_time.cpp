// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology/failure_time.h"

#include <algorithm>

namespace gridlock {
namespace {

/// corosync waits longer for its token by this for each node above two, and for consensus 1.2 times
/// as long again: token_coefficient and consensus in corosync.conf(5).
constexpr Milliseconds kTokenCoefficient{650};
/// Then those that are left agree and tell their daemons: 3 s on three emulated nodes.
constexpr Milliseconds kAgreement{5'000};
/// Rounds of o2cb's heartbeat: O2HB_REGION_TIMEOUT_MS in fs/ocfs2/cluster/heartbeat.h.
constexpr Milliseconds kHeartbeat{2'000};

Milliseconds dead_after(const O2cbTimes& times) { return (times.dead_threshold - 1) * kHeartbeat; }

}  // namespace

Milliseconds noticed_after(const ClusterSpec& cluster) {
  switch (cluster.stack) {
    case ClusterStack::corosync:
      return cluster.token;
    case ClusterStack::o2cb:
      return std::min(dead_after(cluster.o2cb), cluster.o2cb.idle_timeout);
    case ClusterStack::none:
      break;
  }
  return Milliseconds::max();
}

Milliseconds given_up_after(const ClusterSpec& cluster, int nodes) {
  switch (cluster.stack) {
    case ClusterStack::corosync: {
      const Milliseconds token = cluster.token + std::max(0, nodes - 2) * kTokenCoefficient;
      return token + token * 6 / 5 + kAgreement;
    }
    case ClusterStack::o2cb:
      // A heartbeat of its last round may have been written just before it died.
      return std::max(dead_after(cluster.o2cb) + kHeartbeat, cluster.o2cb.idle_timeout);
    case ClusterStack::none:
      break;
  }
  return Milliseconds{0};
}

}  // namespace gridlock

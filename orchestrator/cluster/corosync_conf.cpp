// SPDX-License-Identifier: GPL-2.0-or-later
#include "cluster/corosync_conf.h"

#include <fmt/format.h>

namespace gridlock {

std::string corosync_conf(const Plan& plan) {
  std::string nodes;
  for (const PlannedNode& node : plan.nodes)
    nodes += fmt::format("  node {{\n    ring0_addr: {}\n    name: {}\n    nodeid: {}\n  }}\n",
                         node.address, node.name, node.id.number);
  // two_node is for exactly two and implies wait_for_all; a lab waits for all nodes in any case,
  // since a partial cluster is never what a trial is about.
  const char* const quorum = plan.nodes.size() == 2 ? "  two_node: 1\n" : "";
  return fmt::format(
      "totem {{\n  version: 2\n  cluster_name: {}\n  transport: udpu\n  token: {}\n"
      "  join: {}\n  crypto_cipher: none\n  crypto_hash: none\n}}\n"
      "nodelist {{\n{}}}\n"
      "quorum {{\n  provider: corosync_votequorum\n  expected_votes: {}\n  wait_for_all: 1\n{}}}\n"
      "system {{\n  sched_rr: no\n}}\n"
      "logging {{\n  to_stderr: yes\n  to_syslog: no\n  to_logfile: no\n  timestamp: off\n}}\n",
      plan.cluster_name, plan.cluster.token.count(), 50, nodes, plan.nodes.size(), quorum);
}

}  // namespace gridlock

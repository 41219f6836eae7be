// SPDX-License-Identifier: GPL-2.0-or-later
#include "cluster/o2cb_conf.h"

#include <fmt/format.h>

namespace gridlock {
namespace {

/// O2NET_IDLE_TIMEOUT_MS_DEFAULT in fs/ocfs2/cluster/tcp.h.
constexpr Milliseconds kKernelsIdleTimeout{30'000};

std::string write(const std::string& file, std::int64_t value) {
  return fmt::format("echo {} >{} && ", value, file);
}

}  // namespace

std::string o2cb_conf(const Plan& plan) {
  std::string text =
      fmt::format("cluster:\n\tname = {}\n\theartbeat_mode = local\n\tnode_count = {}\n\n",
                  plan.cluster_name, plan.nodes.size());
  for (const PlannedNode& node : plan.nodes)
    text += fmt::format(
        "node:\n\tcluster = {}\n\tnumber = {}\n\tip_port = {}\n\tip_address = {}\n\tname = {}\n\n",
        plan.cluster_name, node.id.number, kO2cbPort, node.address, node.name);
  return text;
}

std::string o2cb_register_script(const Plan& plan) {
  const O2cbTimes& times = plan.cluster.o2cb;
  const std::string idle = write("idle_timeout_ms", times.idle_timeout.count());
  const std::string keepalive = write("keepalive_delay_ms", times.keepalive_delay.count());
  return fmt::format("o2cb register-cluster {0} && cd /sys/kernel/config/cluster/{0} && ",
                     plan.cluster_name) +
         write("heartbeat/dead_threshold", times.dead_threshold) +
         (times.keepalive_delay < kKernelsIdleTimeout ? keepalive + idle : idle + keepalive) +
         write("reconnect_delay_ms", times.reconnect_delay.count()) +
         // A node that gives itself up says so, where a reset would say nothing.
         "echo panic >fence_method";
}

}  // namespace gridlock

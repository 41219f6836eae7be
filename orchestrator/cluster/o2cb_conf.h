// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "plan/plan.h"

namespace gridlock {

/// /etc/ocfs2/cluster.conf for the plan's nodes, with their heartbeat on the disk they mount.
/// Source: ocfs2.cluster.conf(5).
std::string o2cb_conf(const Plan& plan);

/// For the node's shell: tells the kernel of the cluster that cluster.conf describes, and when to
/// give a node up. Source: o2cb(8); fs/ocfs2/cluster/nodemanager.c and heartbeat.c, whose idle
/// time-out must at every moment be above the keepalive delay.
std::string o2cb_register_script(const Plan& plan);

}  // namespace gridlock

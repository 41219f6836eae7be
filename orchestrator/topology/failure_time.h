// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "topology/topology.h"

namespace gridlock {

/// How long a node may be silent before the others give it up, at the least: one that
/// comes back earlier was a member all the time. The longest time there is if nobody would notice.
/// Sources: corosync.conf(5), token; fs/ocfs2/cluster, heartbeat.c and tcp.c.
Milliseconds noticed_after(const ClusterSpec& cluster);

/// When the others have agreed to go on without a node that fell silent, at the latest, even
/// emulated: then the recovery of its locks and its journal begins.
Milliseconds given_up_after(const ClusterSpec& cluster, int nodes);

}  // namespace gridlock

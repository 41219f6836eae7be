// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "topology/mistakes.h"
#include "topology/section.h"
#include "topology/topology.h"

namespace gridlock {

/// `filesystem:`; `disks` are the names of those there are.
FilesystemSpec read_filesystem(const Section& section, const std::vector<std::string>& disks,
                               Mistakes& mistakes);

/// `cluster:`, whose stack must be able to carry `type` to `node_count` nodes.
ClusterSpec read_cluster(const Section& section, FilesystemType type, int node_count,
                         Mistakes& mistakes);

/// Adds a mistake for each workload that needs what the topology's file system has not got.
void check_workloads_of(const Topology& topology, Mistakes& mistakes);

/// What the file system itself takes of the disk beside its journals.
Bytes own_room(FilesystemType type, int node_count);

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "plan/plan.h"

namespace gridlock {

/// Throws UsageError if the file with a target's secret is not there, or trials begin with, or the
/// lab is saved as, what cannot be restored: a target that exists keeps its disk to itself, and a
/// node that is an initiator itself comes back with a session that its target knows nothing of.
void check_disk(const Plan& plan, const HostFacts& host);

/// The disk as in plan.json. `paths`: whether the path of the secret's file is written.
enum class DiskPaths { written, left_out };
Json disk_json(const DiskSpec& disk, DiskPaths paths);

/// How the disk reaches the nodes, for people: "virtio", "iscsi via host".
std::string transport_text(const DiskSpec& disk);

}  // namespace gridlock

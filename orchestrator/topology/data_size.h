// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "topology/topology.h"

namespace gridlock {

/// What the nodes together lay out in files of the shared file system in the trial that has most: a
/// trial leaves its lab to another without its files. Of a fio job as far as its `size` and
/// `numjobs` say it.
Bytes workload_data(const Topology& topology);

}  // namespace gridlock

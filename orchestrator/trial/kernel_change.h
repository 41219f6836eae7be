// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <stop_token>

#include "record/run_record.h"
#include "trial/lab.h"
#include "watch/kernel_counters.h"

namespace gridlock {

/// The kernels' counters around one workload: read when it is made, before the workload's start,
/// and again by record() after its end. What cannot be read is absent from the record and changes
/// nothing else. Throws Cancelled only.
class KernelCountersAround {
 public:
  KernelCountersAround(const LabSetting& setting, const Crew& crew, std::stop_token stop);
  /// Writes what has changed into `entry`. Not for a kernel that broke: reading its locks could
  /// hang it.
  void record(WorkloadRecord& entry, std::stop_token stop) const;

 private:
  const LabSetting& setting_;
  const Crew& crew_;
  KernelCounters before_;
};

}  // namespace gridlock

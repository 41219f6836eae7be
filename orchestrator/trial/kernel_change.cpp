// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/kernel_change.h"

#include <utility>

namespace gridlock {
namespace {

/// Longer than the agent gives a file that does not answer.
constexpr Milliseconds kReadLimit{6'000};

KernelCounters read_now(const LabSetting& setting, const Crew& crew, std::stop_token stop) {
  return read_kernel_counters(setting.plan, crew, setting.fabric, kReadLimit, std::move(stop));
}

}  // namespace

KernelCountersAround::KernelCountersAround(const LabSetting& setting, const Crew& crew,
                                           std::stop_token stop)
    : setting_(setting), crew_(crew), before_(read_now(setting, crew, std::move(stop))) {}

void KernelCountersAround::record(WorkloadRecord& entry, std::stop_token stop) const {
  KernelChange change = difference(before_, read_now(setting_, crew_, std::move(stop)));
  entry.kernel = std::move(change.counts);
  for (LockWait& wait : change.waits)
    entry.lock_waits.push_back({std::move(wait.lock_class), wait.contentions, wait.wait_us});
}

}  // namespace gridlock

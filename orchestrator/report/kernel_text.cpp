// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/kernel_text.h"

#include <fmt/format.h>

#include <vector>

#include "base/text.h"

namespace gridlock {
namespace {

/// A wait shorter than this, all nodes together, is no bottleneck.
constexpr double kLeastWaitUs = 1000;

std::string share_text(double count, double operations) {
  const double share = count / operations;
  if (share == 0 || share >= 100) return fmt::format("{:.0f}", share);
  return share < 0.05 ? "under 0.1" : fmt::format("{:.1f}", share);
}

std::string wait_text(double us) {
  return us < 1e6 ? fmt::format("{:.1f} ms", us / 1e3) : fmt::format("{:.1f} s", us / 1e6);
}

}  // namespace

std::string kernel_text(const WorkloadRecord& workload) {
  std::vector<std::string> costs;
  double sum = 0;
  const auto operations = static_cast<double>(workload.total.operations);
  const auto add = [&](const char* name, const char* unit) {
    const auto found = workload.kernel.find(name);
    if (found == workload.kernel.end() || operations == 0) return;
    costs.push_back(share_text(found->second, operations) + unit);
    sum += found->second;
  };
  add("dlm_requests", " requests");
  add("dlm_frames", " frames");
  std::vector<std::string> lines;
  if (sum > 0) lines.push_back("DLM per op: " + join(costs, ", "));
  if (!workload.lock_waits.empty() && workload.lock_waits.front().wait_us >= kLeastWaitUs) {
    const LockWaitRecord& most = workload.lock_waits.front();
    lines.push_back("waited " + wait_text(most.wait_us) + " for " +
                    printable(most.lock_class, 100));
  }
  return join(lines, "\n");
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "doctor/wanted.h"

#include <algorithm>

namespace gridlock {
namespace {

/// The default shape of a node: NodesSpec.
constexpr Bytes kUsualNode = Bytes::mib(768);
constexpr std::size_t kUsualNodes = 2;

bool builds(const PlannedKernel& kernel) { return !kernel.source.prebuilt; }

}  // namespace

std::vector<PlannedNode> Wanted::nodes() const {
  if (plan_) return plan_->nodes;
  PlannedNode node;
  node.memory = kUsualNode;
  return std::vector<PlannedNode>(kUsualNodes, node);
}

std::optional<Health> Wanted::without(NeededFor what) const {
  if (what == NeededFor::every_lab || what == NeededFor::ordinary_user) return Health::problem;
  if (what == NeededFor::pictures || what == NeededFor::debugger) return Health::note;
  if (what == NeededFor::compression)
    return plan_ && !uses(NeededFor::built_kernel) ? std::nullopt : std::optional(Health::note);
  if (!plan_) return what == NeededFor::built_kernel ? Health::problem : Health::note;
  if (uses(what)) return Health::problem;
  return std::nullopt;
}

std::vector<std::string> Wanted::source_packages() const {
  std::vector<std::string> packages;
  if (!plan_) return packages;
  for (const PlannedKernel& kernel : plan_->kernels)
    if (const std::string& name = kernel.source.package;
        !name.empty() && std::ranges::find(packages, name) == packages.end())
      packages.push_back(name);
  return packages;
}

std::size_t Wanted::workspaces() const {
  if (!plan_) return 1;
  return static_cast<std::size_t>(std::ranges::count_if(
      plan_->kernels, [](const PlannedKernel& k) { return k.from.empty() && builds(k); }));
}

bool Wanted::uses(NeededFor what) const {
  const bool iscsi = plan_->disk.transport == Transport::iscsi;
  switch (what) {
    case NeededFor::built_kernel:
      return std::ranges::any_of(plan_->kernels, builds);
    case NeededFor::modules:
      return !std::ranges::all_of(plan_->kernels, builds);
    case NeededFor::kernel_package:
      return std::ranges::any_of(plan_->kernels, [](const PlannedKernel& kernel) {
        return kernel.source.prebuilt && !kernel.source.prebuilt->package.empty();
      });
    case NeededFor::git:
      return std::ranges::any_of(
          plan_->kernels, [](const PlannedKernel& kernel) { return !kernel.source.git.empty(); });
    case NeededFor::iscsi_host:
      return iscsi && plan_->disk.via == IscsiVia::host;
    case NeededFor::iscsi_target:
      return iscsi && !plan_->disk.target;
    default:
      return true;
  }
}

}  // namespace gridlock

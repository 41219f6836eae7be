// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "doctor/examine.h"
#include "doctor/needs.h"

namespace gridlock {

/// What is asked of the host: by a plan, or by anything Gridlock does.
class Wanted {
 public:
  explicit Wanted(const Plan* plan) : plan_(plan) {}

  bool has_plan() const { return plan_ != nullptr; }
  /// The plan's, or two of the default shape.
  std::vector<PlannedNode> nodes() const;
  /// How bad it is to be without something. Nothing: the plan does not use it. A note: it might be
  /// wanted some day.
  std::optional<Health> without(NeededFor what) const;
  /// Debian's source packages it builds from.
  std::vector<std::string> source_packages() const;
  /// Kernels that are unpacked and built by themselves, not from another's objects.
  std::size_t workspaces() const;

 private:
  bool uses(NeededFor what) const;

  const Plan* plan_;
};

/// "sudo apt-get install a b".
std::string install(const std::vector<std::string>& packages);

/// Adds what packages bring: programs, files and kernel sources.
void examine_programs(const HostView& host, const Wanted& wanted, std::vector<CheckUp>& checks);

}  // namespace gridlock

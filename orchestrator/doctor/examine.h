// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "doctor/host_view.h"
#include "plan/plan.h"

namespace gridlock {

enum class Health {
  ok,
  note,     ///< something is slower, or a part of Gridlock is missing
  problem,  ///< no lab runs, or not the one that is asked for
};

/// What one check came to.
struct CheckUp {
  std::string about;  ///< "memory": one word or two, the same on every host
  Health health = Health::ok;
  std::string text;  ///< one line: what was seen
  std::string fix;   ///< what to do, a command if there is one; empty: nothing
};

/// What `host` can do and what to change, in an order that begins with what everything needs. With
/// a `plan`, for its labs: what they need beyond that is a problem if it is missing, and what they
/// do not need is left out; null: for anything Gridlock does.
std::vector<CheckUp> examine(const HostView& host, const Plan* plan);

/// Whether any of them is a problem.
bool has_problem(const std::vector<CheckUp>& checks);

}  // namespace gridlock

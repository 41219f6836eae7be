// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "guest/crew.h"
#include "plan/plan.h"

namespace gridlock {

/// Keeps one file of evidence; `name` is safe.
using KeepEvidence = std::function<void(const std::string& name, std::string_view bytes)>;

/// What a look at a lab came to.
struct EvidenceTaken {
  int files = 0;
  std::vector<std::string> skipped;  ///< "glocks on node2: no answer within 5s"
  std::string diagnosis;             ///< one sentence: the deadlock, or that none is seen
};

/// Takes the evidence ladder of `crew` now, healthy or not, and keeps what it finds. Locks of nodes
/// in `broken` are not read: that could hang them. Throws Cancelled, and what `keep` throws.
EvidenceTaken take_evidence(const Plan& plan, const Crew& crew, const std::set<NodeId>& broken,
                            const KeepEvidence& keep, std::stop_token stop);

}  // namespace gridlock

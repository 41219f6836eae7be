// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <vector>

#include "diagnosis/diagnose.h"
#include "guest/crew.h"
#include "record/run_record.h"

namespace gridlock {

/// A circle of waits as a finding, the same on every node that takes part.
FindingRecord finding_of(const diagnosis::Diagnosis& cycle);

/// The nodes of `crew` that the path of a diagnosis goes over.
std::vector<NodeId> nodes_of(const diagnosis::Diagnosis& diagnosis, const Crew& crew);

}  // namespace gridlock

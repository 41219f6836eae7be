// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "diagnosis/look.h"

namespace gridlock::diagnosis {

/// Finds the DLM numbers of the nodes that have none: a lock that is mastered elsewhere stands in
/// two dumps, its owner's naming the master and the master's naming the owner. What two nodes would
/// share is left open.
void find_dlm_ids(Look& look);

}  // namespace gridlock::diagnosis

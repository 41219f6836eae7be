// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <stop_token>

#include "trial/saved_lab_cache.h"

namespace gridlock {

/// Finds or makes the formed lab of a kernel: all nodes of the plan, booted, joined and mounted,
/// saved at one instant with their disk. Throws what SavedLabCache::get throws, and BarrierFailed
/// or NodeLost: it did not come to be, of which a trial that boots tells more.
SavedLab formed_lab(const LabSetting& setting, const SavedParts& parts, SavedLabCache& cache,
                    std::stop_token stop);

}  // namespace gridlock

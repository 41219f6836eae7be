// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <stop_token>

#include "trial/saved_lab_cache.h"

namespace gridlock {

/// Finds or makes the template of a kernel: a guest of the shape of the plan's nodes, booted until
/// its agent said hello, before it was anybody, and saved; where the nodes differ in shape or
/// kernel, one for each kind, and the result has a guest for every node. What it printed until then
/// is read again in every trial that begins with it. Throws what SavedLabCache::get throws;
/// BarrierFailed: the guest did not come up.
SavedLab guest_template(const LabSetting& setting, const SavedParts& parts, SavedLabCache& cache,
                        std::stop_token stop);

}  // namespace gridlock

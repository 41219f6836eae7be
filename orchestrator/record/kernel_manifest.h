// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

#include "record/run_record.h"

namespace gridlock {

/// Adds to `kernel` what the manifest.json of its folder in the cache says of what it was made
/// from. What that does not say, and a manifest that is damaged, leave it as it is.
void add_manifest(std::string_view manifest, KernelRecord& kernel);

}  // namespace gridlock

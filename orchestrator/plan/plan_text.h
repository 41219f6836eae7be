// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "plan/plan.h"

namespace gridlock {

/// The plan for people, as `gridlock plan FILE` prints it: about a screenful, ending in a newline.
std::string plan_text(const Plan& plan);

}  // namespace gridlock

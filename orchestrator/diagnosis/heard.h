// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "diagnosis/look.h"

namespace gridlock::diagnosis {

/// The nodes of a look, borrowed: their texts may be large. One that did not answer has none.
using Heard = std::vector<const NodeLook*>;

/// A node's name by its DLM number: "node3" for one that is not in the look.
std::string node_name(const Heard& heard, int dlm_id);

}  // namespace gridlock::diagnosis

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "topology/document.h"
#include "topology/shape.h"

namespace gridlock {

/// Puts `over` on top of `base`: mappings key by key, anything else in place of what was there. A
/// mapping that takes another alternative, or another program, than the one below it replaces that
/// as a whole. Keys of `base` come first, in its order.
void merge(DocNode& base, DocNode over, const Shape& shape);

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "topology/document.h"
#include "topology/mistakes.h"

namespace gridlock {

/// Gives every kernel, disk, workload and trial of the document what `defaults` says for its kind
/// and it does not say itself, and takes `defaults` away. Values are merged as those of included
/// files are. Left out is what an entry cannot have: keys of other programs, the source and config
/// of a kernel that takes them `from` another, what a prebuilt one cannot have, the duration of a fio job with a runtime.
void apply_defaults(DocNode& root, Mistakes& mistakes);

}  // namespace gridlock

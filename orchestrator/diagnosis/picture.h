// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "diagnosis/diagnose.h"

namespace gridlock::diagnosis {

/// The graph in Graphviz's language: a box for each node with its tasks, the locks between them,
/// the cycle or chain in a strong colour. At most 48 waits are drawn, the path's first, and the
/// number of those left out is said. Names of tasks and files stay text, whatever they hold.
std::string dot_of(const Diagnosis& diagnosis);

}  // namespace gridlock::diagnosis

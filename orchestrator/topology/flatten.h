// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "topology/document.h"

namespace gridlock {

/// `root` as one YAML file that reads as it does, headed by a comment that names the `files` it was
/// made of.
std::string flattened(const DocNode& root, const std::vector<std::string>& files);

}  // namespace gridlock

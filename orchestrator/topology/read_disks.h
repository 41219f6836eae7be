// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "topology/document.h"
#include "topology/mistakes.h"
#include "topology/topology.h"

namespace gridlock {

/// A disk, and where its size is written, if it is.
struct WrittenDisk {
  DiskSpec disk;
  std::optional<Mark> size_mark;
};

/// `disks:`; null if it is not written. Relative paths are relative to `folder`.
std::vector<WrittenDisk> read_disks(const DocNode* node, Mark mark,
                                    const std::filesystem::path& folder, Mistakes& mistakes);

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>

#include "machine/hypervisor.h"

namespace gridlock {

/// A file with the secret of a machine's iSCSI disk, which only QEMU's user can read, for as long
/// as the machine starts.
class ChapFile {
 public:
  /// Does nothing for a machine without one. Throws VirtError if the file cannot be written.
  explicit ChapFile(const MachineSpec& spec);
  ~ChapFile();
  ChapFile(const ChapFile&) = delete;
  ChapFile& operator=(const ChapFile&) = delete;

 private:
  std::filesystem::path path_;
};

}  // namespace gridlock

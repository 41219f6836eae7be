// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>

namespace gridlock {

/// The folders Gridlock works from and in. All absolute.
struct Installation {
  std::filesystem::path recipe;    ///< images/rootfs
  std::filesystem::path programs;  ///< the built agent and workload programs
  std::filesystem::path initramfs; ///< the program that an initramfs begins with
  std::filesystem::path cache;     ///< …/gridlock: kernels, images
  std::filesystem::path runs;      ///< what live runs keep: sockets, scratch disks
  std::filesystem::path results;   ///< one folder a run
};

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>

namespace gridlock {

/// The folders Gridlock works from and in. All absolute.
struct Installation {
  std::filesystem::path recipe;    ///< images/rootfs
  std::filesystem::path programs;  ///< the built agent and workload programs
  std::filesystem::path initramfs; ///< the program that an initramfs begins with
  std::filesystem::path cache;     ///< …/gridlock: kernels, images
  std::filesystem::path runs;      ///< what live runs keep: sockets, scratch disks
  std::filesystem::path results;   ///< one folder a run
  std::filesystem::path usual_results;  ///< where the verbs look for runs unless they are told

  /// How a verb is told which run is meant: by its name, or by its path where it would not look.
  std::string argument(const std::filesystem::path& run) const {
    return run.parent_path() == usual_results ? run.filename().string()
                                              : std::filesystem::absolute(run).string();
  }
};

}  // namespace gridlock

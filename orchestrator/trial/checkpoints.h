// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>
#include <utility>
#include <vector>

#include "cluster/cluster.h"
#include "trial/lab.h"
#include "trial/saved_lab.h"

namespace gridlock {

/// The last states of a lab at work, for whoever wants to go back to before a failure: folders
/// below a trial's, named by the milliseconds since it began.
class Checkpoints {
 public:
  Checkpoints(std::filesystem::path folder, SavedFrom parts)
      : folder_(std::move(folder)), parts_(std::move(parts)) {}

  /// Pauses the lab, saves it and lets it go on. Of earlier ones the last stays: the newest may
  /// have been taken when a failure had happened and nobody had seen it. Throws Error if it could
  /// not be saved; the lab goes on all the same.
  void take(Lab& lab, const Cluster& cluster, double at, Bytes room, std::stop_token stop);

  /// Makes those there are fit for read_saved_lab().
  void keep() const;
  void discard();

 private:
  std::filesystem::path folder_;
  SavedFrom parts_;
  std::vector<std::pair<std::filesystem::path, SavedLab>> taken_;  ///< oldest first
};

/// The folders of the checkpoints in a trial's folder, oldest first.
std::vector<std::filesystem::path> checkpoints_of(const std::filesystem::path& trial);

}  // namespace gridlock

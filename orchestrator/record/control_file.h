// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "base/json.h"
#include "record/writing_lock.h"

namespace gridlock {

/// control.json in the directory of a run that lives: where its control socket is, what is held and
/// until when (docs/results.md). With it goes the run's lock, which tells a live one from what a
/// killed Gridlock left. The destructor removes the file.
class ControlFile {
 public:
  /// Nothing is written yet.
  explicit ControlFile(std::filesystem::path run) : run_(std::move(run)) {}
  ControlFile(const ControlFile&) = delete;
  ControlFile& operator=(const ControlFile&) = delete;
  ~ControlFile();

  /// Throws Error naming the file.
  void write(const Json& control);

 private:
  std::filesystem::path run_;
};

/// A run that lives.
struct LiveRun {
  std::filesystem::path directory;
  std::filesystem::path socket;
  Json control;  ///< an object
};

/// The live run a person means by `name`: as find_run() has it, or for an empty one the run below
/// `results` that said something last. Throws UsageError if there is none, with what became of it;
/// Error if its control.json is damaged.
LiveRun find_live_run(const std::filesystem::path& results, const std::string& name);

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "record/run_record.h"

namespace gridlock {

/// Writes one trial's files as things happen.
class TrialWriter {
 public:
  /// One line of events.jsonl: {"t": seconds since the trial's start, "node": name or absent,
  /// "event": name, …members of `more`}. Written and flushed at once.
  void event(double t, const std::string& node, const std::string& name, const Json& more);
  /// One line of samples.jsonl.
  void sample(const Json& line);
  /// The folder of one node, made on first use: nodes/<node>.
  std::filesystem::path node_directory(const std::string& node);
  /// Writes evidence/<finding>/<name>.
  void evidence(const std::string& finding, const std::string& name, std::string_view bytes);
  void artefact(const std::string& node, const std::string& name, std::string_view bytes);

  const std::filesystem::path& directory() const { return directory_; }

 private:
  friend class RunWriter;
  explicit TrialWriter(std::filesystem::path directory);
  std::filesystem::path directory_;
};

/// One run's directory under `results`. run.json is written first, with outcome "running", and
/// replaced (atomically) by every `update`, so that it is valid whenever Gridlock is killed.
class RunWriter {
 public:
  /// Makes results/<UTC>-<topology>-<id>, topology.yaml, plan.json, run.json and the `latest` link.
  RunWriter(const std::filesystem::path& results, const Plan& plan, const RunRecord& first,
            const Clock& clock);

  void update(const RunRecord& run);
  /// Copies config, manifest.json and patches of a built kernel to kernels/<name>/.
  void keep_kernel(const PlannedKernel& planned, const std::filesystem::path& built);
  std::unique_ptr<TrialWriter> begin_trial(const PlannedTrial& trial);
  void finish_trial(const TrialRecord& trial);
  void keep_report(const std::string& text);

  const std::filesystem::path& directory() const { return directory_; }

 private:
  std::filesystem::path directory_;
};

}  // namespace gridlock

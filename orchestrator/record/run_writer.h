// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "plan/plan.h"
#include "record/line_file.h"
#include "record/run_record.h"
#include "record/writing_lock.h"

namespace gridlock {

/// Writes one trial's files as things happen. Names of nodes, findings and files may hold anything:
/// they are made safe (record/file_name.h). Every function throws Error naming the file it could
/// not write.
class TrialWriter {
 public:
  /// One line of events.jsonl: {"t": seconds since the trial's start, "node": name or absent,
  /// "event": name, …members of `more`}. Written at once: it survives a SIGKILL.
  void event(double t, const std::string& node, const std::string& name, const Json& more);
  /// One line of samples.jsonl.
  void sample(const Json& line);
  /// The folder of one node, made on first use: nodes/<node>.
  std::filesystem::path node_directory(const std::string& node);
  /// Writes evidence/<finding>/<name>; `name` may have folders.
  void evidence(const std::string& finding, const std::filesystem::path& name,
                std::string_view bytes);
  /// Writes nodes/<node>/<name>.
  void artefact(const std::string& node, const std::string& name, std::string_view bytes);

  const std::filesystem::path& directory() const { return directory_; }

 private:
  friend class RunWriter;
  explicit TrialWriter(std::filesystem::path directory);

  std::filesystem::path directory_;
  LineFile events_;
  LineFile samples_;
};

/// One run's directory under `results`. run.json is written first, with outcome "running", and
/// replaced (atomically) by every `update`, so that it is valid whenever Gridlock is killed. As
/// long as the writer lives it holds the lock that tells a reader so. Every function throws Error
/// naming the file it could not write.
class RunWriter {
 public:
  /// Makes results/<UTC>-<topology>-<id>, run.json, topology.yaml, plan.json and the `latest` link.
  /// `clock` must outlive the writer.
  RunWriter(const std::filesystem::path& results, const Plan& plan, const RunRecord& first,
            const Clock& clock);
  /// Goes on in `directory`, whose run nobody writes any more.
  RunWriter(const std::filesystem::path& directory, const Clock& clock);

  /// Replaces run.json by `run`; its id and the time it was updated are filled in here.
  void update(const RunRecord& run);
  /// Copies config, manifest.json and patches/ of a kernel's folder in the cache to
  /// kernels/<name>/.
  void keep_kernel(const PlannedKernel& planned, const std::filesystem::path& built);
  /// Makes trials/<NN>-<kernel>-<name>, with a number behind it where that is there already.
  std::unique_ptr<TrialWriter> begin_trial(const PlannedTrial& trial);
  /// Writes the trial.json of a trial that was begun.
  void finish_trial(const TrialRecord& trial);
  /// Removes the directory of a trial that was begun: there is enough of its kind.
  void discard_trial(const TrialRecord& trial);
  /// Writes a file of the run's own, such as report.txt.
  void keep_report(std::string_view file, const std::string& text);

  const std::filesystem::path& directory() const { return directory_; }

 private:
  const Clock& clock_;
  std::filesystem::path directory_;
  WritingLock lock_;
  std::map<int, std::filesystem::path> trials_;  // by number
};

}  // namespace gridlock

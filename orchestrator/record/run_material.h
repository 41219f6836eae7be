// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "record/run_record.h"
#include "record/trial_events.h"
#include "record/trial_series.h"

namespace gridlock {

/// What the files of one trial tell beside its record.
struct TrialMaterial {
  TrialSeries series;
  std::vector<TrialEvent> events;
};

/// What was kept to explain a finding. Empty: it was not, or is over the bounds.
struct FindingMaterial {
  int trial = 0;  ///< number of the trial it was taken from
  std::string id;
  std::string console;    ///< the report's bytes, as the node sent them
  bool cut = false;       ///< there are more of them
  std::string svg;        ///< the picture of who waits for whom
  std::string diagnosis;  ///< the same in words
};

/// What a kernel was built from.
struct KernelMaterial {
  std::string config;
  std::string source;     ///< "commit 1a2b…", "linux-source-6.1", "…, prebuilt"; or empty
  bool prebuilt = false;  ///< nobody built it for a run
  struct Patch {
    std::string name;
    std::string text;
    bool cut = false;
  };
  std::vector<Patch> patches;  ///< in the order they were applied
};

/// What a page shows of a run beside its record.
struct RunMaterial {
  std::map<int, TrialMaterial> trials;  ///< by number
  /// By identity: of its first occurrences, the first with a picture before the first with a
  /// report.
  std::map<std::string, FindingMaterial> findings;
  std::map<std::string, KernelMaterial> kernels;  ///< by name
  std::string topology;                           ///< the YAML as it was read
};

/// How much of a run is read, however large it is.
struct MaterialBounds {
  std::size_t trials = 400;        ///< whose files are looked at
  std::size_t findings = 100;      ///< identities that are explained
  Bytes samples = Bytes::mib(64);  ///< of one trial; a larger file counts as absent
  Bytes console = Bytes::kib(48);  ///< of one report
  Bytes picture = Bytes::kib(512);
  Bytes patch = Bytes::kib(128);
  Bytes config = Bytes::mib(1);
  std::size_t patches = 64;
};

/// A finding's report as its node sent it; no bytes: it was not kept.
struct KeptReport {
  std::string bytes;
  bool cut = false;  ///< there are more of them
};

/// Reads at most `limit` of the report of a finding of a run that is kept in `directory`.
KeptReport read_report(const TrialRecord& trial, const FindingRecord& finding,
                       const std::filesystem::path& directory, Bytes limit);

/// Reads what `run` left under `directory`. What is missing, too large or unreadable is left out: a
/// page is made of what there is. Names in a record lead nowhere but below `directory`.
RunMaterial read_material(const RunRecord& run, const std::filesystem::path& directory,
                          const MaterialBounds& bounds = {});

}  // namespace gridlock

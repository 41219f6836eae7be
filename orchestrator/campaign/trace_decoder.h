// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "kernel/builder.h"
#include "record/run_record.h"

namespace gridlock {

/// Adds files and lines to the call traces of a run's findings while the run has its kernels'
/// symbols. A kernel's vmlinux is opened when a report of it is first asked for, and once. For one
/// thread.
class TraceDecoder {
 public:
  /// `kernels` by name; `clock` must outlive the decoder. `note` is told what keeps traces from
  /// being decoded.
  TraceDecoder(const std::map<std::string, BuiltKernel>& kernels, const Clock& clock,
               std::function<void(const std::string&)> note);
  TraceDecoder(const TraceDecoder&) = delete;
  TraceDecoder& operator=(const TraceDecoder&) = delete;
  ~TraceDecoder();

  /// Decodes the findings of a trial whose files are kept in the run's folder `run`, into its
  /// record and into evidence/<finding>/trace.txt: what kernels printed, and of those that are
  /// silent, where their processors were (evidence/<finding>/<node>/registers.txt). What a
  /// kernel without debug information printed stays without, and so does what is not decoded within
  /// some seconds. Throws HostError if trace.txt cannot be written.
  void decode(TrialRecord& trial, const std::filesystem::path& run);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gridlock

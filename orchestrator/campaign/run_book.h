// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/event_loop.h"
#include "campaign/installation.h"
#include "campaign/prepare.h"
#include "machine/libvirt_hypervisor.h"
#include "plan/plan.h"
#include "record/run_record.h"
#include "record/run_writer.h"

namespace gridlock {

struct RunResult {
  RunRecord record;
  std::filesystem::path directory;  ///< of the results
};

/// A run's record while the run goes on, and the directory it is kept in. Every change that matters
/// is saved, so that a killed Gridlock leaves a true record.
class RunBook {
 public:
  /// `command` is how a person repeats the run.
  RunBook(const Plan& plan, const Installation& installation, const HostFacts& host,
          const std::string& command, EventLoop& loop);
  /// Goes on with `record`, which was kept in `directory` and nobody writes any more.
  RunBook(const std::filesystem::path& directory, RunRecord record, EventLoop& loop);

  RunRecord& record() { return record_; }
  RunWriter& writer() { return writer_; }

  /// Of a run that goes on throws UsageError if a kernel is not the one it began with.
  void keep_prepared(const Plan& plan, const Prepared& prepared);
  void keep_acceleration(const AccelerationChoice& choice);
  void save();

  /// Does the run: what breaks on our side is an outcome. In the end the record and its report are
  /// kept. Only a results directory that cannot be written, and bugs, come out as exceptions.
  RunResult fill(const std::function<void()>& run);

 private:
  void conclude(Outcome outcome, int code, const std::string& reason);

  EventLoop& loop_;
  SteadyTime begin_;
  RunRecord record_;
  RunWriter writer_;
};

}  // namespace gridlock

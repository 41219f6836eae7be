// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "cli/console_progress.h"

namespace gridlock {

/// Lets something through at most once an interval for each key.
class Throttle {
 public:
  explicit Throttle(Milliseconds interval) : interval_(interval) {}

  bool allows(const std::string& key, SteadyTime now);
  /// `key` was just told, or begins anew.
  void reset(const std::string& key, SteadyTime now) { last_[key] = now; }

 private:
  Milliseconds interval_;
  std::map<std::string, SteadyTime> last_;
};

/// Work that is counted in units.
struct Work {
  std::string what;
  SteadyTime began;
  int done = 0;
  int total = 0;  ///< 0: unknown
  std::string detail;

  int percent() const;  ///< 0 to 100; of a known total
  /// At the speed so far; absent until that can be told.
  std::optional<Milliseconds> left(SteadyTime now) const;
};

/// "trial 2/6".
std::string trial_position(int number, int total);
/// "finding on node1: kernel BUG in …".
std::string finding_line(const FindingRecord& finding);
/// "unpatched abba: FAIL, as expected: deadlock … (41.2s)".
std::string trial_end_line(const TrialRecord& trial);

std::unique_ptr<ConsoleProgress> make_terminal_progress(ProgressOutput output);
std::unique_ptr<ConsoleProgress> make_log_progress(ProgressOutput output);
std::unique_ptr<ConsoleProgress> make_quiet_progress(ProgressOutput output);
std::unique_ptr<ConsoleProgress> make_json_progress(ProgressOutput output);

}  // namespace gridlock

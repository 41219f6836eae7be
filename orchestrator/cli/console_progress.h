// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "host/progress.h"
#include "trial/trial_observer.h"

namespace gridlock {

enum class ProgressStyle {
  terminal,  ///< lines that are redrawn in place: a bar for a build, a line per node for a trial
  log,    ///< plain lines without control characters, at most one every 10 s for each bar or node
  quiet,  ///< only notes and what broke
  json    ///< one JSON object a line; docs/results.md describes them
};

/// Shows a person, or another program, how work goes on. What a guest said is made printable.
/// Called by one thread at a time.
class ConsoleProgress : public Progress, public TrialObserver {
 public:
  /// Removes what is redrawn in place, before something else is written to the same terminal.
  virtual void clear() = 0;
};

/// Where progress goes to and what it needs to know. The clock must outlive the progress.
struct ProgressOutput {
  std::function<void(std::string_view)> write;  ///< gets whole lines, or a whole redrawing
  const Clock& clock;
  std::function<std::size_t()> columns;  ///< the terminal's width
};

std::unique_ptr<ConsoleProgress> make_console_progress(ProgressStyle style, ProgressOutput output);

/// To standard error.
std::unique_ptr<ConsoleProgress> make_console_progress(ProgressStyle style);

}  // namespace gridlock

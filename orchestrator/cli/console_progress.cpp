// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/console_progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "cli/progress_parts.h"

namespace gridlock {
namespace {

constexpr Milliseconds kTooEarlyToTell{3'000};
constexpr std::size_t kUsualColumns = 80;

std::size_t terminal_columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualColumns;
  return size.ws_col;
}

std::string_view word_of(Outcome outcome) {
  if (outcome == Outcome::passed) return "ok";
  if (outcome == Outcome::failed) return "FAIL";
  if (outcome == Outcome::error) return "ERROR";
  return to_string(outcome);
}

}  // namespace

bool Throttle::allows(const std::string& key, SteadyTime now) {
  const auto it = last_.find(key);
  if (it != last_.end() && now - it->second < interval_) return false;
  last_[key] = now;
  return true;
}

int Work::percent() const {
  if (total <= 0) return 0;
  return static_cast<int>(100 * static_cast<std::int64_t>(std::clamp(done, 0, total)) / total);
}

std::optional<Milliseconds> Work::left(SteadyTime now) const {
  const auto elapsed = std::chrono::duration_cast<Milliseconds>(now - began);
  if (total <= 0 || done <= 0 || done > total || elapsed < kTooEarlyToTell) return std::nullopt;
  const double each = static_cast<double>(elapsed.count()) / done;
  // Whole seconds: more would only flicker.
  return Milliseconds{static_cast<std::int64_t>(each * (total - done) / 1000 + 0.5) * 1000};
}

std::string trial_position(int number, int total) {
  return fmt::format("trial {}/{}", number, total);
}

std::string finding_line(const FindingRecord& finding) {
  return fmt::format("finding on {}: {}{}", printable(join(finding.nodes, ", "), 200),
                     printable(finding.title), finding.known       ? " (known)"
                                                  : finding.secondary ? " (consequence)"
                                                                      : "");
}

std::string trial_end_line(const TrialRecord& trial) {
  const std::string reason = printable(split(trial.reason, '\n').front());
  return fmt::format(
      "{} {}: {}{}{}{} ({})", printable(trial.kernel), printable(trial.name),
      word_of(trial.outcome),
      trial.outcome == Outcome::failed && trial.expected ? ", as expected" : "",
      reason.empty() ? "" : ": ", reason,
      to_string(Milliseconds{static_cast<std::int64_t>(trial.seconds * 10 + 0.5) * 100}));
}

std::unique_ptr<ConsoleProgress> make_console_progress(ProgressStyle style, ProgressOutput output) {
  switch (style) {
    case ProgressStyle::terminal:
      return make_terminal_progress(std::move(output));
    case ProgressStyle::quiet:
      return make_quiet_progress(std::move(output));
    case ProgressStyle::json:
      return make_json_progress(std::move(output));
    case ProgressStyle::log:
      break;
  }
  return make_log_progress(std::move(output));
}

std::unique_ptr<ConsoleProgress> make_console_progress(ProgressStyle style) {
  static const SystemClock clock;
  const auto write = [](std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
  };
  return make_console_progress(style, {write, clock, terminal_columns});
}

}  // namespace gridlock

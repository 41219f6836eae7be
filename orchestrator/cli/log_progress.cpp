// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include "base/text.h"
#include "cli/progress_parts.h"

namespace gridlock {
namespace {

/// A log of an hour's build has some hundred lines, not some thousand.
constexpr Milliseconds kInterval{10'000};

/// Only notes, and trials that gave no verdict.
class QuietProgress : public ConsoleProgress {
 public:
  explicit QuietProgress(ProgressOutput output) : output_(std::move(output)) {}

  void begin(const std::string&) override {}
  void advance(const std::string&, int, int, const std::string&) override {}
  void end(const std::string&, const std::string&) override {}
  void note(const std::string& text) override { line(printable(text)); }
  void trial_begins(const PlannedTrial&, int) override {}
  void step(const std::string&) override {}
  void node(const PlannedNode&, const std::string&) override {}
  void finding(const FindingRecord&) override {}
  void trial_ends(const TrialRecord& trial) override {
    if (trial.outcome == Outcome::error) line(trial_end_line(trial));
  }
  void clear() override {}

 protected:
  void line(const std::string& text) { output_.write(text + "\n"); }
  SteadyTime now() const { return output_.clock.now(); }

 private:
  ProgressOutput output_;
};

class LogProgress final : public QuietProgress {
 public:
  using QuietProgress::QuietProgress;

  void begin(const std::string& what) override {
    works_[what] = {what, now(), 0, 0, {}};
    bars_.reset(what, now());
    line(printable(what) + ": begins");
  }

  void advance(const std::string& what, int done, int total, const std::string& detail) override {
    Work& work = works_.try_emplace(what, Work{what, now(), 0, 0, {}}).first->second;
    work.done = done;
    work.total = total;
    if (!bars_.allows(what, now())) return;
    std::string text =
        total > 0 ? fmt::format("{} of {} ({} %)", done, total, work.percent()) : printable(detail);
    if (const auto left = work.left(now())) text += ", " + to_string(*left) + " left";
    line(printable(what) + ": " + text);
  }

  void end(const std::string& what, const std::string& outcome) override {
    works_.erase(what);
    line(printable(what) + ": " + printable(outcome));
  }

  void trial_begins(const PlannedTrial& trial, int total) override {
    trial_ = trial_position(trial.number, total);
    line(trial_ + ": " + printable(trial.kernel) + " " + printable(trial.name));
  }
  void step(const std::string& step) override { line(trial_ + ": " + printable(step)); }
  void node(const PlannedNode& node, const std::string& status) override {
    if (nodes_.allows(node.name, now()))
      line(trial_ + ": " + node.name + ": " + printable(status));
  }
  void finding(const FindingRecord& finding) override {
    line(trial_ + ": " + finding_line(finding));
  }
  void trial_ends(const TrialRecord& trial) override {
    line(trial_ + ": " + trial_end_line(trial));
  }

 private:
  Throttle bars_{kInterval};
  Throttle nodes_{kInterval};
  std::map<std::string, Work> works_;
  std::string trial_;
};

}  // namespace

std::unique_ptr<ConsoleProgress> make_log_progress(ProgressOutput output) {
  return std::make_unique<LogProgress>(std::move(output));
}

std::unique_ptr<ConsoleProgress> make_quiet_progress(ProgressOutput output) {
  return std::make_unique<QuietProgress>(std::move(output));
}

}  // namespace gridlock

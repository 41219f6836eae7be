// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "cli/progress_parts.h"
#include "report/columns.h"

namespace gridlock {
namespace {

/// Faster than the eye is only work for the terminal.
constexpr Milliseconds kRedrawInterval{100};
constexpr int kBarWidth = 24;

/// Lines that stay, and below them live ones that are redrawn in place.
class TerminalProgress final : public ConsoleProgress {
 public:
  explicit TerminalProgress(ProgressOutput output) : output_(std::move(output)) {}
  ~TerminalProgress() override { clear(); }

  void begin(const std::string& what) override {
    works_.push_back({what, now(), 0, 0, {}});
    draw();
  }

  void advance(const std::string& what, int done, int total, const std::string& detail) override {
    auto work = find(what);
    if (work == works_.end()) work = works_.insert(work, {what, now(), 0, 0, {}});
    work->done = done;
    work->total = total;
    work->detail = detail;
    draw_now_and_then();
  }

  void end(const std::string& what, const std::string& outcome) override {
    const auto work = find(what);
    if (work != works_.end()) works_.erase(work);
    stay(printable(what) + ": " + printable(outcome));
  }

  void note(const std::string& text) override { stay(printable(text)); }

  void trial_begins(const PlannedTrial& trial, int total) override {
    trial_ = Trial{trial_position(trial.number, total),
                   printable(trial.kernel) + " " + printable(trial.name),
                   now(),
                   {},
                   {}};
    draw();
  }
  void step(const std::string& step) override {
    if (trial_) trial_->step = printable(step);
    draw();
  }
  void node(const PlannedNode& node, const std::string& status) override {
    if (trial_) trial_->nodes[node.id] = node.name + "  " + printable(status);
    draw_now_and_then();
  }
  void finding(const FindingRecord& finding) override { stay("  " + finding_line(finding)); }
  void trial_ends(const TrialRecord& trial) override {
    const std::string position = trial_ ? trial_->position + "  " : "";
    trial_.reset();
    stay(position + trial_end_line(trial));
  }

  void clear() override {
    output_.write(erasing());
    drawn_ = 0;
  }

 private:
  struct Trial {
    std::string position;
    std::string name;
    SteadyTime began;
    std::string step;
    std::map<NodeId, std::string> nodes;  // name and status
  };

  SteadyTime now() const { return output_.clock.now(); }

  std::vector<Work>::iterator find(const std::string& what) {
    return std::find_if(works_.begin(), works_.end(),
                        [&](const Work& work) { return work.what == what; });
  }

  std::string elapsed(SteadyTime since) const {
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(now() - since);
    return whole.count() == 0 ? "0s" : to_string(Milliseconds{whole});
  }

  std::string bar_line(const Work& work) const {
    const std::string what = printable(work.what);
    const std::string detail = printable(work.detail);
    if (work.total <= 0) return fmt::format("{}  {}  {}", what, elapsed(work.began), detail);
    const int filled = work.percent() * kBarWidth / 100;
    const auto left = work.left(now());
    return fmt::format("{}  [{}{}] {:>3} %  {}/{}  {}{}", what,
                       std::string(std::size_t(filled), '#'),
                       std::string(std::size_t(kBarWidth - filled), '-'), work.percent(), work.done,
                       work.total, left ? to_string(*left) + " left  " : "", detail);
  }

  std::vector<std::string> live_lines() const {
    std::vector<std::string> lines;
    for (const Work& work : works_) lines.push_back(bar_line(work));
    if (!trial_) return lines;
    lines.push_back(fmt::format("{}  {}  {}  {}", trial_->position, trial_->name,
                                elapsed(trial_->began), trial_->step));
    for (const auto& [node, line] : trial_->nodes) lines.push_back("  " + line);
    return lines;
  }

  /// Moves to the first live line and erases from there on (ECMA-48 CUU, ED).
  std::string erasing() const {
    if (drawn_ == 0) return {};
    return drawn_ == 1 ? "\r\x1b[J" : fmt::format("\r\x1b[{}A\x1b[J", drawn_ - 1);
  }

  void draw_now_and_then() {
    if (throttle_.allows("", now())) draw();
  }

  void draw(const std::string& staying = {}) {
    throttle_.reset("", now());
    std::string text = erasing() + staying;
    std::vector<std::string> lines = live_lines();
    // The last column is left free: some terminals begin a new line as soon as it is written to.
    const std::size_t width = std::max<std::size_t>(output_.columns(), 20) - 1;
    for (std::string& line : lines) line = clipped(line, width);
    drawn_ = lines.size();
    output_.write(text + join(lines, "\n"));
  }

  void stay(const std::string& line) { draw(line + "\n"); }

  ProgressOutput output_;
  std::vector<Work> works_;  // in the order they began
  std::optional<Trial> trial_;
  std::size_t drawn_ = 0;  // live lines on the screen; the cursor is at the end of the last
  Throttle throttle_{kRedrawInterval};
};

}  // namespace

std::unique_ptr<ConsoleProgress> make_terminal_progress(ProgressOutput output) {
  return std::make_unique<TerminalProgress>(std::move(output));
}

}  // namespace gridlock

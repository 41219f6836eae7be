// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/console_progress.h"
#include "report/columns.h"
#include "support/sample_run.h"

namespace gridlock {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class HandClock final : public Clock {
 public:
  SteadyTime now() const override { return time; }
  UtcTime utc() const override { return sample_time(); }
  SteadyTime time{1h};
};

PlannedNode node(int number) {
  PlannedNode node;
  node.id = NodeId{number};
  node.name = "node" + std::to_string(number);
  return node;
}

/// What a terminal shows after `bytes`: knows the few sequences progress may use, and fails on
/// others. The cursor only moves within what was written.
class Screen {
 public:
  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      if (bytes.starts_with("\x1b[J")) {
        lines_.resize(row_ + 1);
        lines_[row_].resize(column_);
        bytes.remove_prefix(3);
      } else if (bytes.starts_with("\x1b[")) {
        const std::size_t end = bytes.find('A');
        ASSERT_NE(end, std::string_view::npos) << printable(bytes);
        const std::size_t up = std::stoul(std::string(bytes.substr(2, end - 2)));
        ASSERT_LE(up, row_);
        row_ -= up;
        bytes.remove_prefix(end + 1);
      } else {
        put(bytes.front());
        bytes.remove_prefix(1);
      }
    }
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> lines = lines_;
    while (!lines.empty() && lines.back().empty()) lines.pop_back();
    return lines;
  }

 private:
  void put(char c) {
    if (c == '\r') {
      column_ = 0;
    } else if (c == '\n') {
      column_ = 0;
      if (++row_ == lines_.size()) lines_.emplace_back();
    } else {
      ASSERT_NE(c, '\x1b');
      ASSERT_EQ(column_, lines_[row_].size()) << "overwrites what was not erased";
      lines_[row_] += c;
      ++column_;
    }
  }
  std::vector<std::string> lines_{""};
  std::size_t row_ = 0, column_ = 0;
};

class ProgressTest : public testing::Test {
 protected:
  ConsoleProgress& start(ProgressStyle style, std::size_t columns = 80) {
    progress_ = make_console_progress(style, {[this](std::string_view text) {
                                                raw_ += text;
                                                screen_.write(text);
                                              },
                                              clock_, [columns] { return columns; }});
    return *progress_;
  }
  void pass(Milliseconds time) { clock_.time += time; }
  std::vector<std::string> shown() const { return screen_.lines(); }
  static PlannedTrial planned() {
    PlannedTrial trial;
    trial.number = 2;
    trial.kernel = "unpatched";
    trial.name = "abba";
    return trial;
  }
  static TrialRecord failed() {
    TrialRecord trial = sample_trial(2, "unpatched", "abba");
    trial.outcome = Outcome::failed;
    trial.reason = "deadlock: node1 <-> node2, 2 glocks\nand more";
    return trial;
  }

  HandClock clock_;
  Screen screen_;
  std::string raw_;
  std::unique_ptr<ConsoleProgress> progress_;
};

TEST_F(ProgressTest, TerminalShowsABarWithPercentageAndTimeLeft) {
  ConsoleProgress& progress = start(ProgressStyle::terminal);
  progress.begin("kernel patched");
  EXPECT_THAT(shown(), ElementsAre("kernel patched  0s  "));
  pass(60s);
  progress.advance("kernel patched", 500, 1500, "fs/gfs2/file.o");
  EXPECT_THAT(shown(), ElementsAre("kernel patched  [#######-----------------]  33 %  500/1500  2m "
                                   "left  fs/gfs2/f…"));
  progress.end("kernel patched", "built in 3m");
  EXPECT_THAT(shown(), ElementsAre("kernel patched: built in 3m"));
}

TEST_F(ProgressTest, TerminalGuessesNoTimeFromTooLittle) {
  ConsoleProgress& progress = start(ProgressStyle::terminal);
  progress.begin("kernel patched");
  pass(1s);
  progress.advance("kernel patched", 2, 1500, "");
  EXPECT_THAT(shown().back(), Not(HasSubstr("left")));
}

TEST_F(ProgressTest, TerminalKeepsALinePerNodeAndErasesThemAtTheEnd) {
  ConsoleProgress& progress = start(ProgressStyle::terminal);
  progress.note("warning: emulating the nodes");
  progress.trial_begins(planned(), 6);
  pass(12s);
  progress.step("work");
  progress.node(node(2), "abba: 3 operations");
  pass(1s);
  progress.node(node(1), "abba: 7 operations");
  EXPECT_THAT(shown(),
              ElementsAre("warning: emulating the nodes", "trial 2/6  unpatched abba  13s  work",
                          "  node1  abba: 7 operations", "  node2  abba: 3 operations"));
  progress.finding(sample_finding("f1", "stall", "stall: no progress in abba", 5, {"node2"}));
  EXPECT_EQ(shown()[1], "  finding on node2: stall: no progress in abba");
  EXPECT_EQ(shown().size(), 5u);
  progress.trial_ends(failed());
  EXPECT_THAT(shown(), ElementsAre("warning: emulating the nodes",
                                   "  finding on node2: stall: no progress in abba",
                                   "trial 2/6  unpatched abba: FAIL, as expected: deadlock: node1 "
                                   "<-> node2, 2 glocks (42s)"));
}

TEST_F(ProgressTest, TerminalIsLeftCleanWhenProgressEndsEarly) {
  ConsoleProgress& progress = start(ProgressStyle::terminal);
  progress.trial_begins(planned(), 6);
  progress.node(node(1), "booting");
  progress.clear();
  EXPECT_THAT(shown(), IsEmpty());
  progress.node(node(1), "booting");
  progress.step("form");
  EXPECT_THAT(shown(), Not(IsEmpty()));
  progress_.reset();
  EXPECT_THAT(shown(), IsEmpty());
}

TEST_F(ProgressTest, TerminalRedrawsAtMostTenTimesASecond) {
  ConsoleProgress& progress = start(ProgressStyle::terminal);
  progress.begin("kernel patched");
  raw_.clear();
  for (int i = 0; i < 1000; ++i) {
    pass(1ms);
    progress.advance("kernel patched", i, 1000, "");
  }
  const auto drawings = std::count(raw_.begin(), raw_.end(), '\r');
  EXPECT_GE(drawings, 9);
  EXPECT_LE(drawings, 10);
}

TEST_F(ProgressTest, NoLiveLineIsWiderThanTheTerminal) {
  for (const std::size_t columns : {20u, 33u, 80u}) {
    ConsoleProgress& progress = start(ProgressStyle::terminal, columns);
    progress.trial_begins(planned(), 6);
    pass(1s);
    progress.node(node(1), std::string(500, 'x') + "日本");
    ASSERT_FALSE(shown().empty());
    for (const std::string& line : shown()) EXPECT_LT(display_width(line), columns) << line;
    progress_.reset();
  }
}

TEST_F(ProgressTest, LogHasPlainLinesAtMostEveryTenSeconds) {
  ConsoleProgress& progress = start(ProgressStyle::log);
  progress.begin("kernel patched");
  for (int i = 1; i <= 25; ++i) {
    pass(1s);
    progress.advance("kernel patched", i, 100, "file.o");
  }
  progress.end("kernel patched", "built in 25s");
  EXPECT_EQ(raw_,
            "kernel patched: begins\n"
            "kernel patched: 10 of 100 (10 %), 1m30s left\n"
            "kernel patched: 20 of 100 (20 %), 1m20s left\n"
            "kernel patched: built in 25s\n");
}

TEST_F(ProgressTest, LogFollowsATrial) {
  ConsoleProgress& progress = start(ProgressStyle::log);
  progress.trial_begins(planned(), 6);
  progress.step("start");
  for (int i = 0; i < 15; ++i) {
    progress.node(node(1), "line " + std::to_string(i));
    progress.node(node(2), "line " + std::to_string(i));
    pass(1s);
  }
  progress.finding(sample_finding("f1", "bug", "kernel BUG in gfs2_glock_nq", 5));
  progress.trial_ends(failed());
  EXPECT_EQ(raw_,
            "trial 2/6: unpatched abba\ntrial 2/6: start\n"
            "trial 2/6: node1: line 0\ntrial 2/6: node2: line 0\n"
            "trial 2/6: node1: line 10\ntrial 2/6: node2: line 10\n"
            "trial 2/6: finding on node1, node2: kernel BUG in gfs2_glock_nq\n"
            "trial 2/6: unpatched abba: FAIL, as expected: deadlock: node1 <-> node2, 2 glocks "
            "(42s)\n");
}

/// Everything a person can be told, with `text` in every place a guest or a tool can fill.
void tell_everything(ConsoleProgress& progress, const std::string& text) {
  progress.begin(text);
  progress.advance(text, 1, 2, text);
  progress.end(text, text);
  progress.note(text);
  PlannedTrial planned;
  planned.kernel = planned.name = text;
  progress.trial_begins(planned, 1);
  progress.step(text);
  progress.node(node(1), text);
  progress.finding(sample_finding(text, text, text, 0, {text}));
  TrialRecord trial = sample_trial(1, text, text);
  trial.outcome = Outcome::error;
  trial.reason = text;
  progress.trial_ends(trial);
  progress.clear();
}

TEST_F(ProgressTest, NothingHostileReachesATerminalOrLog) {
  const std::string hostile = "\x1b]0;owned\x07\r\x1b[2J\xff\xc2\x9b";
  for (const ProgressStyle style :
       {ProgressStyle::terminal, ProgressStyle::log, ProgressStyle::quiet, ProgressStyle::json}) {
    raw_.clear();
    tell_everything(start(style), hostile);
    ASSERT_FALSE(raw_.empty());
    EXPECT_EQ(raw_.find('\x07'), std::string::npos);
    EXPECT_EQ(raw_.find("\x1b]"), std::string::npos);
    EXPECT_EQ(raw_.find("\x1b[2J"), std::string::npos);
    EXPECT_EQ(raw_.find("\xc2\x9b"), std::string::npos);
    if (style != ProgressStyle::terminal) {
      EXPECT_EQ(raw_.find('\x1b'), std::string::npos);
    }
  }
}

TEST_F(ProgressTest, QuietSaysOnlyNotesAndWhatBroke) {
  tell_everything(start(ProgressStyle::quiet), "x");
  EXPECT_EQ(raw_, "x\nx x: ERROR: x (42s)\n");
  raw_.clear();
  progress_->trial_ends(failed());
  EXPECT_EQ(raw_, "");
}

TEST_F(ProgressTest, JsonIsOneObjectALine) {
  tell_everything(start(ProgressStyle::json), "a \"quoted\"\nname");
  std::vector<std::string> events;
  for (const std::string& line : last_lines(raw_, 100)) {
    const auto json = parse_json(line);
    ASSERT_TRUE(json && json->is_object()) << line;
    EXPECT_EQ(text_or(*json, "time", ""), "2026-11-22T22:30:05.123Z");
    events.push_back(text_or(*json, "event", ""));
  }
  EXPECT_THAT(events, ElementsAre("begin", "advance", "end", "note", "trial_begins", "step", "node",
                                  "finding", "trial_ends"));
  const auto end = parse_json(last_lines(raw_, 1).front());
  EXPECT_EQ(text_or(*end, "outcome", ""), "error");
  EXPECT_EQ(text_or(*end, "name", ""), "a \"quoted\"\nname");
}

}  // namespace
}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
// Looking at the lab of a trial, and holding it, over machines that are scripts on a fake clock.
#include "trial/desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <iterator>

#include "host/files.h"
#include "record/run_writer.h"
#include "support/fake_event_loop.h"
#include "support/fake_lab.h"
#include "support/fake_setting.h"
#include "support/sample_plan.h"
#include "support/silent_observer.h"
#include "trial/trial.h"

namespace gridlock {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr Milliseconds kLease = std::chrono::minutes(30);

class DeskTest : public testing::Test {
 protected:
  DeskTest() {
    lab_.script(1);
    lab_.script(2);
  }

  /// A trial that fails: both nodes stand still.
  void stall() {
    for (const int node : {1, 2}) {
      lab_.script(node).makes_progress = false;
      lab_.script(node).finishes = false;
    }
  }

  /// What a shell on the node does. The cluster is formed by programs of that name, too: it is so
  /// only once the lab is held.
  void on_shell(int node, std::function<void(std::int64_t)> what) {
    shells_[node] = std::move(what);
  }

  /// Runs the trial; `when_held` is called once its lab is held.
  TrialRecord run(const HoldOptions& hold, std::function<void(Desk&)> when_held = {}) {
    DeskSetting at{loop_, lab_, "/results/run1", directory_.path() / "gdb"};
    at.vmlinux["unpatched"] = at.vmlinux["patched"] = "/cache/vmlinux";
    at.hold = hold;
    at.say = [this](Desk::Client client, const Json& line) { said_[client].push_back(line); };
    at.tell = [this, when_held](const std::string& line) {
      told_ += line + "\n";
      if (line.find("is held until") == std::string::npos) return;
      held_at_ = loop_.now();
      for (const auto& [node, what] : shells_) lab_.script(node).starts["sh"] = what;
      running_when_held_ = lab_.running().size();
      if (when_held) loop_.post([this, when_held] { when_held(*desk_); });
    };
    desk_ = std::make_unique<Desk>(at);
    LabSetting setting = fake_setting(plan_, loop_, lab_, directory_.path());
    setting.desk = desk_.get();
    RunWriter results(directory_.path() / "results", plan_, RunRecord{}, loop_);
    const auto writer = results.begin_trial(plan_.trials.front());
    trial_directory_ = writer->directory();
    const TrialRecord record =
        run_trial(setting, plan_.trials.front(), NodeSource{directory_.path() / "bzImage", {}},
                  *writer, observer_, stop_.get_token());
    EXPECT_TRUE(lab_.running().empty()) << "machines were left running";
    return record;
  }

  void ask(Desk::Client client, const Json& request) { desk_->heard(client, request); }
  Json last_said(Desk::Client client) {
    return said_[client].empty() ? Json() : said_[client].back();
  }
  Milliseconds held_for() const {
    return std::chrono::duration_cast<Milliseconds>(loop_.now() - held_at_);
  }

  FakeEventLoop loop_;
  FakeLab lab_{loop_};
  Plan plan_ = sample_plan();
  SilentObserver observer_;
  std::stop_source stop_;
  TempDir directory_{GRIDLOCK_BINARY_DIR, "desk-"};
  std::filesystem::path trial_directory_;
  std::unique_ptr<Desk> desk_;
  std::map<Desk::Client, std::vector<Json>> said_;
  std::string told_;
  std::map<int, std::function<void(std::int64_t)>> shells_;
  SteadyTime held_at_;
  std::size_t running_when_held_ = 0;
};

TEST_F(DeskTest, HoldsTheLabOfAFailedTrialUntilItsLeaseEnds) {
  stall();
  const TrialRecord record = run({kLease, false});
  EXPECT_EQ(record.outcome, Outcome::failed);
  EXPECT_EQ(running_when_held_, 2u);
  EXPECT_GE(held_for(), kLease);
  EXPECT_LT(held_for(), kLease + Milliseconds{60'000});
  EXPECT_THAT(told_, HasSubstr("trial 1 failed: "));
  EXPECT_THAT(told_, HasSubstr("gridlock shell /results/run1 node1"));
  EXPECT_THAT(told_, HasSubstr("gridlock release /results/run1\n"));
  EXPECT_THAT(told_, HasSubstr("its lease has ended"));
}

TEST_F(DeskTest, DoesNotHoldALabThatPassedOrThatNobodyWants) {
  EXPECT_EQ(run({kLease, false}).outcome, Outcome::passed);
  EXPECT_EQ(told_, "");
  stall();
  EXPECT_EQ(run({}).outcome, Outcome::failed);
  EXPECT_EQ(told_, "");
}

TEST_F(DeskTest, ReleaseEndsTheHoldAndIsRefusedWithoutOne) {
  stall();
  lab_.script(1).on_work = [this] { ask(1, {{"request", "release"}}); };
  const TrialRecord record = run({kLease, false}, [this](Desk&) {
    EXPECT_THAT(text_or(last_said(1), "error", ""), HasSubstr("no lab is held"));
    loop_.after(Milliseconds{5'000}, [this] { ask(1, {{"request", "release"}}); });
  });
  EXPECT_EQ(record.outcome, Outcome::failed);
  EXPECT_EQ(last_said(1), (Json{{"ok", true}}));
  EXPECT_LT(held_for(), Milliseconds{60'000});
  EXPECT_FALSE(desk_->interrupted());
}

TEST_F(DeskTest, AnInterruptEndsTheHoldAndNotTheTrialsVerdict) {
  stall();
  const TrialRecord record = run({kLease, false}, [this](Desk&) {
    loop_.after(Milliseconds{5'000}, [this] { stop_.request_stop(); });
  });
  EXPECT_EQ(record.outcome, Outcome::failed);
  EXPECT_TRUE(desk_->interrupted());
  EXPECT_LT(held_for(), Milliseconds{60'000});
}

TEST_F(DeskTest, ANodeThatDiesWhileHeldIsToldAndTheHoldEndsWithTheLast) {
  stall();
  const TrialRecord record = run({kLease, false}, [this](Desk&) {
    loop_.after(Milliseconds{1'000},
                [this] { lab_.event(1, MachineEvent::Kind::crashed, "killed"); });
    loop_.after(Milliseconds{60'000}, [this] {
      ask(1, {{"request", "shell"}, {"node", "node1"}});
      EXPECT_THAT(text_or(last_said(1), "error", ""), HasSubstr("node1"));
      ask(1, {{"request", "gdb"}, {"node", "node1"}});
      EXPECT_THAT(text_or(last_said(1), "error", ""), HasSubstr("QEMU of node1 died"));
      lab_.event(2, MachineEvent::Kind::crashed, "killed");
    });
  });
  EXPECT_EQ(record.outcome, Outcome::failed) << record.reason;
  EXPECT_THAT(told_, HasSubstr("QEMU of node1 died"));
  EXPECT_THAT(told_, HasSubstr("no machine of it is left"));
  EXPECT_GE(held_for(), Milliseconds{60'000});
  EXPECT_LT(held_for(), Milliseconds{120'000});
}

TEST_F(DeskTest, WhatTheKernelsSayWhileHeldIsNoFinding) {
  stall();
  const TrialRecord record = run({kLease, false}, [this](Desk&) {
    lab_.console(1,
                 "[   90.000000][   T9] BUG: sleeping function called from invalid context at "
                 "fs/x.c:1\n[   90.000001][   T9] CPU: 0 PID: 9 Comm: x Not tainted\n"
                 "[   91.000000][   T9] more\n");
    loop_.after(Milliseconds{5'000}, [this] { ask(1, {{"request", "release"}}); });
  });
  for (const FindingRecord& finding : record.findings) EXPECT_EQ(finding.kind, "stall");
  EXPECT_THAT(record.findings, Not(IsEmpty()));
}

TEST_F(DeskTest, TakesEvidenceOfAHealthyTrialWithoutCallingItAStall) {
  lab_.script(1).files["/sys/kernel/debug/gfs2/sample:data/glocks"] = "G:  s:SH n:2/4249\n";
  lab_.script(2).tasks = "task 1 1\nstat 1 (init) S 0 1 1 0\n";
  lab_.script(1).on_work = [this] {
    loop_.after(Milliseconds{1'000}, [this] { ask(7, {{"request", "evidence"}}); });
  };
  const TrialRecord record = run({});
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  const Json answer = last_said(7);
  ASSERT_TRUE(flag_or(answer, "ok", false)) << answer;
  const std::filesystem::path folder = text_or(answer, "folder", "");
  EXPECT_EQ(folder, trial_directory_ / "evidence" / "look-1");
  EXPECT_TRUE(std::filesystem::exists(folder));
  EXPECT_FALSE(std::filesystem::is_empty(folder));
  EXPECT_EQ(text_or(answer, "diagnosis", ""),
            "no task waits for another in both looks; node2 gave no locks of its file system");
  EXPECT_EQ(read_file(folder / "diagnosis.txt", Bytes{4096}),
            text_or(answer, "diagnosis", "") + "\n");
}

TEST_F(DeskTest, EvidenceThatCannotBeKeptIsAnErrorForWhoAskedOnly) {
  lab_.script(1).on_work = [this] {
    std::filesystem::create_directories(trial_directory_ / "evidence");
    std::ofstream(trial_directory_ / "evidence" / "look-1") << "in the way";
    loop_.after(Milliseconds{1'000}, [this] { ask(7, {{"request", "evidence"}}); });
  };
  EXPECT_EQ(run({}).outcome, Outcome::passed);
  EXPECT_FALSE(flag_or(last_said(7), "ok", true));
}

TEST_F(DeskTest, AShellTalksToItsNodeAndEndsWithItsStatus) {
  stall();
  std::string written;
  std::int64_t shell = 0;
  on_shell(2, [&](std::int64_t process) {
    shell = process;
    lab_.prints(2, process, "node2:/# ");
  });
  lab_.script(2).on_write = [&](std::int64_t process, const std::string& bytes) {
    EXPECT_EQ(process, shell);
    written += bytes;
    if (bytes == "exit 3\n") lab_.ends(2, process, 3);
  };
  run({kLease, false}, [this](Desk&) {
    ask(1,
        {{"request", "shell"}, {"node", "node2"}, {"terminal", {{"rows", 40}, {"columns", 100}}}});
    loop_.after(Milliseconds{500}, [this] {
      ask(1, {{"request", "input"}, {"data", wire::to_base64("exit 3\n")}});
    });
    loop_.after(Milliseconds{5'000}, [this] { ask(2, {{"request", "release"}}); });
  });
  EXPECT_EQ(written, "exit 3\n");
  EXPECT_THAT(said_[1], Contains(Json{{"event", "output"},
                                      {"stream", "stdout"},
                                      {"data", wire::to_base64("node2:/# ")}}));
  EXPECT_THAT(said_[1], Contains(Json{{"event", "exit"}, {"status", 3}}));
}

TEST_F(DeskTest, AShellWhoseClientVanishesIsKilled) {
  stall();
  std::int64_t shell = 0;
  std::vector<int> signals;
  bool closed = false;
  on_shell(1, [&](std::int64_t process) { shell = process; });
  lab_.script(1).on_signal = [&](std::int64_t process, int number) {
    if (process == shell) signals.push_back(number);
  };
  lab_.script(1).on_close = [&](std::int64_t process) { closed = closed || process == shell; };
  run({kLease, false}, [this](Desk& desk) {
    ask(1,
        {{"request", "shell"}, {"node", "node1"}, {"terminal", {{"rows", 40}, {"columns", 100}}}});
    loop_.after(Milliseconds{500}, [&desk] { desk.gone(1); });
    loop_.after(Milliseconds{5'000}, [this] { ask(2, {{"request", "release"}}); });
  });
  EXPECT_TRUE(closed);
  EXPECT_THAT(signals, ElementsAre(SIGKILL));
}

TEST_F(DeskTest, AShellIsToldWhenTheLabEnds) {
  stall();
  on_shell(1, [](std::int64_t) {});
  run({kLease, false}, [this](Desk&) {
    ask(1, {{"request", "shell"}, {"node", "node1"}});
    loop_.after(Milliseconds{5'000}, [this] { ask(2, {{"request", "release"}}); });
  });
  EXPECT_EQ(text_or(last_said(1), "error", ""), "the lab ended");
}

TEST_F(DeskTest, AnAgentWithoutTerminalsIsSaidToBeOne) {
  stall();
  for (const int node : {1, 2}) lab_.script(node).old_agent = true;
  on_shell(1, [](std::int64_t) {});
  run({kLease, false}, [this](Desk&) {
    ask(1,
        {{"request", "shell"}, {"node", "node1"}, {"terminal", {{"rows", 40}, {"columns", 100}}}});
    loop_.after(Milliseconds{5'000}, [this] { ask(2, {{"request", "release"}}); });
  });
  EXPECT_THAT(text_or(said_[1].at(1), "error", ""), HasSubstr("gives no terminal"));
}

TEST_F(DeskTest, FrozenNodesArePausedUntilTheyAreLetGo) {
  stall();
  on_shell(1, [](std::int64_t) {});
  std::size_t running_frozen = 9;
  std::size_t running_again = 9;
  run({kLease, true}, [&](Desk&) {
    running_frozen = lab_.running().size();
    ask(1, {{"request", "shell"}, {"node", "node1"}});
    EXPECT_THAT(text_or(last_said(1), "error", ""), HasSubstr("are paused"));
    ask(1, {{"request", "go"}});
    loop_.after(Milliseconds{1'000}, [&] {
      EXPECT_EQ(last_said(1), (Json{{"ok", true}}));
      running_again = lab_.running().size();
      ask(1, {{"request", "shell"}, {"node", "node1"}});
      EXPECT_EQ(last_said(1), (Json{{"ok", true}}));
      ask(2, {{"request", "release"}});
    });
  });
  EXPECT_EQ(running_frozen, 0u);
  EXPECT_EQ(running_again, 2u);
}

TEST_F(DeskTest, ADebuggerIsServedOnAHeldLabAndItsNodeGoesOnAfterIt) {
  stall();
  lab_.script(1).on_work = [this] {
    ask(1, {{"request", "gdb"}, {"node", "node1"}});
    EXPECT_THAT(text_or(last_said(1), "error", ""), HasSubstr("no lab is held"));
  };
  run({kLease, false}, [this](Desk& desk) {
    ask(1, {{"request", "gdb"}, {"node", "node1"}});
    ask(2, {{"request", "gdb"}, {"node", "node1"}});
    EXPECT_THAT(text_or(last_said(2), "error", ""), HasSubstr("has a debugger already"));
    loop_.after(Milliseconds{1'000}, [this, &desk] {
      EXPECT_THAT(text_or(last_said(1), "socket", ""), HasSubstr("n1.gdb"));
      EXPECT_EQ(text_or(last_said(1), "vmlinux", ""), "/cache/vmlinux");
      ask(3, {{"request", "shell"}, {"node", "node1"}});
      EXPECT_THAT(text_or(last_said(3), "error", ""), HasSubstr("debugger"));
      lab_.pause("gl-node1", [](std::exception_ptr) {});
      loop_.post([&desk] { desk.gone(1); });
    });
    loop_.after(Milliseconds{3'000}, [this] {
      EXPECT_EQ(lab_.running().size(), 2u);
      ask(2, {{"request", "release"}});
    });
  });
  std::vector<std::string> debuggers;
  std::ranges::copy_if(lab_.looks(), std::back_inserter(debuggers), [](const std::string& look) {
    return look.find("gdb") != std::string::npos;
  });
  EXPECT_THAT(debuggers, ElementsAre("gdb gl-node1", "no gdb gl-node1"));
}

TEST_F(DeskTest, TellsWhatItHoldsAndRefusesNonsense) {
  stall();
  run({kLease, false}, [this](Desk&) {
    ask(1, {{"request", "status"}});
    const Json status = last_said(1);
    EXPECT_TRUE(flag_or(status, "held", false));
    EXPECT_EQ(status["nodes"].size(), 2u);
    EXPECT_EQ(status["run"], "run1");
    const std::pair<Json, const char*> cases[] = {
        {{{"request", "dance"}}, "unknown request"},
        {{{"request", "shell"}}, "there is no node ''"},
        {{{"request", "shell"}, {"node", "node9"}}, "the lab has node1, node2"},
        {{{"request", "shell"}, {"node", "node1"}, {"argv", "ls"}}, "argv"},
        {{{"request", "shell"}, {"node", "node1"}, {"argv", {1}}}, "texts only"},
        {{{"request", "input"}, {"data", ""}}, "has no program"},
        {{{"request", "evidence"}, {"node", "node9"}}, "the lab has node1, node2"},
        {{{"request", "go"}}, "not paused"},
    };
    for (const auto& [request, error] : cases) {
      ask(1, request);
      EXPECT_THAT(text_or(last_said(1), "error", ""), HasSubstr(error)) << request;
    }
    ask(2, {{"request", "release"}});
  });
}

}  // namespace
}  // namespace gridlock

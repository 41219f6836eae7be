// SPDX-License-Identifier: GPL-2.0-or-later
// A lab that was brought back and is held, over machines that are scripts.
#include <gmock/gmock.h>
#include <unistd.h>

#include <map>

#include "campaign/rewind.h"
#include "support/fake_event_loop.h"
#include "support/fake_lab.h"
#include "support/progress_notes.h"
#include "support/sample_plan.h"
#include "trial/formed_lab.h"

namespace gridlock {
namespace {

using testing::Contains;
using testing::HasSubstr;

namespace fs = std::filesystem;

class HeldLab : public testing::Test {
 protected:
  HeldLab() {
    for (const int number : {1, 2}) lab_.script(number);
    setting_.directory = runs_.path();
    setting_.qemu_uid = ::getuid();
    setting_.qemu_gid = ::getgid();
  }

  /// Saves a lab, and holds one that goes on from there.
  void hold(bool go) {
    SavedLabCache cache(kept_.path(), notes_, loop_);
    const SavedParts parts{"patched", "kernel-key", "image-key", "/kernel", "7.2.22"};
    const NodeSource source{"/kernel", formed_lab(setting_, parts, cache, {})};
    Lab lab(setting_, source, {runs_.path() / "node1.log", runs_.path() / "node2.log"});
    lab.load(plan_.deadlines.start, {});
    if (before_) before_();
    RewindOptions options;
    options.go = go;
    options.limit = Milliseconds{30'000};
    hold_lab(lab, plan_, options, loop_, {},
             [this](const std::string& line) { told_.push_back(line); });
    EXPECT_EQ(lab.stop_machines(plan_.deadlines.stop), "");
  }

  FakeEventLoop loop_;
  FakeLab lab_{loop_};
  Plan plan_ = sample_plan();
  TempDir runs_{fs::temp_directory_path()};
  TempDir kept_{fs::temp_directory_path()};
  ProgressNotes notes_;
  LabSetting setting_{plan_, loop_, lab_,
                      [this](const fs::path& socket) { return lab_.connect(socket); }};
  std::function<void()> before_;
  std::vector<std::string> told_;
};

TEST_F(HeldLab, ProgramsThatWaitedAtABarrierWhenItWasSavedMeetTheOthers) {
  std::map<int, Json> answers;
  before_ = [&] {
    for (const int number : {1, 2})
      lab_.script(number).on_release = [&, number](const Json& answer) {
        answers[number] = answer;
      };
    // An agent tells a new host of all who wait; the other program comes later.
    lab_.script(1).on_hello = [&] { lab_.comes(1, "ready", 7); };
    lab_.script(2).on_hello = [&] {
      loop_.after(Milliseconds{5'000}, [&] { lab_.comes(2, "ready", 1); });
    };
  };
  hold(true);
  ASSERT_EQ(answers.size(), 2U);
  for (const auto& [number, answer] : answers) EXPECT_TRUE(answer.contains("at")) << answer.dump();
  EXPECT_EQ(answers[1]["waiters"], Json::array({7}));
  EXPECT_EQ(answers[1]["at"], answers[2]["at"]);
  EXPECT_THAT(told_, Contains(HasSubstr("the nodes go on from there")));
}

TEST_F(HeldLab, NodesThatStayPausedSayNothing) {
  int hellos = 0;
  before_ = [&] { lab_.script(1).on_hello = [&] { ++hellos; }; };
  hold(false);
  EXPECT_EQ(hellos, 0);
  EXPECT_THAT(told_, Contains(HasSubstr("the nodes are paused there")));
}

TEST_F(HeldLab, EndsWhenANodeIsLost) {
  before_ = [&] {
    loop_.after(Milliseconds{2'000}, [&] { lab_.event(2, MachineEvent::Kind::panicked, ""); });
  };
  const SteadyTime begin = loop_.now();
  hold(true);
  EXPECT_LT(loop_.now() - begin, std::chrono::seconds(30));
  EXPECT_THAT(told_, Contains("node2 panicked"));
}

}  // namespace
}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
// Templates and formed labs over machines that are scripts: when they are made, kept, made anew and
// removed, and what a trial that begins with one does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <utility>

#include "host/files.h"
#include "record/run_writer.h"
#include "support/fake_event_loop.h"
#include "support/fake_lab.h"
#include "support/fake_setting.h"
#include "support/progress_notes.h"
#include "support/sample_plan.h"
#include "support/silent_observer.h"
#include "trial/formed_lab.h"
#include "trial/guest_template.h"
#include "trial/trial.h"

namespace gridlock {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace fs = std::filesystem;

class SavedTest : public testing::Test {
 protected:
  SavedTest() {
    lab_.script(1).boot_console = "[    0.000000] Linux version 6.1.192\n";
    lab_.script(2).boot_console = "[    0.000000] Linux version 6.1.192 too\n";
  }
  SavedLab make_template() { return guest_template(setting_, parts_, cache_, stop_.get_token()); }
  SavedLab make_lab() { return formed_lab(setting_, parts_, cache_, stop_.get_token()); }
  std::size_t folders_kept() const {
    std::size_t folders = 0;
    for (const auto& entry : fs::directory_iterator(kept_.path()))
      folders += entry.is_directory() ? 1 : 0;
    return folders;
  }
  /// As if it had last been used so many days ago.
  void age(const SavedLab& lab, int days) {
    const fs::path manifest = lab.nodes.front().state.parent_path() / "saved.json";
    const auto when = loop_.utc() - std::chrono::hours(24 * days);
    fs::last_write_time(manifest, std::chrono::file_clock::from_sys(when));
  }

  FakeEventLoop loop_;
  FakeLab lab_{loop_};
  Plan plan_ = sample_plan();
  TempDir runs_{fs::temp_directory_path()};
  TempDir kept_{fs::temp_directory_path()};
  ProgressNotes notes_;
  std::stop_source stop_;
  SavedLabCache cache_{kept_.path(), notes_, loop_};
  SavedParts parts_{"patched", "kernel-key", "image-key", "/kernel", "7.2.22"};
  LabSetting setting_ = fake_setting(plan_, loop_, lab_, runs_.path());
};

TEST_F(SavedTest, ATemplateIsOneNodeThatWasNobody) {
  const SavedLab made = make_template();
  EXPECT_FALSE(made.formed());
  EXPECT_THAT(lab_.saved(), ElementsAre("gl-node1"));
  EXPECT_THAT(lab_.running(), IsEmpty());
  EXPECT_THAT(lab_.programs(), IsEmpty()) << "nothing may run before it is saved";
  EXPECT_THAT(read_file(made.node(1).console_log, Bytes::mib(1)), HasSubstr("Linux version"));
  EXPECT_TRUE(fs::is_empty(runs_.path())) << "something was left";
}

TEST_F(SavedTest, ATemplateIsMadeOnceForWhatIsEqualAndAgainForWhatIsNot) {
  const fs::path first = make_template().nodes.front().state;
  EXPECT_EQ(make_template().nodes.front().state, first);
  EXPECT_EQ(lab_.saved().size(), 1u);
  parts_.kernel_key = "another";
  EXPECT_NE(make_template().nodes.front().state, first);
  plan_.nodes.front().memory = Bytes::mib(1024);
  EXPECT_NE(make_template().nodes.front().state, first);
  EXPECT_EQ(lab_.saved().size(), 3u);
  EXPECT_THAT(notes_.notes, IsEmpty());
}

TEST_F(SavedTest, AGuestThatPrintsNothingIsGivenUpLongBeforeOneThatPrints) {
  lab_.script(1).boots = false;
  const auto failure_of_template = [this] {
    const SteadyTime begin = loop_.now();
    std::string what;
    try {
      make_template();
    } catch (const BarrierFailed& failed) {
      what = failed.what();
    }
    return std::pair(what, loop_.now() - begin);
  };
  const std::string boot = std::exchange(lab_.script(1).boot_console, "");
  const auto [mute, short_wait] = failure_of_template();
  EXPECT_THAT(mute, HasSubstr("node1 printed nothing on its console within 30s"));
  lab_.script(1).boot_console = boot;
  const auto [prints, long_wait] = failure_of_template();
  EXPECT_THAT(prints, HasSubstr("node1 did not boot to its agent within 1m"));
  EXPECT_LT(short_wait, std::chrono::seconds(40));
  EXPECT_GT(long_wait, std::chrono::seconds(55));
}

TEST_F(SavedTest, WhatAnotherQemuSavedIsRefusedWithTheReasonAndMadeAnew) {
  make_template();
  parts_.qemu_version = "8.0.0";
  make_template();
  EXPECT_THAT(notes_.notes,
              ElementsAre(HasSubstr("made anew: it was saved by QEMU 7.2.22, and here is 8.0.0")));
  EXPECT_EQ(lab_.saved().size(), 2u);
  make_template();
  EXPECT_EQ(lab_.saved().size(), 2u);
}

TEST_F(SavedTest, WhatWasSavedOnAnotherProcessorIsRefusedWithTheReasonAndMadeAnew) {
  const fs::path manifest = make_template().nodes.front().state.parent_path() / "saved.json";
  Json json = Json::parse(read_file(manifest, Bytes::mib(1)));
  json["processor"] = "another";
  std::ofstream(manifest) << json.dump();
  make_template();
  EXPECT_THAT(notes_.notes, ElementsAre(HasSubstr("it was saved on another processor")));
  EXPECT_EQ(lab_.saved().size(), 2u);
}

TEST_F(SavedTest, DamageIsFoundSaidAndMended) {
  const SavedNode made = make_template().nodes.front();
  const std::string bytes = read_file(made.state, Bytes::mib(1));
  // As long as before: only its digest tells.
  std::ofstream(made.state, std::ios::binary) << std::string(bytes.size(), 'X');
  EXPECT_EQ(read_file(make_template().nodes.front().state, Bytes::mib(1)), bytes);
  EXPECT_THAT(notes_.notes, ElementsAre(HasSubstr("state of node 1 are not those that were")));
  notes_.notes.clear();
  fs::resize_file(made.state, 1);
  make_template();
  EXPECT_THAT(notes_.notes, ElementsAre(HasSubstr("1 bytes instead of")));
  notes_.notes.clear();
  fs::remove(made.console_log);
  make_template();
  EXPECT_THAT(notes_.notes, ElementsAre(HasSubstr("console of node 1 is gone")));
  EXPECT_EQ(lab_.saved().size(), 4u);
}

TEST_F(SavedTest, AGuestThatDoesNotComeUpIsAnErrorAndLeavesNothing) {
  lab_.script(1).boots = false;
  EXPECT_THROW(make_template(), BarrierFailed);
  EXPECT_THAT(lab_.running(), IsEmpty());
  EXPECT_EQ(folders_kept(), 0u);
  lab_.script(1).boots = true;
  make_template();
  EXPECT_EQ(folders_kept(), 1u);
}

TEST_F(SavedTest, WhatIsOfNoUseToThisHostOrForgottenIsRemovedWhenSomethingIsMade) {
  const SavedLab forgotten = make_template();
  parts_.kernel_key = "in use";
  const SavedLab used = make_template();
  parts_.kernel_key = "of an older QEMU";
  parts_.qemu_version = "6.0";
  const SavedLab useless = make_template();
  parts_.qemu_version = "7.2.22";
  age(forgotten, 15);
  age(used, 13);
  age(useless, 2);
  parts_.kernel_key = "new";
  make_template();
  EXPECT_FALSE(fs::exists(forgotten.nodes.front().state));
  EXPECT_TRUE(fs::exists(used.nodes.front().state));
  EXPECT_FALSE(fs::exists(useless.nodes.front().state));
}

TEST_F(SavedTest, NodesFromATemplateGoOnWithItsConsole) {
  const NodeSource source{"/kernel", make_template()};
  EXPECT_EQ(source.start(), Start::from_template);
  const std::vector<fs::path> logs{runs_.path() / "1.log", runs_.path() / "2.log"};
  Lab lab(setting_, source, logs);
  lab.start(Milliseconds{60'000}, {});
  for (const auto& log : logs)
    EXPECT_EQ(read_file(log, Bytes::mib(1)),
              read_file(source.from->node(0).console_log, Bytes::mib(1)));
  for (const Lab::Node& node : lab.nodes())
    EXPECT_EQ(node.machine.state, source.from->node(0).state);
}

TEST_F(SavedTest, AFormedLabIsAllNodesAndTheirDiskAtOneInstant) {
  const SavedLab made = make_lab();
  EXPECT_TRUE(made.formed());
  ASSERT_EQ(made.nodes.size(), 2u);
  EXPECT_THAT(lab_.saved(), ElementsAre("gl-node1", "gl-node2"));
  EXPECT_THAT(lab_.paused_before_saving(), ElementsAre("gl-node1", "gl-node2"));
  EXPECT_THAT(lab_.programs(), Contains(HasSubstr("mount -t gfs2")));
  EXPECT_EQ(fs::file_size(made.disk), plan_.disk.size.count);
  for (const SavedNode& node : made.nodes) {
    EXPECT_GT(node.daemons.at("corosync"), 0u);
    EXPECT_GT(node.daemons.at("dlm_controld"), 0u);
    EXPECT_GE(node.last_job, node.daemons.at("dlm_controld"));
  }
  EXPECT_THAT(lab_.running(), IsEmpty());
  EXPECT_TRUE(fs::is_empty(runs_.path())) << "something was left";
}

TEST_F(SavedTest, AFormedLabIsForOneKindOfClusterOnly) {
  const fs::path first = make_lab().disk;
  EXPECT_EQ(make_lab().disk, first);
  plan_.workloads.front().duration = Milliseconds{1'000};
  EXPECT_EQ(make_lab().disk, first) << "the workload is not in it";
  plan_.filesystem.journal = Bytes::mib(64);
  EXPECT_NE(make_lab().disk, first);
  plan_.cluster.token = Milliseconds{99'000};
  EXPECT_NE(make_lab().disk, first);
}

TEST_F(SavedTest, AChangedDiskIsFoundSaidAndMended) {
  const SavedLab made = make_lab();
  std::fstream disk(made.disk, std::ios::binary | std::ios::in | std::ios::out);
  disk.seekp(123'456);
  disk << "flip";
  disk.close();
  make_lab();
  EXPECT_THAT(notes_.notes, ElementsAre(HasSubstr("the bytes of its disk are not those")));
}

TEST_F(SavedTest, ALabThatDoesNotMountIsNotKept) {
  lab_.script(2).mount_fails = true;
  EXPECT_THROW(make_lab(), BarrierFailed);
  EXPECT_EQ(folders_kept(), 0u);
  EXPECT_THAT(lab_.running(), IsEmpty());
}

TEST_F(SavedTest, ATrialFromAFormedLabGoesToWorkAtOnceAndLeavesInOrder) {
  // As the kernels were when the lab was saved, they are not asked for again.
  lab_.script(1).files["/proc/sys/kernel/tainted"] = "4096\n";
  lab_.script(2).files["/proc/sys/kernel/tainted"] = "0\n";
  const NodeSource source{"/kernel", make_lab()};
  lab_.script(1).files["/proc/sys/kernel/tainted"] = "4097\n";
  EXPECT_EQ(source.start(), Start::formed);
  const std::size_t before = lab_.programs().size();
  RunRecord first;
  TempDir results(fs::temp_directory_path());
  RunWriter kept(results.path(), plan_, first, loop_);
  const auto writer = kept.begin_trial(plan_.trials.front());
  SilentObserver nobody;
  const TrialRecord record =
      run_trial(setting_, plan_.trials.front(), source, *writer, nobody, stop_.get_token());
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  EXPECT_EQ(record.start, "formed");
  EXPECT_EQ(record.oracles.at("node1").taint_before, 4096u);
  EXPECT_EQ(record.oracles.at("node1").taint, 4097u);
  EXPECT_EQ(record.seed, plan_.trials.front().seed);
  std::vector<std::string> steps;
  for (const StepRecord& step : record.steps) {
    steps.push_back(step.name);
    EXPECT_EQ(step.problem, "") << step.name;
  }
  EXPECT_THAT(steps, ElementsAre("restore", "work", "verify", "collect", "stop"));
  const std::vector<std::string> ran(lab_.programs().begin() + static_cast<std::ptrdiff_t>(before),
                                     lab_.programs().end());
  EXPECT_THAT(ran, testing::Not(Contains(HasSubstr("mkfs"))));
  EXPECT_THAT(ran, testing::Not(Contains(HasSubstr(" corosync -f"))));
  EXPECT_THAT(ran, Contains(HasSubstr("umount")));
  EXPECT_THAT(lab_.running(), IsEmpty());
}

}  // namespace
}  // namespace gridlock

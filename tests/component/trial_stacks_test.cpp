// SPDX-License-Identifier: GPL-2.0-or-later
// The life of a trial whose nodes are joined by o2cb, or by nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "host/files.h"
#include "record/run_writer.h"
#include "support/fake_event_loop.h"
#include "support/fake_lab.h"
#include "support/fake_setting.h"
#include "support/progress_notes.h"
#include "support/sample_plan.h"
#include "support/silent_observer.h"
#include "trial/formed_lab.h"
#include "trial/trial.h"

namespace gridlock {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

namespace fs = std::filesystem;

constexpr const char* kUuid = "0123456789ABCDEF0123456789ABCDEF";

class StacksTest : public testing::Test {
 protected:
  void use_o2cb() {
    plan_.cluster.stack = ClusterStack::o2cb;
    plan_.filesystem.type = FilesystemType::ocfs2;
    plan_.lock_table = std::string("sample:") + kUuid;
    lab_.script(1);
    lab_.script(2);
  }
  void mount_locally(FilesystemType type) {
    plan_.cluster.stack = ClusterStack::none;
    plan_.filesystem.type = type;
    plan_.nodes.resize(1);
    lab_.script(1);
  }

  TrialRecord run(const NodeSource& source) {
    RunRecord first;
    RunWriter results(results_.path(), plan_, first, loop_);
    const auto writer = results.begin_trial(plan_.trials.front());
    return run_trial(setting_, plan_.trials.front(), source, *writer, observer_, stop_.get_token());
  }
  TrialRecord run() { return run(NodeSource{"/kernel", {}}); }

  /// What was run on the nodes that has `text` in it, in order, as "node1 sh -c …".
  std::vector<std::string> ran(const std::string& text) const {
    std::vector<std::string> found;
    for (const std::string& program : lab_.programs())
      if (program.find(text) != std::string::npos) found.push_back(program);
    return found;
  }
  /// When the first program with `text` in it was run, of all.
  std::size_t when(const std::string& text) const {
    const auto& all = lab_.programs();
    return static_cast<std::size_t>(
        std::ranges::find_if(
            all, [&](const auto& program) { return program.find(text) != std::string::npos; }) -
        all.begin());
  }

  FakeEventLoop loop_;
  FakeLab lab_{loop_};
  Plan plan_ = sample_plan();
  TempDir runs_{fs::temp_directory_path()};
  TempDir results_{fs::temp_directory_path()};
  StepObserver observer_;
  std::stop_source stop_;
  LabSetting setting_ = fake_setting(plan_, loop_, lab_, runs_.path());
};

TEST_F(StacksTest, O2cbIsRegisteredEverywhereBeforeTheFirstMountAndLeftInOrder) {
  use_o2cb();
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  EXPECT_THAT(observer_.steps, ElementsAre("start", "connect", "form", "format", "mount", "work",
                                           "verify", "collect", "stop"));
  for (const int node : {1, 2})
    EXPECT_THAT(lab_.put_on(node).at("/etc/ocfs2/cluster.conf"), HasSubstr("name = node2"));
  EXPECT_EQ(ran("o2cb register-cluster sample").size(), 2u);
  EXPECT_EQ(ran(" mkfs.ocfs2 ").size(), 1u);
  EXPECT_EQ(ran("mount.ocfs2 -n -o 'noatime' ").size(), 2u);
  EXPECT_LT(when("o2cb register-cluster"), when("until mount.ocfs2"));
  EXPECT_THAT(ran("unregister-cluster"), ElementsAre("node2 o2cb unregister-cluster sample",
                                                     "node1 o2cb unregister-cluster sample"));
  EXPECT_LT(when("node1 umount"), when("unregister-cluster"));
  EXPECT_THAT(lab_.programs(), Not(Contains(HasSubstr(" corosync"))));
}

TEST_F(StacksTest, AnMkfsThatFailsIsAnErrorThatSaysWhy) {
  use_o2cb();
  lab_.script(1).starts["mkfs.ocfs2"] = [this](std::int64_t process) {
    loop_.after(Milliseconds{100}, [this, process] {
      lab_.prints(1, process, "mkfs.ocfs2: I/O error while formatting\n", "stderr");
      lab_.ends(1, process, 1);
    });
  };
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::error);
  EXPECT_THAT(record.reason, AllOf(HasSubstr("mkfs.ocfs2 on node1: exit status 1"),
                                   HasSubstr("I/O error while formatting")));
}

TEST_F(StacksTest, ARegistrationThatFailsNamesTheNodeAndIsNotWaitedFor) {
  use_o2cb();
  lab_.script(2).starts["sh"] = [this](std::int64_t process) {
    const bool registers =
        lab_.programs().back().find("o2cb register-cluster") != std::string::npos;
    const int status = registers ? 1 : 0;
    loop_.after(Milliseconds{50}, [this, process, status] {
      if (status != 0)
        lab_.prints(2, process, "this kernel has no o2cb (CONFIG_OCFS2_FS_O2CB)\n", "stderr");
      lab_.ends(2, process, status);
    });
  };
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::error);
  EXPECT_THAT(record.reason, AllOf(HasSubstr("registering the cluster on node2"),
                                   HasSubstr("this kernel has no o2cb")));
}

TEST_F(StacksTest, WhoIsAMemberAndWhetherOcfs2FailedIsReadWhereO2cbTellsIt) {
  use_o2cb();
  const std::string debug = "/sys/kernel/debug/";
  for (const int node : {1, 2}) {
    auto& files = lab_.script(node).files;
    files[debug + "o2dlm/" + kUuid + "/dlm_state"] =
        "Domain: " + std::string(kUuid) +
        "  Key: 0x1  Protocol: 1.3\nDomain Map: 1 2 \nExit Domain Map: \n"
        "Recovery Pid: 9  Master: 255  State: INACTIVE\n";
    files[debug + "ocfs2/" + kUuid + "/fs_state"] =
        std::string("    Volume => State: 1  Flags: 0x") + (node == 1 ? "0" : "4") +
        "\n  Recovery => Pid: -1  Nodes: None\n";
  }
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  const OracleRecord& first = record.oracles.at("node1");
  EXPECT_EQ(first.dlm_members, (std::vector<int>{1, 2}));
  EXPECT_EQ(first.dlm_recovering, false);
  EXPECT_EQ(first.ocfs2_failed, false);
  EXPECT_FALSE(first.gfs2_withdrawn);
  EXPECT_EQ(record.oracles.at("node2").ocfs2_failed, true);
}

TEST_F(StacksTest, AFormedLabOfO2cbHasNoDaemonsAndGoesOn) {
  use_o2cb();
  TempDir kept(fs::temp_directory_path());
  ProgressNotes notes;
  SavedLabCache cache(kept.path(), notes, loop_);
  const SavedParts parts{"patched", "kernel-key", "image-key", "/kernel", "7.2.22"};
  const SavedLab made = formed_lab(setting_, parts, cache, stop_.get_token());
  for (const SavedNode& node : made.nodes) EXPECT_TRUE(node.daemons.empty());
  const TrialRecord record = run(NodeSource{"/kernel", made});
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  EXPECT_THAT(observer_.steps, ElementsAre("restore", "work", "verify", "collect", "stop"));
  EXPECT_EQ(ran("unregister-cluster").size(), 2u);
}

TEST_F(StacksTest, OneNodeMountsLocallyWithoutAnythingToJoin) {
  for (const FilesystemType type : {FilesystemType::gfs2, FilesystemType::ocfs2}) {
    plan_ = sample_plan();
    mount_locally(type);
    const TrialRecord record = run();
    EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
    for (const char* const name : {" corosync", "dlm_controld", "register-cluster", "ping -c"})
      EXPECT_THAT(lab_.programs(), Not(Contains(HasSubstr(name))));
  }
  EXPECT_EQ(ran("mkfs.gfs2 -O -q -K -p lock_nolock").size(), 1u);
  EXPECT_EQ(ran("-M local").size(), 1u);
}

}  // namespace
}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
// Nodes that have names and kernels of their own, over machines that are scripts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

namespace fs = std::filesystem;

/// alpha runs the kernel that is tested, behind an older one.
class MixedTest : public testing::Test {
 protected:
  MixedTest() {
    for (const int number : {1, 2}) lab_.script(number);
    plan_.nodes[0].name = "alpha";
    plan_.nodes[1].name = "behind";
    plan_.nodes[1].kernel = "old";
  }

  TrialRecord run(NodeSource source) {
    RunRecord first;
    RunWriter results(kept_.path() / "results", plan_, first, loop_);
    const auto writer = results.begin_trial(plan_.trials.front());
    trial_ = writer->directory();
    return run_trial(setting_, plan_.trials.front(), source, *writer, observer_, {});
  }
  NodeSource powered_on() const {
    NodeSource source{"/tested/bzImage", {}};
    source.own[NodeId{2}] = own_;
    return source;
  }
  SavedParts parts() const {
    SavedParts parts{"patched", "tested-key", "image-key", "/tested/bzImage", "7.2.22"};
    parts.own[NodeId{2}] = own_;
    return parts;
  }

  FakeEventLoop loop_;
  FakeLab lab_{loop_};
  Plan plan_ = sample_plan();
  OwnKernel own_{"/old/bzImage", "/old/initrd", "old-key", "old"};
  TempDir runs_{fs::temp_directory_path()};
  TempDir kept_{fs::temp_directory_path()};
  fs::path trial_;
  ProgressNotes notes_;
  StepObserver observer_;
  LabSetting setting_ = fake_setting(plan_, loop_, lab_, runs_.path());
};

TEST_F(MixedTest, EveryNodeRunsItsKernelAndTheRecordSaysWhich) {
  const TrialRecord record = run(powered_on());
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  EXPECT_EQ(lab_.machine(1).kernel, "/tested/bzImage");
  EXPECT_EQ(lab_.machine(1).initrd, "");
  EXPECT_EQ(lab_.machine(2).kernel, "/old/bzImage");
  EXPECT_EQ(lab_.machine(2).initrd, "/old/initrd");
  EXPECT_EQ(record.kernel, "patched") << "what is found counts for the kernel that is tested";
  EXPECT_THAT(record.node_kernels, ElementsAre(Pair("behind", "old")));
}

TEST_F(MixedTest, WhatIsToldOfNodesHasTheirNames) {
  lab_.script(2).on_work = [this] {
    lab_.console(2, "[   20.000000] BUG: kernel NULL pointer dereference, address: 0000\n");
  };
  const TrialRecord record = run(powered_on());
  EXPECT_TRUE(record.workloads.at(0).nodes.contains("alpha"));
  EXPECT_TRUE(record.kernel_releases.contains("behind"));
  EXPECT_TRUE(fs::exists(trial_ / "nodes" / "behind" / "console.log"));
  for (const FindingRecord& finding : record.findings)
    EXPECT_THAT(finding.nodes, ElementsAre("behind")) << finding.title;
}

TEST_F(MixedTest, TemplatesAreMadeForEachKindOfNode) {
  SavedLabCache cache(kept_.path() / "templates", notes_, loop_);
  const SavedLab guests = guest_template(setting_, parts(), cache, {});
  ASSERT_EQ(guests.nodes.size(), 2u);
  EXPECT_FALSE(guests.formed());
  EXPECT_NE(guests.node(0).state, guests.node(1).state);
  EXPECT_EQ(lab_.machine(1).kernel, "/old/bzImage") << "the last one that was made";
  EXPECT_EQ(lab_.machine(1).initrd, "/old/initrd");
  const std::size_t made = lab_.saved().size();
  guest_template(setting_, parts(), cache, {});
  EXPECT_EQ(lab_.saved().size(), made) << "both are kept";

  NodeSource source = powered_on();
  source.from = guests;
  const TrialRecord record = run(source);
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  EXPECT_EQ(lab_.machine(1).state, guests.node(0).state);
  EXPECT_EQ(lab_.machine(2).state, guests.node(1).state);
}

TEST_F(MixedTest, AFormedLabIsMadeAnewForAnotherKernelOfANode) {
  SavedLabCache cache(kept_.path() / "labs", notes_, loop_);
  const fs::path first = formed_lab(setting_, parts(), cache, {}).disk;
  EXPECT_EQ(formed_lab(setting_, parts(), cache, {}).disk, first);
  SavedParts newer = parts();
  newer.own[NodeId{2}].key = "newer-key";
  EXPECT_NE(formed_lab(setting_, newer, cache, {}).disk, first);
  EXPECT_NE(made_of(newer).kernel, made_of(parts()).kernel)
      << "a checkpoint of one is of no use to the other";
}

}  // namespace
}  // namespace gridlock

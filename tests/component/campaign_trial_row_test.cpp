// SPDX-License-Identifier: GPL-2.0-or-later
// A run's trials in a row over machines that are scripts: the order, and which of them share a lab.
#include "campaign/trial_row.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
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

using testing::ElementsAre;
using testing::IsEmpty;

namespace fs = std::filesystem;

class TrialRow : public testing::Test {
 protected:
  TrialRow() {
    lab_.script(1);
    lab_.script(2);
    const PlannedTrial trial = plan_.trials.front();
    plan_.trials.clear();
    for (const char* const kernel : {"patched", "unpatched"})
      for (const char* const name : {"a", "b", "alone", "c", "d"}) {
        plan_.trials.push_back(trial);
        PlannedTrial& added = plan_.trials.back();
        added.number = static_cast<int>(plan_.trials.size());
        added.kernel = kernel;
        added.name = name;
        added.lab = std::string(name) == "alone" ? LabUse::fresh : LabUse::shared;
      }
  }

  TrialRecord run_one(const PlannedTrial& trial, SharedLab& shared) {
    order_.push_back(trial.number);
    const auto writer = results_.begin_trial(trial);
    const TrialRecord record =
        run_trial(setting_, trial, source_, *writer, nobody_, stop_.get_token(), &shared);
    results_.finish_trial(record);
    labs_.push_back(record.lab_of > 0 ? record.lab_of : record.number);
    return record;
  }
  void run(const RunTrial& one) { run_row(plan_.trials, one, stop_.get_token()); }
  void run() {
    run([this](const PlannedTrial& trial, SharedLab& shared) { return run_one(trial, shared); });
  }

  FakeEventLoop loop_;
  FakeLab lab_{loop_};
  Plan plan_ = sample_plan();
  SilentObserver nobody_;
  std::stop_source stop_;
  TempDir runs_{fs::temp_directory_path()};
  TempDir folder_{fs::temp_directory_path()};
  RunRecord empty_;
  RunWriter results_{folder_.path(), plan_, empty_, loop_};
  NodeSource source_{"/kernel", {}};
  LabSetting setting_ = fake_setting(plan_, loop_, lab_, runs_.path());
  std::vector<int> order_;
  std::vector<int> labs_;  // by trial: the number of the one that began its lab
};

TEST_F(TrialRow, GoesInOrderAndNeighboursOnOneKernelShare) {
  run();
  EXPECT_THAT(order_, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  EXPECT_THAT(labs_, ElementsAre(1, 1, 3, 4, 4, 6, 6, 8, 9, 9));
  EXPECT_EQ(lab_.started().size(), 2 * 6u);
  EXPECT_THAT(lab_.running(), IsEmpty());
}

TEST_F(TrialRow, EndsAfterATrialThatWasInterrupted) {
  lab_.script(1).on_work = [this] {
    if (order_.size() == 2) stop_.request_stop();
  };
  run();
  EXPECT_THAT(order_, ElementsAre(1, 2));
  EXPECT_THAT(lab_.running(), IsEmpty());
}

TEST_F(TrialRow, StoppedBetweenTwoTrialsItEndsTheLabTheyShare) {
  EXPECT_THROW(run([this](const PlannedTrial& trial, SharedLab& shared) {
                 const TrialRecord record = run_one(trial, shared);
                 EXPECT_NE(shared.lab, nullptr);
                 stop_.request_stop();
                 return record;
               }),
               Cancelled);
  EXPECT_THAT(order_, ElementsAre(1));
  EXPECT_THAT(lab_.running(), IsEmpty());
}

TEST_F(TrialRow, AnErrorBetweenTwoTrialsEndsTheLabTheyShare) {
  EXPECT_THROW(run([this](const PlannedTrial& trial, SharedLab& shared) -> TrialRecord {
                 run_one(trial, shared);
                 throw Error("the results cannot be written");
               }),
               Error);
  EXPECT_THAT(lab_.running(), IsEmpty());
}

}  // namespace
}  // namespace gridlock

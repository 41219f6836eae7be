// SPDX-License-Identifier: GPL-2.0-or-later
// A trial whose workload is a program of the user's own, over machines that are scripts.
#include <gmock/gmock.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>

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

using testing::HasSubstr;
using testing::StartsWith;

const std::string kProgram = "/opt/try";

class ExecTrial : public testing::Test {
 protected:
  ExecTrial() {
    std::string pattern =
        (std::filesystem::path(GRIDLOCK_BINARY_DIR) / "exec-trial-test-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    WorkloadSpec& workload = plan_.workloads.front();
    workload.name = "own";
    workload.mmap_dio.reset();
    workload.exec = ExecSpec{};
    workload.exec->command = {kProgram, "{name}", "{dir}"};
    workload.duration = Milliseconds{20'000};
    plan_.trials.front().workloads = {"own"};
    for (const int node : {1, 2})
      starts(node, [this, node](std::int64_t process) {
        after(1000, [this, node, process] { lab_.ends(node, process, 0); });
      });
  }
  ~ExecTrial() override { std::filesystem::remove_all(directory_); }

  ExecSpec& spec() { return *plan_.workloads.front().exec; }
  void starts(int node, std::function<void(std::int64_t)> what) {
    lab_.script(node).starts[kProgram] = std::move(what);
  }
  void after(int ms, std::function<void()> what) { loop_.after(Milliseconds{ms}, std::move(what)); }

  TrialRecord run() {
    LabSetting setting = fake_setting(plan_, loop_, lab_, directory_);
    RunRecord first;
    RunWriter results(directory_ / "results", plan_, first, loop_);
    const auto writer = results.begin_trial(plan_.trials.front());
    trial_directory_ = writer->directory();
    SilentObserver observer;
    return run_trial(setting, plan_.trials.front(), NodeSource{directory_ / "bzImage", {}}, *writer,
                     observer, {});
  }

  std::string log(const std::string& node) const {
    return read_file(trial_directory_ / "nodes" / node / "own.log", Bytes::mib(4));
  }

  FakeEventLoop loop_;
  FakeLab lab_{loop_};
  Plan plan_ = sample_plan();
  std::filesystem::path directory_;
  std::filesystem::path trial_directory_;
};

TEST_F(ExecTrial, ProgramThatEndsWellPassesWithoutASingleSample) {
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  ASSERT_EQ(record.workloads.size(), 1U);
  EXPECT_EQ(record.workloads[0].program, "exec");
  EXPECT_EQ(record.workloads[0].detail, "ended well on 2 nodes");
  EXPECT_THAT(lab_.programs(), testing::Contains("node2 /opt/try node2 /mnt/shared/own"));
}

TEST_F(ExecTrial, FilesAndTheFolderAreThereBeforePrepareAndPrepareBeforeTheProgram) {
  std::string large(300'000, 'a');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 31);
  std::filesystem::create_directories(directory_ / "tree/inner");
  std::ofstream(directory_ / "tree/inner/large", std::ios::binary) << large;
  std::ofstream(directory_ / "tree/none");
  spec().files = {{directory_ / "tree", "/opt"}};
  spec().prepare = {"/opt/make"};
  const auto look = [this, large](std::int64_t process) {
    EXPECT_TRUE(lab_.put_on(1).at("/opt/inner/large") == large);
    EXPECT_EQ(lab_.put_on(1).at("/opt/none"), "");
    EXPECT_THAT(lab_.programs(), testing::Contains("node1 busybox mkdir -p /mnt/shared/own"));
    lab_.ends(1, process, 0);
  };
  lab_.script(1).starts["/opt/make"] = look;
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  EXPECT_TRUE(lab_.put_on(2).at("/opt/inner/large") == large);
  const auto& programs = lab_.programs();
  const auto prepared = std::find(programs.begin(), programs.end(), "node2 /opt/make");
  const auto begun = std::find_if(programs.begin(), programs.end(), [](const std::string& program) {
    return program.find(kProgram) != std::string::npos;
  });
  EXPECT_LT(prepared, begun);
}

TEST_F(ExecTrial, FileThatIsNotThereIsAnErrorThatNamesIt) {
  spec().files = {{directory_ / "missing", "/opt/missing"}};
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::error);
  EXPECT_THAT(record.reason, HasSubstr("missing on the nodes: it is not there"));
}

TEST_F(ExecTrial, AnotherExitStatusIsAFindingWithTheEndOfTheOutput) {
  starts(2, [this](std::int64_t process) {
    lab_.prints(2, process, "begun\nexpected 7, found 8\n");
    lab_.prints(2, process, "try: giving up\n", "stderr");
    lab_.ends(2, process, 3);
  });
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::failed) << record.reason;
  ASSERT_EQ(record.findings.size(), 1U);
  EXPECT_EQ(record.findings[0].kind, "workload");
  EXPECT_EQ(record.findings[0].title, "own on node2 exited with status 3");
  EXPECT_EQ(record.findings[0].identity, "workload:own:exited with status 3");
  EXPECT_THAT(record.findings[0].excerpt, HasSubstr("expected 7, found 8\ntry: giving up\n"));
  EXPECT_EQ(log("node2"), "begun\nexpected 7, found 8\ntry: giving up\n");
}

TEST_F(ExecTrial, StatusThatTheTopologyListsPasses) {
  spec().success = {0, 3};
  starts(2, [this](std::int64_t process) { lab_.ends(2, process, 3); });
  EXPECT_EQ(run().outcome, Outcome::passed);
}

TEST_F(ExecTrial, SamplesAreCountedAndAreNotPartOfTheOutput) {
  starts(1, [this](std::int64_t process) {
    lab_.prints(1, process, "hello\ngridlock {\"operations\":40,\"bytes\":80}\n");
    after(200, [this, process] { lab_.ends(1, process, 0); });
  });
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  EXPECT_EQ(record.workloads[0].total.operations, 40U);
  EXPECT_EQ(record.workloads[0].detail, "40 operations, none short");
  EXPECT_EQ(log("node1"), "hello\n");
}

TEST_F(ExecTrial, NotesOfTheResultsAreKeptByNodeAndTheirNumbersAddedUp) {
  for (const int node : {1, 2})
    starts(node, [this, node](std::int64_t process) {
      lab_.prints(node, process,
                  "gridlock {\"result\":{\"operations\":4,\"notes\":{\"seen\":" +
                      std::to_string(10 * node) + ",\"way\":\"direct\"}}}\n");
      lab_.ends(node, process, 0);
    });
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  const WorkloadRecord& workload = record.workloads.at(0);
  EXPECT_EQ(workload.nodes.at("node2").notes, (Notes{{"seen", 20.0}, {"way", "direct"}}));
  EXPECT_EQ(workload.total.notes, (Notes{{"seen", 30.0}}));
}

TEST_F(ExecTrial, ErrorsThatAProgramCountsAreFindingsAlthoughItEndsWell) {
  starts(1, [this](std::int64_t process) {
    lab_.prints(1, process, "gridlock {\"operations\":4,\"bad\":1}\n");
    lab_.ends(1, process, 0);
  });
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::failed);
  ASSERT_EQ(record.findings.size(), 1U);
  EXPECT_EQ(record.findings[0].kind, "bad_data");
}

TEST_F(ExecTrial, ProgramThatPrintedSamplesAndStandsStillIsAStall) {
  plan_.workloads.front().duration = Milliseconds{600'000};
  starts(1, [this](std::int64_t process) {
    lab_.prints(1, process, "gridlock {\"operations\":1}\n");
  });
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::failed);
  ASSERT_EQ(record.findings.size(), 1U);
  EXPECT_EQ(record.findings[0].kind, "stall");
  EXPECT_EQ(record.findings[0].nodes, std::vector<std::string>{"node1"});
}

TEST_F(ExecTrial, ProgramThatPrintsNothingAndTakesLongIsNoStall) {
  plan_.watch.stall = Milliseconds{2'000};
  starts(1, [this](std::int64_t process) {
    after(18'000, [this, process] { lab_.ends(1, process, 0); });
  });
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
}

TEST_F(ExecTrial, ProgramThatRunsOnAfterItsDurationIsAFinding) {
  starts(1, [](std::int64_t) {});
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::failed);
  EXPECT_EQ(record.reason, "own did not end within 20s");
  ASSERT_EQ(record.findings.size(), 1U);
  EXPECT_EQ(record.findings[0].nodes, std::vector<std::string>{"node1"});
}

TEST_F(ExecTrial, ProgramThatTheHostHeldBackIsGivenAsMuchLonger) {
  // The node ran half of the time it wanted to.
  loop_.every(Milliseconds{100}, [this] {
    ProcessorTime& time = lab_.script(1).thread_times[4711];
    time.ran += std::chrono::milliseconds{50};
    time.waited += std::chrono::milliseconds{50};
  });
  starts(1, [this](std::int64_t process) {
    after(30'000, [this, process] { lab_.ends(1, process, 0); });
  });
  EXPECT_EQ(run().outcome, Outcome::passed);
  starts(1, [this](std::int64_t process) {
    after(50'000, [this, process] { lab_.ends(1, process, 0); });
  });
  EXPECT_EQ(run().reason, "own did not end within 20s");
}

TEST_F(ExecTrial, CheckThatEndsWithStatus1IsBadDataAndWithAnotherAFindingOfTheWorkload) {
  spec().verify = {"/opt/check"};
  lab_.script(1).starts["/opt/check"] = [this](std::int64_t process) {
    lab_.prints(1, process, "block 7 is wrong\n");
    lab_.ends(1, process, 1);
  };
  TrialRecord record = run();
  ASSERT_EQ(record.findings.size(), 1U) << record.reason;
  EXPECT_EQ(record.findings[0].kind, "bad_data");
  EXPECT_THAT(record.findings[0].excerpt, StartsWith("block 7 is wrong\n"));
  lab_.script(1).starts["/opt/check"] = [this](std::int64_t process) { lab_.ends(1, process, 4); };
  record = run();
  ASSERT_EQ(record.findings.size(), 1U) << record.reason;
  EXPECT_EQ(record.findings[0].title, "verify of own on node1 exited with status 4");
}

TEST_F(ExecTrial, WorkloadNamedLikeAFileOfTheNodeDoesNotTakeItsPlace) {
  plan_.workloads.front().name = "console";
  plan_.trials.front().workloads = {"console"};
  starts(1, [this](std::int64_t process) {
    lab_.prints(1, process, "hello\n");
    lab_.ends(1, process, 0);
  });
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  const auto node = trial_directory_ / "nodes/node1";
  EXPECT_EQ(read_file(node / "workload-console.log", Bytes::mib(1)), "hello\n");
  EXPECT_THAT(read_file(node / "console.log", Bytes::mib(1)), HasSubstr("Linux version"));
}

TEST_F(ExecTrial, BarrierReleasesAllNodesAtOneInstantAndCanBeUsedAgain) {
  // By node: the instants it was told.
  std::map<int, std::vector<std::int64_t>> told;
  for (const int node : {1, 2}) {
    const auto process_of = std::make_shared<std::int64_t>(0);
    starts(node, [this, node, process_of](std::int64_t process) {
      *process_of = process;
      after(100 * node, [this, node] { lab_.comes(node, "ready", 1); });
    });
    lab_.script(node).on_release = [this, node, process_of, &told](const Json& answer) {
      ASSERT_TRUE(answer.contains("at")) << answer.dump();
      EXPECT_EQ(answer["barrier"], "ready");
      told[node].push_back(answer["at"].get<std::int64_t>());
      EXPECT_EQ(answer["waiters"], Json::array({told[node].size()}));
      if (told[node].size() == 1)
        after(100, [this, node] { lab_.comes(node, "ready", 2); });
      else
        lab_.ends(node, *process_of, 0);
    };
  }
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  ASSERT_EQ(told[1].size(), 2U);
  EXPECT_EQ(told[1], told[2]);
  EXPECT_LT(told[1][0], told[1][1]);
}

TEST_F(ExecTrial, BarrierThatCanNeverBeMetIsRefusedAndSaysWhoEnded) {
  starts(1, [this](std::int64_t process) {
    lab_.comes(1, "ready", 1);
    lab_.script(1).on_release = [this, process](const Json& answer) {
      EXPECT_FALSE(answer.contains("at"));
      lab_.prints(1, process, "gridlock-barrier: " + text_or(answer, "error", "") + "\n", "stderr");
      lab_.ends(1, process, 1);
    };
  });
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::failed) << record.reason;
  ASSERT_EQ(record.findings.size(), 1U);
  EXPECT_EQ(record.findings[0].title, "own on node1 exited with status 1");
  EXPECT_THAT(record.findings[0].excerpt,
              HasSubstr("node2's program ended before it came to barrier ready"));
}

TEST_F(ExecTrial, BarrierIsMetAlthoughTheLabWasSavedMeanwhile) {
  plan_.watch.checkpoint = Milliseconds{1'000};
  std::map<int, std::int64_t> told;
  for (const int node : {1, 2}) {
    starts(node, [this, node, &told](std::int64_t process) {
      after(1500, [this, node] { lab_.comes(node, "ready", 1); });
      lab_.script(node).on_release = [this, node, process, &told](const Json& answer) {
        told[node] = answer["at"].get<std::int64_t>();
        lab_.ends(node, process, 0);
      };
    });
  }
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  EXPECT_FALSE(lab_.saved().empty());
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[1], told[2]);
}

}  // namespace
}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/run_book.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "base/error.h"
#include "record/run_reader.h"
#include "report/formats.h"
#include "support/fake_event_loop.h"
#include "support/sample_comparison.h"
#include "support/sample_plan.h"
#include "support/temp_dir.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class RunBookTest : public testing::Test {
 protected:
  /// The result of a run that does what `run` does to its record.
  RunResult run(const std::function<void(RunRecord&)>& run) {
    Installation installation;
    installation.results = directory_.path() / "results";
    RunBook book(sample_plan(), installation, HostFacts{}, "gridlock run sample.yaml", loop_);
    return book.fill([&] { run(book.record()); });
  }
  /// Every format that has a file left there what it tells of the run as it was read back.
  static void expect_all_formats(const RunResult& result) {
    const RunRecord kept = read_run(result.directory);
    for (const ReportFormat& format : report_formats()) {
      if (format.file.empty()) continue;
      const std::string text = text_of(result.directory / format.file);
      EXPECT_FALSE(text.empty()) << format.file;
      EXPECT_EQ(text, format.write(kept, result.directory, Colour::off)) << format.file;
    }
  }

  TempDir directory_;
  FakeEventLoop loop_;
};

TEST(InstallationTest, RunIsNamedSoThatAVerbFindsIt) {
  Installation installation;
  installation.usual_results = "/home/me/gridlock/results";
  EXPECT_EQ(installation.argument("/home/me/gridlock/results/20261126-a1"), "20261126-a1");
  EXPECT_EQ(installation.argument("/tmp/results/20261126-a1"), "/tmp/results/20261126-a1");
}

TEST_F(RunBookTest, RunThatEndsLeavesEveryFormat) {
  const RunResult result = run([](RunRecord& record) {
    const RunRecord demo = demo_run();
    record.kernels = demo.kernels;
    record.trials = demo.trials;
    record.outcome = Outcome::passed;
  });
  expect_all_formats(result);
}

TEST_F(RunBookTest, ComparisonLeavesEveryFormat) {
  const RunResult result = run([](RunRecord& record) {
    const RunRecord sample = sample_comparison(6);
    record.kernels = sample.kernels;
    record.trials = sample.trials;
    record.compare = sample.compare;
    record.outcome = Outcome::passed;
  });
  expect_all_formats(result);
  EXPECT_NE(text_of(result.directory / "report.txt").find("\nverdict      no difference\n"),
            std::string::npos);
}

TEST_F(RunBookTest, RunThatBreaksOrIsInterruptedLeavesEveryFormatToo) {
  for (const bool interrupted : {false, true}) {
    const RunResult result = run([&](RunRecord& record) {
      record.trials = {demo_run().trials[0]};
      record.compare = CompareRecord{"unpatched", "patched", 6, 0, true, 0, 1, {}, {}, {}, ""};
      if (interrupted) throw Cancelled("running abba");
      throw Error("the disk is full");
    });
    EXPECT_EQ(result.record.outcome, interrupted ? Outcome::interrupted : Outcome::error);
    expect_all_formats(result);
  }
}

}  // namespace
}  // namespace gridlock

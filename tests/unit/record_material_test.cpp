// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "record/run_material.h"
#include "support/sample_run.h"
#include "support/temp_dir.h"

namespace gridlock {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

void put(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

/// A run of one failed trial, whose finding has a report at bytes 4 to 10 of a console.
RunRecord failed_run() {
  RunRecord run = sample_run();
  run.kernels = {sample_kernel("patched", "")};
  TrialRecord trial = sample_trial(1, "patched", "abba");
  trial.findings = {sample_finding("f1", "deadlock", "deadlock: node1 <-> node2", 5)};
  trial.findings[0].console = "nodes/node1/console.log:4-10";
  run.trials = {trial};
  return run;
}

TEST(RunMaterial, IsWhatTheFilesOfARunTell) {
  const TempDir dir;
  const RunRecord run = failed_run();
  const std::filesystem::path trial = dir.path() / run.trials[0].directory;
  put(trial / "events.jsonl", "{\"t\":1,\"event\":\"step\",\"step\":\"start\"}\n");
  put(trial / "nodes/node1/console.log", "0123BUG: 0\nrest");
  put(trial / "evidence/f1/graph.svg", "<svg/>");
  put(trial / "evidence/f1/diagnosis.txt", "node1 waits for node2\n");
  put(dir.path() / "kernels/patched/config", "CONFIG_A=y\n");
  put(dir.path() / "kernels/patched/manifest.json",
      R"({"source": {"package": "", "commit": "1a2b", "tree": "3c4d"}})");
  put(dir.path() / "kernels/patched/patches/02-b.patch", "+b\n");
  put(dir.path() / "kernels/patched/patches/01-a.patch", "+a\n");
  put(dir.path() / "topology.yaml", "name: x\n");
  const RunMaterial material = read_material(run, dir.path());
  EXPECT_THAT(material.trials.at(1).events, SizeIs(1));
  const FindingMaterial& finding = material.findings.at(run.trials[0].findings[0].identity);
  EXPECT_EQ(finding.console, "BUG: 0");
  EXPECT_FALSE(finding.cut);
  EXPECT_EQ(finding.svg, "<svg/>");
  EXPECT_EQ(finding.diagnosis, "node1 waits for node2\n");
  ASSERT_THAT(material.kernels.at("patched").patches, SizeIs(2));
  EXPECT_EQ(material.kernels.at("patched").source, "commit 1a2b");
  EXPECT_EQ(material.kernels.at("patched").patches[0].name, "01-a.patch");
  EXPECT_EQ(material.kernels.at("patched").config, "CONFIG_A=y\n");
  EXPECT_EQ(material.topology, "name: x\n");
}

TEST(RunMaterial, IsEmptyWhereNothingWasKept) {
  const TempDir dir;
  const RunMaterial material = read_material(failed_run(), dir.path());
  EXPECT_THAT(material.trials.at(1).series.nodes, IsEmpty());
  EXPECT_THAT(material.findings.begin()->second.console, IsEmpty());
  EXPECT_THAT(material.kernels.at("patched").config, IsEmpty());
  EXPECT_NO_THROW(read_material(failed_run(), dir.path() / "missing"));
}

TEST(RunMaterial, LeavesNothingOutsideTheRunIn) {
  const TempDir dir;
  const std::filesystem::path inside = dir.path() / "run";
  put(dir.path() / "secret", "0123secret");
  RunRecord run = failed_run();
  const std::string identity = run.trials[0].findings[0].identity;
  std::filesystem::create_directories(inside / run.trials[0].directory);
  run.trials[0].findings[0].console = "../../../secret:0-10";
  EXPECT_THAT(read_material(run, inside).findings.at(identity).console, IsEmpty());
  run.trials[0].findings[0].console = (dir.path() / "secret").string() + ":0-10";
  EXPECT_THAT(read_material(run, inside).findings.at(identity).console, IsEmpty());
  // A link inside that leads out.
  std::filesystem::create_symlink(dir.path() / "secret", inside / run.trials[0].directory / "link");
  run.trials[0].findings[0].console = "link:0-10";
  EXPECT_THAT(read_material(run, inside).findings.at(identity).console, IsEmpty());
  // A neighbour whose name begins alike.
  put(dir.path() / "run-2/secret", "0123secret");
  run.trials[0].directory = "../run-2";
  run.trials[0].findings[0].console = "secret:0-10";
  EXPECT_THAT(read_material(run, inside).findings.at(identity).console, IsEmpty());
}

TEST(RunMaterial, CutsWhatIsTooLong) {
  const TempDir dir;
  RunRecord run = failed_run();
  run.trials[0].findings[0].console = "nodes/node1/console.log:0-100000";
  put(dir.path() / run.trials[0].directory / "nodes/node1/console.log", std::string(100'000, 'x'));
  put(dir.path() / "kernels/patched/patches/a.patch", std::string(100'000, 'y'));
  MaterialBounds bounds;
  bounds.console = bounds.patch = Bytes::kib(1);
  const RunMaterial material = read_material(run, dir.path(), bounds);
  const FindingMaterial& finding = material.findings.begin()->second;
  EXPECT_THAT(finding.console, SizeIs(1024));
  EXPECT_TRUE(finding.cut);
  EXPECT_THAT(material.kernels.at("patched").patches.at(0).text, SizeIs(1024));
  EXPECT_TRUE(material.kernels.at("patched").patches.at(0).cut);
}

TEST(RunMaterial, PrefersAnOccurrenceWithAPicture) {
  const TempDir dir;
  RunRecord run = failed_run();
  run.trials.push_back(run.trials[0]);
  run.trials[1].number = 2;
  run.trials[1].directory = "trials/02-patched-abba";
  put(dir.path() / run.trials[0].directory / "nodes/node1/console.log", "0123BUG: 0\nrest");
  put(dir.path() / run.trials[1].directory / "evidence/f1/graph.svg", "<svg/>");
  const RunMaterial material = read_material(run, dir.path());
  EXPECT_EQ(material.findings.begin()->second.trial, 2);
}

}  // namespace
}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "support/sample_plan.h"
#include "support/temp_dir.h"
#include "workload/node_file.h"
#include "workload/output_log.h"
#include "workload/programs.h"
#include "workload/work_lines.h"

namespace gridlock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

Plan plan_with(const ExecSpec& spec) {
  Plan plan = sample_plan();
  WorkloadSpec& workload = plan.workloads.front();
  workload.name = "own";
  workload.mmap_dio.reset();
  workload.exec = spec;
  workload.duration = Milliseconds{1'500};
  return plan;
}

NodeProgram program_of_node2(const ExecSpec& spec) {
  const Plan plan = plan_with(spec);
  return node_program(plan, plan.workloads.front(), NodeId{2}, 42);
}

TEST(ExecProgram, PlaceholdersAreReplacedInEveryCommandAndInTheEnvironment) {
  ExecSpec spec;
  spec.command = {"/opt/try",         "--node={node}/{nodes}",
                  "{name} {address}", "{mount}:{dir}",
                  "{seed}",           "{duration}",
                  "{{{node}}}"};
  spec.prepare = {"make", "{name}"};
  spec.verify = {"check", "{dir}"};
  spec.environment = {{"WHO", "{name}"}, {"PATH", "/opt"}};
  const NodeProgram program = program_of_node2(spec);
  EXPECT_THAT(program.run.argv, ElementsAre("/opt/try", "--node=2/2", "node2 10.77.0.2",
                                            "/mnt/shared:/mnt/shared/own", "42", "1.5", "{2}"));
  ASSERT_TRUE(program.prepare && program.verify);
  EXPECT_THAT(program.prepare->argv, ElementsAre("make", "node2"));
  EXPECT_THAT(program.verify->argv, ElementsAre("check", "/mnt/shared/own"));
  for (const Job* job : {&program.run, &*program.prepare, &*program.verify}) {
    EXPECT_EQ(job->environment.at("WHO"), "node2");
    EXPECT_EQ(job->environment.at("PATH"), "/opt");
  }
}

TEST(ExecProgram, WithoutAnEnvironmentTheBarrierCommandIsInThePath) {
  ExecSpec spec;
  spec.command = {"x"};
  EXPECT_THAT(program_of_node2(spec).run.environment.at("PATH"), HasSubstr("/gridlock/bin"));
}

TEST(ExecProgram, IsJudgedByTheStatusesTheTopologyLists) {
  ExecSpec spec;
  spec.command = {"x"};
  spec.success = {2, 77};
  const NodeProgram program = program_of_node2(spec);
  EXPECT_TRUE(program.judged_by_status);
  EXPECT_THAT(program.success, ElementsAre(2, 77));
  EXPECT_FALSE(program.prepare || program.verify);
  ASSERT_TRUE(program.folders);
  EXPECT_THAT(program.folders->argv, ElementsAre("busybox", "mkdir", "-p", "/mnt/shared/own"));
}

TEST(ExecProgram, OtherProgramsAreJudgedByWhatTheyDid) {
  const Plan plan = sample_plan();
  const NodeProgram program = node_program(plan, plan.workloads.front(), NodeId{1}, 1);
  EXPECT_FALSE(program.judged_by_status);
  EXPECT_THAT(program.success, ElementsAre(0));
}

class NodeFilesTest : public testing::Test {
 protected:
  void make(const std::string& name, const std::string& text, mode_t mode = 0644) {
    const auto path = temp_.path() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    ::chmod(path.c_str(), mode);
  }
  std::string problem(const std::filesystem::path& from) {
    try {
      list_node_files({{from, "/opt/x"}});
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  TempDir temp_;
};

TEST_F(NodeFilesTest, FolderIsPutWithAllThatIsInItAndModesAreKept) {
  make("tree/run", "#!/bin/sh\n", 0755);
  make("tree/data/deep/block", "12345", 0600);
  std::filesystem::create_directories(temp_.path() / "tree/out");
  const NodeFiles files = list_node_files({{temp_.path() / "tree", "/opt/tree/"}});
  ASSERT_EQ(files.files.size(), 2U);
  EXPECT_EQ(files.files[0].to, "/opt/tree/data/deep/block");
  EXPECT_EQ(files.files[0].mode, 0600);
  EXPECT_EQ(files.files[0].size.count, 5U);
  EXPECT_EQ(files.files[1].to, "/opt/tree/run");
  EXPECT_EQ(files.files[1].mode, 0755);
  EXPECT_THAT(files.empty_folders, ElementsAre("/opt/tree/out"));
}

TEST_F(NodeFilesTest, SymbolicLinksAndSpecialFilesAreRefusedByName) {
  make("real", "x");
  std::filesystem::create_symlink("real", temp_.path() / "link");
  EXPECT_THAT(problem(temp_.path() / "link"),
              HasSubstr("/link on the nodes: it is a symbolic link"));
  std::filesystem::create_directories(temp_.path() / "tree");
  std::filesystem::create_symlink("nowhere", temp_.path() / "tree/inner");
  EXPECT_THAT(problem(temp_.path() / "tree"), HasSubstr("/tree/inner on the nodes: it is a symb"));
  ::mkfifo((temp_.path() / "fifo").c_str(), 0600);
  EXPECT_THAT(problem(temp_.path() / "fifo"), HasSubstr("neither a file nor a folder"));
  EXPECT_THAT(problem(temp_.path() / "none"), HasSubstr("it is not there"));
}

TEST_F(NodeFilesTest, SizeAndNumberAreBounded) {
  make("half", "");
  std::filesystem::resize_file(temp_.path() / "half", NodeFiles::kMost.count / 2);
  EXPECT_NO_THROW(list_node_files({{temp_.path() / "half", "/a"}, {temp_.path() / "half", "/b"}}));
  make("one", "1");
  EXPECT_THROW(list_node_files({{temp_.path() / "half", "/a"},
                                {temp_.path() / "half", "/b"},
                                {temp_.path() / "one", "/c"}}),
               Error);
  const std::vector<ExecSpec::File> many(NodeFiles::kMostEntries + 1, {temp_.path() / "one", "/c"});
  EXPECT_THROW(list_node_files(many), Error);
}

TEST(OutputLog, KeepsLinesOfBothStreamsInTheOrderTheyCame) {
  OutputLog log;
  log.line("one");
  log.errors("tw");
  log.errors("o\nthr");
  log.line("four");
  log.finish();
  EXPECT_EQ(log.text(), "one\ntwo\nfour\nthr\n");
  EXPECT_EQ(log.end(2), "four\nthr\n");
}

TEST(OutputLog, IsEmptyUntilSomethingIsPrinted) {
  OutputLog log;
  EXPECT_TRUE(log.empty());
  log.errors("x");
  EXPECT_FALSE(log.empty());
}

TEST(OutputLog, KeepsBeginningAndEndAndSaysHowMuchIsLeftOut) {
  OutputLog log;
  std::uint64_t printed = 0;
  for (int i = 0; i < 500'000; ++i) {
    const std::string line = "line " + std::to_string(i);
    log.line(line);
    printed += line.size() + 1;
  }
  const std::string text = log.text();
  EXPECT_LE(text.size(), OutputLog::kMost + 100);
  EXPECT_THAT(text, StartsWith("line 0\nline 1\n"));
  EXPECT_TRUE(text.ends_with("line 499999\n"));
  const std::string note = "\n[gridlock: ";
  const std::size_t at = text.find(note);
  ASSERT_NE(at, std::string::npos);
  const std::size_t left_out = std::stoull(text.substr(at + note.size()));
  EXPECT_EQ(left_out + OutputLog::kMost, printed);
  EXPECT_EQ(log.end(1), "line 499999\n");
}

TEST(OutputLog, LeavesNothingOutOfWhatFits) {
  OutputLog log;
  const std::string half(OutputLog::kMost / 2 - 1, 'x');
  log.line(half);
  log.line(half);
  EXPECT_EQ(log.text(), half + "\n" + half + "\n");
}

TEST(WorkLineReader, AddsUpWorkersAndTakesTheResultInTheEnd) {
  WorkLineReader reader;
  reader.feed(
      "gridlock {\"worker\":\"1.1\",\"operations\":3,\"bytes\":10}\n"
      "gridlock {\"worker\":\"1.2\",\"operations\":4,\"bad\":1}\n"
      "gridlock {\"worker\":\"1.1\",\"operations\":5,\"bytes\":20}\n");
  EXPECT_EQ(reader.counters().operations, 9U);
  EXPECT_EQ(reader.counters().bytes, 20U);
  EXPECT_EQ(reader.counters().bad_blocks, 1U);
  EXPECT_EQ(reader.counters().samples, 3U);
  EXPECT_FALSE(reader.has_result());
  reader.feed("gridlock {\"result\":{\"operations\":11}}\n");
  EXPECT_TRUE(reader.has_result());
  EXPECT_EQ(reader.counters().operations, 11U);
}

TEST(WorkLineReader, HandsOnEveryOtherLineAndCountsWhatItDoesNotUnderstand) {
  WorkLineReader reader;
  std::vector<std::string> lines;
  reader.on_other([&](std::string_view line) { lines.emplace_back(line); });
  reader.feed("hello\ngridlock not json\n gridlock {\"operations\":1}\ngridlock []\n\nno new");
  reader.feed("line");
  EXPECT_EQ(reader.garbage(), 2U);
  EXPECT_EQ(reader.counters().samples, 0U);
  reader.program_ended(true);
  EXPECT_THAT(lines, ElementsAre("hello", " gridlock {\"operations\":1}", "", "no newline"));
}

}  // namespace
}  // namespace gridlock

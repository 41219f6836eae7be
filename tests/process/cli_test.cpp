// SPDX-License-Identifier: GPL-2.0-or-later
// The program as a user calls it: exit codes, messages, nothing left behind.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/json.h"
#include "host/command_runner.h"
#include "support/temp_dir.h"

namespace gridlock {
namespace {

const std::string kTopology = R"(name: tiny
kernels:
  patched:
    source: {package: linux-source-6.1}
    config: [base, cluster, debug]
workloads:
  self: {program: mmap-dio, operation: read, buffer: same-file, duration: 2s}
)";

class Cli : public testing::Test {
 protected:
  CommandResult run(std::vector<std::string> arguments) {
    Command command;
    command.program = std::filesystem::path(GRIDLOCK_BINARY_DIR) / "gridlock";
    command.arguments = std::move(arguments);
    command.environment = {{"GRIDLOCK_HOME", GRIDLOCK_SOURCE_DIR},
                           {"GRIDLOCK_CACHE", (folder_.path() / "cache").string()}};
    return make_command_runner()->run(command, {});
  }
  std::string write(const std::string& name, const std::string& text) {
    const std::filesystem::path file = folder_.path() / name;
    std::ofstream(file, std::ios::binary) << text;
    return file.string();
  }

  test_support::TempDir folder_;
};

TEST_F(Cli, CheckOfAGoodFileSaysSoAndEndsWithZero) {
  const CommandResult result = run({"check", write("good.yaml", kTopology)});
  EXPECT_EQ(result.value, 0) << result.errors;
  EXPECT_NE(result.output.find("ok (1 kernels, 2 nodes, 1 trials)"), std::string::npos)
      << result.output;
}

TEST_F(Cli, MalformedYamlEndsWithTwoAndAMarkedLine) {
  const std::string file = write("bad.yaml", "name: x\nkernels: [\n");
  const CommandResult result = run({"check", file});
  EXPECT_EQ(result.value, 2);
  EXPECT_EQ(result.errors.rfind(file + ":", 0), 0u) << result.errors;
  EXPECT_NE(result.errors.find(": error: "), std::string::npos) << result.errors;
  EXPECT_NE(result.errors.find("^"), std::string::npos) << result.errors;
}

TEST_F(Cli, ImpossibleSizesEndWithTwo) {
  const CommandResult result =
      run({"run", write("size.yaml", kTopology + "nodes: {count: 16, memory: 60GiB}\n")});
  EXPECT_EQ(result.value, 2);
  EXPECT_NE(result.errors.find("error: "), std::string::npos) << result.errors;
}

TEST_F(Cli, MissingPatchEndsWithTwoAndNamesIt) {
  std::string text = kTopology;
  text.insert(text.find("workloads:"), "    patches: [no-such.patch]\n");
  const CommandResult result = run({"run", write("patch.yaml", text)});
  EXPECT_EQ(result.value, 2);
  EXPECT_NE(result.errors.find("no-such.patch"), std::string::npos) << result.errors;
}

TEST_F(Cli, MissingSourcePackageEndsWithThreeAndSaysWhatToInstall) {
  std::string text = kTopology;
  text.replace(text.find("linux-source-6.1"), 16, "linux-source-1.0");
  std::filesystem::create_directories(folder_.path() / "results");
  const CommandResult result = run({"prepare", write("package.yaml", text)});
  EXPECT_EQ(result.value, 3) << result.errors;
  EXPECT_NE(result.errors.find("linux-source-1.0"), std::string::npos) << result.errors;
}

TEST_F(Cli, MissingFileAndUnknownVerbEndWithTwo) {
  EXPECT_EQ(run({"run", (folder_.path() / "none.yaml").string()}).value, 2);
  EXPECT_EQ(run({"frobnicate"}).value, 2);
  EXPECT_EQ(run({}).value, 2);
}

TEST_F(Cli, PlanIsTheSameEveryTimeAndValidJson) {
  const std::string file = write("plan.yaml", kTopology);
  const CommandResult first = run({"plan", file, "--json"});
  const CommandResult second = run({"plan", file, "--json"});
  ASSERT_EQ(first.value, 0) << first.errors;
  EXPECT_EQ(first.output, second.output);
  const auto plan = parse_json(first.output);
  ASSERT_TRUE(plan);
  EXPECT_EQ((*plan)["nodes"].size(), 2u);
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "cache")) << "a plan starts nothing";
}

TEST_F(Cli, UnknownKernelIsRefusedWithASuggestion) {
  const CommandResult result = run({"plan", write("k.yaml", kTopology), "--kernel", "pathced"});
  EXPECT_EQ(result.value, 2);
  EXPECT_NE(result.errors.find("patched"), std::string::npos) << result.errors;
}

TEST_F(Cli, ReportOfNoRunEndsWithTwo) {
  const CommandResult result = run({"report", (folder_.path() / "nothing").string()});
  EXPECT_EQ(result.value, 2);
  EXPECT_NE(result.errors.find("error: "), std::string::npos) << result.errors;
}

TEST_F(Cli, ListWritesAPageThatLinksToTheRunsPagesFromWhereItLies) {
  namespace fs = std::filesystem;
  const fs::path results = folder_.path() / "kept";
  fs::create_directories(results / "20261122T223005Z-a b");
  fs::create_directories(results / "20261123T223005Z-damaged");
  fs::copy_file(fs::path(GRIDLOCK_SOURCE_DIR) / "tests/testdata/fuzz/run_json/whole_run.json",
                results / "20261122T223005Z-a b" / "run.json");
  write("kept/20261122T223005Z-a b/report.html", "<!DOCTYPE html>");
  write("kept/20261123T223005Z-damaged/run.json", "{");
  fs::create_directories(folder_.path() / "site");
  const fs::path page = folder_.path() / "site" / "index.html";
  const CommandResult result =
      run({"list", "--results", results.string(), "--html", page.string()});
  ASSERT_EQ(result.value, 0) << result.errors;
  std::ifstream in(page, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  EXPECT_NE(text.find("href=\"./../kept/20261122T223005Z-a%20b/report.html\""), std::string::npos);
  EXPECT_NE(text.find("unreadable: "), std::string::npos);
}

TEST_F(Cli, CleanWithNothingLeftSaysSo) {
  const CommandResult result = run({"clean"});
  EXPECT_EQ(result.value, 0) << result.errors;
  EXPECT_FALSE(result.output.empty());
}

/// A copy of the program, with no checkout above it.
class CliElsewhere : public Cli {
 protected:
  CommandResult run_elsewhere(std::vector<std::string> arguments) {
    const std::filesystem::path program = folder_.path() / "gridlock";
    if (!std::filesystem::exists(program))
      std::filesystem::copy_file(std::filesystem::path(GRIDLOCK_BINARY_DIR) / "gridlock", program);
    arguments.insert(arguments.begin(), {"-i", program.string()});
    Command command;
    command.program = "/usr/bin/env";
    command.arguments = std::move(arguments);
    return make_command_runner()->run(command, {});
  }
};

TEST_F(CliElsewhere, VerbsThatOnlyReadNeedNoCheckout) {
  EXPECT_EQ(run_elsewhere({"--version"}).value, 0);
  EXPECT_EQ(run_elsewhere({"--help"}).value, 0);
  EXPECT_EQ(run_elsewhere({"run", "--help"}).value, 0);
  EXPECT_EQ(run_elsewhere({"scan", "/dev/null"}).value, 0);
}

TEST_F(CliElsewhere, CheckFindsMistakesAndSaysWhatItDidNotLookFor) {
  const CommandResult good = run_elsewhere({"check", write("good.yaml", kTopology)});
  EXPECT_EQ(good.value, 0) << good.errors;
  EXPECT_NE(good.output.find("were not looked for"), std::string::npos) << good.output;
  EXPECT_EQ(run_elsewhere({"check", write("bad.yaml", "name: x\nkernels: [\n")}).value, 2);
}

TEST_F(CliElsewhere, VerbsThatRunSomethingSayWhatIsMissing) {
  for (const char* const verb : {"plan", "run", "prepare"}) {
    const CommandResult result = run_elsewhere({verb, write("good.yaml", kTopology)});
    EXPECT_EQ(result.value, 2) << verb;
    EXPECT_NE(result.errors.find("GRIDLOCK_HOME"), std::string::npos) << result.errors;
  }
  const CommandResult mistaken =
      run_elsewhere({"plan", write("bad.yaml", "name: x\nkernels: [\n")});
  EXPECT_NE(mistaken.errors.find("^"), std::string::npos) << mistaken.errors;
}

TEST_F(Cli, HelpNamesEveryVerb) {
  const CommandResult result = run({"--help"});
  EXPECT_EQ(result.value, 0);
  for (const char* const verb :
       {"check", "plan", "prepare", "run", "report", "list", "scan", "clean"})
    EXPECT_NE(result.output.find(verb), std::string::npos) << verb;
}

}  // namespace
}  // namespace gridlock

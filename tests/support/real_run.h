// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "host/command_runner.h"
#include "record/run_reader.h"

namespace gridlock {

/// One run of the built gridlock as a user starts it, with its results in a folder of its own, for
/// all tests of a binary. The folder is kept if one of them failed.
class RealRun : public testing::Environment {
 public:
  /// `files` are texts by name, put into the folder that `arguments` are relative to.
  RealRun(std::string name, std::map<std::string, std::string> files,
          std::vector<std::string> arguments, Milliseconds deadline)
      : name_(std::move(name)),
        files_(std::move(files)),
        arguments_(std::move(arguments)),
        deadline_(deadline) {}

  void SetUp() override {
    std::string pattern = std::string(GRIDLOCK_BINARY_DIR) + "/" + name_ + "-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    for (const auto& [file, text] : files_) std::ofstream(folder_ / file) << text;
    result_ = gridlock(arguments_);
    const auto runs = list_runs(folder_ / "results");
    ASSERT_EQ(runs.size(), 1u) << result_.errors;
    run_ = runs.front();
  }
  void TearDown() override {
    if (!testing::UnitTest::GetInstance()->Failed())
      std::filesystem::remove_all(folder_);
    else
      std::cout << "the results are kept in " << folder_ << "\n";
  }

  /// Another call on the same results. What it prints is shown as it comes.
  CommandResult gridlock(std::vector<std::string> arguments) const {
    Command command;
    command.program = std::filesystem::path(GRIDLOCK_BINARY_DIR) / "gridlock";
    command.directory = folder_;
    command.arguments = std::move(arguments);
    command.arguments.insert(command.arguments.end(),
                             {"--results", (folder_ / "results").string()});
    command.deadline = deadline_;
    command.on_output_line = [](std::string_view line) { std::cout << line << std::endl; };
    return make_command_runner()->run(command, {});
  }

  const CommandResult& result() const { return result_; }
  const RunRecord& run() const { return run_; }
  std::filesystem::path directory() const { return folder_ / "results" / run_.id; }

  /// The trial of that name, on that kernel if one is named. Throws Error if there is none.
  const TrialRecord& trial(const std::string& name, const std::string& kernel = "") const {
    for (const TrialRecord& trial : run_.trials)
      if (trial.name == name && (kernel.empty() || trial.kernel == kernel)) return trial;
    throw Error("no trial " + kernel + " " + name);
  }

 private:
  std::string name_;
  std::map<std::string, std::string> files_;
  std::vector<std::string> arguments_;
  Milliseconds deadline_;
  std::filesystem::path folder_;
  CommandResult result_;
  RunRecord run_;
};

}  // namespace gridlock

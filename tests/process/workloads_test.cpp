// SPDX-License-Identifier: GPL-2.0-or-later
// mmap-dio on the file system the build is on.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/json.h"
#include "base/text.h"
#include "host/command_runner.h"
#include "host/descriptor.h"

namespace gridlock {
namespace {

using testing::HasSubstr;

constexpr int kTransfer = 64 * 1024;
constexpr int kFileSize = 8 * kTransfer;

/// Every line of `text` as JSON; fails the test at one that is not.
std::vector<Json> lines_of(const std::string& text) {
  std::vector<Json> out;
  for (const std::string& line : last_lines(text, 1'000'000)) {
    const auto json = parse_json(line);
    EXPECT_TRUE(json) << line;
    if (json) out.push_back(*json);
  }
  return out;
}

class MmapDio : public testing::Test {
 protected:
  void SetUp() override {
    // Not in /tmp: a tmpfs there would know no direct I/O.
    std::string pattern = GRIDLOCK_BINARY_DIR "/mmap-dio-test-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    const std::filesystem::path probe = folder_ / "probe";
    const Descriptor file{::open(probe.c_str(), O_RDWR | O_CREAT | O_DIRECT | O_CLOEXEC, 0600)};
    if (file.get() < 0) GTEST_SKIP() << "no direct I/O on the file system of " << folder_;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  CommandResult call(std::vector<std::string> arguments) {
    return runner_->run(
        {.program = GRIDLOCK_BINARY_DIR "/node/mmap-dio", .arguments = std::move(arguments)}, {});
  }
  CommandResult act(const std::string& action, int node, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{action,
                                       "--dir",
                                       folder_.string(),
                                       "--node",
                                       std::to_string(node),
                                       "--nodes",
                                       "2",
                                       "--seed",
                                       "11",
                                       "--transfer",
                                       std::to_string(kTransfer),
                                       "--file-size",
                                       std::to_string(kFileSize)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return call(std::move(arguments));
  }
  void prepare() {
    for (const int node : {1, 2}) {
      const CommandResult result = act("prepare", node);
      ASSERT_TRUE(result.ok()) << result.errors;
    }
  }
  /// Changes one byte of node 1's file.
  void spoil(std::streamoff at) {
    std::fstream file(folder_ / "mdio-1", std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const int byte = file.get();
    file.seekp(at);
    file.put(static_cast<char>(byte ^ 1));
  }

  std::filesystem::path folder_;
  std::unique_ptr<CommandRunner> runner_ = make_command_runner();
};

TEST_F(MmapDio, PreparesFilesThatTheNextNodeCanVerify) {
  prepare();
  EXPECT_EQ(std::filesystem::file_size(folder_ / "mdio-1"), static_cast<std::uintmax_t>(kFileSize));
  const CommandResult result = act("verify", 2);
  ASSERT_TRUE(result.ok()) << result.output << result.errors;
  const Json verified = lines_of(result.output).at(0)["result"];
  EXPECT_EQ(verified["checked"], kFileSize / 512);
  EXPECT_EQ(verified["bad"], 0);
}

struct Mode {
  const char* operation;
  const char* buffer;
};

class MmapDioMode : public MmapDio, public testing::WithParamInterface<Mode> {};

TEST_P(MmapDioMode, MovesDataRightAndSaysSo) {
  prepare();
  const CommandResult result =
      act("run", 1,
          {"--operation", GetParam().operation, "--buffer", GetParam().buffer, "--duration-ms",
           "300", "--sample-ms", "50"});
  ASSERT_TRUE(result.ok()) << result.output << result.errors;
  const std::vector<Json> lines = lines_of(result.output);
  ASSERT_GE(lines.size(), 3U);
  const Json end = lines.back()["result"];
  EXPECT_GT(end["operations"], 0);
  EXPECT_EQ(end["bytes"], end["operations"].get<std::int64_t>() * kTransfer);
  EXPECT_EQ(end["short"], 0);
  EXPECT_EQ(end["errors"], 0);
  EXPECT_EQ(end["bad"], 0);
  EXPECT_TRUE(end["first_bad"].is_null());
  const std::int64_t pages = end["operations"].get<std::int64_t>() * kTransfer / 4096;
  EXPECT_EQ(end["nonresident"].get<std::int64_t>() + end["resident"].get<std::int64_t>(), pages);
  std::int64_t before = 0;
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    const std::int64_t operations = lines[i]["operations"].get<std::int64_t>();
    EXPECT_GE(operations, before);
    EXPECT_TRUE(lines[i].contains("t_ms") && lines[i].contains("nonresident"));
    before = operations;
  }
  EXPECT_EQ(before, end["operations"]) << "the last sample is the end";
  EXPECT_TRUE(act("verify", 1).ok());
  EXPECT_TRUE(act("verify", 2).ok());
}

INSTANTIATE_TEST_SUITE_P(AllModes, MmapDioMode,
                         testing::Values(Mode{"read", "same-file"}, Mode{"read", "next-node"},
                                         Mode{"read", "anonymous"}, Mode{"write", "same-file"},
                                         Mode{"write", "next-node"}, Mode{"write", "anonymous"}),
                         [](const auto& mode) {
                           std::string name =
                               std::string(mode.param.operation) + "_" + mode.param.buffer;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST_F(MmapDio, EvictsTheBufferBeforeATransfer) {
  prepare();
  const CommandResult result = act("run", 1, {"--buffer", "next-node", "--duration-ms", "200"});
  ASSERT_TRUE(result.ok()) << result.output << result.errors;
  EXPECT_GT(lines_of(result.output).back()["result"]["nonresident"], 0);
}

TEST_F(MmapDio, RunsAgainOnWhatAnEarlierRunLeft) {
  prepare();
  for (int i = 0; i < 2; ++i)
    EXPECT_TRUE(act("run", 1, {"--buffer", "same-file", "--duration-ms", "100"}).ok());
  EXPECT_TRUE(act("run", 1, {"--buffer", "anonymous", "--duration-ms", "100"}).ok());
}

TEST_F(MmapDio, VerifyFindsOneWrongByteAndSaysWhere) {
  prepare();
  spoil(3 * kTransfer + 512 + 100);
  const CommandResult result = act("verify", 2);
  EXPECT_EQ(result.value, 1);
  const Json verified = lines_of(result.output).at(0)["result"];
  EXPECT_EQ(verified["bad"], 1);
  EXPECT_EQ(verified["first_bad"]["offset"], 3 * kTransfer + 512);
  EXPECT_EQ(verified["first_bad"]["what"], "wrong from byte 100");
  EXPECT_NE(verified["first_bad"]["expected"], verified["first_bad"]["found"]);
}

TEST_F(MmapDio, RunFindsBadDataInWhatItRead) {
  prepare();
  spoil(512 + 200);
  const CommandResult result = act("run", 1, {"--buffer", "anonymous", "--duration-ms", "100"});
  EXPECT_EQ(result.value, 1);
  const Json end = lines_of(result.output).back()["result"];
  EXPECT_GT(end["bad"], 0);
  EXPECT_EQ(end["first_bad"]["what"], "wrong from byte 200");
}

TEST_F(MmapDio, VerifyFindsZerosAndAFileThatEndsEarly) {
  prepare();
  std::filesystem::resize_file(folder_ / "mdio-1", kTransfer);
  std::filesystem::resize_file(folder_ / "mdio-1", 2 * kTransfer);
  const CommandResult result = act("verify", 2);
  EXPECT_EQ(result.value, 1);
  const Json verified = lines_of(result.output).at(0)["result"];
  EXPECT_EQ(verified["bad"], (kFileSize - kTransfer) / 512);
  EXPECT_EQ(verified["first_bad"]["what"], "zeros");
}

TEST_F(MmapDio, AnEmptyFileIsNothingChecked) {
  prepare();
  std::filesystem::resize_file(folder_ / "mdio-1", 0);
  EXPECT_EQ(act("verify", 2).value, 3);
}

TEST_F(MmapDio, SaysWhatItCannotOpen) {
  const CommandResult result = act("run", 1);
  EXPECT_EQ(result.value, 4);
  EXPECT_THAT(result.errors, HasSubstr("mdio-1: No such file"));
}

TEST_F(MmapDio, RefusesAFileOfAnotherSize) {
  prepare();
  std::filesystem::resize_file(folder_ / "mdio-2", kTransfer);
  const CommandResult result = act("run", 1, {"--buffer", "next-node"});
  EXPECT_EQ(result.value, 4);
  EXPECT_THAT(result.errors, HasSubstr("not as large as --file-size"));
}

TEST_F(MmapDio, ExplainsWrongUsage) {
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{}, "first word"},
      {{"walk"}, "first word"},
      {{"run", "--dir"}, "the value is missing"},
      {{"run", "--colour", "red"}, "unknown option '--colour'"},
      {{"run", "--dir", "/x", "--node", "3", "--nodes", "2"}, "--node is above --nodes"},
      {{"run", "--dir", "/x", "--node", "1", "--nodes", "2", "--transfer", "5000"}, "multiple of"},
      {{"run", "--dir", "/x", "--node", "1", "--nodes", "1", "--buffer", "next-node"},
       "at least two nodes"},
      {{"run", "--transfer", "1e6"}, "not a number"},
  };
  for (const auto& [arguments, text] : cases) {
    const CommandResult result = call(arguments);
    EXPECT_EQ(result.value, 2);
    EXPECT_THAT(result.errors, HasSubstr(text));
  }
}

}  // namespace
}  // namespace gridlock

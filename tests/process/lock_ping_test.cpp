// SPDX-License-Identifier: GPL-2.0-or-later
// lock-ping on the file system the build is on: two nodes are two programs at once.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <map>

#include "base/histogram.h"
#include "host/command_runner.h"
#include "host/descriptor.h"
#include "support/usage_mistakes.h"
#include "support/work_lines.h"

namespace gridlock {
namespace {

using testing::HasSubstr;

constexpr std::streamoff kCell = 64;
const std::string kProgram = GRIDLOCK_BINARY_DIR "/node/lock-ping";

class LockPing : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = GRIDLOCK_BINARY_DIR "/lock-ping-test-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    // Made by `prepare`, as on the nodes.
    folder_ = std::filesystem::path(pattern) / "ring";
  }
  void TearDown() override { std::filesystem::remove_all(folder_.parent_path()); }

  CommandResult call(const std::string& arguments) {
    return runner_->run({.program = kProgram, .arguments = words_of(arguments)}, {});
  }
  std::string arguments_of(const std::string& action, int node, const std::string& more) const {
    return action + " --dir " + folder_.string() + " --node " + std::to_string(node) +
           " --nodes 2 --seed 11 --duration-ms 200 --sample-ms 50 " + more;
  }
  /// Later options win over the common ones.
  CommandResult act(const std::string& action, int node, const std::string& more = "") {
    return call(arguments_of(action, node, more));
  }
  void prepare(const std::string& more = "") {
    auto other = std::async(std::launch::async, [&] { return act("prepare", 2, more); });
    const CommandResult results[] = {act("prepare", 1, more), other.get()};
    for (const CommandResult& result : results) ASSERT_TRUE(result.ok()) << result.errors;
  }
  /// Runs both nodes at once and gives node 1's and node 2's results.
  std::vector<CommandResult> run_both(const std::string& more = "") {
    auto other = std::async(std::launch::async, [&] { return act("run", 2, more); });
    std::vector<CommandResult> results{act("run", 1, more)};
    results.push_back(other.get());
    return results;
  }
  /// Runs node 1 and sends it SIGTERM after 0.3 s, long before its time is up.
  CommandResult run_until_told(const std::string& more = "") {
    std::vector<std::string> arguments{"--preserve-status", "-s", "TERM", "0.3", kProgram};
    for (const std::string& word : words_of(arguments_of("run", 1, more + " --duration-ms 600000")))
      arguments.push_back(word);
    return runner_->run({.program = "timeout", .arguments = arguments}, {});
  }
  void set_cell(int lock, std::uint64_t value) {
    std::fstream file(folder_ / "ping.data", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(lock * kCell);
    file.write(reinterpret_cast<const char*>(&value), sizeof value);
  }
  std::uint64_t cell(int lock) {
    std::ifstream file(folder_ / "ping.data", std::ios::binary);
    file.seekg(lock * kCell);
    std::uint64_t value = 0;
    file.read(reinterpret_cast<char*>(&value), sizeof value);
    return value;
  }
  /// Takes the lock of a byte and keeps it as long as the file is open.
  Descriptor keep(int lock) {
    const std::filesystem::path path = folder_ / "ping.locks";
    Descriptor file{::open(path.c_str(), O_RDWR | O_CLOEXEC)};
    struct flock taken {};
    taken.l_type = F_WRLCK;
    taken.l_whence = SEEK_SET;
    taken.l_start = lock;
    taken.l_len = 1;
    EXPECT_EQ(::fcntl(file.get(), F_SETLK, &taken), 0);
    return file;
  }

  static Json end_of(const CommandResult& result) {
    const std::vector<Json> lines = lines_of(result.output);
    return lines.empty() ? Json::object() : lines.back().value("result", Json::object());
  }

  std::filesystem::path folder_;
  std::unique_ptr<CommandRunner> runner_ = make_command_runner();
};

class LockPingData : public LockPing, public testing::WithParamInterface<const char*> {};

TEST_P(LockPingData, GoesRoundOnBothNodesAndEachFindsTheCountersRight) {
  const std::string options = GetParam();
  prepare(options);
  for (const CommandResult& result : run_both(options)) {
    ASSERT_TRUE(result.ok()) << result.output << result.errors;
    const Json end = end_of(result);
    EXPECT_GT(end["operations"], 0);
    EXPECT_EQ(end["errors"], 0);
    EXPECT_EQ(end["bad"], 0);
    EXPECT_TRUE(end["first_bad"].is_null());
  }
  for (const int node : {1, 2}) {
    const CommandResult verified = act("verify", node, options);
    EXPECT_TRUE(verified.ok()) << verified.output << verified.errors;
    EXPECT_GT(end_of(verified)["checked"], 0);
    EXPECT_EQ(end_of(verified)["bad"], 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, LockPingData,
                         testing::Values("--data none", "--data file", "--data mapped",
                                         "--data none --processes 3",
                                         "--data file --processes 3 --locks 64",
                                         "--data mapped --processes 3 --locks 1024"),
                         [](const auto& param) {
                           std::string name = param.param;
                           std::replace_if(
                               name.begin(), name.end(), [](char c) { return !std::isalnum(c); },
                               '_');
                           return name;
                         });

TEST_F(LockPing, HasOneLockMoreThanProcessesUnlessToldOtherwise) {
  prepare("--processes 3");
  EXPECT_EQ(std::filesystem::file_size(folder_ / "ping.locks"), 7U);
}

TEST_F(LockPing, SamplesTellLocksOfEachProcessAndHowLongEachTook) {
  prepare("--processes 2");
  const CommandResult result = act("run", 1, "--processes 2");
  ASSERT_TRUE(result.ok()) << result.output << result.errors;
  std::map<std::string, std::int64_t> operations;
  std::map<std::string, std::int64_t> timed;
  for (const Json& line : lines_of(result.output)) {
    if (line.contains("result")) continue;
    const auto worker = line["worker"].get<std::string>();
    EXPECT_GE(line["operations"].get<std::int64_t>(), operations[worker]);
    operations[worker] = line["operations"].get<std::int64_t>();
    if (!line.contains("latency")) continue;
    for (const Json& bucket : line["latency"]) {
      EXPECT_LT(bucket[0].get<std::size_t>(), histogram::kBuckets);
      timed[worker] += bucket[1].get<std::int64_t>();
    }
  }
  ASSERT_EQ(operations.size(), 2U);
  EXPECT_EQ(timed, operations);
  EXPECT_EQ(end_of(result)["operations"], operations["1.1"] + operations["2.1"]);
  EXPECT_GT(operations["1.1"], 0);
  EXPECT_GT(operations["2.1"], 0);
}

TEST_F(LockPing, CountsUpOnceForEachLockTaken) {
  for (const std::string kind : {"--data file", "--data mapped"}) {
    prepare(kind);
    const std::uint64_t before = cell(0) + cell(1) + cell(2);
    std::uint64_t taken = 0;
    for (const CommandResult& result : run_both(kind))
      taken += end_of(result)["operations"].get<std::uint64_t>();
    EXPECT_GT(taken, 0U);
    EXPECT_EQ(cell(0) + cell(1) + cell(2) - before, taken) << kind;
  }
}

TEST_F(LockPing, PreparingAgainKeepsWhatIsThere) {
  prepare("--data file");
  ASSERT_TRUE(act("run", 1, "--data file").ok());
  prepare("--data file");
  EXPECT_GT(cell(0), 0U);
  ASSERT_TRUE(act("run", 2, "--data file").ok());
  EXPECT_TRUE(act("verify", 1, "--data file").ok());
}

TEST_F(LockPing, FindsACounterThatWasSetBack) {
  for (const std::string kind : {"--data file", "--data mapped"}) {
    prepare(kind);
    ASSERT_TRUE(act("run", 1, kind).ok());
    const std::uint64_t written = cell(1);
    ASSERT_GT(written, 1U);
    set_cell(1, 1);
    const CommandResult result = act("run", 1, kind);
    EXPECT_EQ(result.value, 1) << result.output << result.errors;
    const Json end = end_of(result);
    EXPECT_EQ(end["bad"], 1);
    EXPECT_EQ(end["first_bad"]["file"], "ping.data");
    EXPECT_EQ(end["first_bad"]["offset"], kCell);
    EXPECT_EQ(end["first_bad"]["what"], "stale or lost update");
    EXPECT_EQ(end["first_bad"]["expected"], "at least " + std::to_string(written));
    EXPECT_EQ(end["first_bad"]["found"], "1");
    EXPECT_EQ(end["first_bad"]["reader"], "node1 1.1");
    EXPECT_EQ(act("verify", 2, kind).value, 1) << "what was lost stays lost";
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
  }
}

TEST_F(LockPing, VerifyFindsAWrongCounterAndSaysWhich) {
  prepare("--data file");
  run_both("--data file");
  const std::uint64_t right = cell(2);
  for (const auto& [value, what] : std::vector<std::pair<std::uint64_t, std::string>>{
           {right - 1, "updates were lost"}, {right + 1, "updates nobody made"}}) {
    set_cell(2, value);
    const CommandResult result = act("verify", 2, "--data file");
    EXPECT_EQ(result.value, 1);
    const Json verified = end_of(result);
    EXPECT_EQ(verified["checked"], 3);
    EXPECT_EQ(verified["bad"], 1);
    EXPECT_EQ(verified["first_bad"]["file"], "ping.data");
    EXPECT_EQ(verified["first_bad"]["offset"], 2 * kCell);
    EXPECT_EQ(verified["first_bad"]["what"], what);
    EXPECT_EQ(verified["first_bad"]["expected"], std::to_string(right));
    EXPECT_EQ(verified["first_bad"]["found"], std::to_string(value));
    EXPECT_EQ(verified["first_bad"]["reader"], "node2 verify");
  }
}

TEST_F(LockPing, VerifyAssertsOnlyWhatNodesKnowThatDidNotLoseTheirPower) {
  prepare("--data file");
  run_both("--data file");
  const std::uint64_t right = cell(2);
  std::filesystem::remove(folder_ / "node1.1.pingstate");
  EXPECT_TRUE(act("verify", 2, "--data file --mortal 1").ok());
  set_cell(2, right + 1);
  EXPECT_TRUE(act("verify", 2, "--data file --mortal 1").ok());
  set_cell(2, 0);
  const CommandResult result = act("verify", 2, "--data file --mortal 1");
  EXPECT_EQ(result.value, 1) << result.output;
  EXPECT_EQ(end_of(result)["first_bad"]["what"], "updates were lost");
}

TEST_F(LockPing, VerifyFindsFilesThatEndEarly) {
  prepare("--data file");
  run_both("--data file");
  std::filesystem::resize_file(folder_ / "ping.data", 2 * kCell);
  const CommandResult cells = act("verify", 1, "--data file");
  EXPECT_EQ(cells.value, 1);
  EXPECT_EQ(end_of(cells)["first_bad"]["what"], "the file ends before this");
  std::filesystem::resize_file(folder_ / "ping.locks", 2);
  const CommandResult locks = act("verify", 1);
  EXPECT_EQ(locks.value, 1);
  EXPECT_EQ(end_of(locks)["first_bad"]["file"], "ping.locks");
}

TEST_F(LockPing, VerifyDoesNotBelieveHalfOfWhatAProcessKnew) {
  prepare("--data file");
  run_both("--data file");
  const std::filesystem::path state = folder_ / "node1.1.pingstate";
  std::filesystem::resize_file(state, std::filesystem::file_size(state) - 2);
  const CommandResult cut = act("verify", 2, "--data file");
  EXPECT_EQ(cut.value, 4);
  EXPECT_THAT(cut.errors, HasSubstr("not the whole of what its process knew"));
  const CommandResult other = act("verify", 2, "--data file --seed 12");
  EXPECT_EQ(other.value, 4);
  EXPECT_THAT(other.errors, HasSubstr("this seed"));
}

TEST_F(LockPing, EndsInTimeAlthoughALockItWaitsForIsNeverGivenUp) {
  prepare("--data file");
  const Descriptor kept = keep(1);
  const CommandResult result = act("run", 1, "--data file");
  EXPECT_TRUE(result.ok()) << result.output << result.errors;
  EXPECT_EQ(end_of(result)["operations"], 1) << "byte 0, and then it waits for byte 1";
  EXPECT_EQ(end_of(result)["errors"], 0);
  EXPECT_TRUE(act("verify", 2, "--data file").ok());
}

TEST_F(LockPing, EndsWithItsResultWhenItIsToldToEnd) {
  prepare("--processes 2 --data mapped");
  const CommandResult result = run_until_told("--processes 2 --data mapped");
  EXPECT_EQ(result.value, 0) << result.output << result.errors;
  EXPECT_GT(end_of(result)["operations"], 0);
  EXPECT_TRUE(act("verify", 2, "--processes 2 --data mapped").ok());
}

TEST_F(LockPing, EndsWhenItIsToldToEndWhileItWaits) {
  prepare();
  const Descriptor kept = keep(0);
  const CommandResult result = run_until_told("--sample-ms 0");
  EXPECT_EQ(result.value, 3) << "no lock was taken: " << result.output << result.errors;
  EXPECT_EQ(end_of(result)["operations"], 0);
}

TEST_F(LockPing, SaysWhatItCannotOpen) {
  const CommandResult missing = act("run", 1);
  EXPECT_EQ(missing.value, 4);
  EXPECT_THAT(missing.errors, HasSubstr("lock-ping: process 1: "));
  EXPECT_THAT(missing.errors, HasSubstr("ping.locks: No such file"));
  prepare("--data mapped");
  std::filesystem::resize_file(folder_ / "ping.data", kCell);
  const CommandResult cut = act("run", 1, "--data mapped");
  EXPECT_EQ(cut.value, 4);
  EXPECT_THAT(cut.errors, HasSubstr("smaller than it was prepared"));
}

TEST(LockPingUsage, ExplainsWhatIsWrong) {
  const std::string base = "run --dir /x --node 1 --nodes 2 ";
  expect_usage_mistakes("lock-ping",
                        {{base + "--data direct", "none of none file mapped"},
                         {base + "--locks 4 --processes 2", "above the number of all processes, 4"},
                         {base + "--locks many", "not a number"}});
}

}  // namespace
}  // namespace gridlock

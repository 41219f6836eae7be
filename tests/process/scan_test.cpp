// SPDX-License-Identifier: GPL-2.0-or-later
// `gridlock scan` as a user calls it: files, archives, standard input, pipes that go on.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/json.h"
#include "base/text.h"
#include "host/command_runner.h"
#include "host/descriptor.h"
#include "host/files.h"
#include "support/archives.h"
#include "support/temp_dir.h"

namespace gridlock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

const fs::path kProgram = fs::path(GRIDLOCK_BINARY_DIR) / "gridlock";
const fs::path kConsoles = fs::path(GRIDLOCK_SOURCE_DIR) / "tests" / "testdata" / "consoles";

const std::string kWholeFinding = "[   62.374300] BUG: MAX_LOCKDEP_CHAINS too low!\n";
const std::string kOpenFinding =
    "[   62.374217] INFO: task ls:98 blocked for more than 10 seconds.\n";

std::string real_console(const std::string& name) {
  return read_file(kConsoles / (name + ".console"), Bytes::mib(1));
}

class Scan : public testing::Test {
 protected:
  CommandResult run(std::vector<std::string> arguments, const std::string& input = {}) {
    Command command;
    command.program = kProgram;
    command.arguments = std::move(arguments);
    command.arguments.insert(command.arguments.begin(), "scan");
    command.input = input;
    return make_command_runner()->run(command, {});
  }
  std::string write(const std::string& name, const std::string& bytes) {
    const fs::path file = folder_.path() / name;
    std::ofstream(file, std::ios::binary) << bytes;
    return file.string();
  }
  /// The lines of a JSON output; a line that is none fails the test.
  static std::vector<Json> lines_of(const std::string& output) {
    std::vector<Json> lines;
    for (const std::string& line : split(output, '\n')) {
      if (line.empty()) continue;
      const auto json = parse_json(line);
      EXPECT_TRUE(json) << line;
      lines.push_back(json.value_or(Json()));
    }
    return lines;
  }

  test_support::TempDir folder_;
};

TEST_F(Scan, EndsWithZeroWithoutFindings) {
  const std::string file = write("quiet.log", "[    1.000000] usb: hello\n");
  const CommandResult result = run({file});
  EXPECT_EQ(result.value, 0);
  EXPECT_EQ(result.output, file + ": no findings in 1 line, 26 B\n");
  EXPECT_EQ(result.errors, "");
  EXPECT_EQ(run({"--json", file}).output, Json({{"file", file}, {"findings", 0}}).dump() + "\n");
}

TEST_F(Scan, EndsWithOneIfAnyFileHasFindings) {
  const std::string quiet = write("quiet.log", "[    1.000000] usb: hello\n");
  const CommandResult result =
      run({quiet, (kConsoles / "self-unpatched-node2.console").string(), quiet});
  EXPECT_EQ(result.value, 1);
  EXPECT_THAT(result.output, HasSubstr("kernel BUG in gfs2_create_inode"));
}

TEST_F(Scan, EndsWithTwoOnBadUsage) {
  EXPECT_EQ(run({"--frobnicate"}).value, 2);
  const CommandResult twice = run({"-", "-"});
  EXPECT_EQ(twice.value, 2);
  EXPECT_THAT(twice.errors, HasSubstr("standard input"));
}

TEST_F(Scan, SaysWhatIsWrongWithAVmlinux) {
  const std::string garbage = write("vmlinux", "no ELF");
  const CommandResult result = run({"--vmlinux", garbage, "-"}, kWholeFinding);
  EXPECT_EQ(result.value, 3);
  EXPECT_THAT(result.errors, HasSubstr(garbage));
  EXPECT_EQ(run({"--modules", "/", "-"}, kWholeFinding).value, 2);
}

TEST_F(Scan, EndsWithThreeIfAFileCannotBeReadAndStillReadsTheOthers) {
  const std::string missing = (folder_.path() / "missing").string();
  const std::string bug = write("bug.log", kWholeFinding);
  const CommandResult result = run({missing, bug});
  EXPECT_EQ(result.value, 3);
  EXPECT_THAT(result.errors, HasSubstr("gridlock: error: opening " + missing + ": No such file"));
  EXPECT_THAT(result.output, HasSubstr("bug.log\n"));

  const std::vector<Json> lines = lines_of(run({"--json", missing, bug}).output);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].at("file"), missing);
  EXPECT_THAT(lines[0].at("error").get<std::string>(), HasSubstr("No such file"));
  EXPECT_EQ(lines[1].at("file"), bug);
}

TEST_F(Scan, RefusesAFolderWithAHint) {
  const CommandResult result = run({folder_.path().string()});
  EXPECT_EQ(result.value, 3);
  EXPECT_THAT(result.errors, HasSubstr("it is a folder"));
  EXPECT_THAT(result.errors, HasSubstr("hint: "));
}

TEST_F(Scan, ReadsStandardInputWhenAskedToOrNotTold) {
  const std::string bytes = real_console("self-unpatched-node1");
  const CommandResult untold = run({"--json"}, bytes);
  EXPECT_EQ(untold.value, 1);
  EXPECT_EQ(lines_of(untold.output).size(), 5u);
  EXPECT_EQ(lines_of(untold.output).front().at("file"), "-");
  EXPECT_EQ(run({"--json", "-"}, bytes).output, untold.output);
  EXPECT_THAT(run({}, bytes).output, HasSubstr("standard input\n"));
  EXPECT_EQ(run({}, "").value, 0);
}

TEST_F(Scan, ReadsArchivesAsWhatIsInThem) {
  const std::string bytes = real_console("abba-unpatched-node1");
  const std::size_t half = bytes.size() / 2;
  const std::string plain = run({"--json"}, bytes).output;
  ASSERT_GT(lines_of(plain).size(), 1u);
  EXPECT_EQ(run({"--json"}, gzipped(bytes)).output, plain);
  EXPECT_EQ(run({"--json"}, zstandard(bytes)).output, plain);
  EXPECT_EQ(run({"--json"}, gzipped(bytes.substr(0, half)) + gzipped(bytes.substr(half))).output,
            plain);
  EXPECT_EQ(
      run({"--json"}, zstandard(bytes.substr(0, half)) + zstandard(bytes.substr(half))).output,
      plain);
  // Told by their first bytes: a name does not matter.
  const CommandResult misnamed = run({write("a.txt", gzipped(bytes))});
  EXPECT_EQ(misnamed.value, 1);
  EXPECT_EQ(run({write("a.gz", "[    1.000000] usb: hello\n")}).value, 0);
}

TEST_F(Scan, TellsWhatACutArchiveHeldAndThatItIsCut) {
  const std::string bytes = real_console("self-unpatched-node1") + std::string(200'000, '\n');
  for (const std::string& packed : {gzipped(bytes), zstandard(bytes)}) {
    const std::string file = write("cut", packed.substr(0, packed.size() - 3));
    const CommandResult result = run({"--json", file});
    EXPECT_EQ(result.value, 3);
    EXPECT_THAT(result.errors, HasSubstr("reading " + file));
    EXPECT_THAT(result.errors, HasSubstr("is cut"));
    const std::vector<Json> lines = lines_of(result.output);
    ASSERT_EQ(lines.size(), 6u);
    EXPECT_EQ(lines[0].at("kind"), "hung_task");
    EXPECT_THAT(lines[5].at("error").get<std::string>(), HasSubstr("is cut"));
  }
}

TEST_F(Scan, CountsByIdentityOverAllFiles) {
  const std::string bytes = real_console("self-unpatched-node1");
  const std::string first = write("1", bytes);
  const CommandResult result =
      run({"--summary", "--json", first, write("2", gzipped(bytes)), write("3", kWholeFinding)});
  EXPECT_EQ(result.value, 1);
  const std::vector<Json> lines = lines_of(result.output);
  ASSERT_EQ(lines.size(), 7u);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(lines[i].at("count"), 2);
    EXPECT_EQ(lines[i].at("files"), 2);
    EXPECT_EQ(lines[i].at("first").at("file"), first);
  }
  EXPECT_EQ(lines[5].at("count"), 1);
  EXPECT_EQ(lines[6].at("total").at("findings"), 11);
  EXPECT_EQ(lines[6].at("total").at("files"), 3);
  EXPECT_THAT(run({"--summary", first}).output, HasSubstr("5 findings of 5 identities in 1 of 1"));
}

TEST_F(Scan, FileNamesMayBeOfAnyBytes) {
  const std::string file = write("\xff\xfe\n\x1b[2J.log", kWholeFinding);
  const CommandResult json = run({"--json", file});
  EXPECT_EQ(json.value, 1);
  EXPECT_EQ(lines_of(json.output).size(), 1u);
  const CommandResult text = run({file});
  EXPECT_THAT(text.output, HasSubstr("\\xff\\xfe\\x0a\\x1b[2J.log\n"));
  const CommandResult missing = run({file + "\x1b"});
  EXPECT_EQ(missing.value, 3);
  EXPECT_THAT(missing.errors, Not(HasSubstr("\x1b")));
}

TEST_F(Scan, SaysThatFindingsCannotBeWritten) {
  Command command;
  command.program = "/bin/sh";
  command.arguments = {"-c", "exec \"$0\" scan \"$1\" >/dev/full", kProgram.string(),
                       write("bug.log", kWholeFinding)};
  const CommandResult result = make_command_runner()->run(command, {});
  EXPECT_EQ(result.value, 3);
  EXPECT_THAT(result.errors, HasSubstr("writing to standard output: No space left"));
}

TEST_F(Scan, EndsLikeOtherFiltersWhenItsReaderGoesAway) {
  Command command;
  command.program = "/bin/sh";
  command.arguments = {"-c", "{ \"$0\" scan \"$1\"; echo $? >&2; } | true; wait", kProgram.string(),
                       write("many.log", [] {
                         std::string text;
                         for (int i = 0; i < 5'000; ++i) text += kWholeFinding;
                         return text;
                       }())};
  const CommandResult result = make_command_runner()->run(command, {});
  EXPECT_EQ(result.errors, std::to_string(128 + SIGPIPE) + "\n");
}

/// The program reading a pipe that the test writes to.
class LiveScan : public testing::Test {
 protected:
  void SetUp() override {
    int in[2];
    int out[2];
    ASSERT_EQ(::pipe2(in, O_CLOEXEC), 0);
    ASSERT_EQ(::pipe2(out, O_CLOEXEC), 0);
    const Descriptor its_input(in[0]);
    const Descriptor its_output(out[1]);
    input_ = Descriptor(in[1]);
    output_ = Descriptor(out[0]);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, its_input.get(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, its_output.get(), STDOUT_FILENO);
    std::string program = kProgram.string();
    std::string verb = "scan";
    char* const arguments[] = {program.data(), verb.data(), nullptr};
    ASSERT_EQ(::posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments, environ), 0);
    ::posix_spawn_file_actions_destroy(&actions);
  }
  void TearDown() override {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }

  void send(const std::string& bytes) {
    ASSERT_EQ(::write(input_.get(), bytes.data(), bytes.size()),
              static_cast<ssize_t>(bytes.size()));
  }
  void wait_until_read() {
    for (int unread = 1; unread > 0; std::this_thread::yield())
      ASSERT_EQ(::ioctl(input_.get(), FIONREAD, &unread), 0);
  }
  /// Everything it says until `text` was said or it has ended.
  std::string said_until(const std::string& text) {
    std::string said;
    char piece[4096];
    while (said.find(text) == std::string::npos) {
      const ssize_t got = ::read(output_.get(), piece, sizeof piece);
      if (got <= 0) break;
      said.append(piece, static_cast<std::size_t>(got));
    }
    return said;
  }
  int exit_code() {
    int status = 0;
    ::waitpid(std::exchange(pid_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  Descriptor input_;
  Descriptor output_;
  pid_t pid_ = 0;
};

TEST_F(LiveScan, TellsAFindingBeforeItsInputEnds) {
  send(kWholeFinding);
  EXPECT_THAT(said_until("identity"), HasSubstr("MAX_LOCKDEP_CHAINS"));
  send(kWholeFinding);
  EXPECT_THAT(said_until("identity"), HasSubstr("MAX_LOCKDEP_CHAINS"));
  input_.reset();
  EXPECT_EQ(exit_code(), 1);
}

TEST_F(LiveScan, TellsAnOpenReportWhenNothingMoreComes) {
  send(kOpenFinding);
  EXPECT_THAT(said_until("identity"), HasSubstr("hung task"));
}

TEST_F(LiveScan, AnInterruptEndsItWithWhatWasFound) {
  send(kWholeFinding);
  said_until("identity");
  send(kOpenFinding);
  wait_until_read();
  ASSERT_EQ(::kill(pid_, SIGINT), 0);
  EXPECT_THAT(said_until("end of output"), HasSubstr("hung task"));
  EXPECT_EQ(exit_code(), 130);
}

}  // namespace
}  // namespace gridlock

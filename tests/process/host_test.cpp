// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <set>
#include <thread>
#include <vector>

#include "base/text.h"
#include "host/command_runner.h"
#include "host/file_lock.h"
#include "host/files.h"
#include "host/host_facts.h"
#include "host/processes.h"
#include "host/run_directory.h"

namespace gridlock {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

Command shell(const std::string& script) {
  Command command;
  command.program = "/bin/sh";
  command.arguments = {"-c", script};
  command.deadline = Milliseconds(30'000);
  return command;
}

std::size_t open_descriptors() {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()));
}

/// Children of ours that ended and were not waited for, or still run.
bool has_children() { return ::waitpid(-1, nullptr, WNOHANG) != -1 || errno != ECHILD; }

class Runner : public ::testing::Test {
 protected:
  void TearDown() override {
    EXPECT_FALSE(has_children()) << "a child was not reaped";
    EXPECT_EQ(open_descriptors(), descriptors_) << "a descriptor was left open";
  }

  CommandResult run(const Command& command) { return runner_->run(command, {}); }

  std::unique_ptr<CommandRunner> runner_ = make_command_runner();
  TempDir temp_{fs::temp_directory_path(), "gridlock-host-"};
  std::size_t descriptors_ = open_descriptors();
};

TEST_F(Runner, KeepsBothStreamsAndTheStatus) {
  const CommandResult result = run(shell("echo out; echo err >&2; exit 7"));
  EXPECT_EQ(result.kind, CommandResult::Kind::exited);
  EXPECT_EQ(result.value, 7);
  EXPECT_EQ(result.output, "out\n");
  EXPECT_EQ(result.errors, "err\n");
  EXPECT_FALSE(result.ok());
}

TEST_F(Runner, PassesArgumentsUnchanged) {
  Command command = shell("printf '%s|' \"$@\"");
  command.arguments.insert(command.arguments.end(), {"sh", "a b", "", "c\"d", "*"});
  EXPECT_EQ(run(command).output, "a b||c\"d|*|");
}

TEST_F(Runner, GivesInputEnvironmentAndFolder) {
  Command command = shell("cat; printf '%s ' \"$GRIDLOCK_TEST\"; pwd");
  command.input = "in ";
  command.environment = {{"GRIDLOCK_TEST", "value"}};
  command.directory = temp_.path();
  EXPECT_EQ(run(command).output, "in value " + fs::canonical(temp_.path()).string() + "\n");
}

TEST_F(Runner, ReplacesOneOfOurVariablesAndKeepsTheOthers) {
  ::setenv("GRIDLOCK_TEST_KEPT", "kept", 1);
  ::setenv("GRIDLOCK_TEST_OLD", "old", 1);
  Command command =
      shell("env | grep -c ^GRIDLOCK_TEST_OLD=; echo $GRIDLOCK_TEST_KEPT $GRIDLOCK_TEST_OLD");
  command.environment = {{"GRIDLOCK_TEST_OLD", "new"}};
  EXPECT_EQ(run(command).output, "1\nkept new\n");
  ::unsetenv("GRIDLOCK_TEST_KEPT");
  ::unsetenv("GRIDLOCK_TEST_OLD");
}

TEST_F(Runner, NamesAMissingProgram) {
  for (const char* const program : {"gridlock-no-such-program", "/gridlock/no/such/program"}) {
    try {
      run({.program = program});
      FAIL() << program << " was run";
    } catch (const HostError& error) {
      EXPECT_THAT(error.what(), HasSubstr(program));
      EXPECT_THAT(error.what(), HasSubstr("there is no such program"));
    }
  }
}

TEST_F(Runner, ReapsAProgramThatCannotBeExecuted) {
  const fs::path broken = temp_.path() / "broken";
  std::ofstream(broken) << "#!/gridlock/no/such/interpreter\n";
  fs::permissions(broken, fs::perms::owner_all);
  EXPECT_THROW(run({.program = broken}), HostError);
}

TEST_F(Runner, TellsASignalDeathFromAnExit) {
  const CommandResult signalled = run(shell("kill -9 $$"));
  EXPECT_EQ(signalled.kind, CommandResult::Kind::signalled);
  EXPECT_EQ(signalled.value, SIGKILL);
  const CommandResult exited = run(shell("exit 9"));
  EXPECT_EQ(exited.kind, CommandResult::Kind::exited);
  EXPECT_EQ(exited.value, 9);
}

TEST_F(Runner, EndsAtTheDeadlineWithItsWholeGroup) {
  const fs::path pid = temp_.path() / "pid";
  Command command = shell("sleep 1000 & echo $! > " + pid.string() + "; echo begun; wait");
  command.deadline = Milliseconds(300);
  const CommandResult result = run(command);
  EXPECT_EQ(result.kind, CommandResult::Kind::deadline);
  EXPECT_EQ(result.output, "begun\n");
  const pid_t child = std::stoi(read_file(pid, {100}));
  // It is init's to reap now; killed it is already.
  std::string state = "gone";
  const fs::path status = "/proc/" + std::to_string(child) + "/stat";
  for (int i = 0; i < 100'000 && fs::exists(status); ++i) {
    std::ifstream(status) >> state >> state >> state;
    if (state == "Z") break;
    std::this_thread::yield();
  }
  EXPECT_TRUE(state == "Z" || !fs::exists(status)) << state;
}

TEST_F(Runner, KillsAProgramThatIgnoresTheFirstSignal) {
  Command command = shell("trap '' TERM; while :; do sleep 0.2; done");
  command.deadline = Milliseconds(200);
  EXPECT_EQ(run(command).kind, CommandResult::Kind::deadline);
}

TEST_F(Runner, DoesNotWaitForAGrandchildThatKeepsThePipe) {
  const fs::path pid = temp_.path() / "pid";
  const CommandResult result = run(shell("sleep 1000 & echo $! > " + pid.string() + "; echo done"));
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(result.output, "done\n");
  EXPECT_EQ(::kill(std::stoi(read_file(pid, {100})), SIGKILL), 0) << "it still ran";
}

TEST_F(Runner, StopsOnRequest) {
  std::stop_source stop;
  Command command = shell("echo begun; exec sleep 1000");
  command.on_output_line = [&](std::string_view) { stop.request_stop(); };
  EXPECT_THROW(runner_->run(command, stop.get_token()), Cancelled);
  EXPECT_THROW(runner_->run(shell("true"), stop.get_token()), Cancelled);
}

TEST_F(Runner, BoundsTheOutputToItsEnd) {
  Command command = shell("head -c 10485760 /dev/zero | tr '\\0' x; echo end");
  command.output_limit = Bytes::kib(64);
  const CommandResult result = run(command);
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(result.output.size(), 65'536U);
  EXPECT_TRUE(result.output.ends_with("xend\n"));
}

TEST_F(Runner, KeepsTenMegabytes) {
  Command command = shell("head -c 10485760 /dev/zero");
  command.output_limit = Bytes::mib(16);
  EXPECT_EQ(run(command).output, std::string(10'485'760, '\0'));
}

TEST_F(Runner, HandsOutWholeLines) {
  std::vector<std::string> lines;
  Command command = shell("printf 'o'; printf 'ne\\n\\ntwo\\nend'");
  command.on_output_line = [&](std::string_view line) { lines.emplace_back(line); };
  run(command);
  EXPECT_THAT(lines, ElementsAre("one", "", "two", "end"));
}

TEST_F(Runner, SurvivesAProgramThatDoesNotReadItsInput) {
  Command command = shell("exec 0<&-; echo fine");
  command.input = std::string(1 << 20, 'x');
  EXPECT_EQ(run(command).output, "fine\n");
}

TEST_F(Runner, ReapsTheProgramIfTheListenerThrows) {
  Command command = shell("echo begun; exec sleep 1000");
  command.on_output_line = [](std::string_view) { throw Error("enough"); };
  EXPECT_THROW(run(command), Error);
}

TEST_F(Runner, StartsProgramsWithDefaultSignals) {
  sigset_t blocked, before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  ::signal(SIGPIPE, SIG_IGN);
  const CommandResult result = run(shell("grep -E 'Sig(Blk|Ign)' /proc/self/status"));
  ::signal(SIGPIPE, SIG_DFL);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_THAT(result.output, HasSubstr("SigBlk:\t0000000000000000"));
  EXPECT_THAT(result.output, HasSubstr("SigIgn:\t0000000000000000"));
}

TEST_F(Runner, RunsFiftyAtOnceWithoutLeakingDescriptors) {
  // A program also sees what our own parent left open; more than alone must not come with fifty.
  const std::string list = "ls /proc/self/fd | tr '\\n' ' '";
  const std::string alone = run(shell(list)).output;
  ASSERT_THAT(alone, HasSubstr("2 "));
  std::vector<std::string> seen(50);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < seen.size(); ++i)
      threads.emplace_back([this, i, &list, &seen] {
        seen[i] = runner_->run(shell(list + "; echo " + std::to_string(i)), {}).output;
      });
  }
  for (std::size_t i = 0; i < seen.size(); ++i)
    EXPECT_EQ(seen[i], alone + std::to_string(i) + "\n");
}

class Locks : public ::testing::Test {
 protected:
  TempDir temp_{fs::temp_directory_path(), "gridlock-lock-"};
  fs::path file_ = temp_.path() / "lock";
};

TEST_F(Locks, AreExclusiveBetweenThreadsAndFreedByTheirEnd) {
  {
    const auto held = FileLock::take_if_free(file_, "building");
    ASSERT_TRUE(held);
    std::jthread([&] { EXPECT_FALSE(FileLock::take_if_free(file_, "building")); }).join();
  }
  EXPECT_TRUE(FileLock::take_if_free(file_, "building"));
}

TEST_F(Locks, WaitersAreToldForWhomAndForWhat) {
  auto held = FileLock::take_if_free(file_, "building kernel patched");
  ASSERT_TRUE(held);
  std::vector<std::string> notes;
  const FileLock got =
      FileLock::take(file_, "me", Milliseconds(30'000), {}, [&](const std::string& note) {
        notes.push_back(note);
        held.reset();
      });
  EXPECT_THAT(notes, ElementsAre("waiting for another gridlock (pid " + std::to_string(::getpid()) +
                                 ") that is building kernel patched"));
}

TEST_F(Locks, WaitingEndsAtTheDeadlineAndOnRequest) {
  const auto held = FileLock::take_if_free(file_, "building kernel patched");
  try {
    FileLock::take(file_, "building kernel unpatched", Milliseconds(1), {}, {});
    FAIL() << "a held lock was taken";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("building kernel unpatched: waited"));
    EXPECT_THAT(error.what(), HasSubstr("that is building kernel patched"));
  }
  std::stop_source stop;
  EXPECT_THROW(FileLock::take(file_, "x", Milliseconds(600'000), stop.get_token(),
                              [&](const std::string&) { stop.request_stop(); }),
               Cancelled);
}

TEST_F(Locks, AreFreedByTheKernelWhenTheirOwnerIsKilled) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto held = FileLock::take_if_free(file_, "building");
    [[maybe_unused]] const auto written = ::write(ready[1], held ? "y" : "n", 1);
    ::pause();
    ::_exit(0);
  }
  char answer = 0;
  ASSERT_EQ(::read(ready[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  EXPECT_FALSE(FileLock::take_if_free(file_, "x"));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
  EXPECT_TRUE(FileLock::take_if_free(file_, "x"));
}

TEST_F(Locks, StayWithAProgramThatInheritedThem) {
  const auto runner = make_command_runner();
  auto held = FileLock::take_if_free(file_, "building");
  ASSERT_TRUE(held);
  Command command = shell("echo begun; read line; echo $line");
  command.inherited = {held->descriptor()};
  command.on_output_line = [&](std::string_view line) {
    if (line != "begun") return;
    held.reset();
    EXPECT_FALSE(FileLock::take_if_free(file_, "x"));
  };
  command.input = "end\n";
  // The program's own end closes its descriptor, so it must still be there when we look.
  command.arguments = {"-c", "echo begun; sleep 0.3; cat"};
  EXPECT_TRUE(runner->run(command, {}).ok());
  EXPECT_TRUE(FileLock::take_if_free(file_, "x"));
}

class Runs : public ::testing::Test {
 protected:
  TempDir temp_{fs::temp_directory_path(), "gridlock-runs-"};
  fs::path base_ = temp_.path() / "base";
};

TEST_F(Runs, DirectoryIsOursAloneAndGoesAway) {
  fs::path path;
  {
    const RunDirectory run(base_, ::getuid(), ::getgid());
    path = run.path();
    EXPECT_EQ(path.parent_path(), base_);
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all);
    std::ofstream(path / "disk") << "x";
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(Runs, LiveOnesAreNotLeftovers) {
  const RunDirectory one(base_, ::getuid(), ::getgid());
  const RunDirectory two(base_, ::getuid(), ::getgid());
  EXPECT_NE(one.path(), two.path());
  EXPECT_TRUE(leftover_runs(base_).empty());
  EXPECT_TRUE(end_leftovers(base_).empty());
  EXPECT_TRUE(fs::exists(one.path()));
}

TEST_F(Runs, AnotherUsersGroupMayEnterIfWeAreRoot) {
  if (::getuid() != 0) GTEST_SKIP() << "needs root";
  const RunDirectory run(base_, 65'534, 65'534);
  using fs::perms;
  EXPECT_EQ(fs::status(run.path()).permissions(), perms::owner_all | perms::group_exec);
  EXPECT_NE(fs::status(base_).permissions() & perms::others_exec, perms::none);
}

TEST_F(Runs, ABaseThatOthersCanWriteIsRefused) {
  fs::create_directory(base_);
  fs::permissions(base_, fs::perms::all);
  try {
    const RunDirectory run(base_, ::getuid(), ::getgid());
    FAIL() << "anybody could have put files there";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("can be written by others"));
  }
  EXPECT_THROW(leftover_runs(base_), Error);
}

TEST_F(Runs, ABaseThatIsALinkIsRefused) {
  fs::create_directory(temp_.path() / "elsewhere");
  fs::create_directory_symlink(temp_.path() / "elsewhere", base_);
  EXPECT_THROW(RunDirectory(base_, ::getuid(), ::getgid()), Error);
}

TEST_F(Runs, NothingIsLeftWhereNoRunEverWas) { EXPECT_TRUE(end_leftovers(base_).empty()); }

TEST_F(Runs, WhatAKilledRunLeftIsEndedAndRemoved) {
  // A program that is QEMU by its name and names the dead run's folder, and one that names a live
  // run's.
  const fs::path qemu = temp_.path() / "qemu-system-test";
  fs::copy_file("/bin/sh", qemu);
  const RunDirectory live(base_, ::getuid(), ::getgid());
  const fs::path dead = base_ / "abcdef";
  fs::create_directory(dead);
  std::ofstream(dead / "lock") << "";
  std::ofstream(dead / "disk") << "x";
  const auto start = [&](const fs::path& folder) {
    int ready[2];
    EXPECT_EQ(::pipe(ready), 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::dup2(ready[1], 1);
      const std::string argument = "file=" + (folder / "disk").string() + ",format=raw";
      ::execl(qemu.c_str(), qemu.c_str(), "-c", "echo r; while :; do sleep 1; done",
              argument.c_str(), nullptr);
      ::_exit(1);
    }
    char byte = 0;
    EXPECT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
    ::close(ready[1]);
    return pid;
  };
  const pid_t of_dead = start(dead);
  const pid_t of_live = start(live.path());
  const pid_t of_other = start(base_ / "abcdefg");

  EXPECT_THAT(qemu_processes_of(dead), ElementsAre(of_dead));
  EXPECT_THAT(end_leftovers(base_), ElementsAre("removed " + dead.string() +
                                                ", left by a killed run (1 QEMU process ended)"));

  int status = 0;
  EXPECT_EQ(::waitpid(of_dead, &status, 0), of_dead);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_FALSE(fs::exists(dead));
  EXPECT_TRUE(fs::exists(live.path()));
  for (const pid_t pid : {of_live, of_other}) {
    EXPECT_EQ(::waitpid(pid, nullptr, WNOHANG), 0) << "not ours to end";
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
}

TEST(HostFactsOfThisMachine, AreRead) {
  const auto runner = make_command_runner();
  const HostFacts facts = read_host_facts(*runner, "/fragments", {});
  EXPECT_GE(facts.cpus, 1);
  EXPECT_GT(facts.memory, Bytes::mib(64));
  EXPECT_EQ(facts.fragments, "/fragments");
  EXPECT_EQ(facts.compiler.starts_with("gcc"), find_program("gcc").has_value());
}

}  // namespace
}  // namespace gridlock

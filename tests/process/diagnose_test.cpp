// SPDX-License-Identifier: GPL-2.0-or-later
// `gridlock diagnose` as a user calls it, on every layout of dumps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/json.h"
#include "host/command_runner.h"
#include "host/files.h"
#include "support/archives.h"
#include "support/lock_dumps.h"
#include "support/temp_dir.h"

namespace gridlock {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
namespace fs = std::filesystem;

constexpr std::string_view kDeadlock =
    "deadlock: node1 mdio/108 holds glock 2/4249 (DF), waits for 2/4269 (SH) held by node2 "
    "mdio/117, which waits for 2/4249\n";

class Diagnose : public testing::Test {
 protected:
  CommandResult run(std::vector<std::string> arguments, const std::string& path = {}) {
    Command command;
    command.program = fs::path(GRIDLOCK_BINARY_DIR) / "gridlock";
    command.arguments = std::move(arguments);
    command.arguments.insert(command.arguments.begin(), "diagnose");
    if (!path.empty()) command.environment["PATH"] = path;
    return make_command_runner()->run(command, {});
  }
  CommandResult run_on_dumps(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{dumps().string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
  fs::path dumps() const { return folder_.path() / "dumps"; }
  void write(const fs::path& file, const std::string& bytes) {
    make_directories((dumps() / file).parent_path());
    write_file_atomically(dumps() / file, bytes);
  }
  /// Gridlock's own layout of the observed deadlock.
  void write_own(const std::vector<std::string>& looks = {"1", "2"}) {
    for (const diagnosis::NodeLook& node : diagnosis::abba())
      for (const std::string& look : looks) {
        write(fs::path(node.node) / look / "glocks.txt", node.glocks);
        write(fs::path(node.node) / look / "dlm_locks.txt", node.dlm_locks);
      }
  }

  test_support::TempDir folder_;
};

TEST_F(Diagnose, ReadsGridlocksOwnEvidence) {
  write_own();
  const CommandResult result = run_on_dumps();
  EXPECT_EQ(result.value, 1) << result.errors;
  EXPECT_THAT(result.output, StartsWith(std::string(kDeadlock)));
  EXPECT_THAT(result.output,
              HasSubstr("\n  node1: glocks 38 (20 holders, 1 waiters), DLM locks 30; "
                        "missing: tasks, console\n"));
  EXPECT_THAT(result.output, Not(HasSubstr("seen once")));
}

TEST_F(Diagnose, SaysWhatItTakesTheLooksOfOneNodeFor) {
  write_own();
  const CommandResult result = run({(dumps() / "node1").string()});
  EXPECT_THAT(result.output, HasSubstr("if they are two looks at one, give the folder above\n"));
  EXPECT_THAT(run_on_dumps().output, Not(HasSubstr("two looks at one")));
}

TEST_F(Diagnose, NamesFilesFromTheFolderAndFromAnOption) {
  write_own();
  write("files.txt", "16969 x\nrubbish\n");
  write("more.txt", "17001 the y\n");
  const CommandResult result = run_on_dumps({"--files", (dumps() / "more.txt").string()});
  EXPECT_THAT(result.output,
              HasSubstr("glock 2/4249 (DF, file x), waits for 2/4269 (SH, file the y)"));
}

TEST_F(Diagnose, ReadsTheLastTwoRunsOfACapture) {
  for (const diagnosis::NodeLook& node : diagnosis::abba())
    for (const std::string number : {"run1", "run2", "run10"}) {
      // Each node's own archive, unpacked beside the other's.
      const fs::path folder = fs::path(node.node + "-capture") / "gfs2_lockcapture-2026-11-25" /
                              number / (node.node + ".example.org");
      std::string glocks = node.glocks;
      if (number == "run1") diagnosis::replace(glocks, " f:W ", " f:H ");
      write(folder / "gfs2" / "lab:data" / "glocks", glocks);
      write(folder / "dlm" / "data" / "data_locks", node.dlm_locks);
      write(folder / "dlm" / "data" / "data_waiters", "");
      write(folder / "hostinformation.txt",
            "HOSTNAME=x\nNODE_NAME=x\nNODE_ID=" + std::to_string(*node.dlm_id));
      if (node.dlm_id == 1) {
        write(folder / "proc" / "108" / "status", "Name:\tmdio\nState:\tD (disk sleep)\n");
        write(folder / "proc" / "108" / "stack", "[<0>] gfs2_glock_wait+0x52/0xd0\n");
      }
    }
  const CommandResult result = run_on_dumps();
  EXPECT_EQ(result.value, 1) << result.errors;
  EXPECT_THAT(result.output,
              StartsWith("file system lab:data\ndeadlock: node1.example.org mdio/108 holds glock "
                         "2/4249 (DF), waits for 2/4269 (SH) held by node2.example.org mdio/117"));
  EXPECT_THAT(result.output, Not(HasSubstr("seen once")));
  EXPECT_THAT(result.output, HasSubstr("tasks 1"));
}

TEST_F(Diagnose, ReadsAPlainFolderForEachNodeAndSaysItWasSeenOnce) {
  for (const diagnosis::NodeLook& node : diagnosis::abba()) {
    write(fs::path(node.node) / "my-glocks.dump", node.glocks);
    write(fs::path(node.node) / "data_locks", node.dlm_locks);
  }
  const CommandResult result = run_on_dumps();
  EXPECT_EQ(result.value, 1) << result.errors;
  EXPECT_THAT(result.output, StartsWith(std::string(kDeadlock)));
  EXPECT_THAT(result.output, HasSubstr("seen once: waits are not proven to last\n"));
}

TEST_F(Diagnose, FindsNothingInHealthyDumps) {
  for (const diagnosis::NodeLook& node : diagnosis::abba()) {
    std::string glocks = node.glocks;
    diagnosis::replace(glocks, " f:W ", " f:H ");
    write(fs::path(node.node) / "glocks", glocks);
  }
  const CommandResult result = run_on_dumps();
  EXPECT_EQ(result.value, 0) << result.errors;
  EXPECT_THAT(result.output, StartsWith("no task waits for another\n"));
}

TEST_F(Diagnose, ReadsTruncatedAndGarbledFilesAsFarAsTheyMakeSense) {
  write_own();
  std::string garbage;
  for (int i = 0; i < 70000; ++i) garbage += static_cast<char>(i * 7919 % 256);
  write("node1/2/dlm_locks.txt", garbage);
  write("node1/1/console.txt", garbage);
  write("node1/2/console.txt", garbage);
  write("node2/2/tasks.txt", "task 117 117\nstat 117 (mdi");
  write("node3/1/glocks.txt", garbage);
  fs::create_symlink("/dev/zero", dumps() / "node3/1/dlm_locks.txt");
  EXPECT_THAT(run_on_dumps().output, StartsWith(std::string(kDeadlock)));

  std::string cut = diagnosis::abba_node(2).glocks;
  cut.resize(cut.size() / 40);
  write("node2/1/glocks.txt", cut);
  write("node2/2/glocks.txt", cut);
  EXPECT_THAT(run_on_dumps().output, Not(StartsWith("deadlock:")));
}

TEST_F(Diagnose, WritesJsonAndAGraph) {
  write_own();
  const auto json = parse_json(run_on_dumps({"--json"}).output);
  ASSERT_TRUE(json);
  EXPECT_EQ(json->at("schema"), 1);
  EXPECT_EQ(json->at("kind"), "cycle");
  EXPECT_EQ(json->at("seen_once"), false);
  EXPECT_EQ(json->at("read").size(), 2u);
  EXPECT_THAT(run_on_dumps({"--dot"}).output, StartsWith("digraph {\n"));
}

TEST_F(Diagnose, DrawsThePictureOrSaysWhatIsMissing) {
  write_own();
  const fs::path svg = folder_.path() / "picture.svg";
  const CommandResult without =
      run({dumps().string(), "--svg", svg.string()}, (folder_.path() / "no").string());
  EXPECT_EQ(without.value, 1);
  EXPECT_THAT(without.errors,
              HasSubstr("no picture: the program dot is missing; install graphviz"));
  EXPECT_FALSE(fs::exists(svg));
  if (!find_program("dot")) GTEST_SKIP() << "the program dot is missing";
  EXPECT_EQ(run_on_dumps({"--svg", svg.string()}).errors, "");
  EXPECT_THAT(read_file(svg, Bytes::mib(1)), HasSubstr("mdio/108"));
}

TEST_F(Diagnose, EndsWithTwoOnBadUsageAndThreeIfNothingCanBeRead) {
  EXPECT_EQ(run({}).value, 2);
  EXPECT_EQ(run({"--frobnicate"}).value, 2);
  const CommandResult missing = run({(folder_.path() / "missing").string()});
  EXPECT_EQ(missing.value, 3);
  EXPECT_THAT(missing.errors, HasSubstr("archives are not unpacked"));
  write("node1/notes.md", "nothing of interest");
  const CommandResult empty = run_on_dumps();
  EXPECT_EQ(empty.value, 3);
  EXPECT_THAT(empty.errors, HasSubstr("holds no dumps of locks"));
}

TEST_F(Diagnose, UnpacksWhatIsPacked) {
  for (const diagnosis::NodeLook& node : diagnosis::abba())
    for (const std::string look : {"1", "2"}) {
      write(fs::path(node.node) / look / "glocks.txt.gz", gzipped(node.glocks));
      write(fs::path(node.node) / look / "dlm_locks.txt", node.dlm_locks);
    }
  const CommandResult result = run_on_dumps();
  EXPECT_EQ(result.errors, "");
  EXPECT_THAT(result.output, StartsWith(std::string(kDeadlock)));
  EXPECT_THAT(result.output, HasSubstr("node1: glocks 38 (20 holders, 1 waiters), DLM locks 30"));

  std::string cut = gzipped(diagnosis::abba_node(1).glocks);
  cut.resize(cut.size() / 2);
  write("node1/2/glocks.txt.gz", cut);
  write("node2/2/glocks.txt.gz", "BZh91AY&SY");
  const CommandResult damaged = run_on_dumps();
  EXPECT_THAT(damaged.errors,
              HasSubstr("node1/2/glocks.txt.gz: its gzip data is cut: the end is missing\n"));
  EXPECT_THAT(damaged.errors, HasSubstr("node2/2/glocks.txt.gz: it is packed with bzip2"));
  EXPECT_THAT(damaged.output, HasSubstr("node2: DLM locks 58; missing: glocks"));
}

TEST_F(Diagnose, TellsFilesThatAreNoDumpsAndNeverCallsThemHealthy) {
  write("node1/glocks", "not a glock\n");
  const CommandResult foreign = run_on_dumps();
  EXPECT_EQ(foreign.value, 3);
  EXPECT_EQ(foreign.output, "");
  EXPECT_THAT(foreign.errors, HasSubstr("no lock is in them"));
  EXPECT_THAT(foreign.errors, HasSubstr("node1: missing: glocks (no line of the file is one)"));

  for (const diagnosis::NodeLook& node : diagnosis::abba()) {
    write(fs::path(node.node + "b") / "glocks", node.glocks);
    write(fs::path(node.node + "b") / "locks", node.dlm_locks);
  }
  const CommandResult others = run_on_dumps();
  EXPECT_EQ(others.value, 1) << others.errors;
  EXPECT_THAT(others.output, HasSubstr("  node1: nothing was read; missing: glocks (no line"));
}

TEST_F(Diagnose, TellsOneFileSystemThatCannotBeReadBesideOthers) {
  write("run1/node1/gfs2/lab:data/glocks", diagnosis::abba_node(1).glocks);
  write("run1/node1/gfs2/lab:other/glocks", "not a glock\n");
  const CommandResult result = run_on_dumps();
  EXPECT_EQ(result.value, 1) << result.errors;
  EXPECT_THAT(result.output, HasSubstr("waits for glock 2/4269"));
  EXPECT_THAT(result.output, HasSubstr("file system lab:other\nno lock was read\n"));
}

TEST_F(Diagnose, TakesAHeadingWithoutLocksForAnAnswer) {
  write("node1/locks",
        "id nodeid remid pid xid exflags flags sts grmode rqmode time_ms r_nodeid r_len r_name\n");
  const CommandResult result = run_on_dumps();
  EXPECT_EQ(result.value, 0) << result.errors;
  EXPECT_THAT(result.output, HasSubstr("  node1: DLM locks 0; missing: glocks"));
}

}  // namespace
}  // namespace gridlock

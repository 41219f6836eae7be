// SPDX-License-Identifier: GPL-2.0-or-later
// What meets a person first: init, completion in real shells, the manual page, included files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/json.h"
#include "base/text.h"
#include "host/command_runner.h"
#include "support/temp_dir.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

/// A shell that starts at a terminal takes a minute on a host that is busy.
constexpr Milliseconds kPatience{240'000};

const fs::path kProgram = fs::path(GRIDLOCK_BINARY_DIR) / "gridlock";

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Front : public testing::Test {
 protected:
  CommandResult run(const std::string& program, std::vector<std::string> arguments) {
    Command command;
    command.program = program;
    command.arguments = std::move(arguments);
    command.directory = folder_.path();
    command.environment = {{"GRIDLOCK_HOME", home_},
                           {"GRIDLOCK_CACHE", (folder_.path() / "cache").string()},
                           {"HOME", folder_.path().string()},
                           {"LC_ALL", "C.UTF-8"},
                           {"TERM", "dumb"},
                           {"PATH", std::string(GRIDLOCK_BINARY_DIR) + ":/usr/bin:/bin"}};
    command.deadline = kPatience;
    return make_command_runner()->run(command, {});
  }
  CommandResult gridlock(std::vector<std::string> arguments) {
    return run(kProgram, std::move(arguments));
  }
  fs::path write(const std::string& name, const std::string& text) {
    const fs::path file = folder_.path() / name;
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }
  /// The words a shell offers, without what it says of them.
  static std::vector<std::string> words(const std::string& output) {
    std::vector<std::string> all;
    for (const std::string& line : split(output, '\n'))
      if (!line.empty()) all.push_back(line.substr(0, line.find('\t')));
    return all;
  }

  test_support::TempDir folder_;
  std::string home_ = GRIDLOCK_SOURCE_DIR;
};

const std::string kTopology = R"(kernels:
  first: {source: {package: linux-source-6.1}}
  second: {from: first}
workloads: {self: {program: mmap-dio}}
)";

// ── init ──

using Init = Front;

TEST_F(Init, WritesATopologyThatPassesCheckAndNeverOverOne) {
  const CommandResult first = gridlock({"init", "lab.yaml"});
  EXPECT_EQ(first.value, 0) << first.errors;
  EXPECT_EQ(gridlock({"check", "lab.yaml"}).value, 0);
  const std::string text = read(folder_.path() / "lab.yaml");
  EXPECT_THAT(text, HasSubstr("linux-source-6.1"));

  const CommandResult again = gridlock({"init", "lab.yaml", "--nodes", "3"});
  EXPECT_EQ(again.value, 2);
  EXPECT_THAT(again.errors, HasSubstr("lab.yaml is there already; nothing was written"));
  EXPECT_EQ(read(folder_.path() / "lab.yaml"), text);
  EXPECT_EQ(gridlock({"init", "lab.yaml", "--nodes", "3", "--force"}).value, 0);
  EXPECT_THAT(read(folder_.path() / "lab.yaml"), HasSubstr("count: 3"));
}

TEST_F(Init, SaysHereIsMyPatchWithPathsThatMoveWithTheFile) {
  write("linux/Makefile", "all:\n");
  write("linux/Kbuild", "\n");
  write("patches/0001-fix.patch", "--- a/x\n+++ b/x\n");
  fs::create_directories(folder_.path() / "labs");
  const CommandResult made = gridlock({"init", "labs/fix.yaml", "--kernel-tree", "linux", "--patch",
                                       "patches/0001-fix.patch", "--nodes", "3"});
  ASSERT_EQ(made.value, 0) << made.errors;
  const std::string text = read(folder_.path() / "labs" / "fix.yaml");
  EXPECT_THAT(text, HasSubstr("source: {dir: ../linux}"));
  EXPECT_THAT(text, HasSubstr("- ../patches/0001-fix.patch"));
  EXPECT_THAT(text, HasSubstr("name: fix"));
  const CommandResult checked = gridlock({"check", "labs/fix.yaml"});
  EXPECT_THAT(checked.output, HasSubstr("ok (2 kernels, 3 nodes")) << checked.errors;
}

TEST_F(Init, RefusesWhatIsNotThereAndWritesNothing) {
  for (const std::vector<std::string>& flags : {std::vector<std::string>{"--patch", "none.patch"},
                                                {"--kernel-tree", "none"},
                                                {"--kernel-git", "none"},
                                                {"--filesystem", "ext4"},
                                                {"--nodes", "17"},
                                                {"--ref", "v6.1"},
                                                {"--kernel-tree", ".", "--kernel-git", "."},
                                                {"--name", "../x"}}) {
    std::vector<std::string> arguments{"init", "lab.yaml"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const CommandResult result = gridlock(arguments);
    EXPECT_EQ(result.value, 2) << join(flags, " ") << result.output;
    EXPECT_FALSE(result.errors.empty()) << join(flags, " ");
    EXPECT_FALSE(fs::exists(folder_.path() / "lab.yaml")) << join(flags, " ");
  }
}

TEST_F(Init, WritesToStandardOutput) {
  const CommandResult result = gridlock({"init", "-"});
  EXPECT_EQ(result.value, 0) << result.errors;
  EXPECT_THAT(result.output, HasSubstr("kernels:"));
  EXPECT_FALSE(fs::exists(folder_.path() / "-"));
}

constexpr Milliseconds kLook{100};

/// The program at a terminal, typed at.
class AtTerminal : public Front {
 protected:
  /// Runs `init lab.yaml`, sends `typed` once the first question stands, returns the exit code.
  int init(const std::string& typed) {
    int terminal = -1;
    const pid_t child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
    if (child == 0) {
      fs::current_path(folder_.path());
      ::setenv("GRIDLOCK_HOME", home_.c_str(), 1);
      ::execl(kProgram.c_str(), "gridlock", "init", "lab.yaml", nullptr);
      ::_exit(127);
    }
    bool sent = false;
    for (int looks = 0; looks < kPatience / kLook; ++looks) {
      pollfd input{terminal, POLLIN, 0};
      if (::poll(&input, 1, static_cast<int>(kLook.count())) <= 0) continue;
      std::array<char, 4096> buffer;
      const ssize_t count = ::read(terminal, buffer.data(), buffer.size());
      if (count <= 0) break;
      shown_.append(buffer.data(), static_cast<std::size_t>(count));
      if (sent || shown_.find("source?") == std::string::npos) continue;
      sent = true;
      EXPECT_EQ(::write(terminal, typed.data(), typed.size()), static_cast<ssize_t>(typed.size()));
    }
    int status = 0;
    // Its terminal is gone: it ends by itself, or with us.
    ::close(terminal);
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  std::string shown_;
};

TEST_F(AtTerminal, EmptyAnswersTakeTheDefaults) {
  EXPECT_EQ(init("\n\n\n\n\n\n"), 0) << shown_;
  EXPECT_EQ(gridlock({"check", "lab.yaml"}).value, 0);
}

TEST_F(AtTerminal, AsksAgainUntilAnAnswerWillDo) {
  EXPECT_EQ(init("svn\npackage\nlinux-source-6.1\n\n99\nthree\n3\nxfs\ngfs2\n\n"), 0) << shown_;
  EXPECT_THAT(shown_, HasSubstr("not svn"));
  EXPECT_THAT(shown_, HasSubstr("not 99"));
  EXPECT_THAT(read(folder_.path() / "lab.yaml"), HasSubstr("count: 3"));
}

TEST_F(AtTerminal, EndOfInputAndInterruptLeaveNothing) {
  for (const std::string typed : {"package\n\x04", "\x03", "tree\n\x03"}) {
    shown_.clear();
    EXPECT_EQ(init(typed), 130) << shown_;
    EXPECT_THAT(shown_, HasSubstr("nothing was written"));
    EXPECT_TRUE(fs::is_empty(folder_.path())) << shown_;
  }
}

// ── completion ──

class Completion : public Front {
 protected:
  void SetUp() override {
    write("a topology.yaml", kTopology);
    write("lab.yaml", kTopology);
    write("notes.txt", "");
    fs::create_directories(folder_.path() / "sub");
    write("results/20260101T000000Z-one-abc/run.json", "{}");
    write("results/20260102T000000Z-two-def/run.json", "{}");
    fs::create_directories(folder_.path() / "results" / "no-run");
    home_ = folder_.path();
    fs::create_directory_symlink(fs::path(GRIDLOCK_SOURCE_DIR) / "images",
                                 folder_.path() / "images");
  }

  std::string script(const std::string& shell) {
    const CommandResult made = gridlock({"completion", shell});
    EXPECT_EQ(made.value, 0) << made.errors;
    return write("." + shell + "-completion", made.output).string();
  }
};

TEST_F(Completion, InBash) {
  const std::string file = script("bash");
  const auto offered = [&](const std::string& line) {
    // As readline does: words are split at blanks and "=".
    const CommandResult result = run("/bin/bash", {"--norc", "-c", R"sh(
source "$1" || exit 9
complete -p gridlock >/dev/null || exit 8
line=${2//=/ = }
read -ra COMP_WORDS <<<"$line"
case $line in *' ') COMP_WORDS+=('') ;; esac
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_gridlock
printf '%s\n' "${COMPREPLY[@]}"
)sh",
                                                   "bash", file, line});
    EXPECT_EQ(result.value, 0) << result.errors;
    EXPECT_EQ(result.errors, "") << line;
    return words(result.output);
  };
  EXPECT_THAT(offered("gridlock ru"), UnorderedElementsAre("run"));
  EXPECT_THAT(offered("gridlock "), Contains("hunt"));
  EXPECT_THAT(offered("gridlock --quiet comp"), UnorderedElementsAre("compare", "completion"));
  EXPECT_THAT(offered("gridlock run --st"), UnorderedElementsAre("--start"));
  EXPECT_THAT(offered("gridlock run --j"), UnorderedElementsAre("--json"));
  EXPECT_THAT(offered("gridlock run lab.yaml --start "),
              UnorderedElementsAre("boot", "template", "formed"));
  EXPECT_THAT(offered("gridlock run --start=fo"), UnorderedElementsAre("formed"));
  EXPECT_THAT(offered("gridlock run "),
              UnorderedElementsAre("a topology.yaml", "lab.yaml", "sub", "results", "images"));
  EXPECT_THAT(offered("gridlock run lab.yaml --results s"), UnorderedElementsAre("sub"));
  EXPECT_THAT(offered("gridlock run lab.yaml --kernel "), UnorderedElementsAre("first", "second"));
  EXPECT_THAT(offered("gridlock run none.yaml --kernel "), IsEmpty());
  EXPECT_THAT(offered("gridlock report 202601"),
              UnorderedElementsAre("20260101T000000Z-one-abc", "20260102T000000Z-two-def"));
  EXPECT_THAT(offered("gridlock report latest --format j"), Contains("junit"));
  EXPECT_THAT(offered("gridlock init lab.yaml --filesystem g"), UnorderedElementsAre("gfs2"));
  EXPECT_THAT(offered("gridlock completion "), UnorderedElementsAre("bash", "zsh", "fish"));
  EXPECT_THAT(offered("gridlock run --seed "), IsEmpty());
}

TEST_F(Completion, InFish) {
  if (!fs::exists("/usr/bin/fish")) GTEST_SKIP() << "fish is not installed";
  const std::string file = script("fish");
  const auto offered = [&](const std::string& line) {
    const CommandResult result =
        run("/usr/bin/fish",
            {"--no-config", "-c", "source $argv[1]; complete -C $argv[2]", file, line});
    EXPECT_EQ(result.value, 0) << result.errors;
    return words(result.output);
  };
  EXPECT_THAT(offered("gridlock ru"), Contains("run"));
  EXPECT_THAT(offered("gridlock run --star"), Contains("--start"));
  EXPECT_THAT(offered("gridlock run --start "), UnorderedElementsAre("boot", "template", "formed"));
  EXPECT_THAT(offered("gridlock run lab.yaml --kernel "), UnorderedElementsAre("first", "second"));
  EXPECT_THAT(offered("gridlock run l"), UnorderedElementsAre("lab.yaml"));
  EXPECT_THAT(offered("gridlock report 202601"), Contains("20260101T000000Z-one-abc"));
}

TEST_F(Completion, InZsh) {
  if (!fs::exists("/usr/bin/zsh")) GTEST_SKIP() << "zsh is not installed";
  const std::string file = script("zsh");
  // A zsh at a terminal of its own, where Tab is pressed; what it inserts is what it completes.
  const auto completed = [&](const std::string& line) {
    const CommandResult result = run("/usr/bin/zsh", {"-f", "-c", R"sh(
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=; autoload -U compinit; compinit -u -D; source $1; setopt no_auto_list no_beep; bindkey '^I' complete-word; show() { print -r -- \"<<\$BUFFER>>\" }; zle -N show; bindkey '^X' show; print READY"
while zpty -r shell line; do [[ $line == READY* ]] && break; done
zpty -w -n shell "$2"$'\t\x18'
while zpty -r -m shell text '*<<*>>*'; do print -r -- "$text"; break; done
zpty -d shell
)sh",
                                                      "zsh", file, line});
    const std::size_t begin = result.output.rfind("<<");
    const std::size_t end = result.output.find(">>", begin);
    return begin == std::string::npos ? "nothing: " + result.output + result.errors
                                      : result.output.substr(begin + 2, end - begin - 2);
  };
  EXPECT_EQ(completed("gridlock rew"), "gridlock rewind ");
  EXPECT_EQ(completed("gridlock run --start=f"), "gridlock run --start=formed ");
  EXPECT_EQ(completed("gridlock run la"), "gridlock run lab.yaml ");
  EXPECT_EQ(completed("gridlock run lab.yaml --kernel s"),
            "gridlock run lab.yaml --kernel second ");
  EXPECT_EQ(completed("gridlock report 20260102"), "gridlock report 20260102T000000Z-two-def ");
}

TEST_F(Completion, OfAnotherShellIsRefused) {
  const CommandResult result = gridlock({"completion", "tcsh"});
  EXPECT_EQ(result.value, 2);
  EXPECT_THAT(result.errors, HasSubstr("bash, zsh and fish"));
}

// ── manual page ──

using Manual = Front;

TEST_F(Manual, IsSetWithoutAWarningAndHasEveryVerbAndOption) {
  const CommandResult made = gridlock({"man"});
  ASSERT_EQ(made.value, 0);
  const std::string file = write("gridlock.1", made.output).string();
  if (fs::exists("/usr/bin/mandoc")) {
    const CommandResult lint = run("/usr/bin/mandoc", {"-Tlint", "-Wwarning", file});
    EXPECT_EQ(lint.output + lint.errors, "");
  }
  if (!fs::exists("/usr/bin/man")) GTEST_SKIP() << "man is not installed";
  const CommandResult set = run("/usr/bin/man", {"--warnings", "-P", "cat", "-l", file});
  EXPECT_EQ(set.value, 0);
  EXPECT_EQ(set.errors, "");
  EXPECT_THAT(set.output, HasSubstr("EXIT STATUS"));

  const CommandResult help = gridlock({"--help"});
  int verbs = 0;
  bool listed = false;
  for (const std::string& line : split(help.output, '\n')) {
    if (listed && line.starts_with("  ") && line.size() > 2 && line[2] != ' ') {
      const std::string verb = line.substr(2, line.find(' ', 2) - 2);
      EXPECT_THAT(set.output, HasSubstr("gridlock " + verb)) << verb;
      ++verbs;
      for (const std::string& word : split(gridlock({verb, "--help"}).output, ' '))
        if (word.starts_with("--") && word.size() > 3 &&
            word.find_first_of("{\n") == std::string::npos) {
          EXPECT_THAT(set.output, HasSubstr(word.substr(0, word.find(',')))) << verb;
        }
    }
    listed = listed || line == "Subcommands:";
  }
  EXPECT_GT(verbs, 15);
}

// ── included files ──

using Included = Front;

TEST_F(Included, CheckShowsTheFileAndLineOfAMistake) {
  write("bases/base.yaml", "# all labs\n" + kTopology + "nodes: {cuont: 3}\n");
  write("lab.yaml", "include: bases/base.yaml\n");
  const CommandResult result = gridlock({"check", "lab.yaml"});
  EXPECT_EQ(result.value, 2);
  EXPECT_THAT(result.errors, HasSubstr("bases/base.yaml:6:9: error: unknown key `cuont`"));
  EXPECT_THAT(result.errors, HasSubstr("nodes: {cuont: 3}\n"));
}

TEST_F(Included, ThePlanIsThatOfOneFile) {
  write("bases/base.yaml", kTopology);
  write("lab.yaml",
        "include: bases/base.yaml\nnodes: {count: 3}\ndefaults: {workload: {duration: 7s}}\n");
  const CommandResult result = gridlock({"--json", "plan", "lab.yaml"});
  ASSERT_EQ(result.value, 0) << result.errors;
  const auto plan = parse_json(result.output);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->at("nodes").size(), 3u);
  EXPECT_THAT(result.output, HasSubstr("\"duration_ms\""));
}

// ── schema ──

TEST_F(Front, SchemaIsJson) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"schema"}, {"schema", "--part"}}) {
    const CommandResult result = gridlock(arguments);
    EXPECT_EQ(result.value, 0);
    ASSERT_TRUE(parse_json(result.output));
    EXPECT_TRUE(parse_json(result.output)->contains("$schema"));
  }
}

}  // namespace
}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/text.h"
#include "kernel/git.h"
#include "support/small_kernel.h"

namespace gridlock {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// The small kernel in a git repository, `source`.
class KernelFromGit : public Kernel {
 protected:
  void SetUp() override {
    if (!find_program("git")) GTEST_SKIP() << "git is not installed";
    Kernel::SetUp();
    if (IsSkipped()) return;
    git({"init", "-q", "-b", "main", "."});
    write("source/.gitignore", "*.o\n");
    commit("first");
    kernel_.source = {};
    kernel_.source.git = source();
    kernel_.source.ref = "HEAD";
  }

  fs::path source() const { return temp_.path() / "source"; }

  std::string git(std::vector<std::string> arguments, fs::path where = {}) const {
    arguments.insert(arguments.begin(), {"-c", "user.name=T", "-c", "user.email=t@example.org"});
    Command command{.program = "git", .arguments = std::move(arguments)};
    command.directory = where.empty() ? source() : where;
    return std::string(
        trimmed(require_ok(runner_->run(command, {}), command, "running git").output));
  }

  std::string commit(const std::string& subject) const {
    git({"add", "-A"});
    git({"commit", "-q", "-m", subject});
    return git({"rev-parse", "HEAD"});
  }

  /// Changes what one of the files says and commits that.
  std::string commit_word(const std::string& file, const std::string& word) const {
    write("source/" + file + ".c", "const char " + file + "[] = \"" + word + "\";\n");
    return commit(file + ": say " + word);
  }

  BuiltKernel build_ref(const std::string& ref) {
    PlannedKernel kernel = kernel_;
    kernel.source.ref = ref;
    return build(kernel);
  }

  std::string manifest(const BuiltKernel& kernel) const {
    return read_file(kernel.directory / "manifest.json", Bytes::kib(64));
  }
};

TEST_F(KernelFromGit, ACommitIsBuiltWhateverIsCheckedOut) {
  const std::string first = git({"rev-parse", "HEAD"});
  commit_word("one", "one-new");
  EXPECT_THAT(image(build_ref("HEAD")), HasSubstr("one-new"));
  const BuiltKernel old = build_ref("HEAD~1");
  EXPECT_THAT(image(old), HasSubstr("one-plain"));
  EXPECT_THAT(manifest(old), HasSubstr(first));
}

TEST_F(KernelFromGit, TheSameContentIsTheSameKernel) {
  const BuiltKernel first = build_ref("HEAD");
  commit_word("one", "one-new");
  git({"revert", "--no-edit", "HEAD"});
  EXPECT_TRUE(build_ref("HEAD").from_cache);
  EXPECT_EQ(build_ref("main").key, first.key);
}

TEST_F(KernelFromGit, TheRepositoryIsLeftAsItWas) {
  const auto state = [&] {
    std::string text;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(source()))
      text += entry.path().string() + " " +
              std::to_string(entry.last_write_time().time_since_epoch().count()) + "\n";
    return text;
  };
  write("source/new.c", "int x;\n");
  // A file whose time is newer than the index: what git would refresh if it might.
  fs::last_write_time(source() / "one.c", fs::file_time_type::clock::now());
  const std::string before = state();
  build_ref("HEAD");
  build_ref("worktree");
  EXPECT_EQ(state(), before);
}

TEST_F(KernelFromGit, AWorktreeHasWhatIsNotCommittedAndNotWhatIsIgnored) {
  write("source/one.c", "const char one[] = \"one-dirty\";\n");
  write("source/ignored.o", "x");
  write("source/untracked.h", "/* new */\n");
  const BuiltKernel dirty = build_ref("worktree");
  EXPECT_THAT(image(dirty), HasSubstr("one-dirty"));
  EXPECT_TRUE(fs::exists(workspace() / "tree" / "untracked.h"));
  EXPECT_FALSE(fs::exists(workspace() / "tree" / "ignored.o"));
  EXPECT_NE(dirty.key, build_ref("HEAD").key);
  write("source/one.c", "const char one[] = \"one-plain\";\n");
  EXPECT_NE(build_ref("worktree").key, dirty.key);
}

TEST_F(KernelFromGit, BareRepositoriesLinkedWorktreesAndShallowClonesWillDo) {
  commit_word("one", "one-new");
  const BuiltKernel built = build_ref("HEAD");
  git({"clone", "-q", "--bare", source().string(), (temp_.path() / "bare.git").string()});
  git({"clone", "-q", "--depth=1", "file://" + source().string(),
       (temp_.path() / "shallow").string()});
  git({"worktree", "add", "-q", "--detach", (temp_.path() / "linked").string()});
  for (const char* const name : {"bare.git", "shallow", "linked"}) {
    kernel_.source.git = temp_.path() / name;
    EXPECT_EQ(build_ref("HEAD").key, built.key) << name;
  }
  EXPECT_TRUE(build_ref("worktree").objects_compiled > 0) << "of the linked worktree";
  kernel_.source.git = temp_.path() / "bare.git";
  kernel_.source.ref = "worktree";
  EXPECT_THAT(failure(kernel_), HasSubstr("has no files checked out"));
}

TEST_F(KernelFromGit, AnotherUsersRepositoryWillDoAndItsSettingsDoNotCount) {
  git({"config", "filter.evil.smudge", "touch " + (temp_.path() / "ran").string() + "; cat"});
  git({"config", "core.fsmonitor", "touch " + (temp_.path() / "ran").string()});
  write("source/.gitattributes", "*.c filter=evil export-ignore\nMakefile export-subst\n");
  commit("attributes");
  fs::remove(temp_.path() / "ran");
  if (::geteuid() == 0) {
    std::vector<fs::path> all{source()};
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(source()))
      all.push_back(entry.path());
    for (const fs::path& path : all) ASSERT_EQ(::lchown(path.c_str(), 65534, 65534), 0) << path;
  }
  EXPECT_THAT(image(build_ref("HEAD")), HasSubstr("one-plain"));
  build_ref("worktree");
  EXPECT_FALSE(fs::exists(temp_.path() / "ran"));
}

TEST_F(KernelFromGit, AnUnknownCommitIsNamedWithANearOne) {
  git({"tag", "v6.1-fixed"});
  kernel_.source.ref = "v6.1-fixd";
  EXPECT_THAT(failure(kernel_), AllOf(HasSubstr("has no commit called v6.1-fixd"),
                                      HasSubstr("did you mean v6.1-fixed?")));
  kernel_.source.git = temp_.path();
  EXPECT_THAT(failure(kernel_), HasSubstr("is not a git repository"));
  kernel_.source.git = source() / "other";
  EXPECT_THAT(failure(kernel_), HasSubstr("is not a git repository")) << "a folder in one";
}

TEST_F(KernelFromGit, ARangeIsAppliedAndTakenBack) {
  const std::string base = git({"rev-parse", "HEAD"});
  commit_word("one", "one-fixed");
  commit_word("three", "three-fixed");
  git({"tag", "fix"});
  PlannedKernel kernel = kernel_;
  kernel.source.ref = base;
  kernel.patches = {{base + "..fix", {}, base + "..fix", false}};
  const BuiltKernel patched = build(kernel);
  EXPECT_THAT(image(patched), AllOf(HasSubstr("one-fixed"), HasSubstr("three-fixed")));
  EXPECT_TRUE(fs::exists(patched.directory / "patches" / "02-three-say-three-fixed.patch"));
  EXPECT_THAT(manifest(patched), HasSubstr("\"subject\": \"one: say one-fixed\""));

  kernel.source.ref = "fix";
  kernel.patches = {{"fix~1..fix", {}, "fix~1..fix", true}};
  EXPECT_THAT(image(build(kernel)), AllOf(HasSubstr("one-fixed"), HasSubstr("three-plain")));
  kernel.patches = {{base + "..fix", {}, base + "..fix", true}};
  EXPECT_THAT(image(build(kernel)), AllOf(HasSubstr("one-plain"), HasSubstr("three-plain")));
  kernel.patches = {{"fix..fix", {}, "fix..fix", false}};
  EXPECT_THAT(failure(kernel), HasSubstr("there are no commits in fix..fix"));
}

TEST_F(KernelFromGit, ARangeWithAMergeIsTakenAsOneChange) {
  git({"checkout", "-q", "-b", "side"});
  commit_word("one", "one-side");
  git({"checkout", "-q", "main"});
  commit_word("three", "three-main");
  git({"merge", "-q", "--no-edit", "side"});
  PlannedKernel kernel = kernel_;
  kernel.source.ref = "main~1~1";
  kernel.patches = {{"main~1~1..main", {}, "main~1~1..main", false}};
  const BuiltKernel built = build(kernel);
  EXPECT_THAT(image(built), AllOf(HasSubstr("one-side"), HasSubstr("three-main")));
  const auto kept = fs::directory_iterator(built.directory / "patches");
  EXPECT_EQ(std::distance(begin(kept), end(kept)), 1);
}

}  // namespace
}  // namespace gridlock

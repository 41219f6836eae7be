// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <mutex>
#include <thread>
#include <vector>

#include "base/text.h"
#include "host/file_lock.h"
#include "host/files.h"
#include "kernel/builder.h"
#include "support/small_kernel.h"

namespace gridlock {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(Kernel, IsBuiltOnceAndThenComesFromTheCache) {
  const BuiltKernel first = build(kernel_);
  EXPECT_FALSE(first.from_cache);
  EXPECT_EQ(first.objects_compiled, 3);
  EXPECT_EQ(first.name, "patched");
  EXPECT_EQ(first.release, "6.1.0-gl-" + first.key.substr(0, 8));
  EXPECT_EQ(first.directory, cache_ / "kernels" / first.key);
  EXPECT_THAT(image(first), AllOf(HasSubstr("one-plain"), HasSubstr("two-plain")));
  EXPECT_THAT(read_file(first.config, Bytes::mib(1)), HasSubstr("CONFIG_ONE=y"));

  const BuiltKernel second = build(kernel_);
  EXPECT_TRUE(second.from_cache);
  EXPECT_EQ(second.key, first.key);
  EXPECT_EQ(second.objects_compiled, 3);
  EXPECT_THAT(notes_.all(), Contains("from the cache"));
}

TEST_F(Kernel, HasNoPathOfThisMachine) {
  EXPECT_THAT(read_file(build(kernel_).vmlinux, Bytes::mib(1)),
              Not(HasSubstr(temp_.path().string())));
}

TEST_F(Kernel, TheSecondOfAPairCompilesOnlyWhatItsPatchChanges) {
  const BuiltKernel patched = build(kernel_);
  const BuiltKernel unpatched = build(with_patch(kPatchTwo));
  EXPECT_EQ(unpatched.objects_compiled, 1);
  EXPECT_NE(unpatched.key, patched.key);
  EXPECT_NE(unpatched.release, patched.release);
  EXPECT_THAT(image(unpatched), AllOf(HasSubstr("one-plain"), HasSubstr("two-patched")));
  EXPECT_THAT(image(patched), HasSubstr("two-plain"));
  EXPECT_EQ(read_file(unpatched.directory / "patches" / "01-fix.patch", Bytes::kib(1)), kPatchTwo);
}

TEST_F(Kernel, SwitchingBetweenPatchesRestoresWhatTheOthersTouched) {
  build(with_patch(kPatchTwo));
  const BuiltKernel created =
      build(with_patch("--- /dev/null\n+++ b/one.h\n@@ -0,0 +1 @@\n+#define X\n"
                       "--- a/one.c\n+++ b/one.c\n@@ -1 +1 @@\n-const char one[] = \"one-plain\";\n"
                       "+const char one[] = \"one-patched\";\n",
                       "other.patch"));
  EXPECT_THAT(image(created), AllOf(HasSubstr("one-patched"), HasSubstr("two-plain")));
  EXPECT_TRUE(fs::exists(workspace() / "tree" / "one.h"));
  const BuiltKernel plain = build(kernel_);
  EXPECT_THAT(image(plain), AllOf(HasSubstr("one-plain"), HasSubstr("two-plain")));
  EXPECT_EQ(plain.objects_compiled, 1);
  EXPECT_FALSE(fs::exists(workspace() / "tree" / "one.h"));
}

TEST_F(Kernel, AChangedSourceIsAnotherKernel) {
  const BuiltKernel before = build(kernel_);
  write("source/one.c", "const char one[] = \"one-edited\";\n");
  const BuiltKernel after = build(kernel_);
  EXPECT_NE(before.key, after.key);
  EXPECT_THAT(image(after), HasSubstr("one-edited"));
}

TEST_F(Kernel, APatchThatDoesNotApplyIsNamedWithFileAndHunk) {
  std::string text = kPatchTwo;
  text.replace(text.find("two-plain"), 9, "two-other");
  EXPECT_THAT(failure(with_patch(text)),
              HasSubstr("patch fix.patch does not apply: two.c: hunk 1 at line 1 does not apply"));
  EXPECT_THAT(image(build(kernel_)), HasSubstr("two-plain"));
}

TEST_F(Kernel, APatchForAFileThatIsNotThereIsNamed) {
  EXPECT_THAT(failure(with_patch("--- a/gone.c\n+++ b/gone.c\n@@ -1 +1 @@\n-a\n+b\n")),
              HasSubstr("patch fix.patch does not apply: the source has no file gone.c"));
}

TEST_F(Kernel, APatchThatIsAppliedAlreadyIsNamed) {
  write("source/two.c", "/* second */\nconst char two[] = \"two-patched\";\n/* end */\n");
  EXPECT_THAT(failure(with_patch(kPatchTwo)), HasSubstr("two.c: it is applied already"));
}

TEST_F(Kernel, ACompileErrorShowsTheCompilersLinesAndTheNextBuildIsFine) {
  std::string text = kPatchTwo;
  text.replace(text.find("\"two-patched\""), 13, "nothing_of_the_kind");
  const std::string message = failure(with_patch(text));
  EXPECT_THAT(message, AllOf(HasSubstr("kernel unpatched does not compile"), HasSubstr("two.c:2"),
                             HasSubstr("error: "), HasSubstr("nothing_of_the_kind"),
                             HasSubstr("build.log")));
  EXPECT_THAT(image(build(kernel_)), HasSubstr("two-plain"));
}

TEST_F(Kernel, ALostConfigSymbolIsNamedWithItsLine) {
  write("base.config", "# Words.\nCONFIG_ONE=y\nCONFIG_THREE=y\n");
  EXPECT_THAT(
      failure(kernel_),
      AllOf(HasSubstr("CONFIG_THREE=y (" + (temp_.path() / "base.config").string() + " line 3)"),
            Not(HasSubstr("CONFIG_ONE"))));
}

TEST_F(Kernel, ASymbolThatTheKernelDoesNotKnowIsLeftOutOnceAndSaid) {
  write("base.config", "CONFIG_ONE=y\nCONFIG_FOUR=y\n");
  const BuiltKernel built = build(kernel_);
  EXPECT_THAT(notes_.all(),
              Contains("kernel patched: Linux 6.1.0 does not know CONFIG_FOUR: left out"));
  EXPECT_THAT(read_file(built.directory / "manifest.json", Bytes::kib(64)),
              HasSubstr("\"config_left_out\": [\n    \"CONFIG_FOUR\"\n  ]"));
}

TEST_F(Kernel, ARequiredSymbolThatTheKernelDoesNotKnowIsAnError) {
  write("base.config", "# Required: CONFIG_ONE CONFIG_FOUR\nCONFIG_ONE=y\nCONFIG_FOUR=y\n");
  EXPECT_THAT(failure(kernel_), HasSubstr("kernel patched: Linux 6.1.0 has no CONFIG_FOUR, "
                                          "without which a lab cannot run"));
}

TEST_F(Kernel, ARequestForOlderKernelsIsNotMadeOfThisOne) {
  write("base.config", "CONFIG_ONE=y\n# Until 5.17: CONFIG_TWO=y\n# Until 6.1: CONFIG_THREE=y\n");
  EXPECT_THAT(failure(kernel_), AllOf(HasSubstr("CONFIG_THREE=y"), Not(HasSubstr("CONFIG_TWO"))));
}

TEST_F(Kernel, ModulesOfAnOwnBuildAreKeptWithIt) {
  EXPECT_TRUE(build(kernel_).modules.empty());
  write("base.config", "CONFIG_ONE=y\nCONFIG_TWO=m\n");
  const BuiltKernel built = build(kernel_);
  EXPECT_EQ(built.modules, built.directory / "lib" / "modules" / built.release);
  EXPECT_EQ(read_file(built.modules / "two.ko", Bytes::kib(1)), "built\n");
  EXPECT_FALSE(fs::is_symlink(built.modules / "build"));
  EXPECT_TRUE(fs::exists(workspace() / "tree" / "Makefile"));
}

TEST_F(Kernel, AnEntryCutShortIsBuiltAgain) {
  const BuiltKernel first = build(kernel_);
  const std::string whole = image(first);
  fs::resize_file(first.image, 10);
  const BuiltKernel second = build(kernel_);
  EXPECT_FALSE(second.from_cache);
  EXPECT_EQ(image(second), whole);
  EXPECT_THAT(notes_.all(),
              Contains(HasSubstr("its entry in the cache is damaged (bzImage has 10 bytes")));
}

TEST_F(Kernel, ADamagedWorkspaceStateStartsOver) {
  build(kernel_);
  std::ofstream(workspace() / "state.json") << "{\"schema\": 1, \"patches\": [";
  const BuiltKernel second = build(with_patch(kPatchTwo));
  EXPECT_EQ(second.objects_compiled, 3);
  EXPECT_THAT(image(second), HasSubstr("two-patched"));
}

TEST_F(Kernel, AKilledBuildIsContinuedWithoutItsHalfWrittenObject) {
  write("hang", "");
  const pid_t child = ::fork();
  if (child == 0) {
    build(kernel_);
    ::_exit(0);
  }
  int status = 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!fs::exists(temp_.path() / "hanging")) {
    ASSERT_EQ(::waitpid(child, &status, WNOHANG), 0) << "the build ended";
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the build did not begin";
    std::this_thread::sleep_for(Milliseconds(5));
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  {
    // The killed build's make inherited the lock; once it is free, nothing writes any more.
    const FileLock lock =
        FileLock::take(workspace().string() + ".lock", "test", Milliseconds(60'000), {}, {});
    ASSERT_EQ(read_file(workspace() / "tree" / "two.o", Bytes::kib(64)), "half\n");
    fs::remove(temp_.path() / "hang");
  }
  const BuiltKernel built = build(kernel_);
  EXPECT_FALSE(built.from_cache);
  EXPECT_THAT(image(built),
              AllOf(HasSubstr("one-plain"), HasSubstr("two-plain"), Not(HasSubstr("half"))));
  EXPECT_THAT(notes_.all(), Not(Contains(HasSubstr("starting over"))));
}

TEST_F(Kernel, ACancelledBuildIsContinued) {
  write("hang", "");
  std::stop_source stop;
  std::jthread watcher([&] {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!fs::exists(temp_.path() / "hanging") && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(Milliseconds(5));
    stop.request_stop();
  });
  EXPECT_THROW(build_kernel(kernel_, cache_, *runner_, notes_, stop.get_token()), Cancelled);
  fs::remove(temp_.path() / "hang");
  EXPECT_THAT(image(build(kernel_)), AllOf(HasSubstr("two-plain"), Not(HasSubstr("half"))));
}

TEST_F(Kernel, TwoBuildersAtOnceBuildOnce) {
  std::vector<BuiltKernel> built(2);
  {
    std::vector<std::jthread> threads;
    for (BuiltKernel& kernel : built)
      threads.emplace_back(
          [this, &kernel] { kernel = build_kernel(kernel_, cache_, *runner_, notes_, {}); });
  }
  EXPECT_NE(built[0].from_cache, built[1].from_cache);
  EXPECT_EQ(image(built[0]), image(built[1]));
  EXPECT_FALSE(image(built[0]).empty());
}

TEST_F(Kernel, NoRoomOnTheDiskSaysSoBeforeAnythingIsBuilt) {
  fs::create_directory(cache_);
  if (::mount("gridlock-test", cache_.c_str(), "tmpfs", 0, "size=4m") != 0)
    GTEST_SKIP() << "a small file system cannot be mounted here (needs root)";
  const auto kernels_in_cache = [&] {
    int count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(cache_))
      count += entry.path().filename() == "vmlinux" ? 1 : 0;
    return count;
  };
  std::string message;
  try {
    build(kernel_);
  } catch (const Error& error) {
    message = error.what();
  }
  EXPECT_EQ(kernels_in_cache(), 0);
  ::umount(cache_.c_str());
  EXPECT_THAT(message, AllOf(HasSubstr("no room for building a kernel"), HasSubstr("only")));
}

TEST_F(Kernel, AMissingPackageIsNamed) {
  kernel_.source = {};
  kernel_.source.package = "linux-source-0.0";
  EXPECT_THAT(failure(kernel_), AllOf(HasSubstr("Debian package linux-source-0.0 is not installed"),
                                      HasSubstr("apt-get install linux-source-0.0")));
}

TEST_F(Kernel, AFolderThatIsNoSourceIsNamed) {
  kernel_.source.dir = temp_.path() / "nothing";
  EXPECT_THAT(failure(kernel_), HasSubstr("is not a kernel's source"));
}

}  // namespace
}  // namespace gridlock

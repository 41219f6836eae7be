// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/error.h"
#include "host/files.h"
#include "kernel/cache_entry.h"
#include "kernel/config.h"
#include "kernel/key.h"
#include "kernel/make_output.h"
#include "kernel/patches.h"
#include "kernel/source.h"
#include "kernel/workspace.h"

namespace gridlock {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
namespace fs = std::filesystem;

std::vector<ConfigRequest> fragment(std::string_view text) {
  return parse_fragment(text, "debug.config");
}

TEST(Fragment, KeepsSettingsWithTheirLines) {
  const auto requests =
      fragment("# Words.\nCONFIG_SMP=y\n\n# CONFIG_MODULES is not set\nCONFIG_N=\"a b\"");
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(requests[0].text(), "CONFIG_SMP=y");
  EXPECT_EQ(requests[0].line, 2);
  EXPECT_EQ(requests[1].text(), "# CONFIG_MODULES is not set");
  EXPECT_EQ(requests[1].value, "n");
  EXPECT_EQ(requests[2].text(), "CONFIG_N=\"a b\"");
}

TEST(Fragment, RejectsOtherLinesWithTheirPlace) {
  for (const char* const line : {"CONFIG_X", "SMP=y", "CONFIG_X=", "CONFIG_A B=y"}) {
    try {
      fragment(std::string("CONFIG_SMP=y\n") + line);
      FAIL() << line << " was accepted";
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), HasSubstr("debug.config:2:"));
      EXPECT_THAT(error.what(), HasSubstr(line));
    }
  }
}

TEST(Fragment, ALaterOneOverrides) {
  const auto merged =
      merge_requests({fragment("CONFIG_A=y\nCONFIG_B=y\n"), fragment("# CONFIG_A is not set\n")});
  EXPECT_EQ(merged_text(merged), "CONFIG_B=y\n# CONFIG_A is not set\n");
}

TEST(Fragment, CommentsDoNotChangeTheMergedText) {
  EXPECT_EQ(merged_text(merge_requests({fragment("# why\nCONFIG_A=y\n")})),
            merged_text(merge_requests({fragment("CONFIG_A=y\n\n# other words\n")})));
}

/// Of a kernel that knows every symbol there is.
std::vector<std::string> lost_of(const std::vector<ConfigRequest>& requests,
                                 const std::map<std::string, std::string>& final_config) {
  return losses_of(requests, final_config, [&] {
           std::set<std::string> known;
           for (const ConfigRequest& request : requests) known.insert(request.symbol);
           return known;
         }).lost;
}

TEST(FinalConfig, FulfilsWhatItHasAndWhatIsOff) {
  const auto final_config =
      parse_final_config("CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_HZ=250\n");
  EXPECT_THAT(lost_of(fragment("CONFIG_A=y\nCONFIG_HZ=250\n# CONFIG_B is not set\n"
                               "# CONFIG_UNKNOWN is not set\n"),
                      final_config),
              IsEmpty());
}

TEST(FinalConfig, LostLinesNameSymbolFileLineAndWhatItSays) {
  const auto final_config =
      parse_final_config("CONFIG_HZ=100\n# CONFIG_B is not set\nCONFIG_C=y\n");
  const auto lost = lost_of(
      fragment("CONFIG_HZ=250\nCONFIG_B=y\nCONFIG_GONE=y\n# CONFIG_C is not set\n"), final_config);
  ASSERT_EQ(lost.size(), 4U);
  EXPECT_EQ(lost[0],
            "CONFIG_HZ=250 (debug.config line 1): the final configuration says CONFIG_HZ=100");
  EXPECT_THAT(lost[1], HasSubstr("says # CONFIG_B is not set"));
  EXPECT_THAT(
      lost[2],
      HasSubstr("CONFIG_GONE=y (debug.config line 3): the final configuration does not have it"));
  EXPECT_THAT(lost[3], HasSubstr("says CONFIG_C=y"));
}

TEST(ShippedFragments, AreReadable) {
  int fragments = 0;
  for (const auto& entry : fs::directory_iterator(GRIDLOCK_SOURCE_DIR "/images/kernels")) {
    if (entry.path().extension() != ".config") continue;
    ++fragments;
    EXPECT_FALSE(parse_fragment(read_file(entry.path(), Bytes::mib(1)), entry.path()).empty());
  }
  EXPECT_GE(fragments, 4);
}

Patch patch(const std::string& text) { return {"fix.patch", "/p/fix.patch", text}; }

TEST(PatchFiles, AreThoseOfTheHeaders) {
  EXPECT_THAT(
      files_touched(patch("From: me\n---\n fs/gfs2/file.c | 2 +-\n\n"
                          "diff --git a/fs/gfs2/file.c b/fs/gfs2/file.c\n"
                          "--- a/fs/gfs2/file.c\t2026-01-01\n+++ b/fs/gfs2/file.c\t2026-01-01\n"
                          "@@ -1,2 +1,2 @@ x\n a\n-b\n+c\n"
                          "--- /dev/null\n+++ b/fs/new.c\n@@ -0,0 +1 @@\n+x\n")),
      ElementsAre("fs/gfs2/file.c", "fs/new.c"));
}

TEST(PatchFiles, LinesOfAHunkAreNotHeaders) {
  EXPECT_THAT(files_touched(patch("--- a/x.sql\n+++ b/x.sql\n@@ -1,3 +1,3 @@\n one\n"
                                  "--- a/comment.c\n+++ b/other.c\n two\n")),
              ElementsAre("x.sql"));
}

TEST(PatchFiles, RenamesTouchBoth) {
  EXPECT_THAT(files_touched(patch("diff --git a/a.c b/b.c\nsimilarity index 100%\n"
                                  "rename from a.c\nrename to b.c\n")),
              ElementsAre("a.c", "b.c"));
}

TEST(PatchFiles, OutsideTheTreeAreRefused) {
  for (const char* const path :
       {"a/../../etc/passwd", "/etc/passwd/../x", "file.c", "a//etc/passwd"}) {
    const std::string text =
        std::string("--- ") + path + "\n+++ " + path + "\n@@ -1 +1 @@\n-a\n+b\n";
    EXPECT_THROW(files_touched(patch(text)), HostError) << path;
  }
}

TEST(PatchFiles, ATextWithoutADiffIsNamed) {
  try {
    files_touched(patch("hello\n"));
    FAIL() << "there is nothing to apply";
  } catch (const HostError& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("patch fix.patch: there is no unified diff in /p/fix.patch"));
  }
}

TEST(PatchFailure, NamesFileAndHunk) {
  EXPECT_EQ(
      why_not_applied("patching file fs/gfs2/file.c\nHunk #1 succeeded at 12 (offset 2 lines).\n"
                      "Hunk #2 FAILED at 904.\n1 out of 2 hunks FAILED\n"),
      "fs/gfs2/file.c: hunk 2 at line 904 does not apply");
}

TEST(PatchFailure, NamesWhatIsAppliedAlready) {
  EXPECT_THAT(
      why_not_applied("patching file a.c\nReversed (or previously applied) patch detected!  "
                      "Skipping patch.\n1 out of 1 hunk ignored\n"),
      HasSubstr("a.c: it is applied already"));
}

TEST(PatchFailure, PassesOnOtherWords) {
  EXPECT_THAT(why_not_applied("patch: **** malformed patch at line 9: x\n"),
              HasSubstr("malformed patch at line 9"));
}

TEST(MakeOutput, CountsObjectsOfTheKernelOnly) {
  EXPECT_EQ(compiled_object("  CC      fs/gfs2/file.o"), "fs/gfs2/file.o");
  EXPECT_EQ(compiled_object("  AS      arch/x86/entry/entry_64.o"), "arch/x86/entry/entry_64.o");
  EXPECT_EQ(compiled_object("  CC [M]  fs/x.o"), "fs/x.o");
  for (const char* const line :
       {"  HOSTCC  scripts/basic/fixdep", "  AR      fs/built-in.a",
        "  CC       /cache/tree/tools/objtool/check.o", "CC x.o", "", "  CC"})
    EXPECT_EQ(compiled_object(line), std::nullopt) << line;
}

TEST(MakeOutput, KeepsTheCompilersErrorsWithTheirSource) {
  const std::string errors =
      "fs/a.c:10:2: warning: unused variable\n   10 | int x;\n      |     ^\n"
      "fs/gfs2/file.c: In function 'gfs2_file_direct_read':\n"
      "fs/gfs2/file.c:840:2: error: implicit declaration of function 'nothing'\n"
      "  840 |  nothing();\n      |  ^~~~~~~\n"
      "make[3]: *** [scripts/Makefile.build:250: fs/gfs2/file.o] Error 1\n"
      "make[2]: *** [scripts/Makefile.build:500: fs/gfs2] Error 2\n";
  EXPECT_EQ(essential_errors(errors),
            "fs/gfs2/file.c: In function 'gfs2_file_direct_read':\n"
            "fs/gfs2/file.c:840:2: error: implicit declaration of function 'nothing'\n"
            "  840 |  nothing();\n      |  ^~~~~~~");
}

TEST(MakeOutput, KeepsTheLinkersErrors) {
  EXPECT_THAT(essential_errors(
                  "ld: vmlinux.o: in function `f':\nx.c:(.text+0x1): undefined reference to `g'\n"
                  "make: *** [Makefile:1212: vmlinux] Error 1\n"),
              HasSubstr("undefined reference to `g'"));
}

TEST(MakeOutput, ShowsTheEndOfUnknownFailures) {
  EXPECT_EQ(essential_errors("one\ntwo\n"), "one\ntwo");
}

TEST(MakeOutput, IsBoundedAndPrintable) {
  std::string errors;
  for (int i = 0; i < 1000; ++i)
    errors += "x.c:1:1: error: \x1b[31m" + std::string(10'000, 'x') + "\n";
  const std::string text = essential_errors(errors, 5);
  EXPECT_LT(text.size(), 5U * 500U);
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(TimeLeft, FollowsTheRate) {
  EXPECT_EQ(time_left(100, 400, Milliseconds(60'000)), "about 3m left");
  EXPECT_EQ(time_left(200, 400, Milliseconds(60'000)), "about 1m left");
}

TEST(TimeLeft, SaysNothingItCannotKnow) {
  EXPECT_EQ(time_left(0, 400, Milliseconds(60'000)), "");
  EXPECT_EQ(time_left(100, 0, Milliseconds(60'000)), "");
  EXPECT_EQ(time_left(401, 400, Milliseconds(60'000)), "");
  EXPECT_EQ(time_left(5, 400, Milliseconds(100)), "");
}

TEST(Keys, PatchesChangeTheKernelButNotTheWorkspace) {
  const KernelIdentity identity{"source", "config", "compiler"};
  const std::string plain = kernel_key(identity, {});
  const std::string one = kernel_key(identity, {patch("a"), patch("b")});
  EXPECT_EQ(plain.size(), 64U);
  EXPECT_NE(plain, one);
  EXPECT_NE(one, kernel_key(identity, {patch("b"), patch("a")}));
  EXPECT_NE(one, kernel_key(identity, {patch("ab")}));
  EXPECT_EQ(one, kernel_key(identity, {{"other", "/other", "a"}, {"name", "/name", "b"}}));
}

TEST(Keys, SourceConfigAndCompilerChangeBoth) {
  const KernelIdentity identity{"source", "config", "compiler"};
  for (const KernelIdentity& other :
       {KernelIdentity{"x", "config", "compiler"}, KernelIdentity{"source", "x", "compiler"},
        KernelIdentity{"source", "config", "x"}}) {
    EXPECT_NE(kernel_key(identity, {}), kernel_key(other, {}));
    EXPECT_NE(workspace_key(identity), workspace_key(other));
  }
}

TEST(Keys, TheReleaseTellsTheKernel) { EXPECT_EQ(local_version("1a2b3c4d5e6f"), "-gl-1a2b3c4d"); }

TEST(BuildProducts, AreNotSource) {
  for (const char* const file :
       {".git", "fs/a.o", "fs/.a.o.cmd", "vmlinux", ".config", "include/config",
        "arch/x86/include/generated", ".tmp_vmlinux1", "fs/built-in.a"})
    EXPECT_TRUE(is_build_product(file)) << file;
  for (const char* const file :
       {"fs/a.c", "Makefile", "arch/x86/kernel/vmlinux.lds.S", "kernel/configs", "include/linux",
        ".gitignore", "drivers/base/Kconfig"})
    EXPECT_FALSE(is_build_product(file)) << file;
}

class Tree : public ::testing::Test {
 protected:
  /// Writes a file that was last changed at `seconds`.
  void write(const std::string& name, time_t seconds, const std::string& text = "x") {
    const fs::path file = temp_.path() / name;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
    const timespec times[2] = {{seconds, 0}, {seconds, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
  }
  bool there(const std::string& name) const { return fs::exists(temp_.path() / name); }

  TempDir temp_{fs::temp_directory_path(), "gridlock-kernel-"};
};

TEST_F(Tree, AnObjectIsTrustedOnlyIfItsCommandWasWrittenAfterIt) {
  write("fs/good.o", 100);
  write("fs/.good.o.cmd", 100);
  write("fs/cut.o", 200);
  write("fs/.cut.o.cmd", 100);
  write("fs/fresh.o", 100);
  write("fs/source.c", 300);
  write("vmlinux", 200);
  write(".vmlinux.cmd", 100);
  EXPECT_EQ(remove_untrusted(temp_.path()), 3);
  EXPECT_TRUE(there("fs/good.o"));
  EXPECT_TRUE(there("fs/source.c"));
  EXPECT_FALSE(there("fs/cut.o"));
  EXPECT_FALSE(there("fs/fresh.o"));
  EXPECT_FALSE(there("vmlinux"));
  EXPECT_EQ(remove_untrusted(temp_.path()), 0);
}

class Entry : public Tree {
 protected:
  void SetUp() override {
    const fs::path fresh = temp_.path() / "fresh";
    fs::create_directory(fresh);
    for (const char* const name : {"bzImage", "vmlinux", "config"})
      std::ofstream(fresh / name) << name;
    publish_entry(fresh, entry_,
                  {{"release", "6.1-gl"}, {"build_ms", 1500}, {"objects_compiled", 7}});
  }
  std::string damage() const {
    const EntryLook look = look_at_entry(entry_);
    return look.state == EntryLook::State::damaged ? look.damage : "not damaged";
  }

  fs::path entry_ = temp_.path() / "0123";
};

TEST_F(Entry, IsReadBackWhole) {
  const EntryLook look = look_at_entry(entry_);
  ASSERT_EQ(look.state, EntryLook::State::whole) << look.damage;
  EXPECT_EQ(look.kernel.key, "0123");
  EXPECT_EQ(look.kernel.release, "6.1-gl");
  EXPECT_EQ(look.kernel.build_time, Milliseconds(1500));
  EXPECT_EQ(look.kernel.objects_compiled, 7);
  EXPECT_EQ(read_file(look.kernel.image, {10}), "bzImage");
}

TEST_F(Entry, AbsentIsNotDamaged) {
  EXPECT_EQ(look_at_entry(temp_.path() / "none").state, EntryLook::State::absent);
}

TEST_F(Entry, CutShortIsDamaged) {
  fs::resize_file(entry_ / "vmlinux", 3);
  EXPECT_EQ(damage(), "vmlinux has 3 bytes instead of 7");
}

TEST_F(Entry, OverwrittenMissingAndUnreadableAreDamaged) {
  std::ofstream(entry_ / "vmlinux") << "VMLINUX";
  EXPECT_THAT(damage(), HasSubstr("vmlinux has other content"));
  fs::remove(entry_ / "vmlinux");
  EXPECT_EQ(damage(), "vmlinux is missing");
  std::ofstream(entry_ / "manifest.json") << "{\"schema\": 1";
  EXPECT_EQ(damage(), "its manifest is not readable");
  std::ofstream(entry_ / "manifest.json") << "{\"schema\": 1, \"files\": {}}";
  EXPECT_EQ(damage(), "its manifest lists no files");
  fs::remove(entry_ / "manifest.json");
  EXPECT_EQ(damage(), "it has no manifest");
}

TEST_F(Tree, QuickDigestSeesBothEndsOfLargeFiles) {
  const fs::path file = temp_.path() / "large";
  std::ofstream(file) << "begin";
  fs::resize_file(file, Bytes::mib(70).count);
  const std::string before = quick_digest(file);
  EXPECT_EQ(before, quick_digest(file));
  std::fstream change(file, std::ios::in | std::ios::out);
  change.seekp(-1, std::ios::end).put('x').flush();
  const std::string end_changed = quick_digest(file);
  EXPECT_NE(before, end_changed);
  change.seekp(0).put('B').flush();
  EXPECT_NE(end_changed, quick_digest(file));
}

}  // namespace
}  // namespace gridlock

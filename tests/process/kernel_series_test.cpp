// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/small_kernel.h"

namespace gridlock {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// A diff of two.c's second line.
std::string change(const std::string& from, const std::string& to) {
  return "--- a/two.c\n+++ b/two.c\n@@ -1,3 +1,3 @@\n /* second */\n-const char two[] = \"" + from +
         "\";\n+const char two[] = \"" + to + "\";\n /* end */\n";
}

std::string mail(const std::string& subject, const std::string& diff) {
  return "From mboxrd@z Mon Sep 17 00:00:00 2001\nFrom: Me <me@example.org>\nSubject: " + subject +
         "\nMessage-ID: <" + subject + ">\n\nWhy.\n---\n" + diff + "-- \n2.39\n\n";
}

class KernelSeries : public Kernel {
 protected:
  PlannedKernel with(const std::string& name, bool revert = false) const {
    PlannedKernel kernel = kernel_;
    kernel.patches.push_back({name, temp_.path() / name, {}, revert});
    return kernel;
  }
};

TEST_F(KernelSeries, AMailboxIsAppliedInTheOrderOfItsNumbers) {
  write("fix.mbox", mail("[PATCH 0/2] cover", "") +
                        mail("[PATCH 2/2] two: again", change("two-first", "two-second")) +
                        mail("[PATCH 1/2] two: once", change("two-plain", "two-first")));
  const BuiltKernel patched = build(with("fix.mbox"));
  EXPECT_THAT(image(patched), HasSubstr("two-second"));
  EXPECT_TRUE(fs::exists(patched.directory / "patches" / "02-two-again.patch"));
}

TEST_F(KernelSeries, AMailboxIsTakenBackFromItsEnd) {
  write("fix.mbox", mail("[PATCH 1/2] a", change("two-before", "two-between")) +
                        mail("[PATCH 2/2] b", change("two-between", "two-plain")));
  EXPECT_THAT(image(build(with("fix.mbox", true))), HasSubstr("two-before"));
  EXPECT_THAT(image(build(kernel_)), HasSubstr("two-plain"));
}

TEST_F(KernelSeries, WhatIsNotAppliedCannotBeTakenBack) {
  write("fix.patch", change("two-plain", "two-other"));
  EXPECT_THAT(failure(with("fix.patch", true)),
              AllOf(HasSubstr("patch fix.patch cannot be taken back"),
                    HasSubstr("two.c: it is not applied there")));
}

TEST_F(KernelSeries, AFailureNamesThePatchByItsSubject) {
  write("fix.mbox", mail("[PATCH v2 1/1] two: mend it", change("two-other", "two-mended")));
  EXPECT_THAT(failure(with("fix.mbox")),
              HasSubstr("patch fix.mbox (two: mend it) does not apply: two.c: hunk 1 at line 1"));
}

TEST_F(KernelSeries, AQuiltFolderIsAppliedAsItsSeriesSays) {
  write("quilt/series", "# mine\nb.patch\nundo.patch -R\n");
  write("quilt/b.patch", change("two-plain", "two-b"));
  write("quilt/undo.patch", change("two-undone", "two-b"));
  write("quilt/unused.patch", "nonsense");
  EXPECT_THAT(image(build(with("quilt"))), HasSubstr("two-undone"));
  write("source/two.c", "/* second */\nconst char two[] = \"two-undone\";\n/* end */\n");
  EXPECT_THAT(image(build(with("quilt", true))), HasSubstr("two-plain"));
}

TEST_F(KernelSeries, APartOfAQuiltFolderThatIsNotThereIsNamed) {
  write("quilt/series", "b.patch\n");
  EXPECT_THAT(failure(with("quilt")), HasSubstr("its series lists b.patch, which is not there"));
}

TEST_F(KernelSeries, BlanksForTabsAreMangledWhitespace) {
  write("source/two.c", "\tconst char two[] = \"two-plain\";\n");
  write("fix.patch",
        "--- a/two.c\n+++ b/two.c\n@@ -1 +1 @@\n-        const char two[] = \"two-plain\";\n"
        "+        const char two[] = \"two-patched\";\n");
  EXPECT_THAT(failure(with("fix.patch")),
              AllOf(HasSubstr("two.c: hunk 1 at line 1 does not apply"),
                    HasSubstr("mangled whitespace"), HasSubstr("as an attachment")));
}

TEST_F(KernelSeries, AWrappedPatchIsSaidToBeMangledBeforeAnythingIsBuilt) {
  write("fix.patch",
        "--- a/two.c\n+++ b/two.c\n@@ -1,3 +1,3 @@\n /* second */\n-const char two[] =\n"
        "\"two-plain\";\n+const char two[] = \"two-patched\";\n /* end */\n");
  EXPECT_THAT(failure(with("fix.patch")),
              AllOf(HasSubstr("patch fix.patch was mangled by a mailer"),
                    HasSubstr("a long line was wrapped"), HasSubstr("b4")));
  EXPECT_FALSE(fs::exists(cache_ / "kernels" / "work"));
}

TEST_F(KernelSeries, FuzzIsRefusedAndSaid) {
  write("source/two.c", "/* changed */\nconst char two[] = \"two-plain\";\n/* end */\n/* of */\n");
  write("fix.patch", change("two-plain", "two-patched"));
  EXPECT_THAT(failure(with("fix.patch")), AllOf(HasSubstr("only with fuzz it would"),
                                                HasSubstr("hunk 1"), Not(HasSubstr("mangled"))));
}

TEST_F(KernelSeries, APatchOfABinaryFileIsRefused) {
  write("fix.patch",
        "diff --git a/x.bin b/x.bin\nindex 1..2 100644\nGIT binary patch\nliteral 1\n");
  EXPECT_THAT(failure(with("fix.patch")), HasSubstr("changes a binary file"));
}

}  // namespace
}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/kernel_manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gridlock {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(KernelManifest, TellsWhatAKernelWasBuiltFrom) {
  KernelRecord kernel;
  kernel.name = "patched";
  add_manifest(R"({"source": {"package": "", "commit": "1a2b", "tree": "3c4d"},
                   "compiler": "gcc 12.2.0 | GNU ld 2.40", "config_fragments": ["base", "debug"],
                   "build_began": "2026-11-22T22:30:05.123Z",
                   "patches": [{"file": "01-a.patch", "subject": "a", "revert": true, "sha256": "ee"},
                               {"file": "02-b.patch", "sha256": "ff"}]})",
               kernel);
  EXPECT_EQ(kernel.name, "patched");
  EXPECT_FALSE(kernel.prebuilt);
  EXPECT_EQ(kernel.commit, "1a2b");
  EXPECT_EQ(kernel.git_tree, "3c4d");
  EXPECT_EQ(kernel.architecture, "x86_64");
  EXPECT_EQ(kernel.compiler, "gcc 12.2.0 | GNU ld 2.40");
  EXPECT_THAT(kernel.config, ElementsAre("base", "debug"));
  ASSERT_EQ(kernel.patches.size(), 2u);
  EXPECT_TRUE(kernel.patches[0].revert);
  EXPECT_EQ(kernel.patches[0].subject, "a");
  EXPECT_FALSE(kernel.patches[1].revert);
  EXPECT_EQ(kernel.patches[1].sha256, "ff");
  ASSERT_TRUE(kernel.build_began);
  EXPECT_EQ(rfc3339(*kernel.build_began), "2026-11-22T22:30:05.123Z");
}

TEST(KernelManifest, TellsAKernelThatNobodyHereBuilt) {
  KernelRecord kernel;
  add_manifest(R"({"source": {"prebuilt": "linux-image-6.1.0-56-amd64 6.1.192-2"}})", kernel);
  EXPECT_TRUE(kernel.prebuilt);
  EXPECT_EQ(kernel.package, "linux-image-6.1.0-56-amd64 6.1.192-2");
  EXPECT_FALSE(kernel.build_began);
}

TEST(KernelManifest, DamagedOneChangesNothingOrSaysLess) {
  for (const char* const text : {"", "[]", "{", "3"}) {
    KernelRecord kernel;
    add_manifest(text, kernel);
    EXPECT_EQ(kernel.architecture, "") << text;
  }
  KernelRecord kernel;
  add_manifest(R"({"source": 3, "patches": {"a": 1}, "config_fragments": [1], "compiler": []})",
               kernel);
  EXPECT_THAT(kernel.patches, IsEmpty());
  EXPECT_THAT(kernel.config, IsEmpty());
  EXPECT_EQ(kernel.compiler, "");
}

}  // namespace
}  // namespace gridlock

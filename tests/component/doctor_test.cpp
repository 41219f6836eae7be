// SPDX-License-Identifier: GPL-2.0-or-later
// The doctor on the very host the tests run on: what it reads must be true.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "doctor/examine.h"
#include "doctor/read_host_view.h"
#include "host/command_runner.h"
#include "host/host_facts.h"
#include "support/fake_event_loop.h"
#include "support/temp_dir.h"

namespace gridlock {
namespace {

/// Without QEMU: the driver is opened once a process, and by the tests of libvirt.
HostView here(const std::filesystem::path& folder) {
  HostFacts facts;
  facts.cpus = 2;
  facts.memory = Bytes::gib(64);
  FakeEventLoop loop;
  return read_host_view({folder / "cache" / "deep", folder, folder}, facts, nullptr, loop, {});
}

TEST(DoctorHere, FindsWhatIsThere) {
  const TempDir folder;
  const HostView view = here(folder.path());
  EXPECT_EQ(view.root, ::getuid() == 0);
  EXPECT_FALSE(view.user.empty());
  EXPECT_EQ(view.there.contains("gcc"), find_program("gcc").has_value());
  EXPECT_FALSE(view.there.contains("no-such-program"));
  EXPECT_GT(view.reading.available.count, 0u);
  EXPECT_GE(view.open_files, 64u);
  EXPECT_TRUE(view.leftovers.empty());
}

TEST(DoctorHere, JudgesAFolderThatIsNotThereByTheOneAbove) {
  const TempDir folder;
  const HostView view = here(folder.path());
  EXPECT_EQ(view.cache.problem, "");
  EXPECT_GT(view.cache.free.count, 0u);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "cache")) << "it only looks";
}

TEST(DoctorHere, SaysThatAFolderCannotBeWrittenTo) {
  // Below a file nobody makes one, root neither.
  const TempDir folder;
  std::ofstream(folder.path() / "file") << "in the way";
  FakeEventLoop loop;
  const HostView view = read_host_view(
      {folder.path() / "file" / "cache", folder.path(), folder.path()}, {}, nullptr, loop, {});
  EXPECT_THAT(view.cache.problem, testing::HasSubstr("files cannot be made in"));
}

TEST(DoctorHere, GivesEveryCheckATextAndWhatIsWrongAFix) {
  const TempDir folder;
  const std::vector<CheckUp> checks = examine(here(folder.path()), nullptr);
  EXPECT_GT(checks.size(), 10u);
  for (const CheckUp& check : checks) {
    EXPECT_FALSE(check.text.empty()) << check.about;
    if (check.health == Health::problem) {
      EXPECT_FALSE(check.fix.empty()) << check.about;
    }
  }
}

}  // namespace
}  // namespace gridlock

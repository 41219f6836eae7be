// SPDX-License-Identifier: GPL-2.0-or-later
// What a cache keeps and what goes from it: entries that are being made, and that nobody uses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "host/draft.h"
#include "host/files.h"
#include "host/idle_entries.h"

namespace gridlock {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

namespace fs = std::filesystem;

std::vector<fs::path> paths_of(const std::vector<RemovedTree>& removed) {
  std::vector<fs::path> paths;
  for (const RemovedTree& tree : removed) paths.push_back(tree.path);
  return paths;
}

void write(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

class Cache : public testing::Test {
 protected:
  /// An entry that was last used so many days ago.
  fs::path entry(const std::string& key, int days) {
    const fs::path folder = temp_.path() / key;
    write(folder / "stamp", "x");
    const auto when = now_ - std::chrono::hours(24 * days);
    fs::last_write_time(folder / "stamp", std::chrono::file_clock::from_sys(when));
    write(folder.string() + ".lock", "");
    return folder;
  }
  std::vector<fs::path> remove() { return paths_of(remove_idle({temp_.path(), "stamp"}, now_)); }

  TempDir temp_{fs::temp_directory_path()};
  UtcTime now_ = SystemClock{}.utc();
};

const std::string kOld = "0123456789abcdef", kNew = "1123456789abcdef";

TEST_F(Cache, ADraftIsAFolderThatGoesWithItsObject) {
  fs::path place;
  {
    const Draft draft(temp_.path());
    place = draft.path();
    EXPECT_TRUE(fs::is_directory(place));
    EXPECT_EQ(fs::status(place).permissions(), fs::perms::owner_all);
    write(place / "half/of.it", "text");
  }
  EXPECT_FALSE(fs::exists(place));
  EXPECT_TRUE(fs::is_empty(temp_.path()));
}

TEST_F(Cache, OnlyADraftWhoseMakerIsGoneIsRemoved) {
  const Draft alive(temp_.path());
  const fs::path dead = temp_.path() / "draft-AbCdEf", dead_early = temp_.path() / "draft-zzzzzz";
  write(dead / "lock", "4711 making what is kept in the cache\n");
  write(dead / "big", std::string(100'000, 'x'));
  fs::create_directory(dead_early);
  write(temp_.path() / "0123456789abcdef" / "whole", "x");
  const std::vector<RemovedTree> removed = remove_dead_drafts(temp_.path());
  EXPECT_THAT(paths_of(removed), testing::UnorderedElementsAre(dead, dead_early));
  for (const RemovedTree& tree : removed) {
    if (tree.path == dead) {
      EXPECT_GE(tree.size.count, 100'000u);
    }
  }
  EXPECT_FALSE(fs::exists(dead));
  EXPECT_TRUE(fs::exists(alive.path()));
  EXPECT_TRUE(fs::exists(temp_.path() / "0123456789abcdef" / "whole"));
  EXPECT_THAT(remove_dead_drafts(temp_.path() / "absent"), IsEmpty());
}

TEST_F(Cache, WhatNobodyUsedForTwoWeeksGoesWithItsLock) {
  const fs::path old = entry(kOld, 15), fresh = entry(kNew, 13);
  EXPECT_THAT(remove(), ElementsAre(old));
  EXPECT_FALSE(fs::exists(old));
  EXPECT_FALSE(fs::exists(old.string() + ".lock"));
  EXPECT_TRUE(fs::exists(fresh / "stamp"));
}

TEST_F(Cache, WhatSomebodyUsesStaysHoweverOldItIs) {
  const fs::path old = entry(kOld, 400);
  {
    const auto lock = FileLock::take_if_free(old.string() + ".lock", "using it");
    ASSERT_TRUE(lock);
    EXPECT_THAT(remove(), IsEmpty());
  }
  EXPECT_THAT(remove(), ElementsAre(old));
}

TEST_F(Cache, WhatIsNoEntryIsLeftAlone) {
  entry("somebody's notes here", 400);
  write(temp_.path() / "ffffffffffffffff", "a file");
  fs::create_directory_symlink(temp_.path() / "somebody's notes here",
                               temp_.path() / "eeeeeeeeeeeeeeee");
  EXPECT_THAT(remove(), IsEmpty());
}

TEST_F(Cache, AnEntryThatWasNeverFinishedGoes) {
  write(temp_.path() / kOld / "half", "x");
  EXPECT_THAT(remove(), ElementsAre(temp_.path() / kOld));
}

TEST_F(Cache, UseCountsAFileWithTwoNamesOnceAndAHoleNotAtAll) {
  write(temp_.path() / "tree/a", std::string(1 << 20, 'x'));
  const Bytes one = disk_use(temp_.path() / "tree");
  fs::create_hard_link(temp_.path() / "tree/a", temp_.path() / "tree/b");
  write(temp_.path() / "tree/hole", "");
  fs::resize_file(temp_.path() / "tree/hole", 1 << 30);
  EXPECT_GE(one, Bytes::mib(1));
  EXPECT_LT(disk_use(temp_.path() / "tree"), Bytes::mib(2));
  EXPECT_EQ(disk_use(temp_.path() / "absent"), Bytes{0});
}

}  // namespace
}  // namespace gridlock

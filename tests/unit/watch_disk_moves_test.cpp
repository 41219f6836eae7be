// SPDX-License-Identifier: GPL-2.0-or-later
#include "watch/disk_moves.h"

#include <gtest/gtest.h>

namespace gridlock {
namespace {

constexpr const char* kMounts =
    "21 1 254:0 / / ro,relatime - erofs /dev/root ro,user_xattr,acl,cache_strategy=readaround\n"
    "28 21 0:22 / /sys/kernel/debug rw,relatime - debugfs none rw\n"
    "30 21 254:16 / /mnt/shared rw,noatime - gfs2 /dev/vdb rw,rgrplvb\n";

constexpr const char* kDisks =
    " 254       0 vda 1016 0 115416 1063 0 0 0 0 0 1004 1063 0 0 0 0 0 0\n"
    " 254      16 vdb 300 12 4800 250 70 0 9000 80 2 500 700 5 0 0 0 9 20\n";

TEST(DiskMoves, CountsWhatTheMountedDiskHasDone) {
  const auto moves = disk_moves(kMounts, kDisks, "/mnt/shared");
  ASSERT_TRUE(moves);
  EXPECT_EQ(moves->transfers, 300U + 70U + 5U + 9U);
  EXPECT_EQ(moves->under_way, 2U);
}

TEST(DiskMoves, TakesTheMountThatLiesOnTop) {
  const std::string mounts =
      std::string("29 21 254:0 / /mnt/shared rw - ext4 /dev/vda rw\n") + kMounts;
  EXPECT_EQ(disk_moves(mounts, kDisks, "/mnt/shared")->under_way, 2U);
}

TEST(DiskMoves, AreUnknownWithoutTheMountOrTheRow) {
  EXPECT_FALSE(disk_moves(kMounts, kDisks, "/mnt/other"));
  EXPECT_FALSE(disk_moves(kMounts, "", "/mnt/shared"));
  EXPECT_FALSE(disk_moves("", kDisks, "/mnt/shared"));
  EXPECT_FALSE(disk_moves("\0garbage 254:16", " 254 16 vdb 1 2", "/mnt/shared"));
}

TEST(DiskMoves, CountsAnOldKernelsShorterRow) {
  const auto moves =
      disk_moves(kMounts, " 254 16 vdb 300 12 4800 250 70 0 9000 80 1 500 700\n", "/mnt/shared");
  ASSERT_TRUE(moves);
  EXPECT_EQ(moves->transfers, 370U);
}

}  // namespace
}  // namespace gridlock

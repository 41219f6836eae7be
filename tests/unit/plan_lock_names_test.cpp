// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include "plan/lock_names.h"

namespace gridlock {
namespace {

TEST(LockNames, Ocfs2sClusterIsOfLettersAndDigitsAndItsUuidComesFromTheNames) {
  const LockNames names = lock_names(FilesystemType::ocfs2, "My_Lab.v2-with-a-long-name", "Data");
  EXPECT_EQ(names.cluster, "mylabv2withalong") << "16 at most";
  ASSERT_EQ(names.table.size(), names.cluster.size() + 1 + 32) << names.table;
  const std::string uuid = lockspace_of(names.table);
  EXPECT_EQ(uuid.find_first_not_of("0123456789ABCDEF"), std::string::npos) << uuid;
  EXPECT_EQ(lock_names(FilesystemType::ocfs2, "My_Lab.v2-with-a-long-name", "Data").table,
            names.table);
  EXPECT_NE(lock_names(FilesystemType::ocfs2, "My_Lab.v2-with-a-long-name", "Other").table,
            names.table);
  EXPECT_NE(lock_names(FilesystemType::ocfs2, "My_Lab.v2-with-a-long-names", "Data").table,
            names.table);
}

TEST(LockNames, TheLockspaceIsBehindTheColon) {
  EXPECT_EQ(lockspace_of(lock_names(FilesystemType::gfs2, "My_Lab", "Data_1").table), "data-1");
}

}  // namespace
}  // namespace gridlock

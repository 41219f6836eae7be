// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <optional>

#include "base/error.h"
#include "host/files.h"
#include "storage/shared_disk.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// /var/tmp is on a disk; /tmp may be a tmpfs, which older kernels do no direct I/O on.
class SharedDiskTest : public ::testing::Test {
 protected:
  SharedDisk make(Bytes size) { return SharedDisk(path_, size, ::geteuid(), ::getegid()); }

  const TempDir directory_{"/var/tmp", "gridlock-test-"};
  const fs::path path_ = directory_.path() / "shared.raw";
};

TEST_F(SharedDiskTest, IsSparseZeroesForItsOwnerAndGoesAway) {
  {
    const SharedDisk disk = make(Bytes::gib(1));
    struct stat file {};
    ASSERT_EQ(::stat(disk.path().c_str(), &file), 0);
    EXPECT_EQ(file.st_size, 1 << 30);
    EXPECT_LT(file.st_blocks, 1024);
    EXPECT_EQ(file.st_mode & 07777, 0600U);
    EXPECT_EQ(file.st_uid, ::geteuid());
  }
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(SharedDiskTest, IsGivenToTheQemuUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  const SharedDisk disk(path_, Bytes::mib(1), 12345, 54321);
  struct stat file {};
  ASSERT_EQ(::stat(path_.c_str(), &file), 0);
  EXPECT_EQ(file.st_uid, 12345U);
  EXPECT_EQ(file.st_gid, 54321U);
}

TEST_F(SharedDiskTest, HasNothingOfAnEarlierOne) {
  std::ofstream(path_) << "a superblock";
  const SharedDisk disk = make(Bytes::mib(1));
  std::ifstream in(path_, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(bytes, std::string(1 << 20, '\0'));
}

TEST_F(SharedDiskTest, RefusesWhatTheFileSystemHasNoRoomFor) {
  try {
    make(Bytes::gib(1 << 20));
    FAIL() << "a disk of a pebibyte";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("are free"));
    EXPECT_THAT(error.hint(), HasSubstr("smaller"));
  }
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(SharedDiskTest, RefusesASizeThatIsNotWholeBlocks) {
  EXPECT_THROW(make(Bytes{1000}), Error);
  EXPECT_THROW(make(Bytes{0}), Error);
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(SharedDiskTest, RefusesAFileSystemWithoutDirectIo) {
  const fs::path proc = "/proc/self/shared.raw";
  EXPECT_THROW(SharedDisk(proc, Bytes::mib(1), ::geteuid(), ::getegid()), Error);
}

}  // namespace
}  // namespace gridlock

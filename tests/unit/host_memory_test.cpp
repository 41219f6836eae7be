// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/memory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "support/temp_dir.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

/// A host's /proc and /sys of a test's own.
class HostMemory : public testing::Test {
 protected:
  void write(const std::string& file, const std::string& text) {
    const fs::path path = root_.path() / file;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  MemoryReading read() const { return read_memory(root_.path()); }

  test_support::TempDir root_;
};

TEST_F(HostMemory, IsWhatTheKernelCallsAvailable) {
  write("proc/meminfo", "MemTotal:  16384 kB\nMemFree:  1024 kB\nMemAvailable:    8192 kB\n");
  EXPECT_EQ(read().available, Bytes::mib(8));
  EXPECT_FALSE(read().limit);
  EXPECT_FALSE(read().ksm);
}

TEST_F(HostMemory, IsNothingWhereTheKernelDoesNotTell) { EXPECT_EQ(read().available, Bytes{}); }

TEST_F(HostMemory, IsAtMostWhatTheControlGroupsLeave) {
  write("proc/meminfo", "MemAvailable:    1048576 kB\n");
  write("proc/self/cgroup", "0::/user/job\n");
  write("sys/fs/cgroup/user/job/memory.max", "max\n");
  write("sys/fs/cgroup/user/job/memory.current", "4096\n");
  EXPECT_EQ(read().available, Bytes::gib(1));
  write("sys/fs/cgroup/user/memory.max", "536870912\n");
  write("sys/fs/cgroup/user/memory.current", "402653184\n");
  EXPECT_EQ(read().available, Bytes::mib(128)) << "of the group above";
  EXPECT_EQ(read().limit, Bytes::mib(512));
  write("sys/fs/cgroup/user/memory.current", "636870912\n");
  EXPECT_EQ(read().available, Bytes{}) << "more is used than may be";
}

TEST_F(HostMemory, TellsWhetherPagesAreMerged) {
  write("sys/kernel/mm/ksm/run", "0\n");
  write("sys/kernel/mm/ksm/pages_sharing", "0\n");
  ASSERT_TRUE(read().ksm);
  EXPECT_FALSE(read().ksm->on);
  write("sys/kernel/mm/ksm/run", "1\n");
  write("sys/kernel/mm/ksm/pages_sharing", "256\n");
  EXPECT_TRUE(read().ksm->on);
  EXPECT_EQ(read().ksm->saved, Bytes{256 * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))});
  write("sys/kernel/mm/ksm/run", "2\n");
  EXPECT_FALSE(read().ksm->on) << "merged pages are being separated";
}

TEST(ProportionalMemory, CountsProcessesThatAreThere) {
  EXPECT_GT(proportional_memory({::getpid()}), Bytes::kib(100));
  EXPECT_EQ(proportional_memory({}), Bytes{});
  EXPECT_EQ(proportional_memory({-1}), Bytes{});
}

}  // namespace
}  // namespace gridlock

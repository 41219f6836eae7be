// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/cache_keeping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "host/files.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

class CacheKeeping : public testing::Test {
 protected:
  void write(const fs::path& file, int days_ago = 0) {
    const fs::path path = cache_.path() / file;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << "x";
    const auto when = now_ - std::chrono::hours(24 * days_ago);
    fs::last_write_time(path, std::chrono::file_clock::from_sys(when));
  }
  bool there(const fs::path& file) const { return fs::exists(cache_.path() / file); }

  TempDir cache_{fs::temp_directory_path()};
  UtcTime now_ = SystemClock{}.utc();
};

TEST_F(CacheKeeping, ForgetsTemplatesLabsAndWorkspacesButNoKernelAndNoImage) {
  const std::string key = "0123456789abcdef0123456789abcdef";
  const std::string workspace = "kernels/work/0123456789abcdef";
  write("labs/" + key + "/saved.json", 15);
  write("templates/" + key + "/saved.json", 15);
  write(workspace + "/state.json", 15);
  write(workspace + "/tree/vmlinux", 15);
  write("images/" + key + "/manifest.json", 15);
  write("kernels/" + key + key + "/manifest.json", 15);
  write("labs/" + key.substr(1) + "a/saved.json", 1);
  EXPECT_EQ(remove_forgotten(cache_.path(), now_).size(), 3u);
  EXPECT_FALSE(there("labs/" + key));
  EXPECT_FALSE(there("templates/" + key));
  EXPECT_FALSE(there(workspace));
  EXPECT_TRUE(there("images/" + key + "/manifest.json"));
  EXPECT_TRUE(there("kernels/" + key + key + "/manifest.json"));
  EXPECT_TRUE(there("labs/" + key.substr(1) + "a/saved.json"));
}

TEST_F(CacheKeeping, RemovesWhatKilledProgramsWereMaking) {
  const std::vector<std::string> rooms{"images",           "images/trees", "kernels/initramfs",
                                       "kernels/packages", "labs",         "templates"};
  for (const std::string& room : rooms) write(room + "/draft-AbCdEf/half");
  EXPECT_EQ(remove_half_made(cache_.path()).size(), rooms.size());
  for (const std::string& room : rooms) EXPECT_FALSE(there(room + "/draft-AbCdEf")) << room;
}

TEST_F(CacheKeeping, NeedsNoCache) {
  EXPECT_TRUE(remove_half_made(cache_.path() / "absent").empty());
  EXPECT_TRUE(remove_forgotten(cache_.path() / "absent", now_).empty());
}

}  // namespace
}  // namespace gridlock

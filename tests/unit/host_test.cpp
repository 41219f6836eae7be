// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/error.h"
#include "host/command_runner.h"
#include "host/files.h"
#include "host/host_facts.h"
#include "host/own_use.h"
#include "host/paths.h"

namespace gridlock {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

TEST(CacheDirectory, PrefersItsOwnVariable) {
  EXPECT_EQ(cache_directory("/a/b", "/x", "/home/me"), "/a/b");
}

TEST(CacheDirectory, FallsBackToXdgThenHome) {
  EXPECT_EQ(cache_directory("", "/x", "/home/me"), "/x/gridlock");
  EXPECT_EQ(cache_directory("", "", "/home/me"), "/home/me/.cache/gridlock");
}

TEST(CacheDirectory, RefusesNothingAndRelativePaths) {
  EXPECT_THROW(cache_directory("", "", ""), UsageError);
  EXPECT_THROW(cache_directory("cache", "/x", "/home/me"), UsageError);
}

TEST(RunBaseDirectory, LeavesRoomForSocketNames) {
  // A socket's path has at most 107 bytes; libvirt puts about 60 below the run's own folder.
  EXPECT_LE(run_base_directory().string().size() + 7, 40U);
  EXPECT_TRUE(run_base_directory().is_absolute());
}

TEST(QemuVersion, IsReadFromTheFirstLine) {
  EXPECT_EQ(qemu_version_in("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)\nCopyright"),
            "7.2.22");
  EXPECT_EQ(qemu_version_in("QEMU emulator version 9.0"), "9.0");
  EXPECT_EQ(qemu_version_in("something else"), "");
}

class Files : public ::testing::Test {
 protected:
  TempDir temp_{fs::temp_directory_path(), "gridlock-host-"};
  fs::path file_ = temp_.path() / "file";
};

TEST_F(Files, AreReadWholeUpToTheLimit) {
  write_file_atomically(file_, std::string(100'000, 'x'));
  EXPECT_EQ(read_file(file_, {100'000}).size(), 100'000U);
  try {
    read_file(file_, {99'999});
    FAIL() << "too large a file was read";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("larger than"));
  }
  EXPECT_THROW(read_file(temp_.path() / "none", {10}), Error);
}

TEST_F(Files, AreReplacedWithoutLeavingOthersBehind) {
  write_file_atomically(file_, "old");
  write_file_atomically(file_, "new");
  EXPECT_EQ(read_file(file_, {10}), "new");
  EXPECT_EQ(std::distance(fs::directory_iterator(temp_.path()), fs::directory_iterator()), 1);
  struct stat found {};
  ASSERT_EQ(::stat(file_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0644U);
}

TEST_F(Files, AFailedReplacementLeavesTheOldFile) {
  fs::create_directory(file_);
  std::ofstream(file_ / "inside") << "x";
  EXPECT_THROW(write_file_atomically(file_, "new"), Error);
  EXPECT_EQ(std::distance(fs::directory_iterator(temp_.path()), fs::directory_iterator()), 1);
}

TEST_F(Files, ArePlacedWithTheSameBytes) {
  write_file_atomically(file_, "kernel");
  const fs::path to = temp_.path() / "there";
  EXPECT_EQ(place_file(file_, to), to);
  EXPECT_EQ(read_file(to, {10}), "kernel");
  write_file_atomically(file_, "second");
  place_file(file_, to);
  EXPECT_EQ(read_file(to, {10}), "second");
}

TEST_F(Files, PlacingAMissingFileNamesIt) {
  try {
    place_file(temp_.path() / "none", file_);
    FAIL() << "a missing file was placed";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("none"));
  }
}

TEST_F(Files, ASparseCopyHasTheBytesAndTheHoles) {
  const fs::path disk = temp_.path() / "disk";
  { std::ofstream(disk, std::ios::binary) << "begin"; }
  fs::resize_file(disk, 64 << 20);
  {
    std::fstream middle(disk, std::ios::binary | std::ios::in | std::ios::out);
    middle.seekp(40'000'000);
    middle << "middle";
  }
  const fs::path copy = temp_.path() / "copy";
  copy_sparse(disk, copy);
  EXPECT_EQ(fs::file_size(copy), 64U << 20);
  EXPECT_LT(allocated_size(copy).count, 1U << 20);
  EXPECT_EQ(read_file(copy, Bytes::mib(64)), read_file(disk, Bytes::mib(64)));
  EXPECT_THROW(copy_sparse(disk, copy), Error) << "it is there already";
  EXPECT_EQ(sha256_of_sparse(copy), sha256_of_sparse(disk));
}

TEST_F(Files, TheDigestOfASparseFileIsItsContentNotItsHoles) {
  const fs::path sparse = temp_.path() / "sparse";
  const fs::path dense = temp_.path() / "dense";
  const std::string content = "x" + std::string(300'000, '\0') + "y";
  { std::ofstream(dense, std::ios::binary) << content; }
  { std::ofstream(sparse, std::ios::binary) << "x"; }
  fs::resize_file(sparse, 300'001);
  { std::ofstream(sparse, std::ios::binary | std::ios::app) << "y"; }
  EXPECT_EQ(sha256_of_sparse(sparse), sha256_of_sparse(dense));
  fs::resize_file(sparse, 300'003);
  EXPECT_NE(sha256_of_sparse(sparse), sha256_of_sparse(dense)) << "one zero more";
  fs::resize_file(sparse, 300'001);
  { std::ofstream(sparse, std::ios::binary | std::ios::app) << "Y"; }
  EXPECT_NE(sha256_of_sparse(sparse), sha256_of_sparse(dense));
}

TEST_F(Files, FreeSpaceOfAFolderThatIsNotThereYetIsItsParents) {
  EXPECT_GT(free_space(temp_.path() / "not" / "yet").count, 0U);
}

TEST_F(Files, TooLittleSpaceSaysForWhatAndWhere) {
  require_free_space(temp_.path(), {1}, "a test");
  try {
    require_free_space(temp_.path(), {~std::uint64_t{0}}, "building a kernel");
    FAIL() << "there cannot be that much room";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("no room for building a kernel"));
    EXPECT_THAT(error.what(), HasSubstr(temp_.path().string()));
    EXPECT_FALSE(error.hint().empty());
  }
}

TEST_F(Files, RemovesTreesWithUnwritableFolders) {
  fs::create_directories(temp_.path() / "tree" / "locked");
  std::ofstream(temp_.path() / "tree" / "locked" / "file") << "x";
  fs::permissions(temp_.path() / "tree" / "locked", fs::perms::none);
  remove_tree(temp_.path() / "tree");
  EXPECT_FALSE(fs::exists(temp_.path() / "tree"));
  remove_tree(temp_.path() / "tree");
}

TEST_F(Files, TempDirIsOursAloneAndGoesAway) {
  fs::path path;
  {
    const TempDir inner(temp_.path(), "x-");
    path = inner.path();
    struct stat found {};
    ASSERT_EQ(::stat(path.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777U, 0700U);
    std::ofstream(path / "file") << "x";
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(OwnUse, GrowsWithWork) {
  const OwnUse before = own_use();
  EXPECT_GT(before.peak_memory, Bytes::mib(1));
  double after = before.cpu_seconds;
  for (int i = 0; i < 100'000 && after <= before.cpu_seconds; ++i) after = own_use().cpu_seconds;
  EXPECT_GT(after, before.cpu_seconds);
}

TEST(RequireOk, PassesOnSuccess) {
  EXPECT_EQ(require_ok({.output = "x"}, {.program = "p"}, "doing").output, "x");
}

TEST(RequireOk, SaysWhatFailedAndItsLastWords) {
  CommandResult result;
  result.value = 2;
  result.errors = "one\ntwo\nthree\nfour\nfive\nsix\x1b[31m\n";
  try {
    require_ok(result, {.program = "mkfs"}, "making a file system", "look");
    FAIL() << "a failure was passed on";
  } catch (const HostError& error) {
    const std::string text = error.what();
    EXPECT_THAT(text, HasSubstr("making a file system: mkfs exited with status 2"));
    EXPECT_THAT(text, HasSubstr("six\\x1b[31m"));
    EXPECT_THAT(text, ::testing::Not(HasSubstr("one")));
    EXPECT_EQ(error.hint(), "look");
  }
}

TEST(DescribeEnd, TellsSignalFromStatusAndDeadline) {
  const Command command{.program = "p", .deadline = Milliseconds(5'000)};
  CommandResult result;
  result.value = 9;
  EXPECT_EQ(describe_end(result, command), "exited with status 9");
  result.kind = CommandResult::Kind::signalled;
  EXPECT_THAT(describe_end(result, command), HasSubstr("signal 9"));
  result.kind = CommandResult::Kind::deadline;
  EXPECT_EQ(describe_end(result, command), "did not end within 5s");
}

}  // namespace
}  // namespace gridlock

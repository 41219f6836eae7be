// SPDX-License-Identifier: GPL-2.0-or-later
// The image builder with a mirror of its own: mmdebstrap is played by the test, mkfs.erofs is real.
#include "image/builder.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "base/json.h"
#include "host/files.h"
#include "support/temp_dir.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

/// Plays mmdebstrap; all else is really run.
class MirrorRunner final : public CommandRunner {
 public:
  CommandResult run(const Command& command, std::stop_token stop) override {
    if (command.program == "apt-config") return {.output = "Acquire::Retries \"3\";\n"};
    if (command.program != "mmdebstrap") return real_->run(command, stop);
    ++unpacked;
    if (!errors.empty()) return {.value = 1, .errors = errors};
    const fs::path root = command.arguments.at(command.arguments.size() - 2);
    write(root / "usr/bin/tool", "tool");
    write(root / "usr/share/doc/tool", "waste");
    write(root / "gridlock-archives", "tool_1.0-1_amd64.deb\nlib_2%3a2.0_all.deb\n");
    return {};
  }
  int unpacked = 0;
  std::string errors;

 private:
  std::unique_ptr<CommandRunner> real_ = make_command_runner();
};

class SilentProgress final : public Progress {
 public:
  void begin(const std::string&) override {}
  void advance(const std::string&, int, int, const std::string&) override {}
  void end(const std::string&, const std::string& outcome) override { last = outcome; }
  void note(const std::string&) override {}
  std::string last;
};

class ImageBuilder : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* program : {"mmdebstrap", "mkfs.erofs"})
      if (!find_program(program)) GTEST_SKIP() << program << " is not installed";
    write(temp_.path() / "recipe/packages", "tool\n");
    write(temp_.path() / "recipe/remove", "usr/share\n");
    write(temp_.path() / "recipe/folders", "mnt/shared\n");
    write(temp_.path() / "recipe/files/etc/passwd", "root:x:0:0::/root:/bin/sh\n");
    write(temp_.path() / "programs/gridlock-agent", "agent one");
    write(temp_.path() / "programs/mmap-dio", "workload");
    write(temp_.path() / "programs/trivial-init", "init");
  }
  BuiltImage build() {
    return build_image({temp_.path() / "recipe", temp_.path() / "programs"}, cache_, runner_,
                       progress_, {});
  }
  std::string error_of_build() {
    try {
      build();
    } catch (const Error& error) {
      return std::string(error.what()) + " | " + error.hint();
    }
    return "built";
  }

  test_support::TempDir temp_;
  fs::path cache_ = temp_.path() / "cache";
  MirrorRunner runner_;
  SilentProgress progress_;
};

TEST_F(ImageBuilder, PacksADiskAndSaysWhatIsInIt) {
  const BuiltImage image = build();
  EXPECT_FALSE(image.from_cache);
  EXPECT_GT(fs::file_size(image.disk), 0U);
  const auto manifest = parse_json(read_file(image.manifest, Bytes::mib(1)));
  ASSERT_TRUE(manifest);
  EXPECT_EQ((*manifest)["packages"], (Json{{"tool", "1.0-1"}, {"lib", "2:2.0"}}));
  EXPECT_EQ((*manifest)["disk_bytes"], fs::file_size(image.disk));
  EXPECT_EQ((*manifest)["disk_sha256"].get<std::string>().size(), 64U);
  const std::string bytes = read_file(image.disk, Bytes::mib(64));
  EXPECT_THAT(bytes, HasSubstr("agent one"));
  EXPECT_THAT(bytes, HasSubstr("workload"));
  EXPECT_THAT(bytes, Not(HasSubstr("waste")));
}

TEST_F(ImageBuilder, FindsTheSameImageInTheCache) {
  const BuiltImage first = build();
  const BuiltImage second = build();
  EXPECT_TRUE(second.from_cache);
  EXPECT_EQ(second.disk, first.disk);
  EXPECT_EQ(runner_.unpacked, 1);
  EXPECT_EQ(progress_.last, "from the cache");
}

TEST_F(ImageBuilder, AChangedAgentIsAnotherImageButNoOtherDownload) {
  const BuiltImage first = build();
  write(temp_.path() / "programs/gridlock-agent", "agent two");
  const BuiltImage second = build();
  EXPECT_NE(second.key, first.key);
  EXPECT_FALSE(second.from_cache);
  EXPECT_EQ(runner_.unpacked, 1);
  EXPECT_THAT(read_file(second.disk, Bytes::mib(64)), HasSubstr("agent two"));
}

TEST_F(ImageBuilder, AnotherPackageIsAnotherDownload) {
  build();
  write(temp_.path() / "recipe/packages", "tool\nlib\n");
  build();
  EXPECT_EQ(runner_.unpacked, 2);
}

TEST_F(ImageBuilder, BuildsAnEntryThatWasCutShortAgain) {
  const BuiltImage first = build();
  const auto size = fs::file_size(first.disk);
  fs::resize_file(first.disk, size / 2);
  const BuiltImage second = build();
  EXPECT_FALSE(second.from_cache);
  EXPECT_EQ(fs::file_size(second.disk), size);
}

TEST_F(ImageBuilder, BuildsAnEntryWithoutAReadableManifestAgain) {
  const BuiltImage first = build();
  fs::resize_file(first.manifest, 10);
  EXPECT_FALSE(build().from_cache);
}

TEST_F(ImageBuilder, UnpacksATreeThatLostAFileAgain) {
  build();
  for (const auto& entry : fs::recursive_directory_iterator(cache_ / "images" / "trees"))
    if (entry.path().filename() == "tool") {
      fs::remove(entry.path());
      break;
    }
  write(temp_.path() / "programs/gridlock-agent", "agent two");
  build();
  EXPECT_EQ(runner_.unpacked, 2);
}

TEST_F(ImageBuilder, RemovesWhatAKilledBuildLeft) {
  build();
  const fs::path left = cache_ / "images" / "draft-dead";
  write(left / "root/x", "half");
  EXPECT_TRUE(build().from_cache);
  EXPECT_FALSE(fs::exists(left));
}

TEST_F(ImageBuilder, LeavesNothingBehindAndNothingPublishedAfterAFailure) {
  runner_.errors = "E: Unable to locate package tool";
  EXPECT_THAT(error_of_build(), testing::AllOf(HasSubstr("unpacking the node image's packages"),
                                               HasSubstr("lacks a package")));
  for (const auto& entry : fs::recursive_directory_iterator(cache_ / "images"))
    EXPECT_TRUE(entry.is_directory() || entry.path().extension() == ".lock") << entry.path();
  runner_.errors.clear();
  EXPECT_FALSE(build().from_cache);
}

TEST_F(ImageBuilder, SaysThatThePackageDidNotCome) {
  write(temp_.path() / "recipe/packages", "tool\nmissing\n");
  EXPECT_THAT(error_of_build(), HasSubstr("missing did not come"));
}

TEST_F(ImageBuilder, SaysThatTheAgentIsNotBuilt) {
  fs::remove(temp_.path() / "programs/gridlock-agent");
  EXPECT_THAT(error_of_build(), HasSubstr("gridlock-agent is not in"));
}

TEST_F(ImageBuilder, SaysThatThereIsNoFolderOfPrograms) {
  fs::remove_all(temp_.path() / "programs");
  EXPECT_THAT(error_of_build(), HasSubstr("gridlock_node_programs"));
}

}  // namespace
}  // namespace gridlock

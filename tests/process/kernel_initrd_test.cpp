// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "host/files.h"
#include "kernel/initrd.h"
#include "kernel/modules.h"

namespace gridlock {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

class KernelInitrd : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* const program : {"cpio", "xz", "depmod", "modprobe"})
      if (!find_program(program)) GTEST_SKIP() << program << " is not installed";
  }

  fs::path write(const std::string& name, const std::string& text) const {
    fs::create_directories((temp_.path() / name).parent_path());
    std::ofstream(temp_.path() / name) << text;
    return temp_.path() / name;
  }

  std::string run(Command command) const {
    command.directory = temp_.path();
    return require_ok(runner_->run(command, {}), command, "running for a test").output;
  }

  Initrd make(const std::vector<fs::path>& modules) const {
    return make_initrd(temp_.path() / "init", modules, temp_.path() / "cache", *runner_, {});
  }

  TempDir temp_{fs::temp_directory_path(), "gridlock-initrd-"};
  std::unique_ptr<CommandRunner> runner_ = make_command_runner();
};

TEST_F(KernelInitrd, HoldsItsInitAndItsModulesInTheirOrderAndUnpacked) {
  write("init", "#!init\n");
  const fs::path b = write("lib/b.ko", "module b\n");
  write("lib/a.ko", "module a\n");
  run({.program = "xz", .arguments = {"lib/a.ko"}});
  const Initrd made = make({b, temp_.path() / "lib/a.ko.xz"});
  fs::create_directory(temp_.path() / "out");
  run({.program = "cpio", .arguments = {"-i", "--quiet", "-D", "out", "-F", made.file.string()}});
  const auto text = [&](const char* name) {
    return read_file(temp_.path() / "out" / name, Bytes::kib(4));
  };
  EXPECT_EQ(text("modules/order"), "b.ko\na.ko\n");
  EXPECT_EQ(text("modules/a.ko"), "module a\n");
  EXPECT_EQ(text("modules/b.ko"), "module b\n");
  EXPECT_EQ(text("init"), "#!init\n");
  EXPECT_EQ(fs::status(temp_.path() / "out/init").permissions(), fs::perms(0755));
}

TEST_F(KernelInitrd, IsAnotherOneForAnotherOrderOrContent) {
  write("init", "init\n");
  const fs::path a = write("a.ko", "a"), b = write("b.ko", "b");
  const Initrd first = make({a, b});
  EXPECT_EQ(make({a, b}).file, first.file);
  EXPECT_NE(make({b, a}).digest, first.digest);
  write("b.ko", "c");
  EXPECT_NE(make({a, b}).digest, first.digest);
  write("init", "other\n");
  write("b.ko", "b");
  EXPECT_NE(make({a, b}).digest, first.digest);
}

TEST_F(KernelInitrd, RemovesWhatAnInterruptedOneLeftAndLeavesNothingItself) {
  write("init", "init\n");
  const fs::path a = write("a.ko", "a");
  const fs::path folder = make({a}).file.parent_path();
  write((folder / "draft-AbCdEf/root/init").lexically_relative(temp_.path()).string(), "half");
  write("a.ko", "b");
  make({a});
  for (const auto& entry : fs::directory_iterator(folder))
    EXPECT_EQ(entry.path().extension(), ".cpio") << entry.path();
}

TEST_F(KernelInitrd, NeedsItsInit) { EXPECT_THROW(make({}), HostError); }

TEST_F(KernelInitrd, WhatIsNeitherBuiltInNorAModuleIsNamed) {
  const std::string modules = "lib/modules/6.1.0-x/";
  write(modules + "modules.order", "");
  write(modules + "modules.builtin", "kernel/drivers/block/virtio_blk.ko\n");
  run({.program = "depmod", .arguments = {"-b", temp_.path().string(), "6.1.0-x"}});
  BuiltKernel kernel;
  kernel.name = "k";
  kernel.release = "6.1.0-x";
  kernel.modules = temp_.path() / modules;
  kernel.modules = kernel.modules.parent_path();
  const NeededModule disk{"virtio_blk", "CONFIG_VIRTIO_BLK", "its disks"},
      gfs2{"gfs2", "CONFIG_GFS2_FS", "the file system"},
      random{"virtio_rng", "CONFIG_HW_RANDOM_VIRTIO", "random numbers", false};
  EXPECT_THAT(find_modules(kernel, {disk, random}, *runner_, {}), ElementsAre());
  try {
    find_modules(kernel, {disk, gfs2, random}, *runner_, {});
    FAIL() << "they were found";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("the kernel 'k' (6.1.0-x) has no gfs2 for the file "
                                              "system (CONFIG_GFS2_FS)")));
  }
}

}  // namespace
}  // namespace gridlock

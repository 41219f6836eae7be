// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "host/files.h"
#include "kernel/bzimage.h"
#include "kernel/config.h"
#include "kernel/key.h"
#include "kernel/modules.h"
#include "kernel/prebuilt.h"
#include "kernel/source.h"
#include "support/sample_plan.h"

namespace gridlock {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
namespace fs = std::filesystem;

std::vector<ConfigRequest> fragment(std::string_view text) {
  return parse_fragment(text, "x.config");
}

std::set<std::string> known() { return {"CONFIG_A", "CONFIG_B"}; }

TEST(Losses, TellUnknownSymbolsFromLostOnes) {
  const ConfigLosses losses =
      losses_of(fragment("# Required: CONFIG_D\nCONFIG_A=y\nCONFIG_B=y\nCONFIG_C=y\nCONFIG_D=y\n"),
                {{"CONFIG_A", "m"}}, known);
  EXPECT_THAT(losses.left_out, ElementsAre("CONFIG_C"));
  EXPECT_THAT(losses.required, ElementsAre("CONFIG_D"));
  EXPECT_THAT(
      losses.lost,
      ElementsAre(AllOf(HasSubstr("CONFIG_A=y (x.config line 2)"), HasSubstr("CONFIG_A=m")),
                  HasSubstr("CONFIG_B=y (x.config line 3): the final configuration does not "
                            "have it: what it depends on is off")));
}

TEST(Losses, TheTreeIsNotReadWhenNothingIsLost) {
  losses_of(fragment("CONFIG_A=y\n# CONFIG_Z is not set\n"), {{"CONFIG_A", "y"}},
            []() -> std::set<std::string> { throw std::logic_error("asked"); });
}

TEST(Fragment, OfOlderKernelsIsAskedUpToTheirVersion) {
  const auto requests =
      fragment("CONFIG_A=y\n# Until 5.17: CONFIG_B=y\n# Until soon: CONFIG_C=y\n");
  const auto asked = [&](const char* version) {
    return merged_text(requests_for(requests, version));
  };
  EXPECT_EQ(asked("5.10.240"), "CONFIG_A=y\nCONFIG_B=y\n");
  EXPECT_EQ(asked("5.17"), "CONFIG_A=y\nCONFIG_B=y\n");
  EXPECT_EQ(asked("5.18.1"), "CONFIG_A=y\n");
  EXPECT_EQ(asked("6.1"), "CONFIG_A=y\n");
  EXPECT_EQ(asked(""), "CONFIG_A=y\n") << "a version that is not known is the newest";
}

TEST(Fragment, OfNewerKernelsIsAskedFromTheirVersionOn) {
  const auto requests = fragment("# Since 6.8: CONFIG_B=y\n# Since then: CONFIG_C=y\n");
  const auto asked = [&](const char* version) {
    return merged_text(requests_for(requests, version));
  };
  EXPECT_EQ(asked("6.7.12"), "");
  EXPECT_EQ(asked("5.10"), "");
  EXPECT_EQ(asked("6.8"), "CONFIG_B=y\n");
  EXPECT_EQ(asked("6.12.117"), "CONFIG_B=y\n");
  EXPECT_EQ(asked(""), "CONFIG_B=y\n") << "a version that is not known is the newest";
}

TEST(Fragment, GridlocksOwnMarkOnlyWhatTheyAskFor) {
  const fs::path folder = fs::path(GRIDLOCK_SOURCE_DIR) / "images" / "kernels";
  for (const char* const name : {"base", "cluster", "debug", "perf"}) {
    const fs::path file = folder / (std::string(name) + ".config");
    const std::string text = read_file(file, Bytes::mib(1));
    const auto requests = parse_fragment(text, file);
    std::size_t marked = 0, required = 0;
    for (const ConfigRequest& request : requests) required += request.required ? 1 : 0;
    for (std::size_t at = text.find("Required: "); at != std::string::npos;
         at = text.find("Required: ", at + 1))
      for (std::size_t word = text.find("CONFIG_", at); word < text.find('\n', at);
           word = text.find("CONFIG_", word + 1))
        ++marked;
    EXPECT_EQ(marked, required) << name << ".config marks what it does not ask for";
  }
}

TEST(Kconfig, SymbolsAreFoundHoweverTheyAreWritten) {
  EXPECT_THAT(symbols_in_kconfig("config A\n\tbool\nmenuconfig B_2\n  config C # why\nmenu D\n"
                                 "\tdefault y if config\nconfig\tE\n"),
              ElementsAre("CONFIG_A", "CONFIG_B_2", "CONFIG_C", "CONFIG_E"));
}

TEST(Version, IsThatOfTheTopMakefile) {
  EXPECT_EQ(
      version_in_makefile("# SPDX\nVERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 90\nEXTRAVERSION =\n"),
      "6.1.90");
  EXPECT_EQ(version_in_makefile("VERSION = 6\nPATCHLEVEL = x\n"), "");
  EXPECT_EQ(version_in_makefile(""), "");
}

TEST(KernelKey, APatchTakenBackIsNotOneApplied) {
  const KernelIdentity identity{"source", "config", "compiler"};
  Patch patch{"a", "a", "text"};
  const std::string applied = kernel_key(identity, {patch});
  patch.revert = true;
  EXPECT_NE(kernel_key(identity, {patch}), applied);
}

class Image : public ::testing::Test {
 protected:
  fs::path image(const std::string& version, std::string magic = "HdrS") const {
    std::string bytes(0x1000, '\0');
    bytes.replace(0x202, 4, magic);
    const std::size_t at = 0x800;
    bytes[0x20e] = static_cast<char>((at - 0x200) & 0xff);
    bytes[0x20f] = static_cast<char>((at - 0x200) >> 8);
    bytes.replace(at, version.size(), version);
    std::ofstream(folder_.path() / "bzImage", std::ios::binary) << bytes;
    return folder_.path() / "bzImage";
  }
  TempDir folder_{fs::temp_directory_path(), "gridlock-image-"};
};

TEST_F(Image, SaysItsRelease) {
  EXPECT_EQ(release_of_image(image("6.1.0-18-amd64 (debian-kernel@x) #1 SMP")), "6.1.0-18-amd64");
}

TEST_F(Image, ThatIsNoneIsRefused) {
  EXPECT_THROW(release_of_image(image("6.1", "HdrX")), HostError);
  EXPECT_THROW(release_of_image(image("")), HostError);
  EXPECT_THROW(release_of_image(image("\x1b[31m")), HostError);
  EXPECT_THROW(release_of_image(folder_.path() / "nothing"), HostError);
  fs::resize_file(image("6.1"), 0x20f);
  EXPECT_THROW(release_of_image(folder_.path() / "bzImage"), HostError);
}

TEST_F(Image, OfAnotherReleaseThanItsModulesIsRefused) {
  PrebuiltFiles files{image("6.1.0-mine x"), {}, folder_.path() / "lib/modules/6.1.0-other", {}};
  try {
    take_prebuilt("k", files, folder_.path() / "kernels", {});
    FAIL() << "it was taken";
  } catch (const HostError& error) {
    EXPECT_THAT(error.what(), HasSubstr("is 6.1.0-mine, and its modules are for 6.1.0-other"));
  }
}

TEST_F(Image, IsKeptWithItsReleaseAndFoundAgain) {
  const PrebuiltFiles files{image("6.1.0-mine x"), {}, {}, {}};
  const BuiltKernel first = take_prebuilt("k", files, folder_.path() / "kernels", {});
  EXPECT_EQ(first.release, "6.1.0-mine");
  EXPECT_FALSE(first.from_cache);
  EXPECT_TRUE(first.vmlinux.empty());
  EXPECT_TRUE(first.modules.empty());
  EXPECT_TRUE(take_prebuilt("k", files, folder_.path() / "kernels", {}).from_cache);
  // Nothing is known of what is built in, so nothing is missed.
  require_built_in(first, needed_modules(sample_plan()));
}

TEST_F(Image, WhatAKernelHasNotIsNamedWithItsOption) {
  std::ofstream(folder_.path() / "config") << "CONFIG_VIRTIO_PCI=y\nCONFIG_GFS2_FS=n\n";
  BuiltKernel kernel;
  kernel.name = "k";
  kernel.release = "6.1.0";
  kernel.config = folder_.path() / "config";
  try {
    require_built_in(kernel, needed_modules(sample_plan()));
    FAIL() << "it was taken";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("the kernel 'k' (6.1.0) has no"),
                                    HasSubstr("no gfs2 for the file system (CONFIG_GFS2_FS)"),
                                    Not(HasSubstr("virtio_pci")), Not(HasSubstr("virtio_rng"))));
  }
}

TEST_F(Image, WhatNoFragmentAsksForIsSaidBeforeAnythingIsBuilt) {
  std::ofstream(folder_.path() / "own.config") << "CONFIG_GFS2_FS=m\n# CONFIG_DLM is not set\n";
  PlannedKernel kernel;
  kernel.name = "k";
  kernel.config = {{"own.config", folder_.path() / "own.config"}};
  const NeededModule gfs2{"gfs2", "CONFIG_GFS2_FS", "the file system"},
      dlm{"dlm", "CONFIG_DLM", "the cluster's locks"};
  require_requested(kernel, {gfs2});
  try {
    require_requested(kernel, {gfs2, dlm});
    FAIL() << "it was taken";
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(),
                 "the config of kernel 'k' has no dlm for the cluster's locks (CONFIG_DLM)");
  }
}

TEST(Needed, IsWhatDiskClusterAndFileSystemTake) {
  const auto names = [](const Plan& plan) {
    std::vector<std::string> all;
    for (const NeededModule& needed : needed_modules(plan)) all.push_back(needed.name);
    return all;
  };
  Plan plan = sample_plan();
  EXPECT_THAT(names(plan), AllOf(Contains("gfs2"), Contains("dlm"), Not(Contains("ocfs2")),
                                 Not(Contains("virtio_scsi"))));
  plan.filesystem.type = FilesystemType::ocfs2;
  plan.cluster.stack = ClusterStack::o2cb;
  plan.disk.transport = Transport::iscsi;
  EXPECT_THAT(names(plan),
              AllOf(Contains("ocfs2"), Contains("ocfs2_stack_o2cb"), Contains("virtio_scsi"),
                    Not(Contains("gfs2")), Not(Contains("dlm"))));
}

TEST(Prebuilt, TheKernelBehindAMetapackageIsFound) {
  EXPECT_EQ(kernel_package_of("Package: linux-image-amd64\nVersion: 6.1.76-1\n"
                              "Depends: firmware | x, linux-image-6.1.0-18-amd64 (= 6.1.76-1)\n"),
            "linux-image-6.1.0-18-amd64");
  EXPECT_EQ(kernel_package_of("Package: hello\nDepends: libc6\n"), "");
  EXPECT_EQ(kernel_package_of(""), "");
}

}  // namespace
}  // namespace gridlock

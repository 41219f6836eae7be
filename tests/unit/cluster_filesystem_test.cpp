// SPDX-License-Identifier: GPL-2.0-or-later
// What mkfs, mount and o2cb are told for each stack and file system, and that the node's shell
// understands it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cluster/filesystem.h"
#include "cluster/o2cb_conf.h"
#include "support/sample_plan.h"
#include "support/temp_dir.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kUuid = "0123456789ABCDEF0123456789ABCDEF";

Plan plan_of(FilesystemType type, ClusterStack stack) {
  Plan plan = sample_plan();
  plan.filesystem.type = type;
  plan.filesystem.journal = Bytes::mib(16);
  plan.cluster.stack = stack;
  if (type == FilesystemType::ocfs2) plan.lock_table = std::string("sample:") + kUuid;
  if (stack == ClusterStack::none) plan.nodes.resize(1);
  return plan;
}

TEST(Mkfs, Gfs2HasALockTableAndAJournalForEveryNode) {
  EXPECT_THAT(mkfs_command(plan_of(FilesystemType::gfs2, ClusterStack::corosync), "/dev/d"),
              ElementsAre("mkfs.gfs2", "-O", "-q", "-K", "-p", "lock_dlm", "-t", "sample:data",
                          "-j", "2", "-J", "16", "/dev/d"));
  const auto local = mkfs_command(plan_of(FilesystemType::gfs2, ClusterStack::none), "/dev/d");
  EXPECT_THAT(local, Contains("lock_nolock"));
  EXPECT_THAT(local, Not(Contains("lock_dlm")));
}

TEST(Mkfs, Ocfs2NamesItsStackAndClusterUnlessItIsLocal) {
  const auto of = [](ClusterStack stack) {
    return mkfs_command(plan_of(FilesystemType::ocfs2, stack), "/dev/d");
  };
  EXPECT_THAT(of(ClusterStack::o2cb),
              ElementsAre("mkfs.ocfs2", "-F", "-x", "-b", "4K", "-N", "2", "-J", "size=16M", "-U",
                          kUuid, "--cluster-stack=o2cb", "--cluster-name=sample", "/dev/d"));
  EXPECT_THAT(of(ClusterStack::corosync), Contains("--cluster-stack=pcmk"));
  EXPECT_THAT(of(ClusterStack::none),
              ElementsAre("mkfs.ocfs2", "-F", "-x", "-b", "4K", "-N", "1", "-J", "size=16M", "-U",
                          kUuid, "-M", "local", "/dev/d"));
}

TEST(Mkfs, WhatTheTopologyAddsComesBeforeTheDevice) {
  Plan plan = plan_of(FilesystemType::gfs2, ClusterStack::corosync);
  plan.filesystem.options.mkfs = {"-b", "1024"};
  const auto command = mkfs_command(plan, "/dev/d");
  ASSERT_GE(command.size(), 3u);
  EXPECT_EQ(std::vector(command.end() - 3, command.end()),
            (std::vector<std::string>{"-b", "1024", "/dev/d"}));
}

/// Runs a script in which `mount`, `mount.ocfs2`, `modprobe` and `sleep` note how they were called
/// and do what the test says, in the place of a node.
class ShellTest : public testing::Test {
 protected:
  void program(const std::string& name, const std::string& body) {
    const fs::path file = folder_.path() / name;
    std::ofstream(file) << "#!/bin/sh\nprintf '%s' \"" << name << "\" >>" << log().string()
                        << "\nprintf ' [%s]' \"$@\" >>" << log().string() << "\necho >>"
                        << log().string() << "\n"
                        << body << "\n";
    fs::permissions(file, fs::perms::owner_all);
  }
  int run(const std::string& script) {
    std::ofstream(folder_.path() / "script") << script;
    const std::string command = "PATH=" + folder_.path().string() + ":/usr/bin:/bin sh " +
                                (folder_.path() / "script").string() + " 2>" +
                                (folder_.path() / "errors").string();
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string text(const fs::path& file) const {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  fs::path log() const { return folder_.path() / "log"; }
  std::string errors() const { return text(folder_.path() / "errors"); }

  TempDir folder_;
};

TEST_F(ShellTest, AMountIsGivenItsOptionsWhateverIsInThem) {
  Plan plan = plan_of(FilesystemType::gfs2, ClusterStack::corosync);
  plan.filesystem.mount = (folder_.path() / "mnt").string();
  plan.filesystem.options.mount = "context='; touch /tmp/no; '$(false)";
  program("mount", "exit 0");
  EXPECT_EQ(run(mount_script(plan, "/dev/d", Milliseconds{1'000})), 0) << errors();
  EXPECT_EQ(text(log()),
            "mount [-t] [gfs2] [-o] [noatime,context='; touch /tmp/no; '$(false)] "
            "[/dev/d] [" +
                plan.filesystem.mount + "]\n");
}

TEST_F(ShellTest, OnlyAMountThatMayComeTooEarlyIsTriedAgain) {
  program("sleep", "exit 0");
  for (const char* const name : {"mount", "mount.ocfs2"})
    program(name, "echo 'no such thing' >&2; exit 32");
  const auto attempts = [&](FilesystemType type, ClusterStack stack) {
    fs::remove(log());
    Plan plan = plan_of(type, stack);
    plan.filesystem.mount = (folder_.path() / "mnt").string();
    EXPECT_EQ(run(mount_script(plan, "/dev/d", Milliseconds{2'000})), 1);
    EXPECT_EQ(errors(), "no such thing\n");
    const std::string calls = text(log());
    std::size_t count = 0;
    for (std::size_t at = calls.find("mount"); at != std::string::npos;
         at = calls.find("mount", at + 1))
      count += at == 0 || calls[at - 1] == '\n';
    return count;
  };
  EXPECT_EQ(attempts(FilesystemType::gfs2, ClusterStack::corosync), 4u);
  EXPECT_EQ(attempts(FilesystemType::ocfs2, ClusterStack::o2cb), 1u);
  EXPECT_EQ(attempts(FilesystemType::gfs2, ClusterStack::none), 1u);
}

TEST_F(ShellTest, AKernelWithoutTheFilesystemIsToldFromAMountThatFails) {
  program("modprobe", "exit 1");
  program("grep", "exit 1");
  EXPECT_EQ(run(support_script(plan_of(FilesystemType::gfs2, ClusterStack::none))), 1);
  EXPECT_EQ(errors(), "this kernel has no GFS2 (CONFIG_GFS2_FS)\n");
  EXPECT_THAT(text(log()), HasSubstr("modprobe [-q] [gfs2]\n"));
  EXPECT_EQ(run(support_script(plan_of(FilesystemType::ocfs2, ClusterStack::o2cb))), 1);
  EXPECT_EQ(errors(), "this kernel has no OCFS2 (CONFIG_OCFS2_FS)\n");
  // It is there, and its plug-in for a stack is not.
  program("grep", "case \"$*\" in *filesystems) exit 0;; esac; exit 1");
  EXPECT_EQ(run(support_script(plan_of(FilesystemType::ocfs2, ClusterStack::o2cb))), 1);
  EXPECT_EQ(errors(), "this kernel has no o2cb (CONFIG_OCFS2_FS_O2CB)\n");
  EXPECT_EQ(run(support_script(plan_of(FilesystemType::gfs2, ClusterStack::none))), 0) << errors();
}

TEST(O2cbConf, ListsEveryNodeByNumberAddressAndName) {
  const std::string conf = o2cb_conf(plan_of(FilesystemType::ocfs2, ClusterStack::o2cb));
  EXPECT_THAT(conf, HasSubstr("cluster:\n\tname = sample\n\theartbeat_mode = local\n\tnode_count = "
                              "2\n"));
  EXPECT_THAT(conf, HasSubstr("node:\n\tcluster = sample\n\tnumber = 2\n\tip_port = 7777\n"
                              "\tip_address = 10.77.0.2\n\tname = node2\n"));
}

TEST(O2cbConf, O2cbsTimesAreWrittenSoThatTheKernelTakesEachOfThem) {
  // In place of configfs: the kernel refuses an idle time-out that is not above the keepalive
  // delay.
  const auto order = [](Milliseconds idle, Milliseconds keepalive) {
    Plan plan = plan_of(FilesystemType::ocfs2, ClusterStack::o2cb);
    plan.cluster.o2cb.idle_timeout = idle;
    plan.cluster.o2cb.keepalive_delay = keepalive;
    const std::string script = o2cb_register_script(plan);
    EXPECT_THAT(script, HasSubstr("o2cb register-cluster sample && "));
    EXPECT_THAT(script, HasSubstr("echo 31 >heartbeat/dead_threshold && "));
    EXPECT_THAT(script, testing::EndsWith("echo panic >fence_method"));
    return script.find("idle_timeout_ms") < script.find("keepalive_delay_ms");
  };
  EXPECT_FALSE(order(Milliseconds{1'000}, Milliseconds{200})) << "1 s is below the kernel's 2 s";
  EXPECT_TRUE(order(Milliseconds{90'000}, Milliseconds{40'000})) << "40 s is above its 30 s";
}

}  // namespace
}  // namespace gridlock

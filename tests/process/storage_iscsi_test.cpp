// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <optional>

#include "base/error.h"
#include "host/command_runner.h"
#include "host/files.h"
#include "host/pidfd.h"
#include "host/processes.h"
#include "host/run_directory.h"
#include "storage/iscsi_target.h"
#include "storage/shared_disk.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// Whom libvirt's QEMU runs as when Gridlock is root; any user that is not us does.
constexpr unsigned kSomebodyElse = 64055;

TEST(ChapSecret, IsFreshAndAsLongAsEveryInitiatorTakes) {
  const ChapSecret one = make_chap_secret();
  const ChapSecret other = make_chap_secret();
  EXPECT_EQ(one.secret.size(), 16U);
  EXPECT_NE(one.secret, other.secret);
  EXPECT_NE(one.user, other.user);
}

class IscsiTargetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!find_program("tgtd") && !fs::exists("/usr/sbin/tgtd"))
      GTEST_SKIP() << "tgtd (package tgt) is not installed";
    fs::permissions(directory_.path(),
                    fs::perms::owner_all | fs::perms::others_exec | fs::perms::group_exec);
    make_folder_of(folder_, uid_, gid_);
    disk_.emplace(directory_.path() / "shared.raw", Bytes::mib(1), uid_, gid_);
  }

  IscsiTarget::Options options() const { return {folder_, disk_->path(), uid_, gid_}; }

  /// What qemu-io, an initiator like a node's QEMU, says to some commands on the LUN.
  std::string initiator(const IscsiLun& lun, const std::string& secret,
                        const std::vector<std::string>& commands) const {
    const fs::path file = directory_.path() / "secret";
    std::ofstream(file) << secret;
    Command command;
    command.program = "qemu-io";
    command.arguments = {"--object", "secret,id=s,file=" + file.string(), "--image-opts"};
    for (const std::string& one : commands) {
      command.arguments.push_back("-c");
      command.arguments.push_back(one);
    }
    command.arguments.push_back(fmt::format(
        "driver=iscsi,transport=tcp,portal={}:{},target={},lun={},user={},password-secret=s",
        lun.host, lun.port, lun.iqn, lun.lun, lun.chap->user));
    const CommandResult result = make_command_runner()->run(command, {});
    return result.output + result.errors;
  }

  static bool ends_within(pid_t pid, int milliseconds) {
    const Descriptor process = open_pidfd(pid);
    pollfd ended{process.get(), POLLIN, 0};
    return !process || ::poll(&ended, 1, milliseconds) > 0;
  }

  const TempDir directory_{"/var/tmp", "gridlock-test-"};
  const fs::path folder_ = directory_.path() / "tgt";
  const unsigned uid_ = ::geteuid() == 0 ? kSomebodyElse : ::geteuid();
  const unsigned gid_ = ::geteuid() == 0 ? kSomebodyElse : ::getegid();
  std::optional<SharedDisk> disk_;
};

TEST_F(IscsiTargetTest, ServesTheFileToWhoKnowsTheSecret) {
  if (!find_program("qemu-io")) GTEST_SKIP() << "qemu-io (package qemu-utils) is not installed";
  const IscsiTarget target(options());
  const std::string said =
      initiator(target.lun(), target.lun().chap->secret,
                {"write -P 0x5a 4096 4096", "flush", "read -P 0x5a 4096 4096"});
  if (said.find("Unknown driver") != std::string::npos)
    GTEST_SKIP() << "QEMU's iSCSI (package qemu-block-extra) is not installed";
  EXPECT_THAT(said, HasSubstr("wrote 4096/4096 bytes"));
  EXPECT_THAT(said, HasSubstr("read 4096/4096 bytes"));
  EXPECT_THAT(read_file(disk_->path(), Bytes::mib(2)).substr(4096, 4096),
              std::string(4096, '\x5a'));
  EXPECT_THAT(target.ended(), IsEmpty());
}

TEST_F(IscsiTargetTest, LetsNobodyInWithAnotherSecret) {
  if (!find_program("qemu-io")) GTEST_SKIP() << "qemu-io (package qemu-utils) is not installed";
  const IscsiTarget target(options());
  EXPECT_THAT(initiator(target.lun(), "anotherSecret123", {"read 0 512"}),
              Not(HasSubstr("read 512/512 bytes")));
}

TEST_F(IscsiTargetTest, ItsSecretIsInNoArgumentAndNoEnvironment) {
  const IscsiTarget target(options());
  for (const fs::directory_entry& process : fs::directory_iterator("/proc")) {
    for (const char* const what : {"cmdline", "environ"}) {
      std::ifstream in(process.path() / what, std::ios::binary);
      const std::string text{std::istreambuf_iterator<char>(in), {}};
      EXPECT_THAT(text, Not(HasSubstr(target.lun().chap->secret))) << process.path();
    }
  }
}

TEST_F(IscsiTargetTest, RunsAsTheUserOfTheDiskAndEndsWithItsObject) {
  pid_t pid = 0;
  {
    const IscsiTarget target(options());
    pid = target.process();
    struct stat process {};
    ASSERT_EQ(::stat(fmt::format("/proc/{}", pid).c_str(), &process), 0);
    EXPECT_EQ(process.st_uid, uid_);
  }
  EXPECT_TRUE(ends_within(pid, 0));
}

TEST_F(IscsiTargetTest, SaysHowItEndedAndTakesItsPortAgain) {
  auto target = std::make_unique<IscsiTarget>(options());
  IscsiTarget::Options again = options();
  again.port = target->lun().port;
  again.chap = *target->lun().chap;
  ASSERT_EQ(::kill(target->process(), SIGKILL), 0);
  ASSERT_TRUE(ends_within(target->process(), 5'000));
  EXPECT_THAT(target->ended(), HasSubstr("the iSCSI target tgtd"));
  const IscsiTarget second(again);
  EXPECT_EQ(second.lun().port, again.port);
  EXPECT_THAT(second.ended(), IsEmpty());
}

TEST_F(IscsiTargetTest, RefusesAPortThatIsTaken) {
  const IscsiTarget first(options());
  IscsiTarget::Options same = options();
  same.folder = directory_.path() / "other";
  make_folder_of(same.folder, uid_, gid_);
  same.port = first.lun().port;
  try {
    const IscsiTarget second(same);
    FAIL() << "two targets at one port";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()),
              fmt::format("starting an iSCSI target at port {}: the port is taken", same.port));
  }
}

TEST_F(IscsiTargetTest, SaysWhichFileCannotBeServed) {
  IscsiTarget::Options missing = options();
  missing.disk = directory_.path() / "nothing";
  try {
    const IscsiTarget target(missing);
    FAIL() << "a target without a disk";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("the iSCSI target: adding the disk"));
  }
}

/// In a process of its own, for it is to be killed.
TEST_F(IscsiTargetTest, DiesWithAKilledGridlock) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const IscsiTarget target(options());
    const pid_t pid = target.process();
    if (::write(ends[1], &pid, sizeof pid) != sizeof pid) ::_exit(1);
    ::pause();
  }
  ::close(ends[1]);
  pid_t pid = 0;
  ASSERT_EQ(::read(ends[0], &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
  ::close(ends[0]);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(ends_within(pid, 5'000));
}

TEST_F(IscsiTargetTest, IsFoundAmongWhatADeadRunLeft) {
  const fs::path base = directory_.path() / "runs";
  fs::create_directory(base);
  fs::permissions(base, fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec);
  const fs::path run = base / "abcdef";
  make_folder_of(run, ::geteuid(), ::getegid());
  fs::permissions(run, fs::perms::owner_all | fs::perms::others_exec);
  std::ofstream(run / "lock") << "";
  IscsiTarget::Options left = options();
  left.folder = run / "tgt";
  make_folder_of(left.folder, uid_, gid_);
  const IscsiTarget target(left);
  EXPECT_THAT(end_leftovers(base), ElementsAre("removed " + run.string() +
                                               ", left by a killed run (1 iSCSI target ended)"));
  EXPECT_TRUE(ends_within(target.process(), 5'000));
}

}  // namespace
}  // namespace gridlock

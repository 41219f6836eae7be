// SPDX-License-Identifier: GPL-2.0-or-later
// What a trial makes of an iSCSI target that exists and goes away, over machines that are scripts on a
// fake clock.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

#include "host/descriptor.h"
#include "host/files.h"
#include "record/run_writer.h"
#include "support/fake_event_loop.h"
#include "support/fake_lab.h"
#include "support/fake_setting.h"
#include "support/sample_plan.h"
#include "support/silent_observer.h"
#include "trial/trial.h"

namespace gridlock {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// All of a target that a trial without real nodes sees: whether somebody takes connections.
class Portal {
 public:
  Portal() { come_back(); }

  void go_away() { socket_.reset(); }
  void come_back() {
    socket_ = Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int one = 1;
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket_.get(), generic, size) != 0 || ::listen(socket_.get(), 64) != 0 ||
        ::getsockname(socket_.get(), generic, &size) != 0)
      throw std::runtime_error("listen");
    port = ntohs(address.sin_port);
  }
  std::string text() const { return "127.0.0.1:" + std::to_string(port); }

  std::uint16_t port = 0;

 private:
  Descriptor socket_;
};

class DiskTest : public testing::Test {
 protected:
  DiskTest() {
    std::string pattern =
        (std::filesystem::path(GRIDLOCK_BINARY_DIR) / "disk-test-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    for (const int node : {1, 2}) {
      NodeScript& script = lab_.script(node);
      script.finishes = false;
      script.files["/proc/self/mountinfo"] = "30 21 8:0 / /mnt/shared rw - gfs2 /dev/sda rw\n";
      script.files["/proc/diskstats"] = " 8 0 sda 0 0 0 0 0 0 0 0 1 0 0\n";
    }
    plan_.watch.stall = Milliseconds{5'000};
    plan_.disk.transport = Transport::iscsi;
    plan_.disk.target = IscsiTargetSpec{portal_.text(), "iqn.x", 1, std::nullopt};
  }
  ~DiskTest() override { std::filesystem::remove_all(directory_); }

  /// The target goes 2 s after the work's start, and with it all progress; it comes back at
  /// `back_ms`, if it does, and the nodes go on at `on_ms`.
  void target_goes_away(int back_ms = 0, int on_ms = 0) {
    for (const int node : {1, 2})
      lab_.script(node).on_work = [this, node, back_ms, on_ms] {
        loop_.after(Milliseconds{2'000}, [this, node] {
          portal_.go_away();
          lab_.script(node).makes_progress = false;
        });
        if (back_ms > 0 && node == 1)
          loop_.after(Milliseconds{back_ms}, [this] { portal_.come_back(); });
        if (on_ms > 0)
          loop_.after(Milliseconds{on_ms}, [this, node] {
            lab_.script(node).makes_progress = true;
            lab_.script(node).finishes = true;
          });
      };
  }

  TrialRecord run() {
    LabSetting setting = fake_setting(plan_, loop_, lab_, directory_);
    RunWriter results(directory_ / "results", plan_, RunRecord{}, loop_);
    const auto writer = results.begin_trial(plan_.trials.front());
    folder_ = writer->directory();
    SilentObserver observer;
    return run_trial(setting, plan_.trials.front(), NodeSource{directory_ / "bzImage", {}}, *writer,
                     observer, {});
  }

  std::string events() const { return read_file(folder_ / "events.jsonl", Bytes::mib(4)); }

  Portal portal_;
  FakeEventLoop loop_;
  FakeLab lab_{loop_};
  Plan plan_ = sample_plan();
  std::filesystem::path directory_;
  std::filesystem::path folder_;
};

TEST_F(DiskTest, NodesHaveTheTargetsDiskAndNoneOfOurs) {
  for (const int node : {1, 2}) lab_.script(node).finishes = true;
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  EXPECT_TRUE(lab_.machine(2).shared_disk.empty());
  ASSERT_TRUE(lab_.machine(2).iscsi);
  EXPECT_EQ(lab_.machine(2).iscsi->port, portal_.port);
  EXPECT_EQ(lab_.machine(2).initiator, "iqn.2026-01.invalid.gridlock:node2");
  EXPECT_THAT(events(), Not(HasSubstr("disk_away")));
}

TEST_F(DiskTest, ATargetThatIsNotThereIsTheHostsFailureBeforeAnyNodeStarts) {
  portal_.go_away();
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::error);
  EXPECT_THAT(record.reason, HasSubstr("the iSCSI target at " + portal_.text() +
                                       " cannot be reached: Connection refused"));
  EXPECT_TRUE(lab_.started().empty());
}

TEST_F(DiskTest, ATargetThatComesBackIsWaitedForAndTold) {
  target_goes_away(20'000, 45'000);
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::passed) << record.reason;
  EXPECT_THAT(events(), HasSubstr("\"event\":\"disk_away\""));
  EXPECT_THAT(events(), HasSubstr("\"event\":\"disk_back\""));
}

TEST_F(DiskTest, ATargetThatDoesNotComeBackIsTheHostsFailure) {
  target_goes_away();
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::error);
  EXPECT_THAT(record.reason, HasSubstr("the iSCSI target at " + portal_.text() +
                                       " cannot be reached: Connection refused"));
  EXPECT_LT(record.seconds, 200);
}

TEST_F(DiskTest, WhatAKernelSaysWhileItsDiskIsAwayIsNoVerdict) {
  target_goes_away(20'000, 45'000);
  const auto before = lab_.script(1).on_work;
  lab_.script(1).on_work = [this, before] {
    before();
    loop_.after(Milliseconds{15'000}, [this] {
      lab_.console(1,
                   "[   90.000000][   T25] INFO: task mmap-dio:103 blocked for more than 10 seconds.\n"
                   "[   90.000001][   T25]       Not tainted 6.1.192 #1\n"
                   "[   90.000002][   T25] task:mmap-dio        state:D stack:0     pid:103   ppid:1\n"
                   "[   90.000003][   T25] Call Trace:\n"
                   "[   90.000004][   T25]  <TASK>\n"
                   "[   90.000005][   T25]  __schedule+0x1/0x2\n"
                   "[   90.000006][   T25]  io_schedule+0x1/0x2\n"
                   "[   90.000007][   T25]  </TASK>\n"
                   "[   90.000008][   T25] gfs2: nothing\n");
    });
  };
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::error);
  EXPECT_THAT(record.reason, HasSubstr("the target of the shared disk was away for"));
}

TEST_F(DiskTest, AStandstillWithTheTargetThereIsAStall) {
  for (const int node : {1, 2})
    lab_.script(node).on_work = [this, node] {
      loop_.after(Milliseconds{2'000}, [this, node] { lab_.script(node).makes_progress = false; });
    };
  const TrialRecord record = run();
  EXPECT_EQ(record.outcome, Outcome::failed) << record.reason;
  EXPECT_THAT(events(), Not(HasSubstr("disk_away")));
}

}  // namespace
}  // namespace gridlock

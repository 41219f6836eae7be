// SPDX-License-Identifier: GPL-2.0-or-later
// Our use of libvirt against its test driver: no QEMU, all the calls.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libvirt/virterror.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "machine/virt_connection.h"
#include "machine/virt_error.h"

namespace gridlock {
namespace {

using ::testing::HasSubstr;

constexpr const char* kMachine =
    "<domain type='test'><name>m1</name><uuid>6bd0d5ca-2c07-4a6c-9d3c-2f4f3c5c8a01</uuid>"
    "<memory>65536</memory><os><type>hvm</type></os></domain>";

/// The listener is called on libvirt's thread.
class Heard {
 public:
  VirtConnection::Listener listener() {
    return [this](const std::string& uuid, const MachineEvent& event) {
      const std::lock_guard lock(mutex_);
      uuids_.push_back(uuid);
      events_.push_back(event);
      changed_.notify_all();
    };
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return events_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> uuids_;
  std::vector<MachineEvent> events_;
};

TEST(VirtConnectionTest, StartsAndDestroysWithoutTellingOfTheDestroy) {
  Heard heard;
  {
    VirtConnection connection("test:///default", heard.listener());
    connection.start(kMachine);
    connection.destroy("m1");
    // The name is free again, also for a second time.
    connection.start(kMachine);
    connection.destroy("m1");
  }
  EXPECT_EQ(heard.count(), 0U);
}

TEST(VirtConnectionTest, DestroyOfWhatIsNotThereIsSuccess) {
  VirtConnection connection("test:///default", [](const auto&, const auto&) {});
  EXPECT_NO_THROW(connection.destroy("nobody"));
  connection.start(kMachine);
  connection.destroy("m1");
  EXPECT_NO_THROW(connection.destroy("m1"));
}

TEST(VirtConnectionTest, DestroyAllLeavesNothing) {
  VirtConnection connection("test:///default", [](const auto&, const auto&) {});
  connection.start(kMachine);
  connection.destroy_all();
  // Would be refused if a machine of that name still ran.
  EXPECT_NO_THROW(connection.start(kMachine));
  connection.destroy_all();
}

TEST(VirtConnectionTest, ErrorsKeepLibvirtsCodeAndSayWhatWasDone) {
  VirtConnection connection("test:///default", [](const auto&, const auto&) {});
  try {
    connection.start("<domain type='test'><name>m1</name>");
    FAIL() << "half a domain was started";
  } catch (const VirtError& error) {
    EXPECT_EQ(error.code(), VIR_ERR_XML_DETAIL);
    EXPECT_THAT(error.what(), HasSubstr("starting the machine: "));
  }
  connection.start(kMachine);
  EXPECT_THROW(connection.start(kMachine), VirtError);
  connection.destroy("m1");
  try {
    connection.inject_nmi("nobody");
    FAIL() << "an NMI to nobody";
  } catch (const VirtError& error) {
    EXPECT_EQ(error.code(), VIR_ERR_NO_DOMAIN);
  }
}

TEST(VirtConnectionTest, KnowsWhetherAMachineRunsAndWhoPausedIt) {
  VirtConnection connection("test:///default", [](const auto&, const auto&) {});
  EXPECT_EQ(connection.state("m1").kind, MachineState::Kind::gone);
  connection.start(kMachine);
  EXPECT_EQ(connection.state("m1").kind, MachineState::Kind::running);
  connection.pause("m1");
  EXPECT_EQ(connection.state("m1").kind, MachineState::Kind::paused);
  EXPECT_EQ(connection.state("m1").detail, "by Gridlock");
  connection.destroy("m1");
  EXPECT_EQ(connection.state("m1").kind, MachineState::Kind::gone);
}

TEST(VirtConnectionTest, AnUnknownDriverIsAnError) {
  EXPECT_THROW(VirtConnection("nonsense:///", [](const auto&, const auto&) {}), VirtError);
}

TEST(VirtConnectionTest, OpensAndClosesManyTimes) {
  for (int i = 0; i < 20; ++i) {
    VirtConnection connection("test:///default", [](const auto&, const auto&) {});
    connection.start(kMachine);
    connection.destroy_all();
  }
}

}  // namespace
}  // namespace gridlock

int main(int argc, char** argv) {
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}

// SPDX-License-Identifier: GPL-2.0-or-later
// Templates over machines that are scripts: when they are made, kept, made anew and refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "host/files.h"
#include "support/fake_event_loop.h"
#include "support/fake_lab.h"
#include "support/progress_notes.h"
#include "support/sample_plan.h"
#include "trial/guest_template.h"

namespace gridlock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class TemplateTest : public testing::Test {
 protected:
  TemplateTest() {
    lab_.script(1).boot_console = "[    0.000000] Linux version 6.1.192\n";
    setting_.directory = runs_.path();
    setting_.qemu_uid = ::getuid();
    setting_.qemu_gid = ::getgid();
  }
  GuestTemplate make() {
    return guest_template(setting_, parts_, qemu_, cache_.path(), notes_, stop_.get_token());
  }

  FakeEventLoop loop_;
  FakeLab lab_{loop_};
  Plan plan_ = sample_plan();
  TempDir runs_{std::filesystem::temp_directory_path()};
  TempDir cache_{std::filesystem::temp_directory_path()};
  ProgressNotes notes_;
  std::stop_source stop_;
  std::string qemu_ = "7.2.22";
  TemplateParts parts_{"patched", "kernel-key", "image-key", "/kernel"};
  LabSetting setting_{plan_, loop_, lab_,
                      [this](const std::filesystem::path& socket) { return lab_.connect(socket); }};
};

TEST_F(TemplateTest, OneNodeIsBootedSavedAndEnded) {
  const GuestTemplate made = make();
  EXPECT_THAT(lab_.saved(), ElementsAre("gl-node1"));
  EXPECT_THAT(lab_.running(), IsEmpty());
  EXPECT_THAT(lab_.programs(), IsEmpty()) << "nothing may run before it is saved";
  EXPECT_EQ(read_file(made.state, Bytes::mib(1)), "state of gl-node1");
  EXPECT_THAT(read_file(made.console_log, Bytes::mib(1)), HasSubstr("Linux version"));
  EXPECT_TRUE(std::filesystem::is_empty(runs_.path())) << "something was left";
}

TEST_F(TemplateTest, IsMadeOnceForWhatIsEqualAndAgainForWhatIsNot) {
  const GuestTemplate first = make();
  EXPECT_EQ(make().state, first.state);
  EXPECT_EQ(lab_.saved().size(), 1u);
  qemu_ = "8.0.0";
  EXPECT_NE(make().state, first.state);
  parts_.kernel_key = "another";
  EXPECT_NE(make().state, first.state);
  plan_.nodes.front().memory = Bytes::mib(1024);
  EXPECT_NE(make().state, first.state);
  EXPECT_EQ(lab_.saved().size(), 4u);
}

TEST_F(TemplateTest, DamageIsFoundSaidAndMended) {
  const GuestTemplate made = make();
  // As long as before: only its digest tells.
  std::ofstream(made.state, std::ios::binary) << "state of gl-nodeX";
  EXPECT_EQ(read_file(make().state, Bytes::mib(1)), "state of gl-node1");
  EXPECT_THAT(notes_.notes, ElementsAre(HasSubstr("not those that were saved")));
  notes_.notes.clear();
  std::filesystem::resize_file(made.state, 3);
  make();
  EXPECT_THAT(notes_.notes, ElementsAre(HasSubstr("3 bytes instead of 17")));
  notes_.notes.clear();
  std::filesystem::remove(made.console_log);
  make();
  EXPECT_EQ(notes_.notes.size(), 1u);
  EXPECT_EQ(lab_.saved().size(), 4u);
}

TEST_F(TemplateTest, AGuestThatDoesNotComeUpIsAnErrorAndLeavesNothing) {
  lab_.script(1).boots = false;
  EXPECT_THROW(make(), Error);
  EXPECT_THAT(lab_.running(), IsEmpty());
  int folders = 0;
  for (const auto& entry : std::filesystem::directory_iterator(cache_.path() / "templates"))
    folders += entry.is_directory() ? 1 : 0;
  EXPECT_EQ(folders, 0);
  lab_.script(1).boots = true;
  EXPECT_EQ(read_file(make().state, Bytes::mib(1)), "state of gl-node1");
}

TEST_F(TemplateTest, NodesFromATemplateGoOnWithItsConsole) {
  const NodeSource source{"/kernel", make()};
  const std::vector<std::filesystem::path> logs{runs_.path() / "1.log", runs_.path() / "2.log"};
  Lab lab(setting_, source, logs);
  lab.start(Milliseconds{60'000}, {});
  for (const auto& log : logs)
    EXPECT_EQ(read_file(log, Bytes::mib(1)), read_file(source.from->console_log, Bytes::mib(1)));
  for (const Lab::Node& node : lab.nodes()) EXPECT_EQ(node.machine.state, source.from->state);
}

}  // namespace
}  // namespace gridlock

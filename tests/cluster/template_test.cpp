// SPDX-License-Identifier: GPL-2.0-or-later
// Real nodes restored from one saved guest: who they are, what chance they draw, and what happens to
// a template that is damaged.
#include <gtest/gtest.h>
#include <unistd.h>

#include <QCoreApplication>
#include <fstream>
#include <set>

#include "campaign/prepare.h"
#include "cli/context.h"
#include "fabric/fabric.h"
#include "host/files.h"
#include "host/run_directory.h"
#include "machine/libvirt_hypervisor.h"
#include "machine/tsc.h"
#include "support/progress_notes.h"
#include "trial/guest_template.h"
#include "trial/qt_event_loop.h"

namespace gridlock {
namespace {

constexpr Milliseconds kLimit{120'000};

/// What every test of this file shares: a kernel and an image from the cache, one hypervisor.
class World {
 public:
  static World& get() {
    static World world;
    return world;
  }
  static void close() { get().hypervisor.reset(); }

  std::unique_ptr<EventLoop> loop = make_qt_event_loop();
  Context context = make_context({GRIDLOCK_BINARY_DIR "/gridlock"}, {});
  Installation installation = context.installation();
  Plan plan = patched_plan(context);
  ProgressNotes notes;
  Prepared prepared = prepare(plan, installation, *context.runner, notes, {});
  QemuUser user = qemu_user();
  RunDirectory directory{installation.runs, user.uid, user.gid};
  TempDir cache{std::filesystem::temp_directory_path()};
  TscMeter tsc;
  std::unique_ptr<Fabric> fabric = make_fabric(kDlmPort);
  std::unique_ptr<Hypervisor> hypervisor = open_libvirt_hypervisor(
      directory.path() / "virt", *loop, installation.cache / "libvirt");
  LabSetting setting = lab_setting();
  TemplateParts parts{"patched", prepared.kernels.at("patched").key, prepared.image.key,
                      place_file(prepared.kernels.at("patched").image, directory.path() / "kernel")};

  GuestTemplate make() {
    return guest_template(setting, parts, "of this test", cache.path(), notes, {});
  }

 private:
  static Plan patched_plan(const Context& context) {
    PlanOptions options;
    options.kernels = {"patched"};
    return context.plan(GRIDLOCK_SOURCE_DIR "/topologies/gfs2-mmap-dio.yaml", options);
  }
  LabSetting lab_setting() {
    LabSetting made{plan, *loop, *hypervisor, [this](const std::filesystem::path& socket) {
                      return connect_channel(socket, *loop);
                    }};
    made.directory = directory.path();
    made.qemu_uid = user.uid;
    made.qemu_gid = user.gid;
    made.root_disk = place_file(prepared.image.disk, directory.path() / "root.erofs");
    for (const PlannedNode& node : plan.nodes) {
      made.fabric_sockets.push_back(directory.path() / (node.name + ".fab"));
      fabric->add_port(made.fabric_sockets.back(), user.uid);
    }
    made.command_line = tsc.command_line();
    return made;
  }
};

/// What a program printed on every node.
std::vector<std::string> outputs(const Lab& lab, const std::string& script) {
  std::vector<std::string> texts;
  Job job;
  job.argv = {"sh", "-c", script};
  job.environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
  for (const JobResult& result :
       lab.crew().run_all([&](const Crew::Member&) { return job; }, kLimit, {})) {
    EXPECT_TRUE(result.ok()) << result.describe("sh");
    texts.push_back(result.output);
  }
  return texts;
}

TEST(TemplateTest, NodesOfOneTemplateAreThemselvesAndDrawDifferentNumbers) {
  World& world = World::get();
  const NodeSource source{world.parts.kernel, world.make()};
  std::set<std::string> boot_ids;
  std::set<std::string> numbers;
  constexpr int kRestores = 3;
  for (int i = 0; i < kRestores; ++i) {
    std::vector<std::filesystem::path> logs;
    for (const PlannedNode& node : world.plan.nodes)
      logs.push_back(world.directory.path() / (node.name + ".log"));
    Lab lab(world.setting, source, logs);
    lab.start(kLimit, {});
    lab.identify(kLimit, {});
    EXPECT_EQ(outputs(lab, "hostname; cat /sys/class/net/eth0/address"),
              (std::vector<std::string>{"node1\n" + world.plan.nodes[0].mac + "\n",
                                        "node2\n" + world.plan.nodes[1].mac + "\n"}));
    for (const std::string& id : outputs(lab, "cat /proc/sys/kernel/random/boot_id"))
      EXPECT_TRUE(boot_ids.insert(id).second) << "a boot id twice: " << id;
    for (const std::string& bytes : outputs(lab, "head -c 32 /dev/urandom | sha256sum"))
      EXPECT_TRUE(numbers.insert(bytes).second) << "random numbers twice: " << bytes;
    // They talk to each other, each under its own address.
    outputs(lab, "busybox ping -c 1 -W 5 10.77.0.1 && busybox ping -c 1 -W 5 10.77.0.2");
    // The console goes on where the template's ended.
    std::ifstream console(logs[0], std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(console), {}};
    EXPECT_NE(text.find("Linux version"), std::string::npos);
    EXPECT_EQ(lab.stop_machines(kLimit), "");
  }
  EXPECT_EQ(boot_ids.size(), 2U * kRestores);
  EXPECT_EQ(numbers.size(), 2U * kRestores);
}

TEST(TemplateTest, IsKeptUntilItIsDamagedAndThenMadeAnewWithTheReason) {
  World& world = World::get();
  const GuestTemplate first = world.make();
  world.notes.ends.clear();
  world.notes.notes.clear();
  EXPECT_EQ(world.make().state, first.state);
  ASSERT_EQ(world.notes.ends.size(), 1U);
  EXPECT_EQ(world.notes.ends[0], "template patched: from the cache");

  std::filesystem::resize_file(first.state, std::filesystem::file_size(first.state) / 2);
  const GuestTemplate second = world.make();
  ASSERT_EQ(world.notes.notes.size(), 1U);
  EXPECT_NE(world.notes.notes[0].find("made anew: its state has"), std::string::npos)
      << world.notes.notes[0];
  EXPECT_GT(std::filesystem::file_size(second.state), Bytes::mib(10).count);
}

TEST(TemplateTest, AStateThatIsNoneIsAnErrorThatNamesTheNode) {
  World& world = World::get();
  const GuestTemplate good = world.make();
  const std::filesystem::path bad = world.cache.path() / "bad";
  std::ofstream(bad, std::ios::binary) << std::string(100'000, 'x');
  const NodeSource source{world.parts.kernel, GuestTemplate{bad, good.console_log}};
  Lab lab(world.setting, source,
          {world.directory.path() / "node1.log", world.directory.path() / "node2.log"});
  try {
    lab.start(kLimit, {});
    FAIL() << "a node was restored from garbage";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("gl-node"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace gridlock

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  gridlock::keep_qt_off_glib();
  const QCoreApplication application(argc, argv);
  const int status = RUN_ALL_TESTS();
  gridlock::World::close();
  return status;
}

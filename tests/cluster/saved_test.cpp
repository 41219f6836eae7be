// SPDX-License-Identifier: GPL-2.0-or-later
// Real nodes that go on from a saved state: who they are and what chance they draw, whether a
// cluster holds together, and what a damaged state does. GRIDLOCK_RESTORES=N restores a formed lab
// N times in a row.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <QCoreApplication>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <set>

#include "campaign/lab_host.h"
#include "campaign/prepare.h"
#include "cli/context.h"
#include "host/files.h"
#include "host/own_use.h"
#include "host/processes.h"
#include "support/progress_notes.h"
#include "trial/guest_template.h"
#include "trial/qt_event_loop.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

constexpr Milliseconds kLimit{120'000};

/// What every test of this file shares: a kernel and an image from the cache, one host.
class World {
 public:
  static World& get() {
    static World world;
    return world;
  }
  static void close() { get().host.reset(); }

  std::unique_ptr<EventLoop> loop = make_qt_event_loop();
  Context context = make_context({GRIDLOCK_BINARY_DIR "/gridlock"}, {});
  Installation installation = context.installation();
  HostFacts facts = context.host_facts();
  Plan plan = patched_plan(context);
  ProgressNotes notes;
  Prepared prepared = prepare(plan, installation, *context.runner, notes, {});
  std::unique_ptr<LabHost> host = std::make_unique<LabHost>(plan, prepared, installation, facts,
                                                            notes, *loop, std::stop_token{});
  LabHost::Place place = host->place();
  TempDir logs{fs::temp_directory_path()};

  const LabSetting& setting() const { return place.setting(); }
  std::vector<fs::path> consoles() const {
    std::vector<fs::path> files;
    for (const PlannedNode& node : plan.nodes) files.push_back(logs.path() / (node.name + ".log"));
    return files;
  }

 private:
  static Plan patched_plan(const Context& context) {
    PlanOptions options;
    options.kernels = {"patched"};
    return context.plan(GRIDLOCK_SOURCE_DIR "/topologies/gfs2-mmap-dio.yaml", options);
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
    EXPECT_TRUE(result.ok()) << result.describe("sh") << "\n" << result.output << result.errors;
    texts.push_back(result.output);
  }
  return texts;
}

/// Puts a file of this host on every node.
void put_everywhere(Lab& lab, const fs::path& file, const std::string& to) {
  const std::string bytes = read_file(file, Bytes::mib(16));
  std::size_t there = 0;
  for (Lab::Node& node : lab.nodes())
    node.agent->put(to, bytes, 0755, [&there](const Reply& reply) {
      EXPECT_TRUE(reply.ok()) << reply.error;
      ++there;
    });
  lab.crew().wait("a file", [&] { return there == lab.nodes().size(); }, kLimit, {});
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) count += entry.is_symlink();
  return count;
}

TEST(Template, NodesOfOneAreThemselvesAndDrawDifferentNumbers) {
  World& world = World::get();
  const NodeSource& source = world.host->source("patched", Start::from_template);
  ASSERT_EQ(source.start(), Start::from_template);
  std::set<std::string> boot_ids;
  std::set<std::string> numbers;
  std::vector<std::uint32_t> secrets;
  constexpr int kRestores = 3;
  for (int i = 0; i < kRestores; ++i) {
    Lab lab(world.setting(), source, world.consoles());
    lab.start(kLimit, {});
    lab.identify(kLimit, {});
    EXPECT_EQ(outputs(lab, "hostname; cat /sys/class/net/eth0/address"),
              (std::vector<std::string>{"node1\n" + world.plan.nodes[0].mac + "\n",
                                        "node2\n" + world.plan.nodes[1].mac + "\n"}));
    for (const std::string& id : outputs(lab, "cat /proc/sys/kernel/random/boot_id"))
      EXPECT_TRUE(boot_ids.insert(id).second) << "a boot id twice: " << id;
    for (const std::string& bytes : outputs(lab, "head -c 32 /dev/urandom | sha256sum"))
      EXPECT_TRUE(numbers.insert(bytes).second) << "random numbers twice: " << bytes;
    put_everywhere(lab, GRIDLOCK_TCP_START, "/tmp/tcp_start");
    for (const std::string& secret : outputs(lab, "/tmp/tcp_start"))
      secrets.push_back(static_cast<std::uint32_t>(std::stoul(secret)));
    // They talk to each other, each under its own address.
    outputs(lab, "busybox ping -c 1 -W 5 10.77.0.1 && busybox ping -c 1 -W 5 10.77.0.2");
    // The console goes on where the template's ended.
    EXPECT_NE(read_file(world.consoles()[0], Bytes::mib(4)).find("Linux version"),
              std::string::npos);
    EXPECT_EQ(lab.stop_machines(kLimit), "");
  }
  EXPECT_EQ(boot_ids.size(), 2U * kRestores);
  EXPECT_EQ(numbers.size(), 2U * kRestores);
  // Equal secrets differ by the time between two readings of a clock: far below 10 ms of 64 ns.
  constexpr std::uint32_t kSame = 10'000'000 / 64;
  for (std::size_t i = 0; i < secrets.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const std::uint32_t apart = secrets[i] - secrets[j];
      EXPECT_GT(std::min(apart, 0 - apart), kSame)
          << "restores " << j << " and " << i << " begin TCP connections alike";
    }
}

TEST(Template, IsKeptUntilItIsDamagedAndThenMadeAnewWithTheReason) {
  World& world = World::get();
  TempDir kept(fs::temp_directory_path());
  ProgressNotes notes;
  SavedLabCache cache(kept.path(), notes, *world.loop);
  const SavedParts parts{"patched", "of this test", world.prepared.image.key,
                         world.host->source("patched", Start::boot).kernel, "7.2"};
  const auto make = [&] {
    return guest_template(world.setting(), parts, cache, {}).nodes[0].state;
  };
  const fs::path first = make();
  EXPECT_EQ(make(), first);
  EXPECT_EQ(notes.ends.back(), "template patched: from the cache");
  fs::resize_file(first, fs::file_size(first) / 2);
  const fs::path second = make();
  ASSERT_EQ(notes.notes.size(), 1U);
  EXPECT_NE(notes.notes[0].find("made anew: its state of node 1 has"), std::string::npos)
      << notes.notes[0];
  EXPECT_GT(fs::file_size(second), Bytes::mib(10).count);
}

TEST(Template, AStateThatIsNoneIsAnErrorThatNamesTheNode) {
  World& world = World::get();
  NodeSource source = world.host->source("patched", Start::from_template);
  const fs::path bad = world.logs.path() / "bad";
  std::ofstream(bad, std::ios::binary) << std::string(100'000, 'x');
  source.from->nodes[0].state = bad;
  Lab lab(world.setting(), source, world.consoles());
  try {
    lab.start(kLimit, {});
    FAIL() << "a node was restored from garbage";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("gl-node"), std::string::npos) << error.what();
  }
}

/// Restores the formed lab once and looks at it as a cluster's administrator would.
void restore_and_look(World& world, const NodeSource& source, int number) {
  Lab lab(world.setting(), source, world.consoles());
  lab.start(kLimit, {});
  lab.refresh(kLimit, {});
  Cluster cluster(world.plan, lab.crew(), {});
  std::vector<DaemonJobs> daemons;
  for (const SavedNode& node : source.from->nodes) daemons.push_back(node.daemons);
  cluster.adopt(daemons);
  for (const std::string& text : outputs(lab, "corosync-quorumtool -s; dlm_tool ls; date +%s")) {
    EXPECT_NE(text.find("Quorate:          Yes"), std::string::npos) << text;
    EXPECT_NE(text.find("Total votes:      2"), std::string::npos) << text;
    EXPECT_NE(text.find("members       1 2"), std::string::npos) << text;
    const auto clock = std::stol(text.substr(text.rfind('\n', text.size() - 2) + 1));
    EXPECT_LT(std::abs(clock - std::time(nullptr)), 20) << "a node's clock is old";
  }
  // What one node writes the others read, each way.
  const std::string mount = world.plan.filesystem.mount;
  outputs(lab,
          "echo \"$(hostname) " + std::to_string(number) + "\" > " + mount + "/of-$(hostname)");
  for (const std::string& text : outputs(lab, "cat " + mount + "/of-node1 " + mount + "/of-node2"))
    EXPECT_EQ(text, fmt::format("node1 {0}\nnode2 {0}\n", number));
  for (Lab::Node& node : lab.nodes()) {
    EXPECT_FALSE(node.loss) << node.loss->what;
    node.console->poll();
    for (const console::Finding& finding : node.console->take())
      ADD_FAILURE() << node.name << ", restore " << number << ": " << finding.title;
  }
  EXPECT_EQ(lab.stop_machines(kLimit), "");
}

TEST(FormedLab, HoldsTogetherHoweverOftenItIsRestoredAndLeavesNothing) {
  World& world = World::get();
  const char* const wanted = std::getenv("GRIDLOCK_RESTORES");
  const int restores = wanted ? std::atoi(wanted) : 3;
  ASSERT_GT(restores, 1);
  const NodeSource& source = world.host->source("patched", Start::formed);
  ASSERT_EQ(source.start(), Start::formed) << testing::PrintToString(world.notes.notes);
  restore_and_look(world, source, 1);
  // What is made once is there by now.
  const std::size_t descriptors = open_descriptors();
  const Bytes memory = own_use().peak_memory;
  for (int i = 2; i <= restores && !testing::Test::HasFailure(); ++i)
    restore_and_look(world, source, i);
  EXPECT_EQ(open_descriptors(), descriptors);
  EXPECT_LT(own_use().peak_memory.count, memory.count + Bytes::mib(32).count);
  EXPECT_TRUE(qemu_processes_of(world.installation.runs).empty());
  EXPECT_FALSE(fs::exists(world.setting().directory / "shared.raw"));
  std::cout << restores << " restores; " << descriptors << " descriptors, peak memory "
            << to_string(memory) << " then " << to_string(own_use().peak_memory) << std::endl;
}

TEST(FormedLab, ItsDiskIsInOrder) {
  World& world = World::get();
  const NodeSource& source = world.host->source("patched", Start::formed);
  Lab lab(world.setting(), source, world.consoles());
  lab.start(kLimit, {});
  lab.refresh(kLimit, {});
  Job fsck;
  fsck.argv = {"fsck.gfs2", "-n", "/dev/disk/by-serial/SHARED"};
  fsck.environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
  const JobResult result = lab.crew().run(NodeId{1}, fsck, kLimit, {});
  EXPECT_TRUE(result.ok()) << result.describe("fsck.gfs2") << "\n"
                           << result.output << result.errors;
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

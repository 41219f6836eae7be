// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "plan/plan_text.h"
#include "support/golden.h"
#include "support/temp_dir.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

/// A host whose files are these and no others.
HostFacts host(std::map<std::string, std::vector<std::string>> extra = {}) {
  extra["/gridlock/images/kernels"] = {"README", "base.config", "cluster.config", "debug.config",
                                       "perf.config"};
  extra["/gridlock/images/kernels/patches"] = {"gfs2-dio-page-faults-enabled.patch"};
  HostFacts facts;
  facts.cpus = 2;
  facts.memory = Bytes::gib(8);
  facts.kvm_device = true;
  facts.fragments = "/gridlock/images/kernels";
  facts.files_in = [extra](const fs::path& folder) {
    const auto found = extra.find(folder.string());
    return found == extra.end() ? std::vector<std::string>{} : found->second;
  };
  return facts;
}

const std::string kPair = R"(
kernels:
  patched: {source: {package: linux-source-6.1}}
  unpatched: {from: patched, patches: gfs2-dio-page-faults-enabled.patch, expect: {w: fail}}
workloads: {w: {program: mmap-dio}, v: {program: mmap-dio}}
)";

Plan plan(const std::string& text, const PlanOptions& options = {}, const HostFacts& facts = host(),
          const fs::path& file = "/labs/pair.yaml") {
  return make_plan(read_topology(text, file), options, facts);
}

/// "what|hint" of the UsageError.
std::string refusal(const std::string& text, const PlanOptions& options = {},
                    const HostFacts& facts = host()) {
  try {
    static_cast<void>(plan(text, options, facts));
  } catch (const TopologyError& error) {
    return std::string("not even a topology: ") + error.what();
  } catch (const UsageError& error) {
    return std::string(error.what()) + "|" + error.hint();
  }
  return {};
}

std::string with(const std::string& more) { return kPair + more + "\n"; }

/// A topology with the kernel `k` alone.
std::string kernel(const std::string& keys) {
  return "kernels: {k: {" + keys + "}}\nworkloads: {w: {program: mmap-dio}}\n";
}

TEST(Plan, DemoIsPlannedAsInTheGoldenFiles) {
  const Topology demo =
      load_topology(fs::path(GRIDLOCK_SOURCE_DIR) / "topologies" / "gfs2-mmap-dio.yaml");
  Plan planned = make_plan(read_topology(demo.text, "/labs/gfs2-mmap-dio.yaml"), {}, host());
  // A comment in the example is no change of the plan.
  planned.topology_text = "fixed";
  expect_golden(to_json(planned).dump(2) + "\n", "plan/gfs2-mmap-dio.json");
  expect_golden(plan_text(planned), "plan/gfs2-mmap-dio.txt");
}

/// The files that a topology's line `include: FILE` names.
std::set<fs::path> included_by(const fs::path& topology) {
  std::set<fs::path> files;
  std::ifstream in(topology);
  constexpr std::string_view kInclude = "include: ";
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(kInclude))
      files.insert((topology.parent_path() / line.substr(kInclude.size())).lexically_normal());
  return files;
}

TEST(Plan, EveryShippedTopologyIsPlanned) {
  HostFacts facts = host();
  facts.fragments = fs::path(GRIDLOCK_SOURCE_DIR) / "images" / "kernels";
  facts.files_in = list_files;
  int looked_at = 0;
  std::set<fs::path> put;    // by exec workloads
  std::set<fs::path> beside;
  std::set<fs::path> bases, included;
  const fs::path folder = fs::path(GRIDLOCK_SOURCE_DIR) / "topologies";
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_directory()) continue;
    SCOPED_TRACE(entry.path().string());
    if (entry.path().extension() != ".yaml") {
      beside.insert(entry.path());
      continue;
    }
    included.merge(included_by(entry.path()));
    if (entry.path().parent_path() == folder / "base") {
      bases.insert(entry.path());
      continue;
    }
    const Plan planned = make_plan(load_topology(entry.path()), {}, facts);
    EXPECT_GE(planned.trials.size(), 2u);
    EXPECT_EQ(planned.topology_name, entry.path().stem());
    EXPECT_NE(planned.description, "");
    for (const WorkloadSpec& workload : planned.workloads)
      if (workload.exec)
        for (const ExecSpec::File& file : workload.exec->files) put.insert(file.from);
    ++looked_at;
  }
  EXPECT_GE(looked_at, 12);
  EXPECT_TRUE(std::ranges::includes(included, bases)) << "a base is there to be included";
  EXPECT_EQ(beside, put) << "what is beside the topologies is what they put on nodes";
}

TEST(Plan, SameInputGivesTheSamePlan) {
  EXPECT_EQ(to_json(plan(kPair)).dump(), to_json(plan(kPair)).dump());
  EXPECT_EQ(plan_hash(plan(kPair)), plan_hash(plan(kPair)));
  EXPECT_EQ(plan_hash(plan(kPair)).size(), 64u);
}

TEST(Plan, HashDoesNotDependOnPlacesWordsOrTheHost) {
  const std::string hash = plan_hash(plan(kPair));
  HostFacts other = host({{"/elsewhere", {"base.config", "cluster.config", "debug.config"}},
                          {"/elsewhere/patches", {"gfs2-dio-page-faults-enabled.patch"}}});
  other.fragments = "/elsewhere";
  other.memory = Bytes::gib(64);
  other.kvm_device = false;
  EXPECT_EQ(plan_hash(plan(kPair, {}, other, "/home/me/pair.yaml")), hash);
  EXPECT_EQ(plan_hash(plan(with("# a comment\ndescription: other words"))), hash);
}

TEST(Plan, AMarginIsShownAndDoesNotMakeItAnotherLab) {
  const Plan chosen = plan(with("defaults: {workload: {margin: 3%}}"));
  EXPECT_EQ(plan_hash(chosen), plan_hash(plan(kPair)));
  EXPECT_EQ(to_json(chosen)["workloads"][0]["margin"], 0.03);
  EXPECT_THAT(plan_text(chosen), HasSubstr(", margin 3 %"));
  EXPECT_THAT(plan_text(plan(kPair)), Not(HasSubstr("margin")));
}

TEST(Plan, HashDependsOnEverythingElse) {
  const std::string hash = plan_hash(plan(kPair));
  for (const char* const change :
       {"accel: tcg", "nodes: {count: 3}", "nodes: {memory: 512MiB}", "disks: {other: {}}",
        "disks: {shared: {size: 3GiB}}", "cluster: {token: 11s}", "filesystem: {mount: /mnt/other}",
        "trials: [[v], [w]]", "watch: {stall: 6s}", "watch: {hung_task: 11s}",
        "watch: {known: [x]}"})
    EXPECT_NE(plan_hash(plan(with(change))), hash) << change;
  PlanOptions seeded;
  seeded.seed = 2;
  EXPECT_NE(plan_hash(plan(kPair, seeded)), hash);
}

TEST(Plan, NodesHaveAddressesFromTheirNumbers) {
  const Plan planned = plan(with("nodes: {count: 16, vcpus: 3, memory: 128MiB}"));
  ASSERT_EQ(planned.nodes.size(), 16u);
  EXPECT_EQ(planned.nodes[0].name, "node1");
  EXPECT_EQ(planned.nodes[0].address, "10.77.0.1");
  EXPECT_EQ(planned.nodes[0].mac, "52:54:00:67:6c:01");
  EXPECT_EQ(planned.nodes[15].id, NodeId{16});
  EXPECT_EQ(planned.nodes[15].address, "10.77.0.16");
  EXPECT_EQ(planned.nodes[15].mac, "52:54:00:67:6c:10");
  EXPECT_EQ(planned.nodes[15].vcpus, 3);
  EXPECT_EQ(planned.nodes[15].memory, Bytes::mib(128));
}

std::string order(const Plan& planned) {
  std::string text;
  for (const PlannedTrial& trial : planned.trials)
    text += std::to_string(trial.number) + trial.kernel[0] + trial.name + " ";
  return text;
}

TEST(Plan, TrialsAreKernelByKernelInTheOrderOfTheFileOrOfTheOptions) {
  EXPECT_EQ(order(plan(kPair)), "1pw 2pv 3uw 4uv ");
  EXPECT_EQ(order(plan(kPair, {{"unpatched", "patched"}, 1})), "1uw 2uv 3pw 4pv ");
  const Plan one = plan(kPair, {{"unpatched"}, 1});
  EXPECT_EQ(order(one), "1uw 2uv ");
  ASSERT_EQ(one.kernels.size(), 1u);
  EXPECT_EQ(one.kernels[0].source.package, "linux-source-6.1")
      << "inherited from one not asked for";
  EXPECT_EQ(one.kernels[0].from, "patched");
}

TEST(Plan, BothKernelsOfAPairDrawTheSameChances) {
  const Plan planned = plan(kPair);
  EXPECT_EQ(planned.trials[0].seed, planned.trials[2].seed);
  EXPECT_EQ(planned.trials[1].seed, planned.trials[3].seed);
  EXPECT_NE(planned.trials[0].seed, planned.trials[1].seed);
  EXPECT_LT(planned.trials[0].seed, std::uint64_t{1} << 53);
  EXPECT_NE(plan(kPair, {{}, 2}).trials[0].seed, planned.trials[0].seed);
}

TEST(Plan, ExpectationsOfTrialsAndOfAWholeKernel) {
  const Plan single = plan(kPair);
  EXPECT_EQ(single.trials[0].expect, Expectation::pass);
  EXPECT_EQ(single.trials[2].expect, Expectation::fail);
  EXPECT_FALSE(single.trials[2].any_of_kernel);
  EXPECT_EQ(single.trials[3].expect, Expectation::pass) << "a trial that is not named must pass";
  const Plan whole = plan(kernel("source: {package: linux-source-6.1}, expect: fail"));
  EXPECT_EQ(whole.trials[0].expect, Expectation::fail);
  EXPECT_TRUE(whole.trials[0].any_of_kernel);
}

TEST(Plan, FindsFragmentsAndPatches) {
  const HostFacts facts = host({{"/labs", {"own.config", "gfs2-dio-page-faults-enabled.patch"}},
                                {"/labs/series", {"0001-fix.patch"}}});
  const Plan planned =
      plan(kernel("source: {package: linux-source-6.1}, config: [base, perf, own.config], patches: "
                  "[gfs2-dio-page-faults-enabled.patch, series/0001-fix.patch]"),
           {}, facts);
  const PlannedKernel& found = planned.kernel("k");
  EXPECT_EQ(found.config.at(0).path, "/gridlock/images/kernels/base.config");
  EXPECT_EQ(found.config.at(0).name, "base");
  EXPECT_EQ(found.config.at(2).path, "/labs/own.config");
  EXPECT_EQ(found.config.at(2).name, "own.config");
  EXPECT_EQ(found.patches.at(0).path, "/labs/gfs2-dio-page-faults-enabled.patch")
      << "the topology's own folder comes first";
  EXPECT_EQ(found.patches.at(1).name, "series/0001-fix.patch");
  EXPECT_TRUE(found.perf);
  EXPECT_EQ(plan(kPair).kernel("unpatched").patches.at(0).path,
            "/gridlock/images/kernels/patches/gfs2-dio-page-faults-enabled.patch");
  EXPECT_FALSE(plan(kPair).kernel("patched").perf);
}

TEST(Plan, RefusesAKernelThatIsNotThere) {
  EXPECT_EQ(refusal(kPair, {{"unpatcht"}, 1}),
            "topology pair has no kernel called unpatcht|did you mean unpatched?");
  EXPECT_EQ(refusal(kPair, {{"x"}, 1}),
            "topology pair has no kernel called x|its kernels are patched, unpatched");
  EXPECT_EQ(refusal(kPair, {{"patched", "patched"}, 1}),
            "kernel patched is asked for twice|name each kernel once");
}

TEST(Plan, RefusesFilesThatAreNotThere) {
  const std::string source = "source: {package: linux-source-6.1}, ";
  EXPECT_EQ(refusal(kernel(source + "config: [base, debgu]")),
            "kernel k: there is no config fragment called debgu in /gridlock/images/kernels|"
            "did you mean debug?");
  EXPECT_EQ(refusal(kernel(source + "config: [base, clutter]")),
            "kernel k: there is no config fragment called clutter in /gridlock/images/kernels|"
            "did you mean cluster?");
  EXPECT_EQ(refusal(kernel(source + "config: [base, own/x.config]")),
            "kernel k: config fragment /labs/own/x.config does not exist or is not a file|");
  EXPECT_EQ(refusal(kernel(source + "patches: gfs2-dio-page-fault-enabled.patch")),
            "kernel k: patch gfs2-dio-page-fault-enabled.patch is neither in /labs nor in "
            "/gridlock/images/kernels/patches|did you mean gfs2-dio-page-faults-enabled.patch?");
  EXPECT_EQ(refusal(kernel(source + "patches: series/2.patch"), {},
                    host({{"/labs/series", {"0001-first.patch", "0002-second.patch"}}})),
            "kernel k: patch /labs/series/2.patch does not exist or is not a file|"
            "files there: 0001-first.patch, 0002-second.patch");
  EXPECT_EQ(refusal(kernel("source: {dir: linux}"), {}, host({{"/labs/linux", {"Makefile"}}})),
            "kernel k: /labs/linux is not a kernel source tree: it has no Makefile and Kbuild|"
            "write the top folder of a kernel tree as source: {dir: …}");
  EXPECT_EQ(
      refusal(kernel("source: {dir: linux}"), {}, host({{"/labs/linux", {"Kbuild", "Makefile"}}})),
      "");
}

TEST(Plan, RefusesNodesThatDoNotFitTheHost) {
  EXPECT_EQ(refusal(with("nodes: {count: 4, memory: 1792MiB}")), "");
  EXPECT_EQ(
      refusal(with("nodes: {count: 4, memory: 1793MiB}")),
      "4 nodes of 1.8 GiB do not fit this host: with 256 MiB for each QEMU they need 8 GiB, and "
      "it has 8 GiB|lower nodes.memory or nodes.count in the topology");
}

TEST(Plan, RefusesKvmWithoutItsDevice) {
  HostFacts facts = host();
  EXPECT_EQ(refusal(with("accel: kvm"), {}, facts), "");
  facts.kvm_device = false;
  EXPECT_THAT(refusal(with("accel: kvm"), {}, facts), HasSubstr("/dev/kvm cannot be opened"));
  EXPECT_EQ(refusal(with("accel: auto"), {}, facts), "");
}

TEST(Plan, ClusterNameAndLockTableKeepTheirLimits) {
  Plan planned = plan(with("name: My_Lab.v2\ndisks: {Data_1: {}}"));
  EXPECT_EQ(planned.cluster_name, "my-lab-v2");
  EXPECT_EQ(planned.lock_table, "my-lab-v2:data-1");
  planned =
      plan(with("name: " + std::string(41, 'n') + "\ndisks: {" + std::string(41, 'd') + ": {}}"));
  EXPECT_EQ(planned.lock_table, std::string(32, 'n') + ":" + std::string(30, 'd'));
  EXPECT_EQ(plan(with("name: \"1._\"")).cluster_name, "1");
}

TEST(Plan, KernelCommandLineFollowsTheWatch) {
  const std::string line = plan(with("watch: {hung_task: 42s}")).kernel_command_line;
  EXPECT_THAT(line, AllOf(HasSubstr("root=/dev/vda rootfstype=erofs ro init=/gridlock/agent"),
                          HasSubstr("console=ttyS0"), HasSubstr("ignore_loglevel"),
                          HasSubstr(" panic=-1 "), Not(HasSubstr("quiet"))));
  EXPECT_THAT(line,
              AllOf(HasSubstr("hung_task_timeout_secs=42 "), HasSubstr("hung_task_warnings=-1"),
                    HasSubstr("panic_on_oops=0"), Not(HasSubstr("oops=panic")),
                    HasSubstr("rcupdate.rcu_cpu_stall_timeout=300"),
                    HasSubstr("workqueue.watchdog_thresh=60")));
  EXPECT_LT(line.size(), 2048u) << "COMMAND_LINE_SIZE of x86";
}

TEST(Plan, DeadlinesGrowWithTheLab) {
  const Deadlines two = plan(kPair).deadlines;
  EXPECT_EQ(two.start, 180s);
  EXPECT_EQ(two.connect, 60s);
  EXPECT_EQ(two.form, 120s);
  EXPECT_GE(two.format, 120s);
  EXPECT_EQ(two.mount, 120s);
  EXPECT_GE(two.work, 60s);
  EXPECT_GE(two.verify, 120s);
  EXPECT_EQ(two.collect, 60s);
  EXPECT_EQ(two.stop, 60s);
  const Deadlines eight = plan(with("nodes: {count: 8, memory: 256MiB}")).deadlines;
  for (const auto limit : {&Deadlines::start, &Deadlines::connect, &Deadlines::form,
                           &Deadlines::format, &Deadlines::mount, &Deadlines::work,
                           &Deadlines::verify, &Deadlines::collect, &Deadlines::stop})
    EXPECT_GT(eight.*limit, two.*limit);
  EXPECT_EQ(plan(with("cluster: {token: 60s}")).deadlines.form, two.form + 200s);
  EXPECT_GE(plan(with("watch: {hung_task: 5m}")).deadlines.work, 2 * 5min)
      << "the kernel's own report comes after up to twice the time-out";
  EXPECT_GT(plan(with("disks: {shared: {size: 1TiB}}")).deadlines.format, two.format);
}

TEST(Plan, LooksUpKernelsAndWorkloadsByName) {
  const Plan planned = plan(kPair);
  EXPECT_EQ(planned.kernel("unpatched").name, "unpatched");
  EXPECT_EQ(planned.workload("v").name, "v");
  EXPECT_THROW(static_cast<void>(planned.kernel("x")), InternalError);
  EXPECT_THROW(static_cast<void>(planned.workload("x")), InternalError);
}

TEST(Plan, TrialsThatShareALabSayIt) {
  Topology topology = read_topology(kPair, "/labs/pair.yaml");
  const std::string alone = plan_text(make_plan(topology, {}, host()));
  EXPECT_THAT(alone, HasSubstr("\ntrials, each in a fresh lab\n"));
  topology.trials[1].lab = LabUse::shared;
  const Plan planned = make_plan(topology, {}, host());
  EXPECT_EQ(planned.trials[0].lab, LabUse::fresh);
  EXPECT_EQ(planned.trials[1].lab, LabUse::shared);
  const std::string text = plan_text(planned);
  EXPECT_THAT(text, HasSubstr("\ntrials, in fresh labs or, one after another, in a shared one\n"));
  EXPECT_THAT(text, HasSubstr("expected to pass, shared lab\n"));
}

TEST(Plan, ListsFilesAndNotFolders) {
  const TempDir folder;
  fs::create_directory(folder.path() / "sub");
  std::ofstream(folder.path() / "b") << "x";
  std::ofstream(folder.path() / "a") << "x";
  EXPECT_THAT(list_files(folder.path()), ElementsAre("a", "b"));
  EXPECT_THAT(list_files(folder.path() / "none"), ElementsAre());
}

}  // namespace
}  // namespace gridlock

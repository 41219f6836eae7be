// SPDX-License-Identifier: GPL-2.0-or-later
// Files that include others: what comes of it, which file a mistake is in, and what is kept.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>

#include "support/temp_dir.h"
#include "topology/include.h"
#include "topology/topology.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;
using test_support::TempDir;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using Files = std::map<std::string, std::string>;

/// Topologies that are nowhere but here: /labs/lab.yaml and what it may include.
class Labs {
 public:
  explicit Labs(Files files) : files_(std::move(files)) {}

  void put(const std::string& file) { others_.insert(file); }

  Topology read() const {
    const Surroundings around{
        [this](const fs::path& file) {
          const auto found = files_.find(file.string());
          if (found == files_.end())
            throw UsageError("cannot read " + file.string() + ": no such file");
          return found->second;
        },
        [this](const fs::path& file) { return others_.contains(file.string()); }};
    return read_topology(files_.at("/labs/lab.yaml"), "/labs/lab.yaml", &around);
  }

  std::string complaint() const {
    try {
      static_cast<void>(read());
    } catch (const TopologyError& error) {
      return error.what();
    }
    return {};
  }

 private:
  Files files_;
  std::set<std::string> others_;
};

const std::string kBase = R"(name: base
description: what all have
kernels:
  mine: {source: {git: linux, ref: v6.6}, config: [base, cluster], patches: [a.patch]}
nodes: {count: 3, memory: 512MiB}
workloads:
  read: {program: mmap-dio, operation: read, duration: 30s}
  stream: {program: fio, jobs: {rw: rw, bs: 4k, size: 16M}}
watch: {stall: 7s, known: [one, two]}
)";

TEST(TopologyInclude, MergesMappingsKeyByKeyAndReplacesTheRest) {
  const Topology topology = Labs(Files{{"/labs/base.yaml", kBase}, {"/labs/lab.yaml", R"(
include: base.yaml
nodes: {memory: 1GiB}
kernels:
  mine: {config: [base]}
  other: {from: mine}
workloads:
  stream: {jobs: {bs: 64k}}
watch: {known: [three]}
)"}}).read();
  EXPECT_EQ(topology.nodes.count, 3);
  EXPECT_EQ(topology.nodes.memory, Bytes::gib(1));
  ASSERT_EQ(topology.kernels.size(), 2u);
  EXPECT_THAT(topology.kernels[0].config, ElementsAre("base"));
  EXPECT_EQ(topology.kernels[0].source.ref, "v6.6");
  EXPECT_EQ(topology.kernels[1].from, "mine");
  ASSERT_EQ(topology.workloads.size(), 2u);
  EXPECT_EQ(topology.workloads[0].duration, Milliseconds{30'000});
  EXPECT_THAT(topology.workloads[1].fio->jobs,
              ElementsAre(testing::Pair("rw", "rw"), testing::Pair("bs", "64k"),
                          testing::Pair("size", "16M")));
  EXPECT_EQ(topology.watch.stall, Milliseconds{7'000});
  EXPECT_THAT(topology.watch.known, ElementsAre("three"));
}

TEST(TopologyInclude, LaterFilesGoOnTopOfEarlierOnesAndTheirOwnIncludesBelowThem) {
  const Topology topology =
      Labs(Files{
               {"/labs/base.yaml", kBase},
               {"/labs/first.yaml", "include: base.yaml\nnodes: {count: 4, vcpus: 2}\n"},
               {"/labs/second.yaml", "nodes: {count: 5}\n"},
               {"/labs/lab.yaml", "include: [first.yaml, second.yaml]\nnodes: {memory: 256MiB}\n"}})
          .read();
  EXPECT_EQ(topology.nodes.count, 5);
  EXPECT_EQ(topology.nodes.vcpus, 2);
  EXPECT_EQ(topology.nodes.memory, Bytes::mib(256));
}

TEST(TopologyInclude, NameAndDescriptionStayWithTheirFile) {
  const Topology topology =
      Labs(Files{{"/labs/base.yaml", kBase}, {"/labs/lab.yaml", "include: base.yaml\n"}}).read();
  EXPECT_EQ(topology.name, "lab");
  EXPECT_EQ(topology.description, "");
}

TEST(TopologyInclude, AnotherSourceOrProgramReplacesTheWholeMapping) {
  const Topology topology = Labs(Files{{"/labs/base.yaml", kBase}, {"/labs/lab.yaml", R"(
include: base.yaml
kernels:
  mine: {source: {package: linux-source-6.1}}
workloads:
  read: {program: lock-ping, processes: 2}
)"}}).read();
  const KernelSpec& kernel = topology.kernels.at(0);
  EXPECT_EQ(kernel.source.package, "linux-source-6.1");
  EXPECT_EQ(kernel.source.git, "");
  EXPECT_THAT(kernel.config, ElementsAre("base", "cluster"));
  EXPECT_TRUE(topology.workloads.at(0).lock_ping);
  EXPECT_EQ(topology.workloads.at(0).duration, Milliseconds{20'000});
}

TEST(TopologyInclude, TheSameAlternativeIsMerged) {
  const Topology topology = Labs(Files{{"/labs/base.yaml", kBase}, {"/labs/lab.yaml", R"(
include: base.yaml
kernels: {mine: {source: {ref: v6.7}}}
)"}}).read();
  EXPECT_EQ(topology.kernels.at(0).source.git, "/labs/linux");
  EXPECT_EQ(topology.kernels.at(0).source.ref, "v6.7");
}

TEST(TopologyInclude, ASectionWithNothingInItHasItsDefaultsAgain) {
  const Topology topology =
      Labs(Files{{"/labs/base.yaml", kBase}, {"/labs/lab.yaml", "include: base.yaml\nnodes:\n"}})
          .read();
  EXPECT_EQ(topology.nodes.count, 2);
}

TEST(TopologyInclude, PathsAreRelativeToTheFileTheyStandIn) {
  Labs labs(Files{{"/share/base.yaml", R"(
kernels:
  mine:
    source: {dir: linux}
    config: [base, own.config, frags/more, ../labs/bare]
    patches: [there.patch, missing.patch, sub/x.patch, /abs/y.patch]
  ranged: {source: {git: ../git}, patches: [v6.1..topic/fix]}
  built: {source: {prebuilt: {image: boot/bzImage, modules: boot/modules}}}
workloads:
  own: {program: exec, command: [/opt/x/run], files: {/opt/x: build/x}}
)"},
                  {"/labs/lab.yaml", "include: ../share/base.yaml\n"}});
  labs.put("/share/there.patch");
  const Topology topology = labs.read();
  const KernelSpec& kernel = topology.kernels.at(0);
  EXPECT_EQ(kernel.source.dir, "/share/linux");
  EXPECT_THAT(kernel.config,
              ElementsAre("base", "/share/own.config", "/share/frags/more", "/labs/bare"));
  std::vector<std::string> patches;
  for (const PatchSpec& patch : kernel.patches) patches.push_back(patch.path);
  // A plain name that is not beside the file is looked for where those of the topology are.
  EXPECT_THAT(patches, ElementsAre("/share/there.patch", "/labs/missing.patch",
                                   "/share/sub/x.patch", "/abs/y.patch"));
  EXPECT_EQ(topology.kernels.at(1).source.git, "/git");
  EXPECT_EQ(topology.kernels.at(1).patches.at(0).range, "v6.1..topic/fix");
  EXPECT_EQ(topology.kernels.at(2).source.prebuilt->image, "/share/boot/bzImage");
  EXPECT_EQ(topology.kernels.at(2).source.prebuilt->modules, "/share/boot/modules");
  EXPECT_EQ(topology.workloads.at(0).exec->files.at(0).from, "/share/build/x");
  EXPECT_EQ(topology.workloads.at(0).exec->files.at(0).to, "/opt/x");
}

TEST(TopologyInclude, WhatIsKeptIsOneFileThatSaysTheSame) {
  Labs labs(Files{{"/share/base.yaml", kBase + "defaults: {kernel: {source: {dir: tree}}}\n"},
                  {"/labs/lab.yaml", R"(include: ../share/base.yaml
description: "two lines:\n- \"quoted\" # no comment"
kernels: {plain: }
workloads:
  sh: {program: exec, command: [sh, -c, "echo ~ 'x' \\ {{HOME}}; true: null", "~", "null", "-1", "ä €"]}
)"}});
  labs.put("/share/a.patch");
  const Topology topology = labs.read();
  const Topology again = read_topology(topology.text, "/labs/lab.yaml");
  EXPECT_THAT(topology.text, HasSubstr("#   /labs/lab.yaml\n#   /share/base.yaml\n"));
  EXPECT_THAT(topology.text, Not(HasSubstr("include:")));
  EXPECT_EQ(again.text, topology.text);
  EXPECT_EQ(again.name, topology.name);
  EXPECT_EQ(again.description, "two lines:\n- \"quoted\" # no comment");
  EXPECT_EQ(again.workloads.at(2).exec->command, topology.workloads.at(2).exec->command);
  EXPECT_EQ(again.workloads.at(2).exec->command.at(3), "~");
  EXPECT_EQ(again.kernels.at(0).source.git, "/share/linux");
  EXPECT_EQ(again.kernels.at(0).patches.at(0).path, "/share/a.patch");
  EXPECT_EQ(again.kernels.at(1).source.dir, "/share/tree");
}

TEST(TopologyInclude, AFileThatIncludesNoneIsKeptAsItWasRead) {
  const std::string text = "# a comment\n" + kBase;
  EXPECT_EQ(Labs(Files{{"/labs/lab.yaml", text}}).read().text, text);
}

TEST(TopologyInclude, AMistakeIsShownInTheFileItStandsIn) {
  const std::string text =
      Labs(Files{{"/share/base.yaml", "# base\nnodes: {count: 17}\nnodse: 3\n"},
                 {"/labs/lab.yaml", R"(include: ../share/base.yaml
kernels: {mine: {source: {package: linux-source-6.1}}}
workloads: {read: {program: mmap-dio, operation: raed}}
)"}}).complaint();
  EXPECT_EQ(
      text,
      "/labs/lab.yaml:3:50: error: `operation` must be read, write, readv, writev, libaio, "
      "io_uring or fiemap, not `raed`; did you mean `read`?\n"
      "  workloads: {read: {program: mmap-dio, operation: raed}}\n"
      "                                                   ^\n"
      "/share/base.yaml:2:16: error: `count` must be a whole number from 1 to 16, not `17`\n"
      "  nodes: {count: 17}\n"
      "                 ^\n"
      "/share/base.yaml:3:1: error: unknown key `nodse` in a topology; did you mean `nodes`?\n"
      "  nodse: 3\n"
      "  ^\n");
}

TEST(TopologyInclude, WhatIsOverriddenNeedNotBeRight) {
  EXPECT_EQ(Labs(Files{{"/labs/base.yaml", kBase + "disks: {shared: {size: 3}}\n"},
                       {"/labs/lab.yaml", "include: base.yaml\ndisks: {shared: {size: 1GiB}}\n"}})
                .complaint(),
            "");
}

TEST(TopologyInclude, SaysWhichFileCannotBeReadAndNothingElse) {
  EXPECT_EQ(Labs(Files{{"/labs/lab.yaml", "include: [bases/none.yaml]\n"}}).complaint(),
            "/labs/lab.yaml:1:11: error: cannot read /labs/bases/none.yaml: no such file\n"
            "  include: [bases/none.yaml]\n"
            "            ^\n");
}

TEST(TopologyInclude, RefusesCircles) {
  EXPECT_EQ(
      Labs(Files{{"/labs/lab.yaml", "include: a.yaml\n"},
                 {"/labs/a.yaml", "include: sub/b.yaml\n"},
                 {"/labs/sub/b.yaml", "include: ../a.yaml\n"}})
          .complaint(),
      "/labs/sub/b.yaml:1:10: error: a circle: /labs/a.yaml includes /labs/sub/b.yaml includes "
      "/labs/a.yaml\n"
      "  include: ../a.yaml\n"
      "           ^\n");
  EXPECT_THAT(Labs(Files{{"/labs/lab.yaml", "include: ./lab.yaml\n"}}).complaint(),
              HasSubstr("a circle: /labs/lab.yaml includes /labs/lab.yaml"));
}

TEST(TopologyInclude, IsBoundedInDepthNumberAndSize) {
  Files deep{{"/labs/lab.yaml", "include: 1.yaml\n"}};
  for (int i = 1; i < 20; ++i)
    deep["/labs/" + std::to_string(i) + ".yaml"] = "include: " + std::to_string(i + 1) + ".yaml\n";
  EXPECT_THAT(Labs(deep).complaint(), HasSubstr("/labs/8.yaml:1:10: error: files are included more "
                                                "than 8 deep"));

  // Two of two of two …: without a bound on their number they would be read 2^8 times.
  Files wide{{"/labs/lab.yaml", "include: [1.yaml, ./1.yaml]\n"},
             {"/labs/8.yaml", "nodes: {count: 2}\n"}};
  for (int i = 1; i < 8; ++i) {
    const std::string next = std::to_string(i + 1) + ".yaml";
    wide["/labs/" + std::to_string(i) + ".yaml"] = "include: [" + next + ", ./" + next + "]\n";
  }
  EXPECT_THAT(Labs(wide).complaint(), HasSubstr("more than 64 files are included"));

  const std::string half = "# " + std::string(600'000, 'x') + "\n";
  EXPECT_THAT(
      Labs(Files{{"/labs/lab.yaml", "include: [a.yaml, b.yaml]\n"},
                 {"/labs/a.yaml", half},
                 {"/labs/b.yaml", half}})
          .complaint(),
      HasSubstr("/labs/lab.yaml:1:19: error: with all it includes, a topology is at most 1 MiB"));
}

TEST(TopologyInclude, BoundsWhatAliasesOfAllFilesComeToTogether) {
  std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c <= 'e'; ++c) {
    bomb += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 9; ++i) bomb += std::string(i ? ", *" : "*") + static_cast<char>(c - 1);
    bomb += "]\n";
  }
  EXPECT_THAT(Labs(Files{{"/labs/lab.yaml", "include: [bomb.yaml, ./bomb.yaml, ./././bomb.yaml]\n"},
                         {"/labs/bomb.yaml", bomb}})
                  .complaint(),
              HasSubstr("/labs/bomb.yaml:"));
}

TEST(TopologyInclude, RefusesWhatIsNoPathAndNoMapping) {
  EXPECT_THAT(Labs(Files{{"/labs/lab.yaml", "include: {a: b}\n"}}).complaint(),
              HasSubstr("/labs/lab.yaml:1:10: error: "));
  EXPECT_THAT(Labs(Files{{"/labs/lab.yaml", "include: ~/base.yaml\n"}}).complaint(),
              HasSubstr("`~` is not expanded"));
  EXPECT_THAT(
      Labs(Files{{"/labs/lab.yaml", "include: a.yaml\n"}, {"/labs/a.yaml", "- 1\n"}}).complaint(),
      HasSubstr("/labs/a.yaml:1:1: error: a file that is included must be a mapping"));
  EXPECT_THAT(
      Labs(Files{{"/labs/lab.yaml", "include: a.yaml\n"}, {"/labs/a.yaml", "a: {\n"}}).complaint(),
      HasSubstr("/labs/a.yaml:2:1: error: this is not valid YAML"));
  try {
    static_cast<void>(read_topology("include: a.yaml\n", "/labs/lab.yaml"));
    FAIL();
  } catch (const TopologyError& error) {
    EXPECT_THAT(error.what(), HasSubstr("`include` cannot be used here"));
  }
}

TEST(TopologyInclude, AnEmptyFileAddsNothing) {
  EXPECT_EQ(Labs(Files{{"/labs/base.yaml", kBase},
                       {"/labs/empty.yaml", "# nothing yet\n"},
                       {"/labs/lab.yaml", "include: [base.yaml, empty.yaml]\n"}})
                .complaint(),
            "");
}

TEST(TopologyInclude, LoadsFilesFromDisk) {
  const TempDir folder;
  fs::create_directories(folder.path() / "bases");
  std::ofstream(folder.path() / "bases" / "base.yaml") << kBase;
  std::ofstream(folder.path() / "bases" / "a.patch") << "x";
  const fs::path file = folder.path() / "lab.yaml";
  std::ofstream(file) << "include: bases/base.yaml\n";
  const Topology topology = load_topology(file);
  EXPECT_EQ(topology.kernels.at(0).patches.at(0).path, folder.path() / "bases" / "a.patch");
  std::ofstream(file) << "include: bases\n";
  EXPECT_THROW(static_cast<void>(load_topology(file)), TopologyError);
}

}  // namespace
}  // namespace gridlock

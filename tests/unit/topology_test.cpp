// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology/topology.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "support/temp_dir.h"
#include "topology/data_size.h"
#include "topology/keys.h"
#include "topology/placeholders.h"
#include "topology/words.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;
using namespace std::chrono_literals;

const std::string kKernel = "kernels: {k: {source: {package: linux-source-6.1}}}\n";
const std::string kWorkload = "workloads: {w: {program: mmap-dio}}\n";

Topology read(const std::string& text, const fs::path& file = "/labs/small.yaml") {
  return read_topology(text, file);
}

std::string complaint(const std::string& text) {
  try {
    static_cast<void>(read(text));
  } catch (const TopologyError& error) {
    return error.what();
  }
  return {};
}

std::vector<fs::path> paths(const KernelSpec& kernel) {
  std::vector<fs::path> all;
  for (const PatchSpec& patch : kernel.patches) all.push_back(patch.path);
  return all;
}

TEST(Topology, KernelsAndWorkloadsAreEnough) {
  const Topology topology = read(kKernel + kWorkload);
  EXPECT_EQ(topology.name, "small");
  EXPECT_EQ(topology.file, "/labs/small.yaml");
  EXPECT_EQ(topology.text, kKernel + kWorkload);
  EXPECT_EQ(topology.description, "");
  EXPECT_EQ(topology.accel, Accel::automatic);
  ASSERT_EQ(topology.kernels.size(), 1u);
  EXPECT_EQ(topology.kernels[0].name, "k");
  EXPECT_EQ(topology.kernels[0].source.package, "linux-source-6.1");
  EXPECT_THAT(topology.kernels[0].config, ElementsAre("base", "cluster", "debug"));
  EXPECT_THAT(topology.kernels[0].patches, IsEmpty());
  EXPECT_EQ(topology.kernels[0].expect, Expectation::pass);
  EXPECT_EQ(topology.kernels[0].mark.line, 1);
  EXPECT_EQ(topology.kernels[0].mark.column, 11);
  EXPECT_EQ(topology.nodes.count, 2);
  EXPECT_EQ(topology.nodes.vcpus, 1);
  EXPECT_EQ(topology.nodes.memory, Bytes::mib(768));
  ASSERT_EQ(topology.disks.size(), 1u);
  EXPECT_EQ(topology.disks[0].name, "shared");
  EXPECT_EQ(topology.disks[0].size, Bytes::gib(2));
  EXPECT_EQ(topology.disks[0].transport, Transport::virtio);
  EXPECT_EQ(topology.cluster.token, 10s);
  EXPECT_EQ(topology.filesystem.type, FilesystemType::gfs2);
  EXPECT_EQ(topology.filesystem.disk, "shared");
  EXPECT_EQ(topology.filesystem.mount, "/mnt/shared");
  EXPECT_EQ(topology.filesystem.journal, Bytes::mib(32));
  ASSERT_EQ(topology.workloads.size(), 1u);
  ASSERT_TRUE(topology.workloads[0].mmap_dio);
  EXPECT_FALSE(topology.workloads[0].fio);
  EXPECT_EQ(topology.workloads[0].duration, 20s);
  EXPECT_EQ(topology.workloads[0].mmap_dio->operation, MmapDioSpec::Operation::read);
  EXPECT_EQ(topology.workloads[0].mmap_dio->buffer, MmapDioSpec::Buffer::same_file);
  EXPECT_EQ(topology.workloads[0].mmap_dio->transfer, Bytes::mib(1));
  EXPECT_EQ(topology.workloads[0].mmap_dio->file_size, Bytes::mib(8));
  ASSERT_EQ(topology.trials.size(), 1u);
  EXPECT_EQ(topology.trials[0].name, "w");
  EXPECT_THAT(topology.trials[0].workloads, ElementsAre("w"));
  EXPECT_EQ(topology.lab, LabUse::fresh);
  EXPECT_EQ(topology.trials[0].lab, LabUse::fresh);
  EXPECT_EQ(topology.watch.hung_task, 10s);
  EXPECT_EQ(topology.watch.stall, 5s);
  EXPECT_EQ(topology.watch.lockdep, Lockdep::optional);
  EXPECT_THAT(topology.watch.known, IsEmpty());
}

TEST(Topology, DefaultsOfTheFileAreThoseOfTheTypes) {
  const Topology topology = read(kKernel + kWorkload);
  EXPECT_EQ(topology.nodes.count, NodesSpec{}.count);
  EXPECT_EQ(topology.nodes.memory, NodesSpec{}.memory);
  EXPECT_EQ(topology.cluster.token, ClusterSpec{}.token);
  EXPECT_EQ(topology.filesystem.mount, FilesystemSpec{}.mount);
  EXPECT_EQ(topology.filesystem.journal, FilesystemSpec{}.journal);
  EXPECT_EQ(topology.workloads[0].duration, WorkloadSpec{}.duration);
  EXPECT_EQ(topology.workloads[0].mmap_dio->transfer, MmapDioSpec{}.transfer);
  EXPECT_EQ(topology.workloads[0].mmap_dio->file_size, MmapDioSpec{}.file_size);
  EXPECT_EQ(topology.watch.hung_task, WatchSpec{}.hung_task);
  EXPECT_EQ(topology.watch.stall, WatchSpec{}.stall);
  EXPECT_EQ(topology.watch.lockdep, WatchSpec{}.lockdep);
}

TEST(Topology, ReadsEveryKey) {
  const Topology topology = read(R"(
name: all
description: |
  every key
accel: tcg
lab: shared
kernels:
  mine:
    source: {dir: ../linux}
    config: [base, own/extra.config, local.config]
    patches: one.patch
    expect: fail
nodes: {count: 16, vcpus: 64, memory: 64GiB}
disks: {data: {size: 16TiB, transport: virtio}}
cluster: {stack: corosync, token: 1m30s}
filesystem: {type: gfs2, disk: data, mount: /srv/a_b-c.d, journal: 1GiB}
workloads:
  write: {program: mmap-dio, operation: write, file: own, buffer: anonymous, alignment: sector, transfer: 1536, file_size: 3KiB, duration: 1s}
  ring: {program: mmap-dio, buffer: next-node, transfer: 64MiB}
trials: [{name: both, workloads: [ring, write]}, [write, ring], {workloads: ring, lab: fresh}]
watch: {hung_task: 2s, stall: 1500ms, lockdep: required, known: ["lockdep:circular:a>b", "hung:x"]}
)",
                                 "/labs/x/all.yaml");
  EXPECT_EQ(topology.description, "every key");
  EXPECT_EQ(topology.accel, Accel::tcg);
  EXPECT_EQ(topology.lab, LabUse::shared);
  const KernelSpec& kernel = topology.kernels.at(0);
  EXPECT_EQ(kernel.source.dir, "/labs/linux");
  EXPECT_EQ(kernel.source.package, "");
  EXPECT_THAT(kernel.config,
              ElementsAre("base", "/labs/x/own/extra.config", "/labs/x/local.config"));
  EXPECT_THAT(paths(kernel), ElementsAre("/labs/x/one.patch"));
  EXPECT_EQ(kernel.expect, Expectation::fail);
  EXPECT_EQ(topology.nodes.count, 16);
  EXPECT_EQ(topology.nodes.memory, Bytes::gib(64));
  EXPECT_EQ(topology.disks.at(0).size, Bytes::gib(16 * 1024));
  EXPECT_EQ(topology.cluster.token, 90s);
  EXPECT_EQ(topology.filesystem.mount, "/srv/a_b-c.d");
  EXPECT_EQ(topology.workloads.at(0).mmap_dio->operation, MmapDioSpec::Operation::write);
  EXPECT_EQ(topology.workloads.at(0).mmap_dio->buffer, MmapDioSpec::Buffer::anonymous);
  EXPECT_EQ(topology.workloads.at(0).mmap_dio->transfer, Bytes{1536});
  EXPECT_EQ(topology.workloads.at(0).mmap_dio->file_size, Bytes::kib(3));
  EXPECT_EQ(topology.workloads.at(0).duration, 1s);
  EXPECT_EQ(topology.workloads.at(1).mmap_dio->buffer, MmapDioSpec::Buffer::next_node);
  EXPECT_EQ(topology.workloads.at(1).mmap_dio->file_size, Bytes::mib(512));
  EXPECT_EQ(topology.trials.at(0).name, "both");
  EXPECT_THAT(topology.trials.at(0).workloads, ElementsAre("ring", "write"));
  EXPECT_EQ(topology.trials.at(1).name, "write+ring");
  EXPECT_EQ(topology.trials.at(2).name, "ring");
  EXPECT_EQ(topology.trials.at(0).lab, LabUse::shared) << "as the topology says for all";
  EXPECT_EQ(topology.trials.at(1).lab, LabUse::shared);
  EXPECT_EQ(topology.trials.at(2).lab, LabUse::fresh);
  EXPECT_EQ(topology.watch.stall, 1500ms);
  EXPECT_EQ(topology.watch.lockdep, Lockdep::required);
  EXPECT_THAT(topology.watch.known, ElementsAre("lockdep:circular:a>b", "hung:x"));
}

TEST(Topology, FromInheritsSourceConfigAndPatchesOverSeveralSteps) {
  const Topology topology = read(R"(
kernels:
  third: {from: second, patches: [c.patch, d.patch], expect: {w: fail}}
  second: {from: first, patches: b.patch}
  first: {source: {package: linux-source-6.1}, config: [base, perf], patches: [a.patch], expect: fail}
)" + kWorkload);
  const KernelSpec& third = topology.kernels.at(0);
  EXPECT_EQ(third.from, "second");
  EXPECT_EQ(third.source.package, "linux-source-6.1");
  EXPECT_THAT(third.config, ElementsAre("base", "perf"));
  EXPECT_THAT(paths(third),
              ElementsAre("/labs/a.patch", "/labs/b.patch", "/labs/c.patch", "/labs/d.patch"));
  EXPECT_EQ(third.expect, Expectation::pass) << "what is expected is not inherited";
  EXPECT_THAT(third.expect_trial, UnorderedElementsAre(Pair("w", Expectation::fail)));
  EXPECT_THAT(paths(topology.kernels.at(1)), ElementsAre("/labs/a.patch", "/labs/b.patch"));
}

TEST(Topology, KeepsTheOrderWritten) {
  const Topology topology = read(R"(
kernels: {z: {source: {package: linux-source-6.1}}, a: {from: z}, m: {from: z}}
workloads: {y: {program: mmap-dio}, b: {program: mmap-dio}}
)");
  std::string order;
  for (const KernelSpec& kernel : topology.kernels) order += kernel.name;
  for (const WorkloadSpec& workload : topology.workloads) order += workload.name;
  for (const TrialSpec& trial : topology.trials) order += trial.name;
  EXPECT_EQ(order, "zamybyb");
}

TEST(Topology, PassesFioOptionsOnAsWritten) {
  const Topology topology = read(kKernel + R"(
workloads:
  a: {program: fio, jobs: {rw: "randrw:8", bssplit: 4k/50:8k/50, direct: 1, size: 64M}}
  b: {program: fio, jobs: {runtime: 7, rw: read}}
  c: {program: fio, jobs: {runtime: 1m, rw: read, ioengine: io_uring}}
)");
  EXPECT_THAT(topology.workloads.at(0).fio->jobs,
              ElementsAre(Pair("rw", "randrw:8"), Pair("bssplit", "4k/50:8k/50"),
                          Pair("direct", "1"), Pair("size", "64M")));
  EXPECT_EQ(topology.workloads.at(0).duration, 20s);
  EXPECT_EQ(topology.workloads.at(1).duration, 7s) << "fio reads a bare number as seconds";
  EXPECT_EQ(topology.workloads.at(2).duration, 1min);
}

TEST(Topology, RefusesEveryFioOptionOfTheList) {
  ASSERT_GT(refused_fio_options().size(), 15u);
  for (const RefusedFioOption& refused : refused_fio_options()) {
    std::string name(refused.name);
    if (name.ends_with('*')) name.back() = 'x';
    EXPECT_THAT(
        complaint(kKernel + "workloads: {w: {program: fio, jobs: {" + name + ": 1}}}\n"),
        HasSubstr("the fio option `" + name + "` is not allowed: " + std::string(refused.reason)));
  }
}

TEST(Topology, RefusesEverySystemFolderAsMount) {
  std::vector<std::string> folders = split(kSystemFolders, ' ');
  for (const std::string& folder : folders)
    for (const std::string& mount : {folder, folder + "/x"})
      EXPECT_THAT(complaint(kKernel + kWorkload + "filesystem: {mount: " + mount + "}\n"),
                  HasSubstr("must not be in " + folder + ","));
  for (const char* const odd :
       {"/", "mnt", "/mnt/", "//mnt", "/mnt//x", "/mnt/./x", "/mnt/..", "/a b"})
    EXPECT_THAT(complaint(kKernel + kWorkload + "filesystem: {mount: \"" + odd + "\"}\n"),
                HasSubstr("must be an absolute path"))
        << odd;
  EXPECT_EQ(complaint(kKernel + kWorkload + "filesystem: {mount: /devices}\n"), "");
}

TEST(Topology, NamesAFileWithoutANameAfterItself) {
  const std::string text = kKernel + kWorkload;
  EXPECT_EQ(read(text, "/x/my lab (2).yaml").name, "my-lab--2-");
  EXPECT_EQ(read(text, "/x/-.yaml").name, "topology");
  EXPECT_EQ(read(text, "/x/" + std::string(80, 'a') + ".yaml").name, std::string(41, 'a'));
}

TEST(Topology, AliasesStandForWholeValues) {
  const Topology topology = read(kKernel + R"(
workloads:
  a: &common {program: mmap-dio, duration: 3s}
  b: *common
)");
  EXPECT_EQ(topology.workloads.at(1).name, "b");
  EXPECT_EQ(topology.workloads.at(1).duration, 3s);
}

TEST(Topology, AcceptsWhatIsJustWithinTheBounds) {
  const std::string limits[] = {
      "nodes: {count: 1}",
      "nodes: {count: 16}",
      "nodes: {vcpus: 64}",
      "nodes: {memory: 128MiB}",
      "nodes: {memory: 64GiB}",
      "filesystem: {journal: 8MiB}",
      "disks: {d: {size: 128MiB}}",
      "disks: {d: {size: 16TiB}}",
      "cluster: {token: 1s}",
      "cluster: {token: 5m}",
      "watch: {stall: 1s}",
      "watch: {hung_task: 1h}",
      "nodes:",
      "disks: {d: }",
      "name: " + std::string(41, 'n'),
  };
  for (const std::string& limit : limits)
    EXPECT_EQ(complaint(kKernel + kWorkload + limit + "\n"), "") << limit;
  for (const std::string beyond :
       {"nodes: {count: 17}", "nodes: {vcpus: 65}", "nodes: {memory: 127MiB}",
        "nodes: {memory: 65GiB}", "filesystem: {journal: 7MiB}", "disks: {d: {size: 63MiB}}",
        "disks: {d: {size: 17TiB}}", "cluster: {token: 999ms}", "cluster: {token: 301s}",
        "watch: {stall: 999ms}", "watch: {hung_task: 3601s}"})
    EXPECT_THAT(complaint(kKernel + kWorkload + beyond + "\n"), HasSubstr(" must be ")) << beyond;
}

TEST(Topology, NestingOfSixtyFourIsTheMost) {
  const auto nested = [](int levels) {
    const auto n = static_cast<std::size_t>(levels);
    return kKernel + kWorkload + "x: " + std::string(n, '[') + std::string(n, ']') + "\n";
  };
  EXPECT_THAT(complaint(nested(63)), HasSubstr("unknown key `x`"));
  EXPECT_THAT(complaint(nested(64)), HasSubstr("nested deeper than 64 levels"));
}

TEST(Topology, CountsWhatTheWorkloadsOfATrialLayOut) {
  Topology topology = read(kKernel + R"(
nodes: {count: 3}
workloads:
  a: {program: mmap-dio, file_size: 10MiB}
  b: {program: fio, jobs: {size: 4M, numjobs: 5}}
  c: {program: fio, jobs: {size: 40%}}
  d: {program: mmap-dio, file_size: 10MiB, buffer: own-file, processes: 3}
  e: {program: lock-ping}
  f: {program: exec, command: "true", data: 7MiB}
trials: [[a], [a, b, c]]
)");
  // An mmap-dio file may go on behind its data, by 4 MiB.
  EXPECT_EQ(workload_data(topology), Bytes::mib(3 * (14 + 20)));
  topology.trials.back().workloads = {"d"};
  EXPECT_EQ(workload_data(topology), Bytes::mib(3 * (3 * 2 * 14)));
  topology.trials.back().workloads = {"a", "e", "f"};
  EXPECT_EQ(workload_data(topology), Bytes::mib(3 * (14 + 1 + 7)));
  topology.trials.clear();
  EXPECT_EQ(workload_data(topology), Bytes{0});
}

TEST(Topology, LoadsAFileAndNamesItAsGiven) {
  const TempDir folder;
  const fs::path file = folder.path() / "lab.yaml";
  std::ofstream(file) << kKernel << "workloads: 3\n";
  try {
    static_cast<void>(load_topology(file));
    FAIL();
  } catch (const TopologyError& error) {
    EXPECT_THAT(error.what(), HasSubstr(file.string() + ":2:12: error: "));
  }
  std::ofstream(file) << kKernel << kWorkload;
  EXPECT_EQ(load_topology(file).name, "lab");
}

TEST(Topology, SaysWhyAFileCannotBeRead) {
  const TempDir folder;
  const auto why = [](const fs::path& file) -> std::string {
    try {
      static_cast<void>(load_topology(file));
    } catch (const TopologyError&) {
      return "wrong type";
    } catch (const UsageError& error) {
      return std::string(error.what()) + "|" + error.hint();
    }
    return {};
  };
  const std::string missing = (folder.path() / "none.yaml").string();
  EXPECT_EQ(why(missing), "cannot read topology " + missing +
                              ": No such file or directory|ready ones are in topologies/");
  EXPECT_THAT(why(folder.path()), HasSubstr("it is a folder"));
  const fs::path big = folder.path() / "big.yaml";
  std::ofstream(big) << std::string((1 << 20) + 1, '#');
  EXPECT_THAT(why(big), HasSubstr("it is larger than 1 MiB"));
  EXPECT_THAT(why("/dev/zero"), HasSubstr("it is larger than 1 MiB"));
}

TEST(TopologyKeys, EachIsDescribedInTheReference) {
  std::ifstream in(fs::path(GRIDLOCK_SOURCE_DIR) / "docs" / "topology.md");
  const std::string reference{std::istreambuf_iterator<char>(in), {}};
  ASSERT_GT(reference.size(), 5000u);
  int keys = 0;
  for (const KeyTable* const table : all_key_tables()) {
    for (const Key& key : table->keys) {
      ++keys;
      const std::string row = "| `" + std::string(key.name) + "` |";
      // A key may be in several tables; one of its rows must have this default and these words.
      std::vector<std::string> rows = split(reference, '\n');
      std::erase_if(rows, [&](const std::string& line) { return !line.starts_with(row); });
      std::vector<std::string> facts;
      if (!key.words.empty()) facts = split(key.words, ' ');
      if (!key.fallback.empty()) facts.emplace_back(key.fallback);
      if (key.type == ValueType::size) {
        facts.push_back(to_string(Bytes{key.low}));
        facts.push_back(to_string(Bytes{key.high}));
      } else if (key.type == ValueType::duration) {
        facts.push_back(to_string(Milliseconds{key.low}));
        std::string most = to_string(Milliseconds{key.high});
        if (most.ends_with("h00m")) most.resize(most.size() - 3);
        facts.push_back(most);
      } else if (key.type == ValueType::choices) {
        facts.emplace_back("list of ");
      } else if (key.type == ValueType::integer) {
        facts.push_back(std::to_string(key.low) + " to " + std::to_string(key.high));
      }
      EXPECT_TRUE(std::ranges::any_of(rows,
                                      [&](const std::string& line) {
                                        return std::ranges::all_of(
                                            facts, [&](const std::string& fact) {
                                              return line.find(fact) != std::string::npos;
                                            });
                                      }))
          << "docs/topology.md has no row `" << key.name << "` for " << table->what << " with "
          << join(facts, ", ");
    }
  }
  EXPECT_GT(keys, 40);
  for (const RefusedFioOption& refused : refused_fio_options())
    EXPECT_THAT(reference, HasSubstr("`" + std::string(refused.name) + "`"));
  for (const std::string& engine : split(kFioEngines, ' '))
    EXPECT_THAT(reference, HasSubstr("`" + engine + "`"));
  for (const std::string_view folders : {kSystemFolders, kFileFolders})
    for (const std::string& folder : split(folders, ' '))
      EXPECT_THAT(reference, HasSubstr("`" + folder + "`"));
  for (const std::string& name : placeholder_names())
    EXPECT_THAT(reference, HasSubstr("`{" + name + "}`"));
}

TEST(TopologyKeys, FallbacksAreWithinTheirOwnBounds) {
  int looked_at = 0;
  for (const KeyTable* const table : all_key_tables()) {
    for (const Key& key : table->keys) {
      if (key.fallback.empty()) continue;
      ++looked_at;
      EXPECT_FALSE(key.required) << key.name;
      if (key.type == ValueType::choice) {
        EXPECT_THAT(split(key.words, ' '), testing::Contains(std::string(key.fallback)));
      }
      if (key.type == ValueType::size) {
        const auto bytes = parse_bytes(key.fallback);
        ASSERT_TRUE(bytes) << key.name;
        EXPECT_TRUE(bytes->count >= key.low && bytes->count <= key.high) << key.name;
      }
      if (key.type == ValueType::integer) {
        const auto number = static_cast<std::uint64_t>(std::stoi(std::string(key.fallback)));
        EXPECT_TRUE(number >= key.low && number <= key.high) << key.name;
      }
    }
  }
  EXPECT_GT(looked_at, 15);
}

TEST(TopologyWords, AreThoseOfTheFile) {
  EXPECT_EQ(word_of(Accel::automatic), "auto");
  EXPECT_EQ(word_of(Accel::tcg), "tcg");
  EXPECT_EQ(word_of(Transport::virtio), "virtio");
  EXPECT_EQ(word_of(FilesystemType::gfs2), "gfs2");
  EXPECT_EQ(word_of(MmapDioSpec::Operation::write), "write");
  EXPECT_EQ(word_of(MmapDioSpec::Buffer::next_node), "next-node");
  EXPECT_EQ(word_of(MmapDioSpec::Mapping::private_), "private");
  EXPECT_EQ(words_of(std::vector{MmapDioSpec::Disturbance::evict, MmapDioSpec::Disturbance::demote},
                     ","),
            "evict,demote");
  EXPECT_EQ(words_of(std::vector<MmapDioSpec::Observer>{}, ","), "none");
  EXPECT_EQ(word_of(LockPingSpec::Data::mapped), "mapped");
  EXPECT_EQ(word_of(LabUse::shared), "shared");
  EXPECT_EQ(word_of(Lockdep::required), "required");
  EXPECT_EQ(word_of(Expectation::fail), "fail");
}

}  // namespace
}  // namespace gridlock

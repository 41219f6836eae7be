// SPDX-License-Identifier: GPL-2.0-or-later
// What mmap-dio is told on its command line: all of the topology's words, always.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "support/sample_plan.h"
#include "topology/keys.h"
#include "workload/programs.h"

namespace gridlock {
namespace {

using testing::Contains;
using testing::Key;
using testing::Pair;
using Spec = MmapDioSpec;

/// A command's options and their values.
std::map<std::string, std::string> options_of(const Job& job) {
  std::map<std::string, std::string> options;
  EXPECT_EQ(job.argv.size() % 2, 0u);
  for (std::size_t i = 2; i + 1 < job.argv.size(); i += 2) {
    EXPECT_EQ(job.argv[i].rfind("--", 0), 0u) << job.argv[i];
    EXPECT_TRUE(options.emplace(job.argv[i], job.argv[i + 1]).second) << job.argv[i];
  }
  return options;
}

/// The plan's only workload, made an mmap-dio of these axes.
class MmapDioProgram : public testing::Test {
 protected:
  MmapDioProgram() { plan_.workloads[0].mmap_dio = Spec{}; }

  Spec& spec() { return *plan_.workloads[0].mmap_dio; }
  NodeProgram program(int node = 1) const {
    return node_program(plan_, plan_.workloads[0], NodeId{node}, 42);
  }
  std::map<std::string, std::string> options() const { return options_of(program().run); }

  Plan plan_ = sample_plan();
};

TEST_F(MmapDioProgram, EveryKeyIsGivenWithTheTopologysWord) {
  const auto given = options();
  int looked_at = 0;
  for (const gridlock::Key& key : kMmapDioKeys.keys) {
    // Not the program's: which it is, whose file it takes, and what a comparison makes of it.
    if (key.name == "program" || key.name == "file" || key.name == "duration" ||
        key.name == "margin")
      continue;
    std::string option = "--" + std::string(key.name);
    std::ranges::replace(option, '_', '-');
    ASSERT_THAT(given, Contains(Key(option)));
    if (key.type == ValueType::choice) {
      EXPECT_EQ(given.at(option), key.fallback);
    }
    if (key.type == ValueType::choices) {
      EXPECT_EQ(given.at(option), "none");
    }
    ++looked_at;
  }
  EXPECT_GE(looked_at, 17);
}

TEST_F(MmapDioProgram, WhoWorksAndWhoIsMortalIsSaidOnlyWhereItIsNotUsual) {
  for (const char* const option : {"--ring", "--mortal", "--looks-at"})
    EXPECT_FALSE(options().contains(option)) << option;
  WorkRing ring;
  ring.nodes = {NodeId{1}, NodeId{3}};
  ring.mortal = {NodeId{3}};
  ring.looks_at = NodeId{1};
  const auto given =
      options_of(*node_program(plan_, plan_.workloads[0], NodeId{1}, 42, ring).verify);
  EXPECT_EQ(given.at("--ring"), "1,3");
  EXPECT_EQ(given.at("--mortal"), "3");
  EXPECT_EQ(given.at("--looks-at"), "1");
}

TEST_F(MmapDioProgram, ChosenWordsAreThoseOfTheTopology) {
  spec().operation = Spec::Operation::io_uring;
  spec().direction = Spec::Direction::write;
  spec().access = Spec::Access::buffered;
  spec().buffer = Spec::Buffer::anonymous;
  spec().mapping = Spec::Mapping::private_;
  spec().resident = Spec::Resident::every_other;
  spec().eviction = Spec::Eviction::cgroup;
  spec().alignment = Spec::Alignment::odd;
  spec().state = Spec::State::preallocated;
  spec().fsync = Spec::Fsync::beside;
  spec().transfer = Bytes{1'000'001};
  spec().file_size = Bytes{8'000'008};
  spec().processes = 3;
  spec().threads = 4;
  spec().disturb = {Spec::Disturbance::demote, Spec::Disturbance::evict};
  spec().observe = {Spec::Observer::mapped, Spec::Observer::buffered};
  spec().inject = Spec::Fault::stale_block;
  const auto given = options();
  for (const auto& [option, value] : std::map<std::string, std::string>{
           {"--operation", "io_uring"},   {"--direction", "write"},
           {"--access", "buffered"},      {"--buffer", "anonymous"},
           {"--mapping", "private"},      {"--resident", "every-other"},
           {"--eviction", "cgroup"},      {"--alignment", "odd"},
           {"--state", "preallocated"},   {"--fsync", "beside"},
           {"--transfer", "1000001"},     {"--file-size", "8000008"},
           {"--processes", "3"},          {"--threads", "4"},
           {"--disturb", "demote,evict"}, {"--observe", "mapped,buffered"},
           {"--inject", "stale-block"}})
    EXPECT_THAT(given, Contains(Pair(option, value)));
}

TEST_F(MmapDioProgram, TheLabIsToldByNumbersAddressesAndTheLockTable) {
  const auto given = options_of(program(2).run);
  EXPECT_EQ(given.at("--dir"), workload_folder(plan_, plan_.workloads[0]));
  EXPECT_EQ(given.at("--node"), "2");
  EXPECT_EQ(given.at("--nodes"), std::to_string(plan_.nodes.size()));
  EXPECT_EQ(given.at("--seed"), "42");
  EXPECT_EQ(given.at("--duration-ms"), std::to_string(plan_.workloads[0].duration.count()));
  EXPECT_EQ(given.at("--glock-table"), plan_.lock_table);
  const std::vector<std::string> peers = split(given.at("--peers"), ',');
  ASSERT_EQ(peers.size(), plan_.nodes.size());
  for (std::size_t i = 0; i < peers.size(); ++i)
    EXPECT_EQ(peers[i], plan_.nodes[i].address + ":21101");
}

TEST_F(MmapDioProgram, PreparesRunsAndVerifiesWithTheSameOptions) {
  spec().buffer = Spec::Buffer::next_node;
  const NodeProgram made = program();
  ASSERT_TRUE(made.prepare && made.verify);
  EXPECT_EQ(made.prepare->argv.at(1), "prepare");
  EXPECT_EQ(made.run.argv.at(1), "run");
  EXPECT_EQ(made.verify->argv.at(1), "verify");
  EXPECT_EQ(options_of(*made.prepare), options_of(made.run));
  EXPECT_EQ(options_of(*made.verify), options_of(made.run));
}

}  // namespace
}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
// The schema against the reader, by a validator that is not ours: python3-jsonschema.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "base/duration.h"
#include "base/text.h"
#include "host/command_runner.h"
#include "support/temp_dir.h"
#include "topology/lone_key.h"
#include "topology/schema.h"
#include "topology/topology.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

struct Case {
  std::string name;
  std::string yaml;
  std::string at = {};  ///< a part of the schema
};

CommandResult python(std::vector<std::string> arguments) {
  Command command;
  command.program = "/usr/bin/python3";
  command.arguments = std::move(arguments);
  return make_command_runner()->run(command, {});
}

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Schema : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists("/usr/bin/python3") || python({"-c", "import jsonschema, yaml"}).value != 0)
      GTEST_SKIP() << "python3-jsonschema or python3-yaml is not installed";
  }

  /// What the validator says of each case: nothing if it is right.
  std::vector<std::string> verdicts(const std::vector<Case>& cases,
                                    SchemaOf what = SchemaOf::topology) {
    const fs::path schema = folder_.path() / "schema.json";
    const fs::path list = folder_.path() / "cases.json";
    std::ofstream(schema) << topology_schema(what).dump();
    std::ofstream lines(list);
    for (const Case& one : cases) lines << Json{{"yaml", one.yaml}, {"at", one.at}}.dump() << '\n';
    lines.close();
    const CommandResult result =
        python({fs::path(GRIDLOCK_SOURCE_DIR) / "tests" / "support" / "validate.py", schema, list});
    EXPECT_EQ(result.value, 0) << result.errors;
    std::vector<std::string> all = split(result.output, '\n');
    if (!all.empty()) all.pop_back();
    EXPECT_EQ(all.size(), cases.size());
    all.resize(cases.size(), "no verdict");
    return all;
  }

  test_support::TempDir folder_;
};

std::vector<Case> files_in(const fs::path& folder) {
  std::vector<Case> cases;
  for (const auto& entry : fs::directory_iterator(fs::path(GRIDLOCK_SOURCE_DIR) / folder))
    if (entry.path().extension() == ".yaml")
      cases.push_back({entry.path().filename(), read(entry.path())});
  std::ranges::sort(cases, {}, &Case::name);
  return cases;
}

TEST_F(Schema, TakesEveryTopologyThatIsReadyToRun) {
  const std::vector<Case> cases = files_in("topologies");
  ASSERT_GE(cases.size(), 5u);
  const std::vector<std::string> said = verdicts(cases);
  for (std::size_t i = 0; i < cases.size(); ++i) EXPECT_EQ(said[i], "") << cases[i].name;
}

TEST_F(Schema, TakesWhatTheTopologiesInclude) {
  const std::vector<Case> cases = files_in("topologies/base");
  ASSERT_GE(cases.size(), 2u);
  const std::vector<std::string> said = verdicts(cases, SchemaOf::part);
  for (std::size_t i = 0; i < cases.size(); ++i) EXPECT_EQ(said[i], "") << cases[i].name;
}

TEST_F(Schema, TakesTheExamplesOfTheReference) {
  const std::string reference = read(fs::path(GRIDLOCK_SOURCE_DIR) / "docs" / "topology.md");
  std::vector<Case> cases;
  for (std::size_t at = 0; (at = reference.find("```yaml\n", at)) != std::string::npos;) {
    at += 8;
    cases.push_back({"docs/topology.md", reference.substr(at, reference.find("```", at) - at)});
  }
  ASSERT_GE(cases.size(), 5u);
  const std::vector<std::string> said = verdicts(cases, SchemaOf::part);
  for (std::size_t i = 0; i < cases.size(); ++i) EXPECT_EQ(said[i], "") << cases[i].yaml;
}

/// What the tables say of a key by itself the schema knows; the rest is the reader's.
TEST_F(Schema, RefusesWrongTopologies) {
  std::vector<Case> cases;
  for (const char* const name : {"choices",
                                 "empty",
                                 "empty_sections",
                                 "exec",
                                 "exec_surroundings",
                                 "expectations",
                                 "fio",
                                 "kernels",
                                 "labs",
                                 "lock_ping",
                                 "many_mistakes",
                                 "missing",
                                 "mmap_dio",
                                 "mmap_dio_lists",
                                 "mmap_dio_sizes",
                                 "names",
                                 "not_a_mapping",
                                 "numbers_and_sizes",
                                 "trials",
                                 "unknown_keys",
                                 "wrong_kinds"})
    cases.push_back({name, read(fs::path(GRIDLOCK_SOURCE_DIR) / "tests" / "testdata" / "topology" /
                                "bad" / (std::string(name) + ".yaml"))});
  const std::vector<std::string> said = verdicts(cases);
  for (std::size_t i = 0; i < cases.size(); ++i) EXPECT_NE(said[i], "") << cases[i].name;
}

/// Values to try for a key: good ones, wrong ones, and those at its bounds.
std::vector<std::string> values_for(const Key& key) {
  std::vector<std::string> values{"word",       "3",
                                  "[one, two]", "{a: b}",
                                  "''",         "'two\n\n  lines'",
                                  "true",       "1.5",
                                  "[[a]]",      "~",
                                  "-1",         "'~ a'",
                                  "[]",         "7s",
                                  "64MiB",      std::string(600, 'x')};
  const auto number = [&](std::uint64_t value) { values.push_back(std::to_string(value)); };
  if (key.type == ValueType::integer || key.type == ValueType::size) {
    number(key.low);
    number(key.high);
    number(key.high + 1);
    if (key.low > 0) number(key.low - 1);
    if (key.step > 1) number(key.low + 1);
    values.push_back("'" + std::to_string(key.low) + "'");
  }
  if (key.type == ValueType::duration)
    values.insert(values.end(), {"10s", "1m30s", "'1.5 s'", ".5h", "10", "s", "5x", "1m 5s"});
  if (key.type == ValueType::share)
    values.insert(values.end(), {"5%", "0.5%", "99.9%", "0%", "100%", "-5%", "0.05", "'0.05'", ".5",
                                 "'5.%'", "0", "1", "1e-2", ".inf", "inf", "nan%", "'%'"});
  if (key.type == ValueType::size)
    values.insert(values.end(), {"1 GiB", "64M", "1.5GiB", "64mb", "GiB"});
  for (const std::string& word : split(key.words, ' ')) {
    if (word.empty()) continue;
    values.push_back(word);
    values.push_back("[" + word + "]");
    values.push_back("[" + word + ", " + word + "]");
  }
  if (!key.fallback.empty()) values.emplace_back(key.fallback);
  return values;
}

/// Bounds of a size or duration that is written with a unit are the reader's alone.
bool out_of_bounds(const Key& key, const std::string& complaint) {
  return (key.type == ValueType::size || key.type == ValueType::duration) &&
         (complaint.find("must be from") != std::string::npos ||
          complaint.find("must be a multiple") != std::string::npos ||
          complaint.find("must be whole seconds") != std::string::npos);
}

TEST_F(Schema, AgreesWithTheReaderOnEveryKeyByItself) {
  std::vector<Case> cases;
  std::vector<std::string> complaints;
  std::vector<bool> beyond;
  for (const KeyTable* const table : all_key_tables()) {
    for (const Key& key : table->keys) {
      if (key.type == ValueType::section || key.type == ValueType::special ||
          key.form == Form::statuses)
        continue;
      for (const std::string& value : values_for(key)) {
        const std::string text = "k: " + value + "\n";
        Mistakes mistakes(text, "lab.yaml");
        DocSize size;
        const DocNode root = parse_document(text, 0, size, mistakes);
        Key row = key;
        DocEntry entry = root.entries.at(0);
        entry.key = std::string(key.name);
        LoneKey(entry, row, table->what, mistakes).section().check(key.name);
        std::string complaint;
        try {
          mistakes.throw_if_any();
        } catch (const TopologyError& error) {
          complaint = error.what();
        }
        cases.push_back(
            {std::string(table->what) + ", " + std::string(key.name) + ": " + value, value,
             "/definitions/" + schema_name(*table) + "/properties/" + std::string(key.name)});
        beyond.push_back(out_of_bounds(key, complaint));
        complaints.push_back(std::move(complaint));
      }
    }
  }
  ASSERT_GT(cases.size(), 1000u);
  const std::vector<std::string> said = verdicts(cases);
  int refused = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    refused += complaints[i].empty() ? 0 : 1;
    if (beyond[i] && said[i].empty()) continue;
    EXPECT_EQ(said[i].empty(), complaints[i].empty())
        << cases[i].name << "\nschema: " << said[i] << "\nreader: " << complaints[i];
  }
  EXPECT_GT(refused, 300);
}

struct Judged {
  const char* text;
  bool right;
};

/// What is more than one key: sections, what must be there, programs, special values.
constexpr Judged kJudged[] = {
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: mmap-dio}}\n", true},
    {"kernels: {k: {source: {dir: x}}}\n", false},
    {"workloads: {w: {program: mmap-dio}}\n", false},
    {"{}\n", false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {}\n", false},
    {"kernels: {k: {source: {dir: x, package: linux}}}\nworkloads: {w: {program: mmap-dio}}\n",
     false},
    {"kernels: {k: {source: {}}}\nworkloads: {w: {program: mmap-dio}}\n", false},
    {"kernels: {k: {source: }}\nworkloads: {w: {program: mmap-dio}}\n", false},
    {"kernels: {k: }\nworkloads: {w: {program: mmap-dio}}\n", false},
    {"kernels: {k: {config: base}}\nworkloads: {w: {program: mmap-dio}}\n", false},
    {"kernels: {'a b': {source: {dir: x}}}\nworkloads: {w: {program: mmap-dio}}\n", false},
    {"kernels: {6.1: {source: {git: x, ref: v6.1}}}\nworkloads: {w: {program: mmap-dio}}\n", true},
    {"kernels: [a]\nworkloads: {w: {program: mmap-dio}}\n", false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {}}\n", false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: }\n", false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {operation: read}}\n", false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: fio}}\n", false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: fio, jobs: {rw: read}}}\n", true},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: fio, jobs: {direct: 1, size: "
     "8M}}}\n",
     true},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: fio, jobs: {filename: a}}}\n",
     false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: fio, jobs: {write_bw_log: a}}}\n",
     false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: fio, jobs: {ioengine: net}}}\n",
     false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: fio, jobs: {verify: "
     "/etc/passwd}}}\n",
     false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: fio, jobs: {Rw: read}}}\n", false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: fio, operation: read, jobs: {rw: "
     "read}}}\n",
     false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: lock-ping, data: mapped}}\n",
     true},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: lock-ping, data: 8MiB}}\n", false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: exec, command: [a, 1], data: "
     "8MiB}}\n",
     true},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: exec, data: 8MiB}}\n", false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: exec, command: a, exit: [0, "
     "255]}}\n",
     true},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: exec, command: a, exit: [256]}}\n",
     false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: exec, command: a, files: {/opt/x: "
     "x}}}\n",
     true},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: exec, command: a, files: {/etc/x: "
     "x}}}\n",
     false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: exec, command: a, files: "
     "{/opt/../x: x}}}\n",
     false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: exec, command: a, environment: "
     "{A: 1, _b: ''}}}\n",
     true},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: exec, command: a, environment: "
     "{1a: x}}}\n",
     false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: exec, command: a, environment: "
     "{A: [x]}}}\n",
     false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: other}}\n", false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: mmap-dio}}\ntrials: [[w]]\n",
     true},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: mmap-dio}}\ntrials: [{name: a, "
     "workloads: w}]\n",
     true},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: mmap-dio}}\ntrials: [{name: a}]\n",
     false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: mmap-dio}}\ntrials: [w]\n", false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: mmap-dio}}\ntrials: []\n", false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: mmap-dio}}\ntrials: [[]]\n",
     false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: mmap-dio}}\ntrials:\n", true},
    {"kernels: {k: {source: {dir: x}, expect: {w: fail}}}\nworkloads: {w: {program: mmap-dio}}\n",
     true},
    {"kernels: {k: {source: {dir: x}, expect: maybe}}\nworkloads: {w: {program: mmap-dio}}\n",
     false},
    {"kernels: {k: {source: {dir: x}, expect: {w: maybe}}}\nworkloads: {w: {program: mmap-dio}}\n",
     false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: "
     "mmap-dio}}\nnodes:\ndisks:\nwatch:\n",
     true},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: mmap-dio}}\ndisks: {d: }\n", true},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: mmap-dio}}\nnodes: [2]\n", false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: mmap-dio}}\nnodse: {}\n", false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {operation: write}}\ndefaults: {workload: "
     "{program: mmap-dio}}\n",
     true},
    {"kernels: {k: }\nworkloads: {w: {program: mmap-dio}}\ndefaults: {kernel: {source: {dir: "
     "x}}}\n",
     true},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: mmap-dio}}\ndefaults: {workload: "
     "{processes: 99}}\n",
     false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: mmap-dio}}\ndefaults: {workload: "
     "{proceses: 9}}\n",
     false},
    {"kernels: {k: {source: {dir: x}}}\nworkloads: {w: {program: mmap-dio}}\ndefaults: {works: "
     "{}}\n",
     false},
};

TEST_F(Schema, AgreesWithTheReaderOnWholeFiles) {
  std::vector<Case> cases;
  for (const Judged& judged : kJudged) cases.push_back({judged.text, judged.text});
  const std::vector<std::string> said = verdicts(cases);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    std::string complaint;
    try {
      static_cast<void>(read_topology(cases[i].yaml, "/labs/lab.yaml"));
    } catch (const TopologyError& error) {
      complaint = error.what();
    }
    EXPECT_EQ(complaint.empty(), kJudged[i].right) << cases[i].yaml << complaint;
    EXPECT_EQ(said[i].empty(), kJudged[i].right) << cases[i].yaml << said[i];
  }
}

TEST_F(Schema, OfAPartNeedsNothing) {
  const std::vector<Case> cases{
      {"", "kernels: {k: {patches: [a]}}\nworkloads: {w: {operation: read}}\n"},
      {"", "nodes: {count: 17}\n"}};
  EXPECT_THAT(verdicts(cases, SchemaOf::part), testing::ElementsAre("", testing::HasSubstr("17")));
  // A topology that includes others may be as incomplete.
  EXPECT_THAT(verdicts({{"", "include: base.yaml\nkernels: {k: {patches: [a]}}\n"}}),
              testing::ElementsAre(""));
}

/// What an editor shows.
TEST(SchemaText, HasTheMeaningAndTheDefaultOfEveryKey) {
  const Json schema = topology_schema(SchemaOf::topology);
  int keys = 0;
  for (const KeyTable* const table : all_key_tables()) {
    for (const Key& key : table->keys) {
      const Json& value = schema.at("definitions")
                              .at(schema_name(*table))
                              .at("properties")
                              .at(std::string(key.name));
      EXPECT_EQ(value.at("description").get<std::string>().rfind(key.meaning, 0), 0u) << key.name;
      EXPECT_EQ(value.contains("default"), !key.fallback.empty()) << key.name;
      ++keys;
    }
  }
  EXPECT_GT(keys, 60);
}

/// Every table is the table of something, or nobody would obey it.
TEST(SchemaText, ReachesEveryTable) {
  std::set<const KeyTable*> reached{&kTopologyKeys, &kTrialKeys, &kFaultKeys};
  for (const KeyTable* const table : all_key_tables())
    for (const Key& key : table->keys) {
      if (key.type == ValueType::section) {
        EXPECT_FALSE(key.tables.empty()) << table->what << " " << key.name;
      }
      if (key.type == ValueType::special) {
        EXPECT_NE(key.form, Form::none) << table->what << " " << key.name;
      }
      reached.insert(key.tables.begin(), key.tables.end());
    }
  for (const KeyTable* const table : all_key_tables())
    EXPECT_TRUE(reached.contains(table)) << table->what;
}

}  // namespace
}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <limits>
#include <set>

#include "base/error.h"
#include "fuzz/run_json_invariants.h"
#include "record/file_name.h"
#include "record/run_reader.h"
#include "record/run_writer.h"
#include "support/sample_plan.h"
#include "support/sample_run.h"
#include "support/temp_dir.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class StillClock final : public Clock {
 public:
  SteadyTime now() const override { return {}; }
  UtcTime utc() const override { return time; }
  UtcTime time = sample_time();
};

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_text(const fs::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

/// What the action's Error says; fails the test if there is none.
template <class Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return std::string(error.what()) + " / " + error.hint();
  }
  ADD_FAILURE() << "no error";
  return {};
}

/// Every member a writer can produce, in a run that has one of everything.
RunRecord full_run() {
  RunRecord run = demo_run();
  for (TrialRecord& trial : run.trials)
    for (auto& [node, counters] : trial.workloads[0].nodes) {
      counters.read_bytes_per_second = 1.5;
      counters.write_bytes_per_second = 2.5;
      counters.notes = {{"checked", 5.0}, {"lost", 0.0},   {"nonresident", 412.0},
                        {"torn", 1.0},    {"resident", 0.0}, {"kernel", "a text"}};
    }
  for (TrialRecord& trial : run.trials) with_kernel_counts(trial.workloads[0]);
  run.trials[2].lab_of = 1;
  run.trials[4].findings.at(0).trace = {{"gfs2_fault+0x1a/0x30 [gfs2]",
                                         {{"wait_on_bit", "include/linux/wait_bit.h", 76, true},
                                          {"gfs2_fault", "fs/gfs2/file.c", 559}}},
                                        {"do_syscall_64+0x40/0x90", {}}};
  KernelRecord& kernel = run.kernels.at(0);
  kernel.package = "linux-source-6.1";
  kernel.commit = std::string(40, 'c');
  kernel.git_tree = std::string(40, 'd');
  kernel.architecture = "x86_64";
  kernel.compiler = "gcc 12.2.0";
  kernel.config = {"base", "debug"};
  kernel.patches = {{"01-a.patch", "gfs2: a", true, std::string(64, 'e')}};
  kernel.build_began = sample_time();
  run.hunt = HuntRecord{sample_time(), 60, 3600, 10, 4};
  run.trials[2].health =
      HealthRecord{1.25, 0.0125, 0.5, 9'000'000'000, 2, -1.5, {"2 other machines ran"}};
  run.compare = CompareRecord{"unpatched", "patched", 12, 2, false, 7200, 99, {{"abba", 0.05}}, {}, {}, ""};
  run.compare->pairs_run = {{1, "abba", true, 5, 2, "steal of 12 %"}, {1, "abba", true, 4, 0, ""}};
  run.compare->same_pairs = {{1, "abba", false, 4, 5, ""}};
  run.compare->stopped = "the budget of 2h was used";
  return run;
}

class RecordTest : public testing::Test {
 protected:
  RunWriter& writer() {
    if (!writer_)
      writer_ = std::make_unique<RunWriter>(results(), sample_plan(), running(), clock_);
    return *writer_;
  }
  static RunRecord running() {
    RunRecord run = sample_run();
    run.outcome = Outcome::running;
    return run;
  }
  fs::path results() const { return directory_.path() / "results"; }
  /// A run that has ended, kept under the name `id`.
  void keep_run(const std::string& id, RunRecord run = sample_run()) const {
    fs::create_directories(results() / id);
    run.id = id;
    write_text(results() / id / "run.json", to_json(run).dump());
  }

  TempDir directory_;
  StillClock clock_;
  std::unique_ptr<RunWriter> writer_;
};

TEST(RunRecordTest, ComesBackUnchangedFromItsJson) {
  const Json json = to_json(full_run());
  const RunRecord again = run_record_from_json(json);
  EXPECT_EQ(to_json(again).dump(2), json.dump(2));
  EXPECT_EQ(again.trials.size(), 6u);
  EXPECT_EQ(again.started, sample_time());
}

TEST(RunRecordTest, SaysWhichNodesRanAnotherKernelAndWhatTheyTookOfMemory) {
  RunRecord run = sample_run();
  run.trials = {sample_trial(1, "patched", "abba"), sample_trial(2, "patched", "abba")};
  run.trials[1].node_kernels = {{"node2", "unpatched"}};
  run.trials[1].nodes_memory_bytes = 900'000'000;
  const RunRecord read = run_record_from_json(to_json(run));
  EXPECT_TRUE(read.trials.at(0).node_kernels.empty());
  EXPECT_EQ(read.trials.at(0).nodes_memory_bytes, 0u) << "not known";
  EXPECT_EQ(read.trials.at(1).node_kernels.at("node2"), "unpatched");
  EXPECT_EQ(read.trials.at(1).nodes_memory_bytes, 900'000'000u);
}

TEST(RunRecordTest, SaysWhatWasDoneToNodesOnPurposeAndHowFarItCame) {
  RunRecord run = sample_run();
  run.trials = {sample_trial(1, "patched", "abba"), sample_trial(2, "patched", "abba")};
  run.trials[1].faults = {{"pause", "node1", 3, 4, "abba", 30.5, 34.5, {}, {}},
                          {"kill", "node2", 5, 0, "abba", 32.25, {}, 14.125, 46.5},
                          {"cut", "node1", 9, 1, "abba", {}, {}, {}, {}}};
  const Json json = to_json(run);
  EXPECT_FALSE(json["trials"][0].contains("faults"));
  EXPECT_EQ(json["trials"][1]["faults"][1]["still_seconds"], 14.125);
  EXPECT_FALSE(json["trials"][1]["faults"][2].contains("begin_seconds"));
  EXPECT_EQ(to_json(run_record_from_json(json)).dump(2), json.dump(2));
}

TEST(RunRecordTest, OutcomesHaveNamesThatAreReadBack) {
  for (const Outcome outcome :
       {Outcome::running, Outcome::passed, Outcome::failed, Outcome::error, Outcome::interrupted})
    EXPECT_EQ(parse_outcome(to_string(outcome)), outcome);
  EXPECT_EQ(parse_outcome("Passed"), std::nullopt);
}

/// Goes through every member of `json`; objects keyed by node names are passed through.
void visit_members(Json& json, const std::string& path,
                   const std::function<void(Json& object, const std::string& key,
                                            const std::string& path)>& visit) {
  if (json.is_array()) {
    for (std::size_t i = 0; i < json.size(); ++i)
      visit_members(json[i], path + "[" + std::to_string(i) + "]", visit);
    return;
  }
  if (!json.is_object()) return;
  std::vector<std::string> keys;
  for (const auto& item : json.items()) keys.push_back(item.key());
  for (const std::string& key : keys) {
    const std::string inner = path.empty() ? key : path + "." + key;
    visit_members(json[key], inner, visit);
    if (!key.starts_with("node1") && !key.starts_with("node2")) visit(json, key, inner);
  }
}

TEST(RunRecordTest, NamesTheMemberThatIsMissingOrOfTheWrongKind) {
  // Small enough that every member of it can be tried.
  RunRecord small = full_run();
  small.trials = {small.trials[2], small.trials[4]};
  const std::set<std::string> optional{"health", "steal", "iowait", "compare", "lockdep_alive",
                                       "taint", "read_bytes_per_second", "write_bytes_per_second",
                                       "start", "lab_of", "seed", "hunt",
                                       // Runs from before there were steady windows.
                                       "retries", "steady_begin_seconds", "lock_waits",
                                       // From before it was kept what a kernel was made from, and
                                       // of kernels without debug information.
                                       "prebuilt", "build_began", "trace"};
  const auto may_be_absent = [&](const std::string& key, const std::string& path) {
    // What a node's kernel lacks, did not tell, or runs of an earlier schema did not know.
    const bool told = path.find(".oracles.") != std::string::npos && key != "dropped_lines" &&
                      key != "console_bytes" && key != "used" && key != "max";
    return told || optional.contains(key) ||
           path.find(".workloads[0].kernel") != std::string::npos ||
           path.find(".notes") != std::string::npos || path.find(".margins.") != std::string::npos;
  };

  Json whole = to_json(small);
  Json copy = whole;
  int tried = 0;
  visit_members(whole, "", [&](Json& object, const std::string& key, const std::string& path) {
    const Json before = object;
    object[key] = nullptr;
    EXPECT_THAT(error_of([&] { run_record_from_json(whole); }), HasSubstr("'" + path + "'"));
    object = before;
    object.erase(key);
    if (!may_be_absent(key, path)) {
      EXPECT_THAT(error_of([&] { run_record_from_json(whole); }),
                  HasSubstr("'" + path + "' is missing"));
    }
    object = before;
    ++tried;
  });
  EXPECT_GT(tried, 100);
  EXPECT_EQ(whole, copy);
}

TEST(RunRecordTest, RefusesValuesOutOfRange) {
  const auto with = [](const std::string& key, Json value) {
    Json json = to_json(sample_run());
    json[key] = std::move(value);
    return error_of([&] { run_record_from_json(json); });
  };
  EXPECT_THAT(with("nodes", 1ull << 40), HasSubstr("'nodes' is out of range"));
  EXPECT_THAT(with("nodes", 1.5), HasSubstr("'nodes' is not a whole number"));
  EXPECT_THAT(with("seed", -1), HasSubstr("'seed' is not a whole number of at least 0"));
  EXPECT_THAT(with("seconds", 1e300), HasSubstr("'seconds' is out of range"));
  EXPECT_THAT(with("outcome", "fine"), HasSubstr("'outcome' is no outcome"));
  for (const char* const time :
       {"", "yesterday", "2026-13-01T00:00:00.000Z", "2026-02-30T00:00:00.000Z",
        "2026-02-03T24:00:00.000Z", "2026-02-03T23:00:00.000+", "2026-02-0xT23:00:00.000Z"})
    EXPECT_THAT(with("started", time), HasSubstr("'started' is no time")) << time;
  EXPECT_THAT(with("format", "other"), HasSubstr("'format'"));
  EXPECT_THAT(with("schema", 3), HasSubstr("'schema' is 3, this Gridlock reads 1 to 2"));
}

TEST(RunRecordTest, ReadsTheOraclesOfASchemaThatKnewLess) {
  RunRecord run = sample_run();
  run.trials = {sample_trial(1, "patched", "abba")};
  Json json = to_json(run);
  json["schema"] = 1;
  json["trials"][0]["oracles"]["node1"] =
      Json{{"lockdep_alive", true}, {"taint", 0U}, {"dropped_lines", 0U}, {"console_bytes", 64'000U}};
  const RunRecord read = run_record_from_json(json);
  const OracleRecord& oracle = read.trials.at(0).oracles.at("node1");
  EXPECT_EQ(oracle.lockdep_alive, true);
  EXPECT_EQ(oracle.self_check, "");
  EXPECT_TRUE(oracle.counts.empty());
  EXPECT_FALSE(oracle.gfs2_withdrawn);
  const OracleRecord& other = read.trials.at(0).oracles.at("node2");
  EXPECT_EQ(other.counts.at("warnings"), 1U);
  EXPECT_EQ(other.hung_task_reports_left, -1);
  EXPECT_EQ(other.dlm_members, (std::vector<int>{1, 2}));
  EXPECT_EQ(other.lockdep_tables.at("lock_classes").most, 8192U);
  json["trials"][0]["oracles"]["node2"]["hung_task_reports_left"] =
      std::numeric_limits<std::uint64_t>::max();
  EXPECT_THAT(error_of([&] { run_record_from_json(json); }), HasSubstr("hung_task_reports_left"));
}

TEST(RunRecordTest, KeepsWhatAComparisonDidPairByPair) {
  const RunRecord again = run_record_from_json(to_json(full_run()));
  ASSERT_TRUE(again.compare);
  EXPECT_EQ(again.compare->base, "unpatched");
  EXPECT_EQ(again.compare->head, "patched");
  EXPECT_EQ(again.compare->pairs, 12);
  EXPECT_EQ(again.compare->order_seed, 99U);
  EXPECT_EQ(again.compare->margins.at("abba"), 0.05);
  ASSERT_EQ(again.compare->pairs_run.size(), 2U);
  EXPECT_TRUE(again.compare->pairs_run[0].head_first);
  EXPECT_EQ(again.compare->pairs_run[0].spoilt, "steal of 12 %");
  EXPECT_EQ(again.compare->pairs_run[1].base_trial, 4);
  EXPECT_EQ(again.compare->pairs_run[1].head_trial, 0);
  EXPECT_EQ(again.compare->same_pairs.at(0).head_trial, 5);
  const std::optional<HealthRecord>& health = again.trials.at(2).health;
  ASSERT_TRUE(health);
  EXPECT_EQ(health->steal, 0.0125);
  EXPECT_EQ(health->clock_jump_seconds, -1.5);
  EXPECT_THAT(health->problems, ElementsAre("2 other machines ran"));
  EXPECT_FALSE(again.trials.at(0).health);
}

TEST(RunRecordTest, WhatTheHostDidNotTellOfItsHealthStaysAbsent) {
  RunRecord run = sample_run();
  run.trials = {sample_trial(1, "patched", "abba")};
  run.trials[0].health = HealthRecord{};
  const Json json = to_json(run);
  EXPECT_FALSE(json["trials"][0]["health"].contains("steal"));
  const RunRecord again = run_record_from_json(json);
  ASSERT_TRUE(again.trials[0].health);
  EXPECT_FALSE(again.trials[0].health->steal);
  EXPECT_FALSE(again.trials[0].health->iowait);
  EXPECT_FALSE(again.compare);
}

TEST(RunRecordTest, KeepsDecodedTracesAndWhatKernelsWereMadeFrom) {
  const RunRecord run = full_run();
  const RunRecord again = run_record_from_json(to_json(run));
  EXPECT_EQ(again.trials[4].findings.at(0).trace, run.trials[4].findings.at(0).trace);
  EXPECT_EQ(again.kernels[0].build_began, sample_time());
  EXPECT_FALSE(again.kernels[1].build_began);
  // What was not decoded takes no room.
  EXPECT_EQ(to_json(run)["trials"][3].dump().find("\"trace\""), std::string::npos);
}

TEST(RunRecordTest, PassesOverMembersItDoesNotKnow) {
  Json json = to_json(sample_run());
  json["later"] = Json{{"a", 1}};
  EXPECT_EQ(run_record_from_json(json).topology, "gfs2-mmap-dio");
}

TEST(RunRecordTest, EveryMemberIsDescribedInTheDocumentation) {
  const std::string docs = text_of(fs::path(GRIDLOCK_SOURCE_DIR) / "docs" / "results.md");
  Json json = to_json(full_run());
  std::set<std::string> keys;
  visit_members(json, "", [&](Json&, const std::string& key, const std::string& path) {
    // Those are workloads' names.
    if (path.find(".margins.") == std::string::npos) keys.insert(key);
  });
  EXPECT_GT(keys.size(), 60u);
  for (const std::string& key : keys)
    EXPECT_THAT(docs, HasSubstr("`" + key + "`")) << "docs/results.md does not describe it";
}

TEST(FileNameTest, LeavesPlainNamesAlone) {
  for (const char* const name : {"node1", "glocks.txt", "a+b-c_d.1", "f12"})
    EXPECT_EQ(safe_file_name(name), name);
}

TEST(FileNameTest, MakesAnyTextOneHarmlessComponent) {
  std::set<std::string> names;
  const std::vector<std::string> hostile{"",
                                         ".",
                                         "..",
                                         "../../etc/passwd",
                                         "/",
                                         "a/b",
                                         "a_b",
                                         ".hidden",
                                         "a\nb",
                                         std::string("a\0b", 3),
                                         "\xff\xfe",
                                         "\x1b[2J",
                                         std::string(5000, 'x'),
                                         std::string(5000, 'x') + "y"};
  for (const std::string& text : hostile) {
    const std::string name = safe_file_name(text);
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789._+-"),
              std::string::npos)
        << name;
    EXPECT_FALSE(name.empty());
    EXPECT_NE(name.front(), '.');
    EXPECT_LE(name.size(), 100u);
    EXPECT_EQ(name, safe_file_name(text));
    EXPECT_TRUE(names.insert(name).second) << "two texts share " << name;
  }
}

TEST_F(RecordTest, StartsARunThatSaysItIsRunning) {
  const fs::path run = writer().directory();
  EXPECT_EQ(run.parent_path(), results());
  EXPECT_THAT(run.filename().string(),
              testing::MatchesRegex("20261122T223005Z-sample-[0-9a-f]{4}"));
  EXPECT_EQ(text_of(run / "topology.yaml"), "name: sample\n");
  EXPECT_TRUE(parse_json(text_of(run / "plan.json")).has_value());
  EXPECT_EQ(fs::read_symlink(results() / "latest"), run.filename());
  const RunRecord record = read_run(run);
  EXPECT_EQ(record.outcome, Outcome::running);
  EXPECT_EQ(record.id, run.filename());
  EXPECT_EQ(record.updated, clock_.time);
}

TEST_F(RecordTest, UpdateReplacesTheRunAndItsTime) {
  writer();
  clock_.time += std::chrono::minutes(3);
  RunRecord run = demo_run();
  writer().update(run);
  const RunRecord record = read_run(writer().directory() / "run.json");
  EXPECT_EQ(record.trials.size(), 6u);
  EXPECT_EQ(record.updated, clock_.time);
  EXPECT_EQ(record.id, writer().directory().filename());
  for (const auto& entry : fs::directory_iterator(writer().directory()))
    EXPECT_THAT((std::set<std::string>{"run.json", "topology.yaml", "plan.json", ".writing"}),
                testing::Contains(entry.path().filename().string()));
}

TEST_F(RecordTest, TwoRunsInOneSecondGetFoldersOfTheirOwn) {
  const RunWriter other(results(), sample_plan(), running(), clock_);
  EXPECT_NE(other.directory(), writer().directory());
  EXPECT_EQ(fs::read_symlink(results() / "latest"), writer().directory().filename());
}

TEST_F(RecordTest, LeavesAFolderCalledLatestAlone) {
  fs::create_directories(results() / "latest" / "mine");
  EXPECT_TRUE(fs::exists(writer().directory() / "run.json"));
  EXPECT_TRUE(fs::exists(results() / "latest" / "mine"));
}

TEST_F(RecordTest, RunningRunWithoutItsWriterWasInterrupted) {
  RunRecord run = running();
  run.trials = {sample_trial(1, "patched", "abba"), sample_trial(2, "patched", "stream")};
  run.trials[1].outcome = Outcome::running;
  writer().update(run);
  const fs::path directory = writer().directory();
  EXPECT_EQ(read_run(directory).outcome, Outcome::running);
  writer_.reset();
  const RunRecord record = read_run(directory);
  EXPECT_EQ(record.outcome, Outcome::interrupted);
  EXPECT_EQ(record.reason, "gridlock was killed");
  EXPECT_EQ(record.exit_code, 130);
  EXPECT_EQ(record.trials[0].outcome, Outcome::passed);
  EXPECT_EQ(record.trials[1].outcome, Outcome::interrupted);
  EXPECT_FALSE(fs::exists(directory / ".writing"));
}

TEST_F(RecordTest, RunThatEndedKeepsItsOutcomeWithoutItsWriter) {
  writer().update(demo_run());
  const fs::path directory = writer().directory();
  writer_.reset();
  EXPECT_EQ(read_run(directory).outcome, Outcome::passed);
}

TEST_F(RecordTest, TrialLeavesEventsSamplesAndItsRecord) {
  PlannedTrial planned = sample_plan().trials.front();
  const auto trial = writer().begin_trial(planned);
  EXPECT_EQ(fs::relative(trial->directory(), writer().directory()), "trials/01-patched-self-read");
  trial->event(0.25, "node1", "hello", Json{{"kernel", "6.1"}});
  trial->event(1.5, "", "step", Json{{"step", "work"}});
  trial->sample(Json{{"t", 2}, {"operations", 5}});
  // Readable while the trial goes on.
  const std::vector<Json> events = read_json_lines(trial->directory() / "events.jsonl");
  EXPECT_THAT(
      events,
      ElementsAre(Json{{"t", 0.25}, {"node", "node1"}, {"event", "hello"}, {"kernel", "6.1"}},
                  Json{{"t", 1.5}, {"event", "step"}, {"step", "work"}}));
  EXPECT_THAT(read_json_lines(trial->directory() / "samples.jsonl"),
              ElementsAre(Json{{"t", 2}, {"operations", 5}}));
  TrialRecord record = sample_trial(1, "patched", "self-read");
  writer().finish_trial(record);
  EXPECT_EQ(parse_json(text_of(trial->directory() / "trial.json")), to_json(record));
  writer().keep_report("report.txt", "all is well\n");
  EXPECT_EQ(text_of(writer().directory() / "report.txt"), "all is well\n");
}

TEST_F(RecordTest, GoesOnInARunThatWasKilledWithoutTouchingItsHalfTrial) {
  const fs::path run = writer().directory();
  const PlannedTrial trial = sample_plan().trials.front();
  const fs::path half = writer().begin_trial(trial)->directory();
  write_text(half / "events.jsonl", "half\n");
  writer_.reset();
  RunWriter again(run, clock_);
  const auto next = again.begin_trial(trial);
  EXPECT_EQ(next->directory(), half.string() + "-2");
  next->event(1, "", "step", Json{{"step", "start"}});
  EXPECT_EQ(text_of(half / "events.jsonl"), "half\n");
  EXPECT_THROW(RunWriter(run, clock_), Error) << "two write one run";
}

TEST_F(RecordTest, TrialThatWasNotBegunCannotEnd) {
  EXPECT_THROW(writer().finish_trial(sample_trial(9, "patched", "abba")), InternalError);
}

TEST_F(RecordTest, KeepsBytesThatAreNotTextReadable) {
  const auto trial = writer().begin_trial(sample_plan().trials.front());
  trial->event(0, "node1", "finding", Json{{"title", "bad \xff\xc3( bytes"}});
  EXPECT_EQ(read_json_lines(trial->directory() / "events.jsonl").size(), 1u);
  RunRecord run = running();
  run.reason = std::string("\xfe\0\x1b[2J", 6);
  writer().update(run);
  EXPECT_THAT(read_run(writer().directory()).reason, HasSubstr("[2J"));
}

TEST_F(RecordTest, HostileNamesStayInsideTheTrial) {
  PlannedTrial planned = sample_plan().trials.front();
  planned.kernel = "../../k";
  planned.name = "/etc";
  const auto trial = writer().begin_trial(planned);
  EXPECT_EQ(trial->directory().parent_path(), writer().directory() / "trials");
  trial->evidence("../..", "../../../escaped", "x");
  trial->artefact("..", "../escaped", "x");
  trial->evidence("f1", "glocks", "G: s:SH");
  EXPECT_EQ(text_of(trial->directory() / "evidence" / "f1" / "glocks"), "G: s:SH");
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(directory_.path())) {
    if (entry.path().string().find("escaped") == std::string::npos) continue;
    ++files;
    EXPECT_TRUE(entry.path().string().starts_with(trial->directory().string())) << entry.path();
  }
  EXPECT_EQ(files, 2);
}

TEST_F(RecordTest, KeepsWhatAKernelWasBuiltFrom) {
  const fs::path built = directory_.path() / "built";
  fs::create_directories(built / "patches");
  write_text(built / "config", "CONFIG_DLM=y\n");
  write_text(built / "manifest.json", "{}");
  write_text(built / "patches" / "01-fix.patch", "--- a\n");
  write_text(built / "patches" / "02-more.patch", "--- b\n");
  PlannedKernel planned = sample_plan().kernels.front();
  planned.patches = {{"fix.patch", "/nowhere/fix.patch"}, {"more.patch", "/nowhere/more.patch"}};
  writer().keep_kernel(planned, built);
  const fs::path kept = writer().directory() / "kernels" / "patched";
  EXPECT_EQ(text_of(kept / "config"), "CONFIG_DLM=y\n");
  EXPECT_EQ(text_of(kept / "manifest.json"), "{}");
  EXPECT_EQ(text_of(kept / "patches" / "01-fix.patch"), "--- a\n");
  EXPECT_EQ(text_of(kept / "patches" / "02-more.patch"), "--- b\n");
  fs::remove_all(built / "patches");
  EXPECT_THAT(error_of([&] { writer().keep_kernel(planned, built); }),
              HasSubstr((built / "patches").string()));
  fs::remove(built / "config");
  EXPECT_THAT(error_of([&] { writer().keep_kernel(planned, built); }),
              HasSubstr((built / "config").string()));
}

/// As if the disk were full: no file of this process may grow beyond `bytes`.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    old_handler_ = ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit tight{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &tight);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    ::signal(SIGXFSZ, old_handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit old_{};
  void (*old_handler_)(int) = nullptr;
};

TEST_F(RecordTest, FullDiskIsAnErrorThatNamesTheFileAndSpoilsNothing) {
  const auto trial = writer().begin_trial(sample_plan().trials.front());
  trial->event(0, "", "step", Json{{"step", "start"}});
  std::string run_error, event_error;
  {
    const FullDisk full(60);
    run_error = error_of([&] { writer().update(demo_run()); });
    event_error = error_of([&] { trial->event(1, "", "step", Json{{"step", "connect"}}); });
  }
  EXPECT_THAT(run_error, HasSubstr((writer().directory() / "run.json").string()));
  EXPECT_THAT(event_error, HasSubstr("make room"));
  EXPECT_THAT(event_error, HasSubstr((trial->directory() / "events.jsonl").string()));
  EXPECT_EQ(read_run(writer().directory()).outcome, Outcome::running);
  trial->event(2, "", "step", Json{{"step", "form"}});
  const std::vector<Json> events = read_json_lines(trial->directory() / "events.jsonl");
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1]["step"], "form");
}

TEST_F(RecordTest, ResultsThatCannotBeMadeAreAnErrorThatNamesThem) {
  write_text(directory_.path() / "results", "a file");
  EXPECT_THAT(error_of([&] { writer(); }), HasSubstr(results().string()));
}

/// A child writes without end; it is killed after `updates` of run.json and somewhere in its lines.
fs::path killed_run(const fs::path& results, int updates) {
  int pipe_ends[2];
  if (::pipe(pipe_ends) != 0) throw std::runtime_error("pipe");
  const pid_t child = ::fork();
  if (child == 0) {
    const StillClock clock;
    RunRecord run = demo_run();
    run.outcome = Outcome::running;
    RunWriter writer(results, sample_plan(), run, clock);
    const auto trial = writer.begin_trial(sample_plan().trials.front());
    while (true) {
      trial->event(1, "node1", "finding", Json{{"title", std::string(300, 'x')}});
      writer.update(run);
      if (::write(pipe_ends[1], "u", 1) != 1) ::_exit(1);
    }
  }
  ::close(pipe_ends[1]);
  char byte = 0;
  for (int i = 0; i < updates && ::read(pipe_ends[0], &byte, 1) == 1; ++i) {
  }
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(pipe_ends[0]);
  EXPECT_TRUE(WIFSIGNALED(status));
  return fs::canonical(results / "latest");
}

TEST_F(RecordTest, RunIsWholeWheneverItsWriterIsKilled) {
  for (int updates = 1; updates <= 6; ++updates) {
    const fs::path run = killed_run(results(), updates);
    const RunRecord record = read_run(run);
    EXPECT_EQ(record.outcome, Outcome::interrupted);
    EXPECT_EQ(record.trials.size(), 6u);
    EXPECT_GE(read_json_lines(run / "trials" / "01-patched-self-read" / "events.jsonl").size(),
              static_cast<std::size_t>(updates));
  }
}

TEST_F(RecordTest, DamagedRunIsAnErrorWithAPosition) {
  keep_run("a-run");
  const fs::path file = results() / "a-run" / "run.json";
  write_text(file, "{\n  \"format\": \"gridlock-run\",\n  oops\n}");
  EXPECT_THAT(error_of([&] { read_run(results() / "a-run"); }),
              HasSubstr(file.string() + ":3:3: damaged: not JSON"));
  write_text(file, "{\n  \"format\": \"grid");
  EXPECT_THAT(error_of([&] { read_run(file); }), HasSubstr(":2:18: it ends before it is complete"));
  write_text(file, "{}");
  EXPECT_THAT(error_of([&] { read_run(file); }), HasSubstr("run.json: 'format' is missing"));
  write_text(file, std::string(100, '['));
  EXPECT_THAT(error_of([&] { read_run(file); }), HasSubstr("it ends before"));
  write_text(file, std::string(100, '[') + std::string(100, ']'));
  EXPECT_THAT(error_of([&] { read_run(file); }), HasSubstr("nested too deeply"));
  write_text(file, "{\"seconds\": 1e999}");
  EXPECT_THAT(error_of([&] { read_run(file); }), HasSubstr("out of range"));
}

TEST_F(RecordTest, MissingRunIsAUsageError) {
  EXPECT_THROW(read_run(results() / "nothing"), UsageError);
  EXPECT_THROW(find_run(results(), "latest"), UsageError);
  EXPECT_TRUE(list_runs(results()).empty());
}

TEST(JsonLinesTest, LeavesOutALastLineThatWasCut) {
  EXPECT_EQ(parse_json_lines("{\"a\":1}\n{\"b\":2}\n{\"c\":", "x").size(), 2u);
  EXPECT_EQ(parse_json_lines("{\"a\":1}\n{\"b\":\"tex", "x").size(), 1u);
  EXPECT_EQ(parse_json_lines("{\"a\":1}", "x").size(), 1u);
  EXPECT_TRUE(parse_json_lines("", "x").empty());
}

TEST(JsonLinesTest, RefusesAnyOtherDamageWithItsLine) {
  EXPECT_THAT(error_of([] { parse_json_lines("{}\n{\"b\":\n{}\n", "e.jsonl"); }),
              HasSubstr("e.jsonl:2: it ends before it is complete"));
  EXPECT_THAT(error_of([] { parse_json_lines("{}\n{}x", "e.jsonl"); }),
              HasSubstr("e.jsonl:2: damaged"));
  EXPECT_THAT(error_of([] { parse_json_lines("[1]\n", "e.jsonl"); }),
              HasSubstr("e.jsonl:1: damaged: not a JSON object"));
}

TEST_F(RecordTest, FindsARunByPathNameEndOrAsTheLatest) {
  keep_run("20261122T100000Z-a-1111");
  keep_run("20261122T110000Z-b-2221");
  fs::create_directory_symlink("20261122T100000Z-a-1111", results() / "latest");
  const fs::path first = results() / "20261122T100000Z-a-1111";
  EXPECT_EQ(find_run(results(), first.string()), first);
  EXPECT_EQ(find_run(results(), (first / "run.json").string()), first);
  EXPECT_EQ(find_run(results(), "20261122T100000Z-a-1111"), first);
  EXPECT_EQ(find_run(results(), "a-1111"), first);
  EXPECT_EQ(find_run(results(), "latest"), fs::canonical(first));
  fs::remove(results() / "latest");
  EXPECT_EQ(find_run(results(), "latest"), results() / "20261122T110000Z-b-2221");
}

TEST_F(RecordTest, RefusesANameThatIsAmbiguousOrUnknown) {
  keep_run("20261122T100000Z-a-1111");
  keep_run("20261122T110000Z-b-2221");
  EXPECT_THAT(error_of([&] { find_run(results(), "1"); }),
              HasSubstr("'1' is the end of 2 runs: 20261122T100000Z-a-1111, "
                        "20261122T110000Z-b-2221"));
  EXPECT_THAT(error_of([&] { find_run(results(), "20261122T100000Z-a-1112"); }),
              HasSubstr("did you mean '20261122T100000Z-a-1111'?"));
  EXPECT_THAT(error_of([&] { find_run(results(), "\x1b[2J"); }), HasSubstr("\\x1b[2J"));
  EXPECT_THROW(find_run(results(), ""), UsageError);
}

TEST_F(RecordTest, ListsRunsOldestFirstAndSaysWhichCannotBeRead) {
  keep_run("20261122T110000Z-b-2222");
  keep_run("20261122T100000Z-a-1111");
  fs::create_directories(results() / "20261122T120000Z-c-3333");
  keep_run("20261122T130000Z-d-4444");
  write_text(results() / "20261122T130000Z-d-4444" / "run.json", "{");
  write_text(results() / "README.md", "not a run");
  const std::vector<RunRecord> runs = list_runs(results());
  ASSERT_EQ(runs.size(), 4u);
  EXPECT_EQ(runs[0].id, "20261122T100000Z-a-1111");
  EXPECT_EQ(runs[1].outcome, Outcome::passed);
  EXPECT_EQ(runs[2].outcome, Outcome::error);
  EXPECT_THAT(runs[2].reason, HasSubstr("run.json is missing"));
  EXPECT_THAT(runs[3].reason, HasSubstr("ends before it is complete"));
  EXPECT_TRUE(runs[3].topology.empty());
}

TEST(RunJsonFuzzTest, SeedsHoldTheInvariants) {
  int replayed = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(GRIDLOCK_SOURCE_DIR) / "tests" /
                                                  "testdata" / "fuzz" / "run_json")) {
    SCOPED_TRACE(entry.path());
    EXPECT_NO_THROW(fuzz::check_all(text_of(entry.path())));
    ++replayed;
  }
  EXPECT_GE(replayed, 6);
}

TEST(RunJsonFuzzTest, EveryCutOfARealRunIsAnError) {
  const std::string text = to_json(demo_run()).dump(2);
  for (std::size_t cut = 0; cut < text.size(); cut += 97)
    EXPECT_THROW(parse_run(std::string_view(text).substr(0, cut), "run.json"), Error) << cut;
}

}  // namespace
}  // namespace gridlock

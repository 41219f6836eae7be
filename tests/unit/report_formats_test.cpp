// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/formats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <QByteArray>
#include <QXmlStreamReader>
#include <map>
#include <regex>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "record/run_reader.h"
#include "report/cases.h"
#include "report/columns.h"
#include "report/comparison_text.h"
#include "report/junit.h"
#include "report/kcidb.h"
#include "report/ktap.h"
#include "report/lava.h"
#include "support/golden.h"
#include "support/kcidb_schema.h"
#include "support/sample_comparison.h"

namespace gridlock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// A comparison with something of everything: the deadlock is fixed, a workload is slower, a report
/// is new, one is known, a pair is spoilt.
RunRecord rich_comparison() {
  RunRecord run = sample_comparison(12, [](TrialRecord& trial, const SamplePair& pair) {
    if (pair.is_head)
      with_rate(trial, trial.workloads[0].total.steady->operations_per_second * 0.93);
    if (!pair.is_head && pair.number > 5) fail_with(trial, sample_deadlock());
    if (pair.is_head && pair.number == 5) {
      FindingRecord finding =
          sample_finding("f1", "warning", "WARNING in gfs2_evict_inode", 12.5, {"node2"});
      finding.excerpt = "WARNING: CPU: 0 PID: 7 at fs/gfs2/super.c:1\n Call Trace:\n  gfs2_evict";
      fail_with(trial, finding);
    }
    if (pair.is_head && pair.number == 6) {
      trial.findings.push_back(sample_finding("f1", "lockdep", "lockdep: a / b", 40));
      trial.findings.back().known = true;
    }
  });
  add_same_pairs(run, 4, 1);
  run.compare->pairs_run.push_back({13, "mmap-dio", false, 0, 0, "the host ran out of memory"});
  run.trials[3].health->other_machines = 1;
  return run;
}

RunRecord hunt_run() {
  RunRecord run = demo_run();
  run.hunt = HuntRecord{sample_time(), 252, 3600, 0, 2};
  run.trials[2].directory = "";
  return run;
}

/// Texts that break a format that does not mind them, everywhere a text can stand.
RunRecord hostile_run(RunRecord run) {
  const std::string evil = std::string("]]></system-out><x a=\"'&\x1b[2J\x07\0\r\n\xff\xfe", 34) +
                           "\xef\xbf\xbe # SKIP </script> not ok 9 \xe2\x80\xae <LAVA_SIGNAL_X>\t" +
                           std::string(3000, 'y');
  run.id = run.topology = run.accel = run.host = run.command = evil;
  run.gridlock_version = run.plan_hash = run.reason = evil;
  for (KernelRecord& kernel : run.kernels) {
    kernel.release += evil;
    kernel.key += evil;
    kernel.from = evil;
  }
  for (TrialRecord& trial : run.trials) {
    trial.name += evil;
    trial.reason = trial.directory = evil;
    for (WorkloadRecord& workload : trial.workloads) workload.name = workload.detail = evil;
    for (FindingRecord& finding : trial.findings) {
      finding.id += evil;
      finding.kind = finding.title = finding.identity = finding.function = finding.step = evil;
      finding.excerpt = evil + "\n" + evil;
      finding.nodes = {evil, evil};
    }
  }
  if (run.compare)
    for (auto* const pairs : {&run.compare->pairs_run, &run.compare->same_pairs})
      for (PairRecord& pair : *pairs) {
        pair.trial += evil;
        if (!pair.spoilt.empty()) pair.spoilt = evil;
      }
  return run;
}

/// Runs of all kinds by name, each also with hostile texts.
std::map<std::string, RunRecord> runs_of_all_kinds() {
  RunRecord broken = demo_run();
  broken.trials[0].outcome = Outcome::error;
  broken.trials[0].reason = "waiting 30s for quorum";
  broken.trials[1].outcome = Outcome::interrupted;
  broken.trials[2].outcome = Outcome::running;
  broken.trials[3].expect = Expectation::pass;
  broken.trials[3].expected = false;
  broken.trials[5].expect = Expectation::fail;
  broken.trials[5].expected = false;
  RunRecord repeated = demo_run();
  const std::vector<TrialRecord> once = repeated.trials;
  repeated.trials.insert(repeated.trials.end(), once.begin(), once.end());
  std::map<std::string, RunRecord> runs{{"empty", sample_run()},
                                        {"demo", demo_run()},
                                        {"broken", broken},
                                        {"hunt", hunt_run()},
                                        {"comparison", rich_comparison()},
                                        {"repeated", repeated}};
  std::map<std::string, RunRecord> out = runs;
  for (const auto& [name, run] : runs) out.emplace(name + "-hostile", hostile_run(run));
  return out;
}

// --- the text of a comparison

std::string mail_of(const RunRecord& run) {
  return text_report(run, "results/20261122T223005Z-gfs2-mmap-dio-7f3a", Colour::off);
}

TEST(ComparisonText, SaysWhatACompleteComparisonShows) {
  expect_golden(mail_of(rich_comparison()), "report/comparison.txt");
}

TEST(ComparisonText, SaysThatAPatchFixesAHangAndCostsNothing) {
  RunRecord run = sample_comparison(12, [](TrialRecord& trial, const SamplePair& pair) {
    if (!pair.is_head && pair.number > 5) fail_with(trial, sample_deadlock());
  });
  expect_golden(mail_of(run), "report/comparison-fixed.txt");
}

TEST(ComparisonText, SaysWhyExistingResultsGiveNoThroughput) {
  RunRecord run = demo_run();
  const Comparison comparison = compare_run(run);
  expect_golden(comparison_text(comparison, "gridlock compare a b", "results/x", Colour::off),
                "report/comparison-existing.txt");
}

TEST(ComparisonText, FitsAMailWhateverTheTexts) {
  for (const auto& [name, run] : runs_of_all_kinds()) {
    if (!run.compare) continue;
    for (const std::string& line : split(mail_of(run), '\n')) {
      EXPECT_LE(display_width(line), 76U) << name << ": " << line;
      EXPECT_FALSE(line.ends_with(' ')) << name << ": '" << line << "'";
      EXPECT_EQ(printable(line, 10'000), line) << name;
    }
  }
}

// --- cases

TEST(Cases, NamesAreUniqueInAGroupAndGroupsAreUnique) {
  for (const auto& [kind, run] : runs_of_all_kinds()) {
    std::set<std::string> groups;
    for (const CaseGroup& group : cases_of(run)) {
      EXPECT_TRUE(groups.insert(group.name).second) << kind;
      std::set<std::string> names;
      for (const ResultCase& one : group.cases) {
        EXPECT_TRUE(names.insert(one.name).second) << kind << ": " << one.name;
        EXPECT_LE(one.name.size(), 120U);
      }
    }
  }
}

TEST(Cases, FailureIsTheKernelsAndWhatBrokeIsOurs) {
  const std::map<std::string, RunRecord> runs = runs_of_all_kinds();
  const std::vector<CaseGroup> groups = cases_of(runs.at("broken"));
  ASSERT_EQ(groups.size(), 2U);
  const auto results = [](const CaseGroup& group) {
    std::vector<CaseResult> out;
    for (const ResultCase& one : group.cases) out.push_back(one.result);
    return out;
  };
  EXPECT_EQ(groups[0].name, "unpatched");
  EXPECT_THAT(results(groups[0]),
              ElementsAre(CaseResult::failed, CaseResult::known_failure, CaseResult::failed));
  EXPECT_EQ(groups[0].cases[0].type, "bug");
  EXPECT_FALSE(groups[0].cases[0].timed_out);
  EXPECT_EQ(groups[0].cases[1].type, "deadlock");
  EXPECT_TRUE(groups[0].cases[1].timed_out);
  EXPECT_EQ(groups[0].cases[2].type, "unexpected_pass");
  EXPECT_THAT(results(groups[1]),
              ElementsAre(CaseResult::broken, CaseResult::broken, CaseResult::broken));
}

TEST(Cases, WhatFailsOnTheBaseOfAComparisonIsNoFailure) {
  const RunRecord run = rich_comparison();
  const std::vector<CaseGroup> groups = cases_of(run);
  ASSERT_EQ(groups.size(), 3U);
  EXPECT_EQ(groups[0].name, "patched against unpatched");
  int failed = 0;
  for (const ResultCase& one : groups[1].cases) EXPECT_NE(one.result, CaseResult::failed);
  for (const ResultCase& one : groups[2].cases) failed += one.result == CaseResult::failed;
  EXPECT_EQ(failed, 1);
  std::map<std::string, CaseResult> asked;
  for (const ResultCase& one : groups[0].cases) asked[one.name] = one.result;
  EXPECT_EQ(asked.at("completion mmap-dio"), CaseResult::passed);
  EXPECT_EQ(asked.at("throughput mmap-dio"), CaseResult::failed);
  EXPECT_EQ(asked.at("finding WARNING in gfs2_evict_inode"), CaseResult::failed);
  EXPECT_EQ(asked.at("finding deadlock: node1 <-> node2, 2 glocks"), CaseResult::passed);
  EXPECT_EQ(asked.at("base against itself"), CaseResult::passed);
}

// --- JUnit

/// What a reader of JUnit sees of one suite.
struct Suite {
  std::map<std::string, std::string> attributes;
  std::map<std::string, std::string> properties;
  int cases = 0, failures = 0, errors = 0, skipped = 0;
  std::string output;  ///< all system-out
};

std::vector<Suite> read_junit(const std::string& xml) {
  std::vector<Suite> suites;
  QXmlStreamReader reader(QByteArray::fromStdString(xml));
  while (!reader.atEnd()) {
    if (reader.readNext() != QXmlStreamReader::StartElement) continue;
    const std::string name = reader.name().toString().toStdString();
    std::map<std::string, std::string> attributes;
    for (const QXmlStreamAttribute& attribute : reader.attributes())
      attributes[attribute.name().toString().toStdString()] =
          attribute.value().toString().toStdString();
    if (name == "testsuite") {
      suites.emplace_back();
      suites.back().attributes = attributes;
    } else if (name == "property") {
      suites.back().properties[attributes["name"]] = attributes["value"];
    } else if (name == "testcase") {
      ++suites.back().cases;
      for (const char* const needed : {"classname", "name", "time"})
        EXPECT_TRUE(attributes.contains(needed)) << needed;
    } else if (name == "failure") {
      ++suites.back().failures;
      EXPECT_FALSE(attributes["type"].empty());
    } else if (name == "error") {
      ++suites.back().errors;
      EXPECT_FALSE(attributes["type"].empty());
    } else if (name == "skipped") {
      ++suites.back().skipped;
      EXPECT_FALSE(attributes["message"].empty());
    } else if (name == "system-out") {
      suites.back().output += reader.readElementText().toStdString();
    } else {
      EXPECT_TRUE(name == "testsuites" || name == "properties" || name == "kernel-log") << name;
    }
  }
  EXPECT_FALSE(reader.hasError()) << reader.errorString().toStdString() << "\n"
                                  << xml.substr(0, 2000);
  return suites;
}

TEST(Junit, TellsARunAsXfstestsDoes) {
  expect_golden(junit_xml(demo_run()), "report/demo-junit.xml");
}

TEST(Junit, TellsAComparison) {
  expect_golden(junit_xml(rich_comparison()), "report/comparison-junit.xml");
}

TEST(Junit, IsReadBackWithTheNumbersItSays) {
  for (const auto& [kind, run] : runs_of_all_kinds()) {
    SCOPED_TRACE(kind);
    std::size_t all = 0;
    for (const Suite& suite : read_junit(junit_xml(run))) {
      const auto number = [&](const char* name) { return std::stoi(suite.attributes.at(name)); };
      EXPECT_EQ(number("tests"), suite.cases);
      EXPECT_EQ(number("failures"), suite.failures);
      EXPECT_EQ(number("errors"), suite.errors);
      EXPECT_EQ(number("skipped"), suite.skipped);
      for (const char* const needed :
           {"name", "timestamp", "report_timestamp", "start_timestamp", "hostname", "time"})
        EXPECT_FALSE(suite.attributes.at(needed).empty()) << needed;
      EXPECT_TRUE(
          std::regex_match(suite.attributes.at("timestamp"),
                           std::regex("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d[+]00:00")));
      all += static_cast<std::size_t>(suite.cases);
    }
    std::size_t expected = 0;
    for (const CaseGroup& group : cases_of(run)) expected += group.cases.size();
    EXPECT_EQ(all, expected);
  }
}

TEST(Junit, WhatAKernelPrintedComesBackWhole) {
  RunRecord run = demo_run();
  run.trials[3].findings[0].excerpt = "a ]]> b ]]>]]> c & <d> \"e\"";
  const std::vector<Suite> suites = read_junit(junit_xml(run));
  EXPECT_THAT(suites.at(0).output, HasSubstr("a ]]> b ]]>]]> c & <d> \"e\""));
}

// --- KTAP

/// Checks `lines` of one level from `at` on; says how many tests there were and whether one failed.
struct KtapLevel {
  int tests = 0;
  bool failed = false;
};

KtapLevel read_ktap_level(const std::vector<std::string>& lines, std::size_t& at,
                          const std::string& indent) {
  KtapLevel level;
  EXPECT_EQ(lines.at(at), indent + "KTAP version 1");
  ++at;
  int planned = -1;
  bool child_failed = false;
  const std::regex plan("1\\.\\.(\\d+)");
  const std::regex result("(ok|not ok) (\\d+) ([^#]*[^# ])( # (SKIP|XFAIL|TIMEOUT|ERROR) [^#]*)?");
  for (; at < lines.size() && lines[at].starts_with(indent); ++at) {
    const std::string line = lines[at].substr(indent.size());
    std::smatch match;
    if (line.starts_with("  KTAP version")) {
      child_failed = read_ktap_level(lines, at, indent + "  ").failed;
      --at;
    } else if (line.starts_with("#")) {
      continue;
    } else if (std::regex_match(line, match, plan)) {
      EXPECT_EQ(planned, -1);
      planned = std::stoi(match[1]);
    } else if (std::regex_match(line, match, result)) {
      ++level.tests;
      EXPECT_EQ(std::stoi(match[2]), level.tests);
      const bool failed = match[1] == "not ok";
      EXPECT_TRUE(failed || !child_failed) << "a parent fails with its child";
      const std::string directive = match[5];
      EXPECT_TRUE(failed || (directive != "TIMEOUT" && directive != "ERROR")) << line;
      level.failed = level.failed || failed;
      child_failed = false;
    } else {
      ADD_FAILURE() << "no line of KTAP: '" << lines[at].substr(0, 200) << "'";
    }
  }
  EXPECT_EQ(level.tests, planned);
  return level;
}

TEST(Ktap, TellsARun) { expect_golden(ktap_results(demo_run()), "report/demo.ktap"); }

TEST(Ktap, TellsAComparison) {
  expect_golden(ktap_results(rich_comparison()), "report/comparison.ktap");
}

TEST(Ktap, IsWellFormedWhateverTheTexts) {
  for (const auto& [kind, run] : runs_of_all_kinds()) {
    SCOPED_TRACE(kind);
    std::vector<std::string> lines = split(ktap_results(run), '\n');
    ASSERT_EQ(lines.back(), "");
    lines.pop_back();
    std::size_t at = 0;
    read_ktap_level(lines, at, "");
    EXPECT_EQ(at, lines.size());
  }
}

// --- Kernel CI

TEST(Kcidb, TellsARun) {
  expect_golden(kcidb_report(demo_run()).dump(1) + "\n", "report/demo-kcidb.json");
}

TEST(Kcidb, FollowsTheSchemaWhateverTheTexts) {
  for (const auto& [kind, run] : runs_of_all_kinds()) {
    SCOPED_TRACE(kind);
    const Json report = kcidb_report(run);
    EXPECT_THAT(KcidbSchema::mistakes_in(report), IsEmpty());
    // Strict: it throws on anything that is not UTF-8.
    const std::optional<Json> again = parse_json(report.dump());
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, report);
  }
}

TEST(Kcidb, OneFaultIsOneIssueWithAnIncidentForEachTimeItWasSeen) {
  const Json report = kcidb_report(rich_comparison());
  std::map<std::string, int> incidents;
  for (const Json& incident : report["incidents"])
    ++incidents[incident["issue_id"].get<std::string>()];
  std::map<std::string, int> by_subject;
  for (const Json& issue : report["issues"])
    by_subject[issue["report_subject"].get<std::string>()] =
        incidents[issue["id"].get<std::string>()];
  EXPECT_EQ(by_subject, (std::map<std::string, int>{{"deadlock: node1 <-> node2, 2 glocks", 7},
                                                    {"WARNING in gfs2_evict_inode", 1},
                                                    {"lockdep: a / b", 1}}));
}

TEST(Kcidb, RatesAreMeasurementsAndQuestionsAreTestsOfTheHead) {
  const Json report = kcidb_report(rich_comparison());
  int rates = 0;
  std::map<std::string, std::string> asked;
  std::string head_build;
  for (const Json& build : report["builds"])
    for (const Json& checkout : report["checkouts"])
      if (checkout["id"] == build["checkout_id"] && checkout["misc"]["kernel"] == "patched")
        head_build = build["id"].get<std::string>();
  for (const Json& test : report["tests"]) {
    if (test["status"] == "DONE") {
      ++rates;
      EXPECT_GT(test["number"]["value"].get<double>(), 50);
    }
    const std::string path = test["path"].get<std::string>();
    if (!path.starts_with("gridlock.compare.")) continue;
    asked[path.substr(17)] = test["status"].get<std::string>();
    EXPECT_EQ(test["build_id"], head_build);
  }
  EXPECT_EQ(rates, 32 - 7 - 1);
  EXPECT_EQ(asked.at("throughput_mmap-dio"), "FAIL");
  EXPECT_EQ(asked.at("completion_mmap-dio"), "PASS");
}

/// A run of one kernel that says what it was made from.
RunRecord run_of(const KernelRecord& kernel) {
  RunRecord run = sample_run();
  run.kernels = {kernel};
  run.trials = {sample_trial(1, kernel.name, "abba")};
  return run;
}

KernelRecord built_kernel() {
  KernelRecord kernel = sample_kernel("patched", "");
  kernel.commit = std::string(40, 'c');
  kernel.git_tree = std::string(40, 'd');
  kernel.architecture = "x86_64";
  kernel.compiler = "gcc (Debian 12.2.0-14) 12.2.0 | GNU ld 2.40";
  kernel.config = {"base", "cluster", "perf"};
  // The digests of "a\n" and "b\n".
  kernel.patches = {
      {"01-a.patch", "gfs2: a", false,
       "87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7"},
      {"02-b.patch", "", false,
       "0263829989b6fd954f72baaf2fc64bc2e2f01d692d4de72986ea808f6e99813f"}};
  kernel.build_began = sample_time();
  return kernel;
}

TEST(Kcidb, TellsWhatAKernelWasMadeFrom) {
  const Json report = kcidb_report(run_of(built_kernel()));
  EXPECT_THAT(KcidbSchema::mistakes_in(report), IsEmpty());
  const Json& checkout = report["checkouts"][0];
  EXPECT_EQ(checkout["git_commit_hash"], std::string(40, 'c'));
  // printf 'a\n' >1; printf 'b\n' >2; sha256sum 1 2 | cut -c-64 | sha256sum
  EXPECT_EQ(checkout["patchset_hash"],
            "7b77b1b66500ed66bdb3e5f10e78f55ab6d4b404fa676ec1bee2ab5b31346a80");
  EXPECT_EQ(checkout["misc"]["patches"][0]["subject"], "gfs2: a");
  const Json& build = report["builds"][0];
  EXPECT_EQ(build["architecture"], "x86_64");
  EXPECT_EQ(build["compiler"], "gcc (Debian 12.2.0-14) 12.2.0 | GNU ld 2.40");
  EXPECT_EQ(build["config_name"], "base+cluster+perf");
  EXPECT_EQ(build["start_time"], "2026-11-22T22:30:05.123Z");
  // Both want an address that serves it, which nobody here knows.
  EXPECT_FALSE(checkout.contains("git_repository_url"));
  EXPECT_FALSE(checkout.contains("patchset_files"));
  // When the source was taken is not kept, only when the build began.
  EXPECT_FALSE(checkout.contains("start_time"));
}

TEST(Kcidb, LeavesOutWhatIsNotKnownForCertain) {
  KernelRecord kernel = built_kernel();
  kernel.git_tree.clear();  // a working tree that was made from that commit
  kernel.patches[0].revert = true;
  Json report = kcidb_report(run_of(kernel));
  EXPECT_FALSE(report["checkouts"][0].contains("git_commit_hash"));
  EXPECT_FALSE(report["checkouts"][0].contains("patchset_hash"));
  kernel = built_kernel();
  kernel.commit = "v6.1";
  kernel.patches.clear();
  report = kcidb_report(run_of(kernel));
  EXPECT_FALSE(report["checkouts"][0].contains("git_commit_hash"));
  EXPECT_EQ(report["checkouts"][0]["patchset_hash"], "");
  EXPECT_THAT(KcidbSchema::mistakes_in(report), IsEmpty());
}

TEST(Kcidb, SaysNothingOfTheBuildOfAKernelThatOthersBuilt) {
  KernelRecord kernel = sample_kernel("distro", "");
  kernel.prebuilt = true;
  kernel.architecture = "x86_64";
  kernel.package = "linux-image-6.1.0-56-amd64 6.1.192-2";
  const Json report = kcidb_report(run_of(kernel));
  EXPECT_THAT(KcidbSchema::mistakes_in(report), IsEmpty());
  EXPECT_EQ(report["checkouts"][0]["misc"]["package"], kernel.package);
  EXPECT_FALSE(report["checkouts"][0].contains("patchset_hash"));
  for (const char* const unknown : {"config_name", "duration", "compiler", "start_time"})
    EXPECT_FALSE(report["builds"][0].contains(unknown)) << unknown;
}

TEST(KcidbSchema, FindsWhatIsWrong) {
  const Json right = kcidb_report(demo_run());
  ASSERT_THAT(KcidbSchema::mistakes_in(right), IsEmpty());
  const auto mistakes = [&](const std::function<void(Json&)>& spoil) {
    Json report = right;
    spoil(report);
    return join(KcidbSchema::mistakes_in(report), "; ");
  };
  EXPECT_THAT(mistakes([](Json& r) { r["extra"] = 1; }), HasSubstr("extra is not in the schema"));
  EXPECT_THAT(mistakes([](Json& r) { r["version"]["major"] = 4; }), HasSubstr("version"));
  EXPECT_THAT(mistakes([](Json& r) { r["tests"][0].erase("origin"); }), HasSubstr("is missing"));
  EXPECT_THAT(mistakes([](Json& r) { r["tests"][0]["path"] = "a b"; }), HasSubstr("path"));
  EXPECT_THAT(mistakes([](Json& r) { r["tests"][0]["status"] = "OK"; }), HasSubstr("no status"));
  EXPECT_THAT(mistakes([](Json& r) { r["tests"][1]["id"] = r["tests"][0]["id"]; }),
              HasSubstr("not unique"));
  EXPECT_THAT(mistakes([](Json& r) { r["builds"][0]["checkout_id"] = "gridlock:no"; }),
              HasSubstr("refers to nothing"));
  EXPECT_THAT(mistakes([](Json& r) { r["checkouts"][0]["git_commit_hash"] = ""; }),
              HasSubstr("git_commit_hash"));
  EXPECT_THAT(mistakes([](Json& r) { r["checkouts"][0]["patchset_hash"] = std::string(40, 'a'); }),
              HasSubstr("patchset_hash"));
  EXPECT_THAT(mistakes([](Json& r) {
                r["checkouts"][0]["patchset_files"] = Json::array({Json{{"name", "01-a.patch"}}});
              }),
              HasSubstr("patchset_files.url is missing"));
  EXPECT_THAT(mistakes([](Json& r) { r["tests"][0]["log_excerpt"] = std::string(16385, 'x'); }),
              HasSubstr("too long"));
  EXPECT_THAT(mistakes([](Json& r) { r["issues"][0]["culprit"]["code"] = 1; }),
              HasSubstr("neither true nor false"));
  EXPECT_THAT(mistakes([](Json& r) { r["issues"][0]["comment"] = std::string("a\0", 2); }),
              HasSubstr("NUL"));
}

// --- LAVA

TEST(Lava, TellsARun) {
  RunRecord run = demo_run();
  with_rate(run.trials[0], 20.5);
  expect_golden(lava_signals(run), "report/demo-lava.txt");
}

TEST(Lava, EveryLineIsASignalWhateverTheTexts) {
  const std::regex signal(
      "<LAVA_SIGNAL_(STARTTC [A-Za-z0-9._+-]+|ENDTC [A-Za-z0-9._+-]+|"
      "TESTCASE TEST_CASE_ID=[A-Za-z0-9._+-]+ RESULT=(pass|fail|skip|unknown)"
      "( UNITS=operations/s MEASUREMENT=[0-9]+\\.[0-9]+)?)>");
  for (const auto& [kind, run] : runs_of_all_kinds()) {
    std::set<std::string> ids;
    for (const std::string& line : split(lava_signals(run), '\n')) {
      if (line.empty()) continue;
      EXPECT_TRUE(std::regex_match(line, signal)) << kind << ": " << line;
      const std::size_t at = line.find("TEST_CASE_ID=");
      if (at != std::string::npos) {
        EXPECT_TRUE(ids.insert(line.substr(at, line.find(' ', at) - at)).second) << line;
      }
    }
  }
}

// --- the table of formats

TEST(Formats, NamesAndFilesAreUniqueAndTheOneForPeopleComesFirst) {
  std::set<std::string_view> names, files;
  for (const ReportFormat& format : report_formats()) {
    EXPECT_TRUE(names.insert(format.name).second);
    if (!format.file.empty()) {
      EXPECT_TRUE(files.insert(format.file).second);
    }
  }
  EXPECT_EQ(report_formats().front().file, "report.txt");
  for (const char* const name : {"text", "junit", "ktap", "kcidb", "lava"})
    EXPECT_EQ(report_format(name).name, name);
}

TEST(Formats, RefusesANameThereIsNot) {
  try {
    report_format("juint");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("'juint'"));
    EXPECT_THAT(error.hint(), HasSubstr("did you mean 'junit'?"));
  }
}

TEST(Formats, EveryFormatTellsEveryRunThatCanBeRead) {
  namespace fs = std::filesystem;
  int read = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(GRIDLOCK_SOURCE_DIR) / "tests" /
                                                  "testdata" / "fuzz" / "run_json")) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    std::optional<RunRecord> run;
    try {
      run = parse_run(text, "run.json");
    } catch (const Error&) {
      continue;
    }
    ++read;
    SCOPED_TRACE(entry.path());
    for (const ReportFormat& format : report_formats())
      EXPECT_NO_THROW(static_cast<void>(format.write(*run, "/nowhere", Colour::off)))
          << format.name;
    EXPECT_THAT(KcidbSchema::mistakes_in(kcidb_report(*run)), IsEmpty());
  }
  EXPECT_GE(read, 3);
}

}  // namespace
}  // namespace gridlock

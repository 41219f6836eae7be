// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "fuzz/work_lines_invariants.h"
#include "workload/steady.h"
#include "workload/work_lines.h"

namespace gridlock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kOutput =
    "begins\n"
    "gridlock "
    "{\"t_ms\":200,\"worker\":\"1.1\",\"operations\":3,\"bytes\":300,\"latency\":[[700,2],[710,1]]}"
    "\n"
    "gridlock {\"t_ms\":200,\"worker\":\"1.2\",\"operations\":2,\"bytes\":200,\"retries\":1}\n"
    "gridlock "
    "{\"t_ms\":200,\"worker\":\"observe.direct\",\"operations\":50,\"bytes\":900,\"checked\":70,"
    "\"bad\":1}\n"
    "{\"operations\":99}\n"
    "gridlock "
    "{\"t_ms\":400,\"worker\":\"1.1\",\"operations\":7,\"bytes\":700,\"short\":1,\"ended\":true}\n"
    "gridlock {\"result\":{\"operations\":9,\"bytes\":900,\"short\":1,\"errors\":2,\"bad\":4,"
    "\"first_error\":\"EIO at "
    "0\",\"first_bad\":{\"file\":\"node1.1.data\",\"offset\":512,\"what\":\"zeros\","
    "\"expected\":\"aa\",\"found\":\"00\",\"writer\":\"node1 1.1\",\"reader\":\"node2 observer "
    "direct\"}}}\n";

TEST(WorkLineReader, AddsUpWorkersThatDoOperationsAndTakesTheResultInTheEnd) {
  WorkLineReader reader;
  reader.feed(kOutput.substr(0, kOutput.find("gridlock {\"result")));
  EXPECT_EQ(reader.counters().operations, 9u) << "observers do none";
  EXPECT_EQ(reader.counters().bytes, 900u);
  EXPECT_EQ(reader.counters().bad_blocks, 1u) << "but what they found counts";
  EXPECT_EQ(reader.counters().retries, 1u);
  EXPECT_EQ(reader.counters().samples, 4u);
  EXPECT_FALSE(reader.has_result());
  EXPECT_TRUE(reader.workers().at("1.1").ended);
  EXPECT_FALSE(reader.workers().at("1.2").ended);
  reader.feed(kOutput.substr(kOutput.find("gridlock {\"result")));
  EXPECT_TRUE(reader.has_result());
  EXPECT_EQ(reader.counters().errors, 2u);
  EXPECT_EQ(reader.counters().bad_blocks, 4u);
  EXPECT_EQ(reader.counters().first_error, "EIO at 0");
  ASSERT_TRUE(reader.counters().first_bad);
  EXPECT_EQ(describe(*reader.counters().first_bad),
            "node1.1.data at 512: zeros\nexpected aa\nfound    00\nwritten by node1 1.1\n"
            "read by node2 observer direct");
  EXPECT_EQ(reader.garbage(), 0u);
}

TEST(WorkLineReader, HandsOnEveryOtherLine) {
  WorkLineReader reader;
  std::vector<std::string> others;
  reader.on_other([&](std::string_view line) { others.emplace_back(line); });
  reader.feed(kOutput + "last words");
  reader.program_ended(true);
  EXPECT_THAT(others, ElementsAre("begins", "{\"operations\":99}", "last words"));
}

TEST(WorkLineReader, TellsEachSampleWithItsLatencies) {
  WorkLineReader reader;
  std::vector<std::pair<std::size_t, std::uint64_t>> first;
  int samples = 0;
  reader.on_sample([&](const std::string&, const WorkerState& state) {
    if (++samples == 1) first = state.sample.latency;
  });
  reader.feed(kOutput);
  EXPECT_EQ(samples, 4);
  EXPECT_THAT(first, ElementsAre(std::pair<std::size_t, std::uint64_t>{700, 2},
                                 std::pair<std::size_t, std::uint64_t>{710, 1}));
}

TEST(WorkLineReader, TotalsNeverGoBackAndAbsurdNumbersAreNoProgress) {
  WorkLineReader reader;
  reader.feed("gridlock {\"operations\":5,\"bytes\":50}\n");
  reader.feed("gridlock {\"operations\":-7,\"bytes\":99999999999999999999999}\n");
  reader.feed("gridlock {\"operations\":2,\"bytes\":1}\n");
  EXPECT_EQ(reader.counters().operations, 5u);
  EXPECT_EQ(reader.counters().bytes, 50u);
  reader.feed("gridlock {\"operations\":\"many\"}\ngridlock [1]\ngridlock {\"op\n");
  EXPECT_EQ(reader.garbage(), 3u);
}

TEST(WorkLineReader, BadLatenciesAreLeftOutAndTheSampleIsKept) {
  for (const char* const latency : {"[[99999999,1]]", "[[1]]", "[[-1,2]]", "7", "[[1,\"x\"]]"}) {
    WorkLineReader reader;
    reader.feed(std::string("gridlock {\"operations\":5,\"latency\":") + latency + "}\n");
    EXPECT_EQ(reader.counters().operations, 5u) << latency;
    EXPECT_TRUE(reader.workers().at("1").sample.latency.empty()) << latency;
  }
}

TEST(WorkLineReader, KeepsTheNotesOfTheResultBoundedAndPrintable) {
  WorkLineReader reader;
  std::string notes = "\"lost\":7,\"why\":\"a\\u001bb\",\"list\":[1],\"huge\":1e300,\"" +
                      std::string(200, 'n') + "\":\"" + std::string(5000, 'x') + "\"";
  for (int i = 0; i < 100; ++i) notes += ",\"x" + std::to_string(i) + "\":" + std::to_string(i);
  reader.feed("gridlock {\"result\":{\"operations\":1,\"notes\":{" + notes + "}}}\n");
  const Notes& kept = reader.counters().notes;
  EXPECT_EQ(kept.size(), 32u);
  EXPECT_EQ(std::get<double>(kept.at("lost")), 7);
  EXPECT_EQ(std::get<std::string>(kept.at("why")), "a\\x1bb");
  EXPECT_FALSE(kept.contains("list"));
  EXPECT_FALSE(kept.contains("huge"));
  for (const auto& [name, note] : kept) {
    EXPECT_LE(name.size(), 44u);
    if (const auto* const text = std::get_if<std::string>(&note)) {
      EXPECT_LE(text->size(), 204u);
    }
  }
}

TEST(WorkLineReader, NotesThatAreNoObjectAreNone) {
  for (const char* const notes : {"[1,2]", "7", "null", "\"lost\""}) {
    WorkLineReader reader;
    reader.feed(std::string("gridlock {\"result\":{\"operations\":1,\"notes\":") + notes + "}}\n");
    EXPECT_TRUE(reader.has_result()) << notes;
    EXPECT_TRUE(reader.counters().notes.empty()) << notes;
  }
}

TEST(WorkLineReader, AVeryLongLineIsGivenUpAndTheNextIsRead) {
  WorkLineReader reader;
  for (int i = 0; i < 100; ++i) reader.feed(std::string(4096, 'x'));
  reader.feed("\n" + kOutput);
  EXPECT_EQ(reader.garbage(), 1u);
  EXPECT_EQ(reader.counters().operations, 9u);
}

TEST(WorkLineReader, NoNodeCanMakeWorkersWithoutEnd) {
  WorkLineReader reader;
  for (int i = 0; i < 3000; ++i)
    reader.feed("gridlock {\"worker\":\"" + std::to_string(i) + "\",\"operations\":1}\n");
  EXPECT_EQ(reader.workers().size(), 1024u);
  EXPECT_EQ(reader.garbage(), 3000u - 1024u);
}

TEST(WorkLines, HoldTheirInvariantsForEverySeedOfTheFuzzTarget) {
  int seeds = 0;
  for (const auto& entry : std::filesystem::directory_iterator(
           std::filesystem::path(GRIDLOCK_SOURCE_DIR) / "tests/testdata/fuzz/work_lines")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    SCOPED_TRACE(entry.path().filename());
    check_work_lines(bytes);
    ++seeds;
  }
  EXPECT_GE(seeds, 4);
  check_work_lines(kOutput);
}

Milliseconds ms(int count) { return Milliseconds{count}; }

TEST(SteadyWindow, LeavesOutWarmUpAndRampDown) {
  EXPECT_EQ(steady_window(ms(60'000)).begin, ms(6'000));
  EXPECT_EQ(steady_window(ms(60'000)).end, ms(57'000));
  EXPECT_EQ(steady_window(ms(8'000)).begin, ms(1'000)) << "a second at least";
  EXPECT_EQ(steady_window(ms(2'000)).begin, ms(500)) << "a quarter at the most";
}

/// Reports every 200 ms up to `end` of what `total` says was done by then.
void feed(SteadyMeter& meter, int end, const std::function<std::uint64_t(int)>& total) {
  for (int at = 200; at <= end; at += 200) meter.add({ms(at), total(at), 2 * total(at), {}});
}

TEST(SteadyMeter, OfAConstantRateGivesTheRate) {
  SteadyMeter meter({ms(1'050), ms(8'930)});
  feed(meter, 10'000, [](int at) { return static_cast<std::uint64_t>(at); });
  ASSERT_TRUE(meter.figures());
  EXPECT_NEAR(meter.figures()->operations, 8'930 - 1'050, 1e-6);
  EXPECT_NEAR(meter.figures()->bytes, 2 * (8'930 - 1'050), 1e-6);
}

TEST(SteadyMeter, CountsNothingOfTheWarmUpAndTheRampDown) {
  SteadyMeter meter({ms(2'000), ms(8'000)});
  feed(meter, 10'000, [](int at) {
    const std::uint64_t burst = 100'000;
    return burst + static_cast<std::uint64_t>(at > 8'000 ? 1'000'000 : at);
  });
  ASSERT_TRUE(meter.figures());
  EXPECT_NEAR(meter.figures()->operations, 6'000, 1e-6);
}

TEST(SteadyMeter, AWorkerThatEndsEarlyHasNoFigures) {
  SteadyMeter meter({ms(1'000), ms(8'000)});
  feed(meter, 7'000, [](int at) { return static_cast<std::uint64_t>(at); });
  EXPECT_FALSE(meter.figures());
}

TEST(SteadyMeter, TooFewReportsAreNoFigures) {
  SteadyMeter meter({ms(1'000), ms(8'000)});
  for (const int at : {500, 4'000, 9'000}) meter.add({ms(at), 1, 1, {}});
  EXPECT_FALSE(meter.figures());
}

TEST(SteadyMeter, AGapIsBridgedAndAReportFromThePastIsPassedOver) {
  SteadyMeter meter({ms(1'000), ms(9'000)});
  feed(meter, 4'000, [](int at) { return static_cast<std::uint64_t>(at); });
  meter.add({ms(100), 999'999, 0, {}});
  for (int at = 8'000; at <= 10'000; at += 200)
    meter.add({ms(at), static_cast<std::uint64_t>(at), 0, {}});
  ASSERT_TRUE(meter.figures());
  EXPECT_NEAR(meter.figures()->operations, 8'000, 1e-6);
}

TEST(SteadyMeter, TakesLatenciesOfReportsThatLieInTheWindow) {
  SteadyMeter meter({ms(1'000), ms(3'000)});
  for (int at = 200; at <= 4'000; at += 200)
    meter.add(
        {ms(at), 1, 1, {{histogram::bucket_of(at < 1'200 || at > 3'000 ? 1'000'000 : 5'000), 1}}});
  EXPECT_EQ(meter.latency().count(), 10u);
  const LatencyFigures figures = figures_of(meter.latency());
  EXPECT_NEAR(figures.p50_us, 5, 0.1);
  EXPECT_NEAR(figures.max_us, 5, 0.1);
}

}  // namespace
}  // namespace gridlock

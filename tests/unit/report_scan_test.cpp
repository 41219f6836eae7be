// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "report/console_findings.h"
#include "report/scan_summary.h"
#include "support/console_text.h"
#include "support/golden.h"

namespace gridlock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const char* const kName = "self-unpatched-node1";
const std::string kHostile =
    "\x1b[2J\r\n\xff\xfe \xc2\x9b"
    "31m \x7f";

console::Finding sample() {
  console::Finding finding;
  finding.kind = "oops";
  finding.title = "oops in gfs2_fault";
  finding.function = "gfs2_fault";
  finding.frames = {"gfs2_fault", "__do_fault"};
  finding.stack = {{"gfs2_fault.isra.0", 0x12, 0x345, "gfs2", false},
                   {"__do_fault", 0x31, 0x70, "", true}};
  finding.glocks = {{{2, 0x13030}, GlockMode::EX, {{GlockMode::DF, true, false, 105, "mdio"}}}};
  finding.task = "mdio";
  finding.pid = 105;
  finding.cpu = 3;
  finding.kernel_time = 73.826500;
  finding.begin = 8000;
  finding.end = 9000;
  finding.secondary = true;
  finding.incomplete = "its end is missing";
  finding.identity = "oops:fault:gfs2_fault";
  return finding;
}

/// A finding nothing is known of but where it is.
console::Finding bare(const std::string& identity, std::uint64_t begin = 0) {
  console::Finding finding;
  finding.kind = "bug";
  finding.title = "title of " + identity;
  finding.identity = identity;
  finding.begin = begin;
  finding.end = begin + 10;
  return finding;
}

console::Finding hostile() {
  console::Finding finding = sample();
  for (std::string* const text : {&finding.kind, &finding.title, &finding.function, &finding.task,
                                  &finding.incomplete, &finding.identity})
    *text = kHostile;
  finding.frames = {kHostile};
  finding.stack = {{kHostile, 0, 0, kHostile, true}};
  return finding;
}

std::vector<Json> lines_of(const std::string& text) {
  std::vector<Json> lines;
  for (const std::string& line : split(text, '\n')) {
    if (line.empty()) continue;
    const auto json = parse_json(line);
    EXPECT_TRUE(json) << line;
    if (json) lines.push_back(*json);
  }
  return lines;
}

/// A report of each kind, and what it wrote.
class ScanReports : public testing::Test {
 protected:
  std::string text_;
  WriteText write_ = [this](std::string_view piece) { text_ += piece; };
  std::unique_ptr<ScanReport> report_ =
      make_text_scan_report(write_, Colour::off, Verbosity::usual);

  void use_json() { report_ = make_json_scan_report(write_); }
  void use_summary(SummaryForm form, std::size_t max = 100) {
    report_ = make_scan_summary(write_, form, max);
  }
  void tell_real_console() {
    const std::string bytes = console::real_console(kName);
    ASSERT_FALSE(bytes.empty());
    const std::vector<console::Finding> findings = console::findings_in(bytes);
    for (const console::Finding& finding : findings) report_->finding(kName, finding);
    report_->end(kName, {bytes.size(), 300, findings.size(), 0});
    report_->finish();
  }
  void expect_nothing_steers_a_terminal() const {
    for (const std::string& line : split(text_, '\n')) {
      EXPECT_EQ(printable(line, 100'000), line);
      EXPECT_FALSE(line.ends_with(' ')) << line;
    }
  }
};

TEST_F(ScanReports, TextOfARealConsole) {
  tell_real_console();
  expect_nothing_steers_a_terminal();
  expect_golden(text_, "report/scan.txt");
}

TEST_F(ScanReports, JsonOfARealConsole) {
  use_json();
  tell_real_console();
  expect_golden(text_, "report/scan.jsonl");
}

TEST_F(ScanReports, SummaryOfARealConsole) {
  use_summary(SummaryForm::text);
  tell_real_console();
  expect_golden(text_, "report/scan-summary.txt");
}

TEST_F(ScanReports, TextHasEverythingThatIsKnown) {
  EXPECT_EQ(text_of(sample(), Colour::off),
            "  oops          oops in gfs2_fault\n"
            "    where       73.826500 s, task mdio, pid 105, cpu 3, bytes 8000-9000\n"
            "    function    gfs2_fault\n"
            "    frames      gfs2_fault < __do_fault\n"
            "    glock       2/13030 (inode) EX; mdio/105 holds DF\n"
            "    incomplete  its end is missing\n"
            "    secondary   a consequence of an earlier finding\n"
            "    identity    oops:fault:gfs2_fault\n");
}

TEST_F(ScanReports, TextLeavesOutWhatIsNotKnown) {
  EXPECT_EQ(text_of(bare("a", 7), Colour::off),
            "  bug           title of a\n"
            "    where       bytes 7-17\n"
            "    identity    a\n");
}

TEST_F(ScanReports, ColourMarksTheHeadingOnly) {
  EXPECT_THAT(split(text_of(bare("a"), Colour::on), '\n'),
              ElementsAre("\x1b[1;31m  bug           title of a\x1b[0m", Not(HasSubstr("\x1b")),
                          Not(HasSubstr("\x1b")), ""));
}

TEST_F(ScanReports, JsonHasEverythingThatIsKnown) {
  EXPECT_EQ(json_line(json_of(sample(), "a.log")),
            R"({"file":"a.log","kind":"oops","title":"oops in gfs2_fault","function":"gfs2_fault",)"
            R"("frames":["gfs2_fault","__do_fault"],"stack":[{"symbol":"gfs2_fault.isra.0",)"
            R"("offset":18,"size":837,"module":"gfs2","is_return":false},{"symbol":"__do_fault",)"
            R"("offset":49,"size":112,"module":"","is_return":true}],"task":"mdio","pid":105,)"
            R"("cpu":3,"time":73.8265,"begin":8000,"end":9000,"glocks":[{"name":"2/13030",)"
      R"("type":"inode","state":"EX","holders":[{"mode":"DF","granted":true,"waiting":false,)"
      R"("pid":105,"task":"mdio"}]}],"secondary":true,"replayed":false,"complete":false,)"
            R"("incomplete":"its end is missing","identity":"oops:fault:gfs2_fault"})"
            "\n");
}

TEST_F(ScanReports, JsonHasNullForUnknownNumbersAndNoReasonForAWholeReport) {
  const Json json = json_of(bare("a"), "a.log");
  for (const char* const key : {"pid", "cpu", "time"}) EXPECT_TRUE(json.at(key).is_null()) << key;
  EXPECT_TRUE(json.at("complete").get<bool>());
  EXPECT_FALSE(json.contains("incomplete"));
  EXPECT_TRUE(json.at("stack").is_array());
}

/// As a symboliser answers: the first place of a trace is known, the others are not.
symbols::Resolution first_is_known(const console::CodeLocation& location) {
  symbols::Resolution resolution;
  if (location.symbol == "gfs2_fault.isra.0")
    resolution.candidates = {{{"inlined", "fs/gfs2/glock.h", 12, true},
                              {"gfs2_fault", "fs/gfs2/file.c", 576, false}}};
  else
    resolution.lack = symbols::Lack::symbol, resolution.why = "vmlinux has no such function";
  return resolution;
}

TEST_F(ScanReports, TextNamesTheSourceOfEveryFrameOrSaysWhyNot) {
  const std::string text = text_of(sample(), Colour::off, first_is_known);
  EXPECT_THAT(text, HasSubstr("    source      inlined (fs/gfs2/glock.h:12) [inlined]\n"
                              "                gfs2_fault (fs/gfs2/file.c:576)\n"
                              "                __do_fault (vmlinux has no such function)\n"));
  EXPECT_THAT(text, HasSubstr("    glock       2/13030 (inode) EX; mdio/105 holds DF\n"));
}

TEST_F(ScanReports, JsonHasTheSourceOfEveryFrameIfItWasLookedUp) {
  const Json json = json_of(sample(), "a.log", first_is_known);
  const Json& first = json.at("stack").at(0).at("source");
  EXPECT_EQ(first.at("lack"), "nothing");
  EXPECT_EQ(first.at("candidates").at(0).at(1).at("file"), "fs/gfs2/file.c");
  EXPECT_EQ(first.at("candidates").at(0).at(0).at("inlined"), true);
  EXPECT_EQ(json.at("stack").at(1).at("source").at("lack"), "symbol");
  EXPECT_FALSE(json_of(sample(), "a.log").at("stack").at(0).contains("source"));
}

TEST_F(ScanReports, JsonIsValidWhateverTheBytes) {
  use_json();
  report_->finding(kHostile, hostile());
  report_->end(kHostile, {1, 1, 0, 0});
  report_->unreadable(kHostile, kHostile);
  EXPECT_EQ(lines_of(text_).size(), 3u);
  for (const char c : text_) EXPECT_TRUE(c == '\n' || (c >= ' ' && c < '\x7f'));
}

TEST_F(ScanReports, TextOfHostileBytesSteersNoTerminal) {
  report_->finding(kHostile, hostile());
  report_->end(kHostile, {1, 1, 1, 3});
  report_->end(kHostile, {1, 1, 0, 0});
  use_summary(SummaryForm::text);
  report_->finding(kHostile, hostile());
  report_->finish();
  EXPECT_THAT(text_, HasSubstr("\\x1b[2J"));
  expect_nothing_steers_a_terminal();
}

TEST_F(ScanReports, AFileWithoutFindingsIsOneLine) {
  report_->end("a.log", {2048, 30, 0, 0});
  report_->end("-", {0, 0, 0, 0});
  EXPECT_EQ(text_,
            "a.log: no findings in 30 lines, 2 KiB\n"
            "standard input: no findings in 0 lines, 0 B\n");
  text_.clear();
  use_json();
  report_->end("a.log", {2048, 30, 0, 0});
  EXPECT_EQ(text_, "{\"file\":\"a.log\",\"findings\":0}\n");
}

TEST_F(ScanReports, BlocksAndLinesAreSetApart) {
  report_->finding("a", bare("1"));
  report_->finding("a", bare("2"));
  report_->end("a", {1, 1, 2, 0});
  report_->end("b", {1, 1, 0, 0});
  report_->end("c", {1, 1, 0, 0});
  report_->finding("d", bare("3"));
  report_->unreadable("d", "why");
  report_->finding("e", bare("4"));
  const std::string where = "\n    where       bytes 0-10\n";
  EXPECT_EQ(text_, "a\n  bug           title of 1" + where + "    identity    1\n" +
                       "\n  bug           title of 2" + where + "    identity    2\n" +
                       "\nb: no findings in 1 line, 1 B\nc: no findings in 1 line, 1 B\n" +
                       "d\n  bug           title of 3" + where + "    identity    3\n" +
                       "\ne\n  bug           title of 4" + where + "    identity    4\n");
}

TEST_F(ScanReports, QuietSaysOnlyWhatMatters) {
  report_ = make_text_scan_report(write_, Colour::off, Verbosity::quiet);
  report_->end("a", {1, 1, 0, 0});
  EXPECT_THAT(text_, IsEmpty());
  report_->end("b", {1, 1, 0, 5});
  EXPECT_THAT(text_, HasSubstr("dropped 5 messages"));
}

TEST_F(ScanReports, DroppedMessagesAreSaid) {
  report_->finding("a", bare("1"));
  report_->end("a", {1, 1, 1, 12});
  report_->end("b", {1, 1, 0, 1});
  EXPECT_THAT(text_, HasSubstr("\n  the kernel dropped 12 messages: reports may be missing"));
  EXPECT_THAT(text_, HasSubstr("1 B; the kernel dropped 1 message: reports may be missing"));
  text_.clear();
  use_json();
  report_->end("a", {1, 1, 1, 12});
  report_->end("b", {1, 1, 0, 1});
  EXPECT_EQ(text_,
            "{\"file\":\"a\",\"findings\":1,\"dropped\":12}\n"
            "{\"file\":\"b\",\"findings\":0,\"dropped\":1}\n");
}

TEST_F(ScanReports, SummaryCountsFindingsAndFilesOfEachIdentity) {
  use_summary(SummaryForm::json);
  report_->finding("a", bare("z", 5));
  report_->finding("a", bare("z", 50));
  report_->finding("a", bare("y", 500));
  report_->end("a", {1, 1, 3, 2});
  report_->end("b", {1, 1, 0, 0});
  report_->finding("c", bare("z", 1));
  report_->finding("c", bare("x", 6));
  console::Finding doubtful = bare("y");
  doubtful.secondary = true;
  doubtful.incomplete = "its end is missing";
  report_->finding("c", doubtful);
  report_->unreadable("c", "why");
  report_->finish();
  const std::vector<Json> lines = lines_of(text_);
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_EQ(lines[0].dump(), R"({"file":"c","error":"why"})");
  EXPECT_EQ(lines[1].dump(),
            R"({"count":3,"files":2,"kind":"bug","title":"title of z","secondary":0,)"
            R"("incomplete":0,"first":{"file":"a","begin":5,"time":null},"identity":"z"})");
  EXPECT_EQ(lines[2].at("identity"), "y");
  EXPECT_EQ(lines[2].at("files"), 2);
  EXPECT_EQ(lines[2].at("secondary"), 1);
  EXPECT_EQ(lines[2].at("incomplete"), 1);
  EXPECT_EQ(lines[3].at("identity"), "x");
  EXPECT_EQ(lines[4].dump(),
            R"({"total":{"files":3,"files_with_findings":2,"files_not_read":1,"findings":6,)"
            R"("identities":3,"not_listed":0,"dropped":2}})");
}

TEST_F(ScanReports, SummaryOrdersEqualCountsByIdentity) {
  use_summary(SummaryForm::json);
  for (const char* const identity : {"m", "b", "z", "a", "z"})
    report_->finding("f", bare(identity));
  report_->end("f", {1, 1, 5, 0});
  report_->finish();
  std::vector<std::string> order;
  for (const Json& line : lines_of(text_))
    if (line.contains("identity")) order.push_back(line.at("identity").get<std::string>());
  EXPECT_THAT(order, ElementsAre("z", "a", "b", "m"));
}

TEST_F(ScanReports, SummaryIsBoundedAndSaysWhatItLeftOut) {
  use_summary(SummaryForm::text, 2);
  for (const char* const identity : {"a", "b", "c", "a", "d", "c"})
    report_->finding("f", bare(identity));
  report_->end("f", {1, 1, 6, 0});
  report_->finish();
  EXPECT_THAT(text_, HasSubstr("    2      1  bug   title of a\n"));
  EXPECT_THAT(text_, Not(HasSubstr("title of c")));
  EXPECT_THAT(text_, HasSubstr("3 findings of further identities are not listed"));
}

TEST_F(ScanReports, SummaryOfNothingIsOneLine) {
  use_summary(SummaryForm::text);
  report_->end("a", {1, 1, 0, 0});
  report_->finish();
  EXPECT_EQ(text_, "no findings in 1 file\n");
}

TEST_F(ScanReports, SummaryOfAScanThatWasGivenUpCountsTheFileItWasIn) {
  use_summary(SummaryForm::text);
  report_->finding("a", bare("x"));
  report_->finish();
  EXPECT_THAT(text_, HasSubstr("1 finding of 1 identity in 1 of 1 file\n"));
}

}  // namespace
}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
// Against the small vmlinux that is built from testdata/symbols.
#include "campaign/trace_decoder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "console/reader.h"
#include "support/fake_event_loop.h"
#include "support/sample_run.h"
#include "support/temp_dir.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const fs::path kFiles = fs::path(GRIDLOCK_BINARY_DIR) / "symbols_files";

/// What nm says of a name in the small vmlinux.
std::uint64_t value_of(const std::string& wanted) {
  std::ifstream in(kFiles / "vmlinux.nm");
  std::string type, name;
  for (std::uint64_t value = 0; in >> std::hex >> value >> type >> name;)
    if (name == wanted) return value;
  ADD_FAILURE() << "nm has no " << wanted;
  return 0;
}

/// As a kernel prints a return address in read_page, up to the next function.
std::string read_page() {
  std::uint64_t end = UINT64_MAX;
  const std::uint64_t begin = value_of("read_page");
  std::ifstream in(kFiles / "vmlinux.nm");
  std::string type, name;
  for (std::uint64_t value = 0; in >> std::hex >> value >> type >> name;)
    if (value > begin && !name.starts_with("offset_")) end = std::min(end, value);
  return fmt::format("read_page+{:#x}/{:#x}", value_of("offset_inlined"), end - begin);
}

std::string report() {
  return "[   41.412724] INFO: task mdio:108 blocked for more than 10 seconds.\n"
         "[   41.412724]       Not tainted 6.1.192 #1\n"
         "[   41.412724] \"echo 0 > /proc/sys/kernel/hung_task_timeout_secs\" disables this "
         "message.\n"
         "[   41.412724] task:mdio            state:D stack:0     pid:108   ppid:1      flags:0x0\n"
         "[   41.412724] Call Trace:\n"
         "[   41.412724]  <TASK>\n"
         "[   41.412724]  __schedule+0x3a/0x7e0\n"
         "[   41.412724]  " +
         read_page() +
         "\n"
         "[   41.412724]  </TASK>\n";
}

class TraceDecoderTest : public testing::Test {
 protected:
  /// A trial that failed with that report on `node`, as it is kept.
  TrialRecord trial(const std::string& node = "node1") {
    TrialRecord trial = sample_trial(1, "unpatched", "abba");
    FindingRecord finding = sample_finding("f1", "hung_task", "hung task in read_page", 41, {node});
    const std::string text = report();
    finding.identity = console::report_in(text, "").value().identity;
    finding.console = fmt::format("nodes/{}/console.log:0-{}", node, text.size());
    trial.findings = {finding};
    const fs::path folder = run_.path() / trial.directory / "nodes" / node;
    fs::create_directories(folder);
    std::ofstream(folder / "console.log", std::ios::binary) << text;
    return trial;
  }
  BuiltKernel kernel(const fs::path& vmlinux) {
    BuiltKernel built;
    built.vmlinux = vmlinux;
    return built;
  }
  TraceDecoder decoder(const std::map<std::string, BuiltKernel>& kernels) {
    return TraceDecoder(kernels, loop_,
                        [this](const std::string& note) { notes_.push_back(note); });
  }
  std::string evidence() const {
    std::ifstream in(run_.path() / "trials/01-unpatched-abba/evidence/f1/trace.txt");
    return {std::istreambuf_iterator<char>(in), {}};
  }

  TempDir run_;
  FakeEventLoop loop_;
  std::vector<std::string> notes_;
};

TEST_F(TraceDecoderTest, AddsFilesAndLinesToTheRecordAndTheEvidence) {
  TrialRecord failed = trial();
  TraceDecoder traces = decoder({{"unpatched", kernel(kFiles / "vmlinux")}});
  traces.decode(failed, run_.path());
  const std::vector<TraceStep>& trace = failed.findings[0].trace;
  ASSERT_EQ(trace.size(), 2u);
  EXPECT_EQ(trace[0].location, "__schedule+0x3a/0x7e0");
  EXPECT_THAT(trace[0].source, IsEmpty());  // a kernel that has not this function
  EXPECT_EQ(trace[1].location, read_page());
  ASSERT_EQ(trace[1].source.size(), 3u);
  EXPECT_EQ(trace[1].source[0].function, "wait_inner");
  EXPECT_TRUE(trace[1].source[0].inlined);
  EXPECT_EQ(trace[1].source[2].function, "read_page");
  EXPECT_EQ(trace[1].source[2].file, "tests/testdata/symbols/kernel.c");
  EXPECT_GT(trace[1].source[2].line, 0);
  EXPECT_FALSE(trace[1].source[2].inlined);
  EXPECT_THAT(evidence(), HasSubstr("    read_page (tests/testdata/symbols/kernel.c:"));
  EXPECT_THAT(notes_, IsEmpty());
}

TEST_F(TraceDecoderTest, LeavesAFindingAsItIsWhereItsKernelHasNoSymbols) {
  TrialRecord failed = trial();
  TraceDecoder traces = decoder({{"unpatched", BuiltKernel{}}});
  traces.decode(failed, run_.path());
  EXPECT_THAT(failed.findings[0].trace, IsEmpty());
  EXPECT_EQ(evidence(), "");
  EXPECT_THAT(notes_, IsEmpty());
}

TEST_F(TraceDecoderTest, SaysOnceWhyAVmlinuxCannotBeRead) {
  const fs::path damaged = run_.path() / "vmlinux";
  std::ofstream(damaged) << "no ELF";
  TraceDecoder traces = decoder({{"unpatched", kernel(damaged)}});
  for (int i = 0; i < 2; ++i) {
    TrialRecord failed = trial();
    traces.decode(failed, run_.path());
    EXPECT_THAT(failed.findings[0].trace, IsEmpty());
  }
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("call traces of unpatched are not decoded: ")));
}

TEST_F(TraceDecoderTest, SaysWhereTheProcessorsOfASilentKernelWere) {
  TrialRecord failed = sample_trial(1, "unpatched", "abba");
  failed.findings = {
      sample_finding("f1", "silent", "node1 has said nothing for 20s", 41, {"node1"})};
  failed.findings[0].console.clear();
  failed.findings[0].excerpt = "its agent was last heard 21s before";
  const fs::path folder = run_.path() / failed.directory / "evidence/f1/node1";
  fs::create_directories(folder);
  std::string registers = "CPU#0\n";
  for (const char* const name : {"RAX=", "RBX=", "RCX=", "RDX=", "RSI=", "RDI=", "RBP=", "R8 =",
                                 "R9 =", "R10=", "R11=", "R12=", "R13=", "R14=", "R15="})
    registers += name + std::string("0000000000000000\n");
  registers += fmt::format("RSP=ffffc90000000f00\nRIP={:016x} RFL=00000002 [-------] CPL=0 II=0\n",
                           value_of("schedule_out"));
  registers += fmt::format("\nffffc90000000f00: {:#018x} 0x0000000000000000\n",
                           value_of("read_page") + value_of("offset_inlined"));
  std::ofstream(folder / "registers.txt") << registers;
  TraceDecoder traces = decoder({{"unpatched", kernel(kFiles / "vmlinux")}});
  traces.decode(failed, run_.path());
  ASSERT_EQ(failed.findings[0].trace.size(), 2u);
  EXPECT_EQ(failed.findings[0].trace[1].location, read_page());
  EXPECT_EQ(failed.findings[0].excerpt,
            "its agent was last heard 21s before\n"
            "processor 0 of node1 was in schedule_out < read_page");
  EXPECT_THAT(evidence(), HasSubstr("node1, processor 0\n"));
  EXPECT_THAT(evidence(), HasSubstr("    wait_outer (tests/testdata/symbols/kernel.c:"));
  EXPECT_THAT(notes_, IsEmpty());
}

TEST_F(TraceDecoderTest, TakesTheKernelOfTheNodeThatPrintedIt) {
  const std::map<std::string, BuiltKernel> kernels{{"other", kernel(kFiles / "vmlinux")}};
  for (const char* const node : {"node1", "node2"}) {
    TrialRecord mixed = trial(node);
    mixed.node_kernels = {{"node2", "other"}};
    TraceDecoder traces = decoder(kernels);
    traces.decode(mixed, run_.path());
    EXPECT_EQ(mixed.findings[0].trace.empty(), std::string(node) == "node1") << node;
  }
}

TEST_F(TraceDecoderTest, StopsWhenItTakesTooLongAndSaysWhatIsLeft) {
  /// Each look at it is six seconds after the one before.
  class LateClock final : public Clock {
   public:
    SteadyTime now() const override { return time_ += std::chrono::seconds(6); }
    UtcTime utc() const override { return {}; }

   private:
    mutable SteadyTime time_{};
  };
  const LateClock late;
  TrialRecord failed = trial();
  for (const char* const id : {"f2", "f3"}) {
    failed.findings.push_back(failed.findings[0]);
    failed.findings.back().id = id;
  }
  TraceDecoder traces({{"unpatched", kernel(kFiles / "vmlinux")}}, late,
                      [this](const std::string& note) { notes_.push_back(note); });
  traces.decode(failed, run_.path());
  EXPECT_FALSE(failed.findings[0].trace.empty());
  EXPECT_THAT(failed.findings[1].trace, IsEmpty());
  EXPECT_THAT(notes_,
              ElementsAre("trial 1: the call traces of 2 findings were not decoded within 10s"));
}

}  // namespace
}  // namespace gridlock

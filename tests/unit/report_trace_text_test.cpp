// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/trace_text.h"

#include <gtest/gtest.h>

#include "support/sample_run.h"

namespace gridlock {
namespace {

/// A task that waits for a glock in a page fault of a read, as a kernel with debug information
/// decodes it.
FindingRecord hung_task() {
  FindingRecord finding = sample_finding("f1", "hung_task", "hung task in gfs2_fault", 41);
  finding.function = "gfs2_fault";
  finding.trace = {
      {"__schedule+0x3a/0x7e0", {{"__schedule", "kernel/sched/core.c", 6558}}},
      {"gfs2_glock_wait+0x33/0x90",
       {{"wait_on_bit", "include/linux/wait_bit.h", 76, true},
        {"gfs2_glock_wait", "fs/gfs2/glock.c", 1378}}},
      {"gfs2_fault+0x7e/0x150", {{"gfs2_fault", "fs/gfs2/file.c", 559}}},
      {"handle_mm_fault+0x1a/0x370", {{"handle_mm_fault", "mm/memory.c", 5213}}},
      {"unknown+0x1/0x2", {}},
      {"gfs2_file_read_iter+0x2aa/0x400",
       {{"gfs2_file_direct_read", "fs/gfs2/file.c", 840, true},
        {"gfs2_file_read_iter", "fs/gfs2/file.c", 954}}},
  };
  return finding;
}

TEST(SourceText, BeginsWithWhatIsBlamedAndLeavesOutWhatSaysNothing) {
  EXPECT_EQ(source_text(hung_task()),
            "gfs2_fault (fs/gfs2/file.c:559) < gfs2_file_read_iter (fs/gfs2/file.c:954)");
}

TEST(SourceText, NamesTheInlinedFunctionThatIsBlamed) {
  FindingRecord finding = hung_task();
  finding.function = "gfs2_file_direct_read";
  EXPECT_EQ(source_text(finding), "gfs2_file_direct_read (fs/gfs2/file.c:840)");
}

TEST(SourceText, OfABugIsWhereTheCpuWas) {
  FindingRecord finding = sample_finding("f1", "bug", "kernel BUG in run_queue", 41);
  finding.function = "run_queue";
  finding.trace = {
      {"run_queue+0x11/0x40",
       {{"do_promote", "fs/gfs2/glock.c", 431, true}, {"run_queue", "fs/gfs2/glock.c", 860}}},
      {"gfs2_glock_nq+0x2/0x3", {{"gfs2_glock_nq", "fs/gfs2/glock.c", 1600}}}};
  EXPECT_EQ(source_text(finding),
            "do_promote (fs/gfs2/glock.c:431) < gfs2_glock_nq (fs/gfs2/glock.c:1600)");
}

TEST(SourceText, IsEmptyForATraceThatWasNotDecoded) {
  EXPECT_EQ(source_text(sample_finding("f1", "bug", "kernel BUG in run_queue", 41)), "");
}

TEST(TraceText, HasALineForEachFunctionAndKeepsWhatIsNotKnown) {
  EXPECT_EQ(trace_text({{"gfs2_glock_wait+0x33/0x90",
                         {{"wait_on_bit", "include/linux/wait_bit.h", 76, true},
                          {"gfs2_glock_wait", "fs/gfs2/glock.c", 1378}}},
                        {"entry+0x1/0x2", {{"entry", "", 0}}},
                        {"gone+0x1/0x2 [dlm]", {}}}),
            "gfs2_glock_wait+0x33/0x90\n"
            "    wait_on_bit (include/linux/wait_bit.h:76) [inlined]\n"
            "    gfs2_glock_wait (fs/gfs2/glock.c:1378)\n"
            "entry+0x1/0x2\n"
            "    entry (no line)\n"
            "gone+0x1/0x2 [dlm]\n");
}

}  // namespace
}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
// How call traces of several architectures and tools are read, and whom they name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "console/frames.h"
#include "console/traces.h"
#include "support/console_text.h"

namespace gridlock::console {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string function_of(const char* line) {
  const auto frame = parse_frame(line);
  return frame ? frame->location.symbol : "";
}

TEST(Frames, AreReadAsEveryArchitecturePrintsThem) {
  EXPECT_EQ(function_of(" gfs2_fault+0x56/0x1a0 [gfs2]"), "gfs2_fault");
  EXPECT_EQ(function_of(" [<ffffffff814249f9>] sched_show_task+0x10/0x12"), "sched_show_task");
  EXPECT_EQ(function_of(" <IRQ>  [<ffffffff813eb3e6>] show_it+0x2d0/0x2dc"), "show_it");
  EXPECT_EQ(function_of(" <IRQ> [  420.408595]  [<ffffffff813eb3e6>] show_it+0x1/0x2"), "show_it");
  EXPECT_EQ(function_of("[<8271587c>] (show_stack) from [<827263b0>] (dump_it+0xa8/0xc8)"),
            "dump_it");
  EXPECT_EQ(function_of(" dump_backtrace from show_it+0x18/0x1c"), "show_it");
  EXPECT_EQ(function_of("[c000000007a3b8b0] [c000000000b3a0b8] dump_it+0x74/0xa8 (unreliable)"),
            "dump_it");
  EXPECT_EQ(function_of("    [<85c73a22>] alloc_it+0x72/0xc0 mm/kmemleak.c:915"), "alloc_it");
  EXPECT_EQ(function_of(" inlined_one fs/gfs2/file.c:12 [inline]"), "inlined_one");
  EXPECT_EQ(function_of(" a text with +0x1 in it"), "");
  EXPECT_EQ(function_of("(&con->sock_mutex){+.+.}-{3:3}, at: close_connection+0x47/0x140"), "");
}

TEST(Frames, CarryWhatASymboliserNeeds) {
  const auto frame = parse_frame(" gfs2_fault.isra.0+0x56/0x1a0 [gfs2 0123abcd]");
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->location,
            (CodeLocation{"gfs2_fault.isra.0", 0x56, 0x1a0, "gfs2", true}));
  const auto pc = parse_pc("RIP: 0010:gfs2_glock_nq.cold+0xb5/0xc2");
  ASSERT_TRUE(pc);
  EXPECT_EQ(*pc, (CodeLocation{"gfs2_glock_nq.cold", 0xb5, 0xc2, "", false}));
  EXPECT_FALSE(parse_pc("RIP: 0033:0x452ac9"));
}

TEST(Traces, AFindingHasTheAddressesOfTheTraceThatNamesIt) {
  const auto findings = findings_in(real_console("self-unpatched-node1"));
  const auto bug = std::find_if(findings.begin(), findings.end(),
                                [](const Finding& finding) { return finding.kind == "bug"; });
  ASSERT_NE(bug, findings.end());
  ASSERT_GE(bug->stack.size(), 5u);
  EXPECT_EQ(bug->stack[0].symbol, "gfs2_glock_nq.cold");
  EXPECT_FALSE(bug->stack[0].is_return);
  EXPECT_EQ(bug->stack[1].symbol, "gfs2_fault");
  EXPECT_TRUE(bug->stack[1].is_return);
  EXPECT_GT(bug->stack[1].size, bug->stack[1].offset);
}

TEST(Traces, UncertainAndInlinedFramesAreLeftOut) {
  const std::vector<std::string> lines{"Call Trace:", " ? maybe+0x1/0x2", " sure+0x1/0x2",
                                       " inlined fs/a.c:1 [inline]", " outer+0x1/0x2"};
  const auto traces = traces_in(lines, Traces::titled);
  ASSERT_EQ(traces.size(), 1u);
  EXPECT_THAT(traces[0].frames, ElementsAre("sure", "outer"));
}

TEST(Traces, FramesWithoutATitleAreOnlyReadWhereTheyMayStand) {
  const std::vector<std::string> lines{" one+0x1/0x2", " two+0x1/0x2", "",
                                       "Uninit was created at:", " three+0x1/0x2"};
  EXPECT_THAT(traces_in(lines, Traces::titled), IsEmpty());
  const auto traces = traces_in(lines, Traces::untitled);
  ASSERT_EQ(traces.size(), 2u);
  EXPECT_THAT(traces[0].frames, ElementsAre("one", "two"));
  EXPECT_THAT(traces[1].frames, ElementsAre("three"));
}

TEST(Traces, TheInterruptThatReportsAStallIsNotWhatStalled) {
  const std::vector<std::string> lines{
      "Call Trace:", " <IRQ>", " sched_show_task+0x1/0x2", " rcu_check_callbacks+0x1/0x2",
      " apic_timer_interrupt+0x1/0x2", "RIP: 0010:spins+0x1/0x2", " loops+0x1/0x2",
      " __do_softirq+0x1/0x2", " </IRQ>", " outer+0x1/0x2"};
  const auto traces = traces_in(lines, Traces::titled);
  ASSERT_EQ(traces.size(), 1u);
  EXPECT_EQ(traces[0].frames.at(traces[0].interrupted), "spins");
  EXPECT_EQ(door_of(traces[0]), "loops");
}

TEST(Traces, AnInterruptThatFaultsIsItselfToBlame) {
  const std::vector<std::string> lines{
      "RIP: 0010:bad_handler+0x1/0x2", "Call Trace:", " <IRQ>", " its_caller+0x1/0x2",
      " sysvec_call_function+0x1/0x2", " asm_sysvec_call_function+0x1/0x2", " </IRQ>",
      " innocent+0x1/0x2"};
  const auto traces = traces_in(lines, Traces::titled);
  ASSERT_EQ(traces.size(), 1u);
  EXPECT_EQ(traces[0].interrupted, 0u);
  EXPECT_EQ(telling_frames(traces[0]).front(), "bad_handler");
}

TEST(Traces, RcusOwnThreadAndIdleCpusAreBystandersOfAStall) {
  const auto findings = findings_in(stamped(
      {"rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", "rcu: \t1-...!: (1 GPs behind)",
       "rcu: rcu_preempt kthread starved for 10492 jiffies!", "Call Trace:",
       " schedule_timeout+0x1/0x2", " rcu_gp_fqs_loop+0x1/0x2", " rcu_gp_kthread+0x1/0x2",
       " kthread+0x1/0x2", "NMI backtrace for cpu 1", "Call Trace:", " default_idle_call+0x1/0x2",
       " do_idle+0x1/0x2", "NMI backtrace for cpu 0", "Call Trace:", " gfs2_scan+0x1/0x2",
       " gfs2_work+0x1/0x2", " process_one_work+0x1/0x2"}));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].function, "gfs2_work");
}

TEST(Traces, AStackThatOverflowedIsNamedByItsDoor) {
  std::vector<std::string> lines{"BUG: TASK stack guard page was hit at ffffc9000e4aff58",
                                 "RIP: 0010:deep+0x1/0x2", "Call Trace:", " <TASK>"};
  for (int i = 0; i < 300; ++i) {
    lines.emplace_back(" bond_event+0x1/0x2");
    lines.emplace_back(" notifier_call_chain+0x1/0x2");
  }
  lines.insert(lines.end(), {" rtnl_newlink+0x1/0x2", " rtnetlink_rcv_msg+0x1/0x2", " </TASK>",
                             "---[ end trace 0000000000000000 ]---"});
  const auto findings = findings_in(stamped(lines));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].function, "rtnl_newlink");
  EXPECT_EQ(findings[0].incomplete, "");
}

TEST(Traces, ASanitizerIsNamedByItsHeaderUnlessThatIsAHelper) {
  const auto named = [](const std::string& header, const std::vector<std::string>& frames) {
    std::vector<std::string> lines{std::string(60, '='), header};
    lines.insert(lines.end(), frames.begin(), frames.end());
    lines.push_back(std::string(60, '='));
    const auto findings = findings_in(stamped(lines));
    return findings.size() == 1 ? findings[0].function : "";
  };
  EXPECT_EQ(named("BUG: KMSAN: uninit-value in strstr+0xb8/0x2f0",
                  {" strstr+0xb8/0x2f0", " reads_it+0x1/0x2"}),
            "reads_it");
  EXPECT_EQ(named("BUG: KCSAN: data-race in one / two",
                  {"read to 0xff of 8 bytes by task 1 on cpu 7:", " one+0x1/0x2"}),
            "one");
  EXPECT_EQ(named("BUG: KASAN: use-after-free in gfs2_evict+0x1/0x2 fs/gfs2/super.c:1",
                  {"Call Trace:", " gfs2_evict+0x1/0x2"}),
            "gfs2_evict");
}

TEST(Traces, ALeakIsNamedByWhoeverAskedForTheMemory) {
  const auto findings =
      findings_in("BUG: memory leak\nunreferenced object 0xff (size 1864):\n  comm \"a\", pid 9\n"
                  "  backtrace (crc 0):\n    [<1>] kmem_cache_alloc+0x1/0x2\n"
                  "    [<2>] gfs2_make_it+0x1/0x2\n");
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].function, "gfs2_make_it");
}

TEST(Traces, AnOrderReportIsAboutWhoeverTakesTheLockInAnInterrupt) {
  const auto findings = findings_in(stamped(
      {"=====================================================",
       "WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected",
       "fio/5097 [HC0[0]:SC0[0]:HE0:SE1] is trying to acquire:",
       "ff76a014 (&b){+.+.}-{0:0}, at: takes_b+0x418/0x608", "and this task is already holding:",
       "de5c895c (&a){-...}-{2:2}, at: takes_a+0x1/0x2",
       "... which became HARDIRQ-irq-safe at:", "  lock_acquire+0x6c/0x74",
       "  _raw_spin_lock_irqsave+0x54/0x70", "  in_the_interrupt+0x1/0x2",
       "to a HARDIRQ-irq-unsafe lock:", "stack backtrace:", "CPU: 0 PID: 5097 Comm: fio",
       "Call Trace:", " <TASK>", " takes_b+0x418/0x608", " </TASK>"}));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].function, "in_the_interrupt");
  EXPECT_EQ(findings[0].identity, "lockdep:hardirq-order:&b>&a");
}

TEST(Traces, ATaskThatWaitsForAGracePeriodIsNotBlamedForIt) {
  const auto findings = findings_in(stamped(
      {"INFO: task umount:98 blocked for more than 20 seconds.", "task:umount state:D pid:98",
       "Call Trace:", " <TASK>", " __schedule+0x1/0x2", " synchronize_rcu_expedited+0x1/0x2",
       " gfs2_put_super+0x1/0x2", " </TASK>"}));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].function, "synchronize_rcu");
  EXPECT_THAT(findings[0].frames, ElementsAre("synchronize_rcu", "gfs2_put_super"));
}

}  // namespace
}  // namespace gridlock::console

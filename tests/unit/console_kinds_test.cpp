// SPDX-License-Identifier: GPL-2.0-or-later
// Which lines begin a report of which kind, how it is named, and which lines begin none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/console_text.h"

namespace gridlock::console {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A line of text as a serial console shows it.
std::string line(const std::string& text, double time = 12.0) {
  char stamp[32];
  std::snprintf(stamp, sizeof stamp, "[%12.6f] ", time);
  return stamp + text + "\r\n";
}

std::string lines(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += line(text);
  return all;
}

const std::vector<std::string> kStack{"Call Trace:",
                                      " <TASK>",
                                      " foo_inner+0x10/0x20",
                                      " ? maybe+0x1/0x2",
                                      " foo_outer.isra.0+0x30/0x40",
                                      " do_syscall_64+0x3c/0x90",
                                      " </TASK>"};

std::vector<std::string> report(std::vector<std::string> head, const std::string& end = {}) {
  head.insert(head.end(), kStack.begin(), kStack.end());
  if (!end.empty()) head.push_back(end);
  return head;
}

struct Header {
  const char* kind;
  const char* text;
};

class Headers : public testing::TestWithParam<Header> {};

TEST_P(Headers, OpenOneReportOfTheirKind) {
  const auto findings = findings_in(lines({GetParam().text}));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].kind, GetParam().kind);
  EXPECT_FALSE(findings[0].title.empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, Headers,
    testing::Values(
        Header{"lockdep", "WARNING: possible circular locking dependency detected"},
        Header{"lockdep", "[ INFO: possible circular locking dependency detected ]"},
        Header{"lockdep", "WARNING: possible recursive locking detected"},
        Header{"lockdep", "WARNING: inconsistent lock state"},
        Header{"lockdep", "WARNING: possible irq lock inversion dependency detected"},
        Header{"lockdep", "WARNING: SOFTIRQ-safe -> SOFTIRQ-unsafe lock order detected"},
        Header{"lockdep", "WARNING: suspicious RCU usage"},
        Header{"lockdep", "[ BUG: Invalid wait context ]"},
        Header{"lockdep", "WARNING: bad unlock balance detected!"},
        Header{"lockdep", "WARNING: held lock freed!"},
        Header{"lockdep", "WARNING: a.out/12 still has locks held!"},
        Header{"lockdep", "INFO: trying to register non-static key."},
        Header{"lockdep", "BUG: workqueue leaked lock or atomic: kworker/0:1/0x00000000/9"},
        Header{"lockdep_off", "BUG: MAX_LOCKDEP_CHAINS too low!"},
        Header{"lockdep_off", "BUG: MAX_STACK_TRACE_ENTRIES too low!"},
        Header{"hung_task", "INFO: task ls:98 blocked for more than 20 seconds."},
        Header{"hung_task", "INFO: task ls:98 blocked in I/O wait for more than 20 seconds."},
        Header{"rcu_stall", "rcu: INFO: rcu_preempt self-detected stall on CPU"},
        Header{"rcu_stall", "rcu: INFO: rcu_sched detected stalls on CPUs/tasks:"},
        Header{"rcu_stall", "rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: {"},
        Header{"rcu_stall", "INFO: rcu_tasks detected stalls on tasks:"},
        Header{"soft_lockup", "watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [fio:99]"},
        Header{"hard_lockup", "NMI watchdog: Watchdog detected hard LOCKUP on cpu 1"},
        Header{"hard_lockup", "watchdog: CPU1: Watchdog detected hard LOCKUP on cpu 1"},
        Header{"wq_lockup", "BUG: workqueue lockup - pool cpus=0 node=0 stuck for 30s!"},
        Header{"bug", "kernel BUG at fs/gfs2/inode.c:728!"},
        Header{"bug", "BUG: Bad page state in process fio  pfn:12345"},
        Header{"bug", "BUG: Dentry 00000000ab{i=1,n=x} still in use (1) [unmount of gfs2 vda]"},
        Header{"bug", "BUG: something the reader was never told of"},
        Header{"bug", "VFS: Busy inodes after unmount of vda (gfs2)"},
        Header{"bug", "BUG kmalloc-64 (Not tainted): Redzone overwritten"},
        Header{"oops", "BUG: kernel NULL pointer dereference, address: 0000000000000008"},
        Header{"oops", "BUG: unable to handle page fault for address: 0000000001e1b02d"},
        Header{"oops", "divide error: 0000 [#1] PREEMPT SMP"},
        Header{"oops", "traps: PANIC: double fault, error_code: 0x0"},
        Header{"gpf",
               "general protection fault, probably for non-canonical address 0xdead: 0000 [#1]"},
        Header{"gpf",
               "Oops: general protection fault, probably for non-canonical address 0xd: 0000 [#1]"},
        Header{"gpf", "general protection fault: 0000 [#1] SMP"},
        Header{"kasan", "BUG: KASAN: use-after-free in gfs2_glock_nq+0x10/0x20"},
        Header{"ubsan", "UBSAN: shift-out-of-bounds in fs/gfs2/rgrp.c:12:3"},
        Header{"warning", "WARNING: CPU: 0 PID: 105 at kernel/exit.c:823 do_exit+0x825/0xa00"},
        Header{"warning", "WARNING: kernel/exit.c:823 at do_exit+0x825/0xa00, CPU#0: mdio/105"},
        Header{"atomic_sleep", "BUG: sleeping function called from invalid context at mm/slab.h:2"},
        Header{"atomic_sleep", "BUG: scheduling while atomic: mdio/105/0x00000002"},
        Header{"panic", "Kernel panic - not syncing: VFS: Unable to mount root fs"},
        Header{"gfs2", "gfs2: fsid=lab:data.1: about to withdraw this file system"},
        Header{"gfs2", "gfs2: fsid=lab:data.1: fatal: assertion \"x > 0\" failed"},
        Header{"gfs2", "gfs2: fsid=lab:data.1: fatal: filesystem consistency error"},
        Header{"dlm", "dlm: data: remwait error 3f reply"},
        Header{"dlm", "dlm: data: no userland control daemon, stopping lockspace"},
        Header{"dlm", "dlm: cannot start dlm midcomms -12"}));

class Benign : public testing::TestWithParam<const char*> {};

TEST_P(Benign, LinesOpenNoReport) { EXPECT_THAT(findings_in(lines({GetParam()})), IsEmpty()); }

INSTANTIATE_TEST_SUITE_P(
    All, Benign,
    testing::Values(
        "INFO: lockdep is turned off.", "rcu: INFO: Stall ended before state dump start",
        "INFO: Stall ended before state dump start",
        "Future hung task reports are suppressed, see sysctl kernel.hung_task_warnings",
        "INFO: NMI handler (perf_event_nmi_handler) took too long to run: 1.2 msecs",
        "Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on",
        "RETBleed: WARNING: Spectre v2 mitigation leaves CPU vulnerable to RETBleed attacks",
        "WARNING: The mand mount option has been deprecated and",
        "WARNING: the lkb timeout feature is being deprecated",
        "clocksource: WARNING: Underflow in clocksource 'tsc' observed",
        "traps: fio[12] general protection fault ip:7f00 sp:7ffc error:0 in libc.so[7f00+1000]",
        "fio[12]: segfault at 0 ip 00007f sp 00007ffc error 4 in libc.so",
        "EXT4-fs (vda): INFO: recovery required on readonly filesystem",
        "Command line: console=ttyS0 oops=panic BUG: no, a boot argument",
        "dlm: Using TCP for communications", "dlm: closing connection to node 2",
        "dlm: connection 00000000e7fc16c2 got EOF from 2",
        "dlm: data: dlm_recover_masters 22 of 26", "dlm: no local IP address has been set",
        "dlm: cannot start dlm midcomms -107", "gfs2: fsid=lab:data: dlm_new_lockspace error -107",
        "gfs2: fsid=lab:data.1: jid=0: Trying to acquire journal glock...",
        "gfs2: fsid=lab:data.1: demote interface used",
        "gfs2: fsid=lab:data.1: G:  s:DF n:2/4269 f:lIqob t:SH d:EX/0 a:0 v:0 r:5 m:38 p:1",
        "Disabling lock debugging due to kernel taint",
        "CPU: 0 PID: 1 Comm: BUG: kernel BUG at Not tainted 6.1.192 #2",
        "task:INFO: task a:1 blocked for more than 2 state:D stack:0 pid:9",
        "systemd[1]: a unit said BUG: this is a unit's text"));

TEST(Kinds, AnInfectedTaskNameDoesNotHideTheHungTask) {
  const auto findings = findings_in(
      lines(report({"INFO: task BUG: x:1 y\x01:108 blocked for more than 10 seconds."})));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].kind, "hung_task");
  EXPECT_EQ(findings[0].pid, 108);
  EXPECT_EQ(findings[0].task, "BUG: x:1 y\\x01");
}

TEST(Kinds, AWarningsMessageIsPartOfItsIdentityWithoutNumbers) {
  const auto with_count = [](const std::string& n) {
    return findings_in(lines(report(
        {"------------[ cut here ]------------", "refcount " + n + " saturated at 0xdead" + n,
         "WARNING: CPU: 0 PID: 5 at lib/refcount.c:28 "
         "refcount_warn_saturate+0xba/0x110",
         "CPU: 0 PID: 5 Comm: fio Not tainted 6.1.192 #2"},
        "---[ end trace 0000000000000000 ]---")));
  };
  const auto findings = with_count("1");
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].identity, "warning:lib/refcount.c:foo_inner:refcount N saturated at N");
  EXPECT_EQ(findings[0].title, "WARNING in foo_inner");
  EXPECT_EQ(findings[0].incomplete, "");
  EXPECT_EQ(findings[0].begin, 0u);
  EXPECT_EQ(identities_of(with_count("77")), identities_of(findings));
}

TEST(Kinds, AnOopsIsNamedByTheFunctionThatFaulted) {
  const auto findings = findings_in(lines(report(
      {"BUG: kernel NULL pointer dereference, address: 0000000000000008",
       "#PF: supervisor read access in kernel mode", "Oops: 0000 [#1] PREEMPT SMP",
       "CPU: 1 PID: 7 Comm: a b Not tainted 6.1.192 #2", "RIP: 0010:memcpy+0x1/0x2", "Code: 00 00"},
      "---[ end trace 0000000000000000 ]---")));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].title, "oops in foo_inner");
  EXPECT_EQ(findings[0].identity, "oops:null:foo_inner<foo_outer");
  EXPECT_EQ(findings[0].task, "a b");
  EXPECT_EQ(findings[0].cpu, 1);
  EXPECT_EQ(findings[0].incomplete, "");
}

TEST(Kinds, APanicAfterAnOopsIsSecondaryAndOneOfItsOwnIsNot) {
  const auto oops = report(
      {"BUG: kernel NULL pointer dereference, address: 0000000000000008", "Oops: 0000 [#1] SMP"},
      "---[ end trace 0000000000000000 ]---");
  auto both = oops;
  both.push_back("Kernel panic - not syncing: Fatal exception");
  both.push_back("---[ end Kernel panic - not syncing: Fatal exception ]---");
  const auto findings = findings_in(lines(both));
  ASSERT_THAT(kinds_of(findings), ElementsAre("oops", "panic"));
  EXPECT_FALSE(findings[0].secondary);
  EXPECT_TRUE(findings[1].secondary);
  const auto alone =
      findings_in(lines({"Kernel panic - not syncing: Attempted to kill init! exitcode=0x13"}));
  ASSERT_EQ(alone.size(), 1u);
  EXPECT_FALSE(alone[0].secondary);
  EXPECT_EQ(alone[0].title, "kernel panic: Attempted to kill init! exitcode=N");
}

TEST(Kinds, AReportOfATaintedKernelIsSecondary) {
  const auto tainted = [](const std::string& taint) {
    return findings_in(lines(report({"WARNING: CPU: 0 PID: 5 at mm/x.c:1 foo+0xba/0x110",
                                     "CPU: 0 PID: 5 Comm: Tainted: D Not tainted " + taint},
                                    "---[ end trace 0000000000000000 ]---")));
  };
  ASSERT_EQ(tainted("6.1 #2").size(), 1u);
  EXPECT_FALSE(tainted("6.1 #2")[0].secondary);
  EXPECT_FALSE(tainted("Tainted: G        W  6.1 #2")[0].secondary);
  EXPECT_TRUE(tainted("Tainted: G      D W  6.1 #2")[0].secondary);
}

TEST(Kinds, AWithdrawIsOneFindingNamedByItsReason) {
  const std::string fs = "gfs2: fsid=lab:data.1: ";
  const auto findings = findings_in(lines(
      report({fs + "fatal: assertion \"ip->i_gl\" failed",
              "   function = gfs2_foo, file = fs/gfs2/x.c, line = 7",
              fs + "about to withdraw this file system", fs + "telling LM to unmount",
              fs + "File system withdrawn", "CPU: 0 PID: 5 Comm: fio Not tainted 6.1.192 #2"})));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].title, "GFS2: assertion \"ip->i_gl\" failed in gfs2_foo");
  EXPECT_EQ(findings[0].identity, "gfs2:assertion:assertion \"ip->i_gl\" failed:gfs2_foo");
  EXPECT_EQ(findings[0].pid, 5);
  EXPECT_EQ(findings[0].incomplete, "");
}

TEST(Kinds, AWithdrawThatIsNeverAcknowledgedIsFoundTooAndItsLateEndIsSecondary) {
  const std::string fs = "gfs2: fsid=lab:data.1: ";
  const std::string start = line(fs + "fatal: filesystem consistency error", 10) +
                            line("  function = gfs2_bar, file = fs/gfs2/y.c, line = 9", 10) +
                            line(fs + "about to withdraw this file system", 10);
  EXPECT_THAT(identities_of(findings_in(start)),
              ElementsAre("gfs2:consistency:filesystem consistency error:gfs2_bar"));
  const auto late = findings_in(start + line(fs + "File system withdrawn", 60));
  ASSERT_EQ(late.size(), 2u);
  EXPECT_TRUE(late[1].secondary);
}

TEST(Kinds, LockdepThatRanOutOfRoomIsNamedByTheLimit) {
  EXPECT_THAT(identities_of(findings_in(lines({"BUG: MAX_LOCKDEP_CHAINS too low!",
                                               "turning off the locking correctness validator."}))),
              ElementsAre("lockdep_off:MAX_LOCKDEP_CHAINS"));
}

TEST(Kinds, AStallIsNamedByItsFunctionsWhateverTheirOrder) {
  const auto stall = [](const std::string& a, const std::string& b) {
    return findings_in(lines({"rcu: INFO: rcu_preempt self-detected stall on CPU",
                              "rcu: \t0-....: (20999 ticks this GP)", "Call Trace:", " <IRQ>",
                              " sched_show_task+0x1/0x2", " " + a + "+0x1/0x2",
                              " " + b + "+0x1/0x2", " </TASK>"}));
  };
  ASSERT_EQ(stall("spin_a", "spin_b").size(), 1u);
  EXPECT_EQ(identities_of(stall("spin_a", "spin_b")), identities_of(stall("spin_b", "spin_a")));
  EXPECT_NE(identities_of(stall("spin_a", "spin_b")), identities_of(stall("spin_a", "spin_c")));
}

TEST(Kinds, AStallIsNamedByTheDoorItCameThroughWhereverTheCpuWasFound) {
  const auto stall = [](const std::string& found) {
    return findings_in(lines({"rcu: INFO: rcu_preempt self-detected stall on CPU",
                              "rcu: \t0-....: (20999 ticks this GP)", "NMI backtrace for cpu 0",
                              "Call Trace:", " <IRQ>", " dump_stack+0x1/0x2",
                              " rcu_dump_cpu_stacks+0x1/0x2", " update_process_times+0x1/0x2",
                              " sysvec_apic_timer_interrupt+0x1/0x2", " </IRQ>",
                              " asm_sysvec_apic_timer_interrupt+0x1/0x2",
                              "RIP: 0010:" + found + "+0x1/0x2", " walk_a_list+0x1/0x2",
                              " gfs2_evict+0x1/0x2", " my_work+0x1/0x2",
                              " process_one_work+0x1/0x2", " kthread+0x1/0x2", " </TASK>"}));
  };
  const auto findings = stall("spin_a");
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].function, "my_work");
  EXPECT_THAT(findings[0].frames, ElementsAre("my_work", "spin_a", "walk_a_list", "gfs2_evict"));
  EXPECT_EQ(identities_of(findings), identities_of(stall("spin_b")));
}

}  // namespace
}  // namespace gridlock::console

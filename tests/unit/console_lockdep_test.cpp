// SPDX-License-Identifier: GPL-2.0-or-later
// Identities of lockdep reports.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "console/lockdep.h"
#include "support/console_text.h"

namespace gridlock::console {
namespace {

using testing::ElementsAre;

/// A circular report as lockdep prints it: `held_first` are the classes from `-> #k` to `-> #0`.
std::string circular(const std::vector<std::string>& held_first) {
  std::string text =
      "WARNING: possible circular locking dependency detected\n"
      "fio/9 is trying to acquire lock:\n"
      "ff11 (" +
      held_first.back() +
      "){+.+.}-{3:3}, at: take_it+0x47/0x460\n"
      "but task is already holding lock:\n"
      "ff11 (" +
      held_first.front() + "){+.+.}-{3:3}, at: have_it+0x47/0x140\n";
  for (std::size_t i = 0; i < held_first.size(); ++i)
    text += "-> #" + std::to_string(held_first.size() - 1 - i) + " (" + held_first[i] +
            "){+.+.}-{3:3}:\n       __mutex_lock+0xa5/0xb90\n";
  return text +
         "stack backtrace:\nCPU: 0 PID: 9 Comm: fio Not tainted 6.1.192 #2\nCall Trace:\n <TASK>\n"
         " dump_stack_lvl+0x4c/0x5f\n check_noncircular+0x122/0x140\n take_it+0x66/0x460\n "
         "</TASK>\n";
}

TEST(Lockdep, AClassLosesItsRegistrationNumberAndKeepsItsSubclass) {
  EXPECT_EQ(lock_class_in("ff11 (&default_group_class[depth - 1]#2/1){+.+.}-{3:3}, at: f+0x1/0x2"),
            "&default_group_class[depth - 1]/1");
  EXPECT_EQ(lock_class_in(" #0: ff11 (sb_writers#7){.+.+}-{0:0}, at: do_rmdir+0xde/0x170"),
            "sb_writers");
  EXPECT_EQ(lock_class_in("-> #0 ((work_completion)(&con->swork)){+.+.}-{0:0}:"),
            "(work_completion)(&con->swork)");
  EXPECT_EQ(lock_class_in("        __mutex_lock+0xa5/0xb90"), "");
}

TEST(Lockdep, TheSameCycleClosedAtTheOtherEdgeIsTheSameFinding) {
  const std::string identity = "lockdep:circular:&con->sock_mutex>(work_completion)(&con->swork)";
  EXPECT_THAT(
      identities_of(findings_in(circular({"&con->sock_mutex", "(work_completion)(&con->swork)"}))),
      ElementsAre(identity));
  EXPECT_THAT(
      identities_of(findings_in(circular({"(work_completion)(&con->swork)", "&con->sock_mutex"}))),
      ElementsAre(identity));
}

TEST(Lockdep, ACycleOfThreeHasOneIdentityInAllRotationsAndAnotherBackwards) {
  const auto a = identities_of(findings_in(circular({"c#1", "b#2/1", "a"})));
  EXPECT_THAT(a, ElementsAre("lockdep:circular:a>b/1>c"));
  EXPECT_EQ(identities_of(findings_in(circular({"b/1", "a", "c#9"}))), a);
  EXPECT_EQ(identities_of(findings_in(circular({"a", "c", "b/1"}))), a);
  EXPECT_NE(identities_of(findings_in(circular({"a", "b/1", "c"}))), a);
}

TEST(Lockdep, TheTitleNamesTheClassesAndTheFunctionIsNoPrimitive) {
  const auto findings = findings_in(circular({"a", "b"}));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].title, "lockdep: a / b");
  EXPECT_EQ(findings[0].function, "take_it");
  EXPECT_EQ(findings[0].incomplete, "");
}

TEST(Lockdep, AHugeCycleOfHugeNamesStaysBounded) {
  std::vector<std::string> classes;
  for (int i = 0; i < 48; ++i) classes.push_back(std::string(400, static_cast<char>('A' + i % 26)));
  const auto findings = findings_in(circular(classes));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_LE(findings[0].identity.size(), 1010u);
  EXPECT_LE(findings[0].title.size(), 310u);
}

TEST(Lockdep, ALostChainIsSaidAndNotGuessed) {
  const auto findings = findings_in(with(circular({"a", "b"}), "-> #1", "-> #7"));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].incomplete, "its chain of locks is not whole");
  EXPECT_THAT(findings[0].identity, testing::EndsWith(":partial"));
}

TEST(Lockdep, OtherReportsAreNamedByClassAndState) {
  const std::string tail =
      "stack backtrace:\nCall Trace:\n <TASK>\n dump_stack+0x1/0x2\n bad_one+0x1/0x2\n </TASK>\n";
  EXPECT_THAT(identities_of(findings_in("WARNING: possible recursive locking detected\n"
                                        "fio/9 is trying to acquire lock:\n"
                                        "ff11 (&ip->i_rw_mutex#3){+.+.}-{3:3}, at: x+0x1/0x2\n" +
                                        tail)),
              ElementsAre("lockdep:recursive:&ip->i_rw_mutex"));
  EXPECT_THAT(identities_of(findings_in("WARNING: inconsistent lock state\n"
                                        "inconsistent {IN-SOFTIRQ-W} -> {SOFTIRQ-ON-W} usage.\n"
                                        "fio/9 [HC0[0]:SC0[0]:HE1:SE1] takes:\n"
                                        "ff11 (&q->lock){+.?.}-{2:2}, at: x+0x1/0x2\n" +
                                        tail)),
              ElementsAre("lockdep:inconsistent:&q->lock:{IN-SOFTIRQ-W} -> {SOFTIRQ-ON-W} usage."));
  EXPECT_THAT(
      identities_of(findings_in("WARNING: suspicious RCU usage\n"
                                "fs/gfs2/glock.c:12 suspicious rcu_dereference_check() usage!\n" +
                                tail)),
      ElementsAre("lockdep:rcu-usage:fs/gfs2/glock.c:bad_one:"
                  "suspicious rcu_dereference_check() usage!"));
}

}  // namespace
}  // namespace gridlock::console

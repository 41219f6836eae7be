// SPDX-License-Identifier: GPL-2.0-or-later
// What GFS2, the DLM and OCFS2 say of themselves.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/console_text.h"

namespace gridlock::console {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Line {
  const char* text;
  const char* identity;
};

class FileSystems : public testing::TestWithParam<Line> {};

TEST_P(FileSystems, AnErrorLineIsOneFindingWithItsIdentity) {
  EXPECT_THAT(identities_of(findings_in(stamped({GetParam().text}))),
              ElementsAre(GetParam().identity));
}

INSTANTIATE_TEST_SUITE_P(
    All, FileSystems,
    testing::Values(
        Line{"gfs2: fsid=lab:data.1: Error 5 writing to journal, jid=1", "gfs2:journal"},
        Line{"gfs2: fsid=lab:data.1: Can't replay: filesystem is withdrawn", "gfs2:journal"},
        Line{"gfs2: fsid=lab:data.1: wanted 1 got 3", "gfs2:lock-state"},
        Line{"gfs2: fsid=lab:data.1: gdlm_lock lkid 3e50001 error -22", "gfs2:lock"},
        Line{"gfs2: fsid=lab:data.1: Error -5 syncing glock", "gfs2:lock"},
        Line{"gfs2: fsid=lab:data.1: Error: In gfs2_glock_dq_wait for ten minutes!", "gfs2:stuck"},
        Line{"gfs2: fsid=lab:data.1: rgrp 17 has an error, marking it readonly until umount",
             "gfs2:resource-group"},
        Line{"GFS2: fsid=lab:data.1: panic requested", "gfs2:panic"},
        Line{"dlm: connect 2 try 1 error -111", "dlm:connect"},
        Line{"dlm: data: dlm_recover_directory error -22", "dlm:recover"},
        Line{"dlm: data: receive_convert error -53 lkid 1", "dlm:receive"},
        Line{"dlm: data: version mismatch: 3 and 4", "dlm:version"},
        Line{"OCFS2: ERROR (device sdb): ocfs2_validate_inode_block: Invalid dinode #17: bad",
             "ocfs2:error:Invalid dinode #N: bad:ocfs2_validate_inode_block"},
        Line{"(mount.ocfs2,1234,0):ocfs2_fill_super:1187 ERROR: status = -22",
             "ocfs2:mlog:ocfs2_fill_super:status = -22"},
        Line{"(fio,77,1):ocfs2_mknod:412 ERROR: status = -5", "ocfs2:mlog:ocfs2_mknod:status = -5"},
        Line{"*** ocfs2 is very sorry to be fencing this system by restarting ***",
             "ocfs2:fencing"},
        Line{"o2hb: node 2 hb write hung for 15s on region 0123456789ABCDEF0123456789ABCDEF (vdb).",
             "ocfs2:heartbeat-hung"},
        Line{
            "o2hb: all nodes hb write hung, maybe region 0123456789ABCDEF0123456789ABCDEF (vdb) is "
            "down.",
            "ocfs2:heartbeat-hung"},
        Line{"o2hb: Unable to stabilize heartbeat on region 0123456789ABCDEF0123456789ABCDEF (vdb)",
             "ocfs2:heartbeat-unstable"},
        Line{"o2net: Connection to node node2 (num 2) at 10.77.0.2:7777 has been idle for 30.48 "
             "secs.",
             "ocfs2:idle"},
        Line{"o2net: No connection established with node 2 after 30.0 seconds, check network and "
             "cluster configuration.",
             "ocfs2:no-connection"},
        Line{"o2net: node node2 (num 2) at 10.77.0.2:7777 uses a network idle timeout of 30000 ms, "
             "but we use 10000 ms locally. Disconnecting.",
             "ocfs2:disagreement"},
        Line{"o2cb: o2dlm has evicted node 2 from domain 0123456789ABCDEF0123456789ABCDEF",
             "ocfs2:evicted"},
        Line{"ocfs2: Could not determine locking version", "ocfs2:version"}));

class Ordinary : public testing::TestWithParam<const char*> {};

TEST_P(Ordinary, StateIsNoError) { EXPECT_THAT(findings_in(stamped({GetParam()})), IsEmpty()); }

INSTANTIATE_TEST_SUITE_P(
    All, Ordinary,
    testing::Values(
        "gfs2: fsid=lab:data.1: recover generation 3 done",
        "gfs2: fsid=lab:data.1: recover jid 1 result success",
        "gfs2: fsid=lab:data.1: jid=1: Journal replayed in 3ms", "dlm: connecting to 2",
        "dlm: connected to node 2", "dlm: data: dlm_recover_directory 0 out 0 messages",
        "dlm: data: dlm_recover_members_wait error -4",
        "dlm: node 1: socket error sending to node 2 at 10.0.0.2, dport 21064, sk_err=104/0",
        "ocfs2: Mounting device (253,0) on (node 1, slot 0) with ordered data mode.",
        "o2dlm: Joining domain 1234 ( 1 2 ) 2 nodes",
        "o2hb: Heartbeat started on region 0123456789ABCDEF0123456789ABCDEF (vdb)",
        "o2net: Connected to node node1 (num 1) at 10.77.0.1:7777",
        "o2net: No longer connected to node node1 (num 1) at 10.77.0.1:7777",
        "o2dlm: Node 2 leaves domain 0123456789ABCDEF0123456789ABCDEF ( 1 ) 1 nodes",
        "ocfs2: Unmounting device (254,16) on (node 1)",
        "(gridlock-agent,61,0):ocfs2_check_dir_for_entry:2105 ERROR: status = -17",
        "(a remark in brackets): ERROR: of something else",
        "(mount.ocfs2,1234,0):ocfs2_fill_super: no line ERROR: x"));

TEST(FileSystems, AnOcfs2ErrorAndWhatFollowsItAreOne) {
  const auto findings = findings_in(stamped(
      {"OCFS2: ERROR (device sdb): ocfs2_check_dir_entry: bad entry",
       "On-disk corruption discovered. Please run fsck.ocfs2 once the filesystem is unmounted.",
       "OCFS2: File system is now read-only."}));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].kind, "ocfs2");
  EXPECT_EQ(findings[0].function, "ocfs2_check_dir_entry");
}

/// "[   77.120001][  T812] (fio,812,1):FUNCTION:LINE ERROR: status = -5", the way OCFS2 logs.
std::string failed(int pid, const std::string& function, const std::string& said,
                   const std::string& time = "77.120001") {
  return fmt::format("[   {}][{:>6}] (fio,{},1):{}:2105 ERROR: {}\n", time, fmt::format("T{}", pid),
                     pid, function, said);
}

TEST(FileSystems, AnOcfs2ErrorThatIsLoggedOnItsWayUpIsOneOfTheFirstFunction) {
  const std::string text = failed(812, "ocfs2_check_dir_for_entry", "status = -5") +
                           failed(812, "ocfs2_mknod", "status = -5", "77.120480") +
                           failed(812, "ocfs2_mkdir", "status = -5", "77.121055");
  const auto findings = findings_in(text + "[   77.200000][  T900] something else\n");
  ASSERT_THAT(identities_of(findings),
              ElementsAre("ocfs2:mlog:ocfs2_check_dir_for_entry:status = -5"));
  EXPECT_EQ(findings[0].title, "OCFS2: status = -5 in ocfs2_check_dir_for_entry");
  EXPECT_EQ(text.substr(findings[0].begin, findings[0].end - findings[0].begin), text);
  EXPECT_TRUE(findings[0].incomplete.empty()) << findings[0].incomplete;
}

TEST(FileSystems, AnOcfs2ErrorWithWordsHasTheStatusOfItsCallersInIt) {
  EXPECT_THAT(identities_of(findings_in(failed(7, "ocfs2_read_blocks", "block 12 out of range") +
                                        failed(7, "ocfs2_read_inode_block", "status = -22") +
                                        failed(7, "ocfs2_inode_lock_full", "status = -22"))),
              ElementsAre("ocfs2:mlog:ocfs2_read_blocks:block N out of range"));
}

TEST(FileSystems, Ocfs2ErrorsOfTwoTasksAtOnceAreTwo) {
  EXPECT_THAT(identities_of(findings_in(failed(7, "ocfs2_find_entry", "status = -5") +
                                        failed(8, "ocfs2_extend_file", "status = -28") +
                                        failed(7, "ocfs2_unlink", "status = -5") +
                                        failed(8, "ocfs2_setattr", "status = -28"))),
              ElementsAre("ocfs2:mlog:ocfs2_find_entry:status = -5",
                          "ocfs2:mlog:ocfs2_extend_file:status = -28"));
}

TEST(FileSystems, AnOcfs2ErrorWithAnotherStatusOrCalledAgainOrLaterIsAnother) {
  EXPECT_EQ(findings_in(failed(7, "ocfs2_find_entry", "status = -5") +
                        failed(7, "ocfs2_unlink", "status = -30"))
                .size(),
            2u);
  const std::string once =
      failed(7, "ocfs2_find_entry", "status = -5") + failed(7, "ocfs2_unlink", "status = -5");
  const std::string again = failed(7, "ocfs2_find_entry", "status = -5", "77.130000") +
                            failed(7, "ocfs2_unlink", "status = -5", "77.130100");
  EXPECT_THAT(identities_of(findings_in(once + again)),
              ElementsAre("ocfs2:mlog:ocfs2_find_entry:status = -5",
                          "ocfs2:mlog:ocfs2_find_entry:status = -5"));
  EXPECT_EQ(findings_in(failed(7, "ocfs2_find_entry", "status = -5") +
                        failed(7, "ocfs2_unlink", "status = -5", "99.000000"))
                .size(),
            2u);
}

TEST(FileSystems, TheGlocksOfAGlockBugAreValues) {
  const auto findings = findings_in(real_console("self-unpatched-node1"));
  const auto bug = std::find_if(findings.begin(), findings.end(),
                                [](const Finding& finding) { return finding.kind == "bug"; });
  ASSERT_NE(bug, findings.end());
  const GlockHolder holder{GlockMode::DF, true, false, 105, "mdio", "vfs_read"};
  const GlockInode inode{77872, 8, 2097152};
  EXPECT_THAT(bug->glocks,
              ElementsAre(Glock{{2, 0x13030}, GlockMode::EX, {holder}, "yfIqob", inode}));
  EXPECT_EQ(
      bug->sentence,
      "recursion: mdio/105 holds glock 2/13030 (DF, from vfs_read) and asks for it again (SH, "
      "from __do_fault)");
}

}  // namespace
}  // namespace gridlock::console

// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fuzz/mail_invariants.h"
#include "host/files.h"

namespace gridlock {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
namespace fs = std::filesystem;

const fs::path kSeeds = fs::path(GRIDLOCK_SOURCE_DIR) / "tests" / "testdata" / "fuzz" / "mail";

std::string seed(const std::string& name) { return read_file(kSeeds / name, Bytes::mib(1)); }

TEST(Mail, HoldsWhatMustHoldForEverySeedAndEveryBeginOfIt) {
  int seeds = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(kSeeds)) {
    const std::string text = read_file(entry.path(), Bytes::mib(1));
    for (std::size_t length = 0; length <= text.size(); length += 1 + text.size() / 200)
      fuzz::check_mail(std::string_view(text).substr(0, length));
    fuzz::check_mail(text);
    ++seeds;
  }
  EXPECT_GE(seeds, 4);
}

TEST(Mail, OfASeriesInAnyOrderThePatchesComeInTheirs) {
  const std::vector<Patch> patches = fuzz::check_mail(seed("series"));
  ASSERT_THAT(patches, SizeIs(2));
  EXPECT_EQ(patches[0].subject, "gfs2: disable page faults during direct reads");
  EXPECT_EQ(patches[1].subject, "gfs2: fault nothing in during direct writes");
  // Quoted-printable and base64 are undone, and lines end plainly.
  EXPECT_THAT(patches[0].text, AllOf(HasSubstr("\n+\tto->nofault = true;\n"),
                                     HasSubstr("Seen by Zoë in two nodes; “nofault”")));
  EXPECT_THAT(patches[1].text,
              AllOf(HasSubstr("\n+\tfrom->nofault = true;\n"), Not(HasSubstr("\r"))));
  for (const Patch& patch : patches) EXPECT_EQ(why_mangled(patch.text), std::nullopt);
}

TEST(Mail, WordsOfASubjectAreDecodedAndJoined) {
  EXPECT_EQ(read_mail(seed("multipart")).subject, "[PATCH] x: zöé  end");
  EXPECT_EQ(decode_words("a =?utf-8?q?b=5F_c?= d =?x?y?z"), "a b_ c d =?x?y?z");
}

TEST(Mail, TextAndAttachedPatchesAreTakenAndOtherPartsAreNot) {
  const Mail mail = read_mail(seed("multipart"));
  EXPECT_EQ(mail.text, "See café below, attached.\n--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+b\n");
  EXPECT_TRUE(mail.flowed);
}

TEST(Mail, APatchWithoutHeadersIsNoMail) {
  EXPECT_FALSE(is_mail("--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+b\n"));
  EXPECT_FALSE(is_mail("diff --git a/x b/x\nindex: 1\n"));
  EXPECT_TRUE(is_mail("From: Me <me@example.org>\nSubject: [PATCH] x\n\n"));
  EXPECT_TRUE(is_mail("From 0123 Mon Sep 17 00:00:00 2001\nFrom: Me\n\n"));
}

TEST(Mail, ALineThatBeginsWithFromSplitsOnlyBeforeAHeader) {
  const std::string begin = "From me Mon Sep 17 00:00:00 2001\nSubject: a\n\n";
  EXPECT_THAT(split_mailbox(begin + "\nFrom here at 12:30 on\nwe go\n"), SizeIs(1));
  EXPECT_THAT(split_mailbox(begin + "text\n" + begin), SizeIs(1)) << "no empty line before it";
  EXPECT_THAT(split_mailbox(begin + "text\n\n" + begin), SizeIs(2));
}

TEST(Mail, LineEndsOfAFileThatHasBothAreKept) {
  EXPECT_EQ(with_plain_line_ends("a\r\nb\r\n"), "a\nb\n");
  EXPECT_EQ(with_plain_line_ends("a\r\nb\n"), "a\r\nb\n");
}

TEST(Subject, SaysVersionNumberAndTitle) {
  const SubjectTag tag =
      read_subject("[Cluster-devel] [RFC PATCH v3 net-next 02/12] gfs2: a [b] c");
  EXPECT_TRUE(tag.patch);
  EXPECT_FALSE(tag.reply);
  EXPECT_EQ(tag.version, 3);
  EXPECT_EQ(tag.number, 2);
  EXPECT_EQ(tag.total, 12);
  EXPECT_EQ(tag.title, "gfs2: a [b] c");
  EXPECT_EQ(read_subject("[PATCHv2 1/3] x").version, 2);
  EXPECT_TRUE(read_subject("Re: AW: [PATCH 1/3] x").reply);
  EXPECT_FALSE(read_subject("regression: x").reply);
  EXPECT_EQ(read_subject("[PATCH 4/3] x").number, std::nullopt);
  EXPECT_EQ(read_subject("[PATCH] a/b: x").number, std::nullopt);
}

/// A mail with a patch that turns `from` into `to`.
Mail mail(const std::string& subject, const std::string& to = "b") {
  return {subject, subject, "--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+" + to + "\n"};
}

std::vector<std::string> titles(const std::vector<Mail>& mails, std::string* notes = nullptr) {
  std::vector<std::string> titles;
  for (const Patch& patch :
       patches_of_mailbox(mails, "box", "box.mbox", [&](const std::string& note) {
         if (notes) *notes += note + "\n";
       }))
    titles.push_back(patch.subject);
  return titles;
}

std::string refusal(const std::vector<Mail>& mails) {
  try {
    titles(mails);
  } catch (const HostError& error) {
    return error.what();
  }
  return "they were taken";
}

TEST(Series, AMissingPartIsNamed) {
  std::string why;
  EXPECT_THAT(fuzz::check_mail(seed("missing-part"), &why), SizeIs(0));
  EXPECT_EQ(why, "the patches of box: a part is missing: 2/3");
  EXPECT_EQ(refusal({mail("[PATCH 2/4] b")}),
            "the patches of box: parts are missing: 1/4, 3/4, 4/4");
}

TEST(Series, TheNewestVersionIsTakenAndThatIsSaid) {
  std::string notes;
  EXPECT_THAT(
      titles({mail("[PATCH 1/2] old"), mail("[PATCH v2 2/2] b"), mail("[PATCH v2 1/2] a")}, &notes),
      ElementsAre("a", "b"));
  EXPECT_THAT(notes, HasSubstr("version 2 is taken"));
}

TEST(Series, TwoSeriesOrTwoPatchesOfOneNumberAreRefused) {
  EXPECT_THAT(refusal({mail("[PATCH 1/1] a"), mail("[PATCH 1/2] b"), mail("[PATCH 2/2] c")}),
              HasSubstr("it holds two series, one of 1 and one of 2 patches"));
  EXPECT_THAT(refusal({mail("[PATCH 1/1] a"), mail("[PATCH 1/1] b", "c")}),
              HasSubstr("two mails are number 1/1 and differ"));
}

TEST(Series, MailsWithoutNumbersStayInOrderAndBesideNumbersAreLeftOut) {
  EXPECT_THAT(titles({mail("[PATCH] b"), mail("[PATCH] a"), mail("Re: [PATCH] c")}),
              ElementsAre("b", "a"));
  std::string notes;
  EXPECT_THAT(titles({mail("[PATCH 1/1] a"), mail("[PATCH] what about this")}, &notes),
              ElementsAre("a"));
  EXPECT_THAT(notes, HasSubstr("left out the mail [PATCH] what about this"));
}

TEST(Series, AMailboxWithoutAPatchIsRefused) {
  EXPECT_THAT(refusal({{"hello", "1", "no diff here\n"}}), HasSubstr("no mail in it has a patch"));
}

TEST(Mangled, AWrappedLineALostBlankAndAnEarlyEndAreSeen) {
  EXPECT_THAT(why_mangled(seed("wrapped")).value_or(""),
              AllOf(HasSubstr("its line 5 belongs to the hunk @@ -1,3 +1,3 @@"),
                    HasSubstr("a long line was wrapped (wrapped)")));
  const std::string head = "--- a/x.c\n+++ b/x.c\n@@ -1,2 +1,2 @@ f()\n";
  EXPECT_THAT(why_mangled(head + "\tcontext\n-a\n+b\n").value_or(""),
              HasSubstr("the blank before the tab is gone"));
  EXPECT_THAT(why_mangled(head + " context\n-a\n").value_or(""), HasSubstr("ends too early"));
  // Some mailers cut the blank off an empty line, which patch(1) forgives.
  EXPECT_EQ(why_mangled(head + "\n-a\n+b\n"), std::nullopt);
  EXPECT_EQ(why_mangled("As in\n@@ -1,9 +1,9 @@\nabove.\n" + head + " c\n-a\n+b\n-- \n2.39\n"),
            std::nullopt);
}

TEST(Quilt, LinesSayFileAndDirection) {
  EXPECT_EQ(read_quilt_line("  # a comment", "q"), std::nullopt);
  EXPECT_EQ(read_quilt_line("a.patch -p1 # why", "q")->file, "a.patch");
  EXPECT_TRUE(read_quilt_line("a.patch -R", "q")->revert);
  EXPECT_THROW(read_quilt_line("a.patch -p0", "q"), HostError);
  EXPECT_THROW(read_quilt_line("../a.patch", "q"), HostError);
  EXPECT_THROW(read_quilt_line("/etc/passwd", "q"), HostError);
}

}  // namespace
}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

namespace gridlock {
namespace {

using namespace std::chrono_literals;

TEST(Bytes, ReadsEveryUnit) {
  EXPECT_EQ(parse_bytes("4096"), Bytes{4096});
  EXPECT_EQ(parse_bytes("512 B"), Bytes{512});
  EXPECT_EQ(parse_bytes("64KiB"), Bytes::kib(64));
  EXPECT_EQ(parse_bytes("64k"), Bytes::kib(64));
  EXPECT_EQ(parse_bytes("768MiB"), Bytes::mib(768));
  EXPECT_EQ(parse_bytes(" 2GiB "), Bytes::gib(2));
  EXPECT_EQ(parse_bytes("1TiB"), Bytes::gib(1024));
}

TEST(Bytes, RefusesWhatIsNoSize) {
  for (const char* const text : {"", "MiB", "-1", "1.5GiB", "10 apples", "1GB2", "0x10",
                                 "18446744073709551616", "17179869184TiB"})
    EXPECT_FALSE(parse_bytes(text)) << text;
}

TEST(Bytes, WritesTheLargestUnitThatFits) {
  EXPECT_EQ(to_string(Bytes{0}), "0 B");
  EXPECT_EQ(to_string(Bytes{1023}), "1023 B");
  EXPECT_EQ(to_string(Bytes::mib(1536)), "1.5 GiB");
  EXPECT_EQ(to_string(Bytes::mib(768)), "768 MiB");
}

TEST(Duration, ReadsUnitsFractionsAndSums) {
  EXPECT_EQ(parse_duration("200ms"), 200ms);
  EXPECT_EQ(parse_duration("5s"), 5s);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("1m30s"), 90s);
  EXPECT_EQ(parse_duration("2h"), 2h);
  EXPECT_EQ(parse_duration("0"), 0ms);
}

TEST(Duration, RefusesNumbersWithoutUnitNegativesAndAges) {
  for (const char* const text : {"", "5", "-5s", "s", "5 parsecs", "1e9h", "nan s", "99999d"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Duration, IsWrittenForPeople) {
  EXPECT_EQ(to_string(Milliseconds{200}), "200ms");
  EXPECT_EQ(to_string(Milliseconds{2400}), "2.4s");
  EXPECT_EQ(to_string(Milliseconds{252'000}), "4m12s");
  EXPECT_EQ(to_string(Milliseconds{3'720'000}), "1h02m");
}

TEST(Duration, EveryWrittenFormOfWholeSecondsIsReadBack) {
  for (int seconds : {1, 59, 60, 61, 3599, 3600, 3660, 86'400})
    EXPECT_EQ(parse_duration(to_string(Milliseconds{seconds * 1000})), seconds * 1s) << seconds;
}

TEST(NearestName, FindsTyposAndSwapsAndNothingFarAway) {
  const std::vector<std::string> names{"nodes", "memory", "read", "count"};
  EXPECT_EQ(nearest_name("noeds", names), "nodes");
  EXPECT_EQ(nearest_name("raed", names), "read");
  EXPECT_EQ(nearest_name("memmory", names), "memory");
  EXPECT_EQ(nearest_name("filesystem", names), "");
  EXPECT_EQ(nearest_name("x", names), "");
}

TEST(Printable, NothingAGuestSaysCanSteerATerminal) {
  EXPECT_EQ(printable("a\x1b[31mred"), "a\\x1b[31mred");
  EXPECT_EQ(printable(std::string("nul\0end", 7)), "nul\\x00end");
  EXPECT_EQ(printable("\xc2\x9b" "1m"), "\\xc2\\x9b1m");
  EXPECT_EQ(printable("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(printable("a\u202eb"), "a\\xe2\\x80\\xaeb");
  EXPECT_EQ(printable("größe\ttab"), "größe tab");
}

TEST(Printable, IsBounded) {
  EXPECT_EQ(printable(std::string(1000, 'x'), 10), "xxxxxxxxxx…");
}

TEST(LastLines, ComeInOrderWithoutLineEnds) {
  EXPECT_EQ(last_lines("one\r\ntwo\nthree\n", 2), (std::vector<std::string>{"two", "three"}));
  EXPECT_EQ(last_lines("cut", 5), (std::vector<std::string>{"cut"}));
  EXPECT_TRUE(last_lines("", 5).empty());
}

TEST(Digest, IsSha256AndKeepsFieldsApart) {
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_NE(Digest{}.field("a", "bc").hex(), Digest{}.field("ab", "c").hex());
}

TEST(Json, DeepNestingIsRefusedInsteadOfCrashing) {
  EXPECT_FALSE(parse_json(std::string(100'000, '[')));
  EXPECT_FALSE(parse_json("[[[]]]", 2));
  EXPECT_TRUE(parse_json("[[]]", 2));
  EXPECT_TRUE(parse_json("\"[[[[\\\"[[[[\"", 1));
}

TEST(Json, MembersOfAnotherTypeCountAsMissing) {
  const Json object = Json::parse(R"({"n": "text", "i": 18446744073709551615, "d": 1.5})");
  EXPECT_EQ(integer_or(object, "n", 7), 7);
  EXPECT_EQ(integer_or(object, "i", 7), 7);
  EXPECT_EQ(text_or(object, "d", "none"), "none");
  EXPECT_DOUBLE_EQ(number_or(object, "d", 0), 1.5);
  EXPECT_TRUE(flag_or(object, "gone", true));
  EXPECT_EQ(integer_or(Json::parse("[]"), "n", 7), 7);
}

TEST(Check, FailedCheckSaysWhereAndWhy) {
  try {
    GRIDLOCK_CHECK(1 == 2, "numbers have changed");
    FAIL();
  } catch (const InternalError& error) {
    EXPECT_NE(std::string(error.what()).find("numbers have changed (1 == 2)"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("base_test.cpp"), std::string::npos);
  }
}

TEST(Rfc3339, IsUtcWithMilliseconds) {
  EXPECT_EQ(rfc3339(UtcTime{Milliseconds{1'795'388'405'123}}), "2026-11-22T23:00:05.123Z");
}

}  // namespace
}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include "storage/tgt_request.h"

namespace gridlock {
namespace {

std::string number(std::uint32_t value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

/// Byte for byte what tgtadm 1.0.85 sends for
/// `tgtadm --lld iscsi --op new --mode logicalunit --tid 7 --lun 258 -b /disk`.
TEST(TgtRequest, IsLaidOutAsTgtadmDoes) {
  TgtRequest request{TgtRequest::Mode::device, TgtRequest::Operation::make, 7, 258, "path=/disk"};
  std::string driver = "iscsi";
  driver.resize(64);
  const std::string lun("\x02\x01\0\0\0\0\0\0", 8);
  EXPECT_EQ(encode(request), number(2) + number(0) + driver + number(131) + number(7) +
                                 std::string(8, '\0') + lun + std::string(24, '\0') +
                                 std::string("path=/disk", 11));
}

TEST(TgtRequest, WithoutParametersIsItsHeader) {
  const std::string bytes = encode({TgtRequest::Mode::target, TgtRequest::Operation::show, -1});
  EXPECT_EQ(bytes.size(), 120U);
  EXPECT_EQ(bytes.substr(72, 8), number(120) + number(0xffffffff));
}

TEST(TgtAnswer, IsAnErrorInTgtadmsWordsAndALength) {
  const TgtAnswer answer = decode_tgt_answer(number(14) + number(8) + "rest");
  EXPECT_EQ(answer.length, 8U);
  EXPECT_EQ(describe_tgt_error(answer.error), "this account already exists");
  EXPECT_EQ(describe_tgt_error(24), "this device has Prevent Removal set");
  EXPECT_EQ(describe_tgt_error(25), "error 25");
}

}  // namespace
}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/error.h"
#include "host/unpack.h"
#include "support/archives.h"

namespace gridlock {
namespace {

using testing::HasSubstr;
using Kind = ByteSource::Piece::Kind;

/// A text in pieces of one size, with a silence before each if wanted.
class TextSource final : public ByteSource {
 public:
  TextSource(std::string text, std::size_t piece, bool hesitates = false)
      : text_(std::move(text)), piece_(piece), hesitates_(hesitates) {}
  Piece next(Milliseconds) override {
    if (hesitates_ && std::exchange(ready_, !ready_) == false) return {Kind::quiet};
    if (at_ >= text_.size()) return {Kind::end};
    const std::string_view bytes = std::string_view(text_).substr(at_, piece_);
    at_ += bytes.size();
    return {Kind::bytes, bytes};
  }

 private:
  std::string text_;
  std::size_t piece_;
  bool hesitates_;
  bool ready_ = false;
  std::size_t at_ = 0;
};

struct Read {
  std::string text;
  std::string error;  ///< empty: it ended
  std::string hint;
  int silences = 0;
};

Read read_all(ByteSource& source) {
  Read read;
  try {
    while (true) {
      const ByteSource::Piece piece = source.next(Milliseconds(1));
      if (piece.kind == Kind::end) return read;
      if (piece.kind == Kind::quiet) ++read.silences;
      EXPECT_EQ(piece.kind == Kind::bytes, !piece.bytes.empty());
      read.text += piece.bytes;
    }
  } catch (const Error& error) {
    read.error = error.what();
    read.hint = error.hint();
  }
  return read;
}

Read unpack(const std::string& packed, std::size_t piece = 1 << 20) {
  const auto source = unpacked(std::make_unique<TextSource>(packed, piece), "a.log");
  return read_all(*source);
}

/// Console-like text, larger than any buffer, that does not pack to nearly nothing.
std::string long_text() {
  std::mt19937 random(7);
  std::string text;
  while (text.size() < 700'000)
    text += "[ " + std::to_string(random()) + "] usb: device " + std::to_string(random()) + "\n";
  return text;
}

const std::string kText = "[    1.000000] BUG: something\nand more\n";

TEST(Unpacked, LeavesPlainBytesAsTheyAre) {
  for (const std::string& text : {std::string(), std::string("\n"), std::string("(no\n"), kText,
                                  std::string("P"), std::string("\x1f"), std::string("\x28\xb5"),
                                  std::string("\0\0\xff\xfe", 4), long_text()}) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{65536}}) {
      const Read read = unpack(text, piece);
      EXPECT_EQ(read.error, "");
      EXPECT_TRUE(read.text == text) << text.size() << " bytes in pieces of " << piece;
    }
  }
}

TEST(Unpacked, UnpacksHoweverTheBytesAreCut) {
  const std::string text = long_text();
  for (const std::string& packed : {gzipped(text), zstandard(text)}) {
    for (const std::size_t piece :
         {std::size_t{1}, std::size_t{2}, std::size_t{5}, std::size_t{4096}, packed.size()}) {
      const Read read = unpack(packed, piece);
      EXPECT_EQ(read.error, "");
      EXPECT_TRUE(read.text == text) << "in pieces of " << piece;
    }
  }
}

TEST(Unpacked, UnpacksWhatGrowsManyThousandfold) {
  const std::string text(30 << 20, '\n');
  for (const std::string& packed : {gzipped(text), zstandard(text)}) {
    const Read read = unpack(packed);
    EXPECT_EQ(read.error, "");
    EXPECT_TRUE(read.text == text);
  }
}

TEST(Unpacked, ReadsMembersAndFramesInARowAsOneText) {
  const std::string both = kText + kText;
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{1 << 20}}) {
    EXPECT_EQ(unpack(gzipped(kText) + gzipped("") + gzipped(kText), piece).text, both);
    EXPECT_EQ(unpack(zstandard(kText) + zstandard("") + zstandard(kText), piece).text, both);
    EXPECT_EQ(unpack(gzipped(kText) + gzipped(kText), piece).error, "");
    EXPECT_EQ(unpack(zstandard(kText) + zstandard(kText), piece).error, "");
  }
}

TEST(Unpacked, KnowsArchivesOfNothing) {
  for (const std::string& packed : {gzipped(""), zstandard("")}) {
    const Read read = unpack(packed);
    EXPECT_EQ(read.text, "");
    EXPECT_EQ(read.error, "");
  }
}

TEST(Unpacked, PassesOverZerosBehindGzipAndOverSkippableFrames) {
  const Read padded = unpack(gzipped(kText) + std::string(1000, '\0'), 64);
  EXPECT_EQ(padded.text, kText);
  EXPECT_EQ(padded.error, "");
  const std::string skippable("\x51\x2a\x4d\x18\x03\0\0\0abc", 11);
  const Read skipped = unpack(skippable + zstandard(kText), 2);
  EXPECT_EQ(skipped.text, kText);
  EXPECT_EQ(skipped.error, "");
}

TEST(Unpacked, SaysThatAnArchiveIsCutAfterWhatCameBefore) {
  const std::string text = long_text();
  for (const std::string& packed : {gzipped(text), zstandard(text)}) {
    for (const std::size_t missing : {std::size_t{1}, std::size_t{5}, packed.size() / 2}) {
      const Read read = unpack(packed.substr(0, packed.size() - missing));
      EXPECT_THAT(read.error, HasSubstr("reading a.log: "));
      EXPECT_THAT(read.error, HasSubstr("is cut")) << missing;
      EXPECT_FALSE(read.text.empty());
      EXPECT_EQ(text.compare(0, read.text.size(), read.text), 0);
      if (missing == 1 && packed.front() == '\x1f') {
        EXPECT_EQ(read.text.size(), text.size()) << "only the trailer is missing";
      }
    }
    EXPECT_THAT(unpack(packed.substr(0, 4)).error, HasSubstr("is cut"));
    EXPECT_THAT(unpack(packed + packed.substr(0, packed.size() / 2)).error, HasSubstr("is cut"));
  }
}

TEST(Unpacked, SaysThatAnArchiveIsCorruptAfterWhatCameBefore) {
  const std::string text = long_text();
  for (std::string packed : {gzipped(text), zstandard(text)}) {
    // The check sum is the last thing of a frame, and comes before the length in a member.
    packed[packed.size() - (packed.front() == '\x1f' ? 8 : 1)] ^= 1;
    const Read read = unpack(packed);
    EXPECT_THAT(read.error, HasSubstr("reading a.log: "));
    EXPECT_THAT(read.error, HasSubstr("corrupt"));
    EXPECT_FALSE(read.text.empty());
    EXPECT_EQ(text.compare(0, read.text.size(), read.text), 0);
  }
  std::string header = gzipped(text);
  header[2] = 7;  // a method of packing that there is not
  EXPECT_THAT(unpack(header).error, HasSubstr("corrupt"));
}

TEST(Unpacked, KeepsSayingThatAnArchiveIsCorrupt) {
  std::string packed = gzipped(kText);
  packed[packed.size() - 8] ^= 1;
  const auto source = unpacked(std::make_unique<TextSource>(packed, 1 << 20), "a.log");
  EXPECT_NE(read_all(*source).error, "");
  EXPECT_NE(read_all(*source).error, "");
}

TEST(Unpacked, SaysThatSomethingElseFollowsAnArchive) {
  EXPECT_THAT(unpack(gzipped(kText) + "garbage").error, HasSubstr("followed by something else"));
  EXPECT_EQ(unpack(gzipped(kText) + "garbage").text, kText);
  EXPECT_THAT(unpack(zstandard(kText) + "garbage").error, HasSubstr("corrupt"));
  EXPECT_EQ(unpack(zstandard(kText) + "garbage").text, kText);
}

TEST(Unpacked, RefusesArchivesItCannotUnpackAndSaysWithWhat) {
  const Read read = unpack(std::string("\xfd\x37zXZ\0\0\0", 8), 3);
  EXPECT_THAT(read.error, HasSubstr("packed with xz"));
  EXPECT_THAT(read.hint, HasSubstr("xz"));
  EXPECT_EQ(read.text, "");
  EXPECT_THAT(unpack("BZh91AY&SY.......").error, HasSubstr("bzip2"));
  EXPECT_EQ(unpack("BZh is how a line may begin").error, "");
}

TEST(Unpacked, RefusesAWindowThatWouldNotFit) {
  // RFC 8878: magic, frame header without size, window descriptor of 1 GiB (2^(10+20)).
  const Read read = unpack(std::string("\x28\xb5\x2f\xfd\x00\xa0\x01\x00\x00", 9));
  EXPECT_THAT(read.error, HasSubstr("128 MiB"));
  EXPECT_THAT(read.hint, HasSubstr("--long=31"));
}

TEST(Unpacked, PassesSilencesOn) {
  for (const std::string& packed : {kText, gzipped(kText), zstandard(kText)}) {
    const auto source = unpacked(std::make_unique<TextSource>(packed, 1, true), "a.log");
    const Read read = read_all(*source);
    EXPECT_EQ(read.text, kText);
    EXPECT_EQ(read.error, "");
    EXPECT_GE(read.silences, static_cast<int>(packed.size()));
  }
}

TEST(Unpacked, HandsOutWhatIsThereBeforeMoreComes) {
  // Half of an archive made with a flush in its middle, as a live log is packed.
  z_stream stream{};
  ASSERT_EQ(::deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(1000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(kText.data()));
  stream.avail_in = static_cast<uInt>(kText.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  ASSERT_EQ(::deflate(&stream, Z_SYNC_FLUSH), Z_OK);
  packed.resize(stream.total_out);
  ::deflateEnd(&stream);
  const auto source = unpacked(std::make_unique<TextSource>(packed, 1 << 20), "a.log");
  EXPECT_EQ(source->next(Milliseconds(1)).bytes, kText);
}

}  // namespace
}  // namespace gridlock

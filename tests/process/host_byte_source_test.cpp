// SPDX-License-Identifier: GPL-2.0-or-later
// Files, FIFOs and folders as sources of bytes.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>
#include <thread>

#include "base/error.h"
#include "host/byte_source.h"
#include "host/descriptor.h"
#include "support/temp_dir.h"

namespace gridlock {
namespace {

using testing::HasSubstr;
using Kind = ByteSource::Piece::Kind;

constexpr Milliseconds kLong{60'000};
constexpr Milliseconds kShort{1};

class Bytes : public testing::Test {
 protected:
  std::filesystem::path fifo() {
    const std::filesystem::path path = folder_.path() / "fifo";
    EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
    return path;
  }

  test_support::TempDir folder_;
  std::stop_source stop_;
};

TEST_F(Bytes, GivesAWholeFileAndThenItsEnd) {
  const std::filesystem::path file = folder_.path() / "file";
  const std::string text(1'000'001, 'x');
  std::ofstream(file) << text;
  const auto source = open_bytes(file, stop_.get_token());
  std::string read;
  ByteSource::Piece piece;
  while ((piece = source->next(kLong)).kind == Kind::bytes) read += piece.bytes;
  EXPECT_EQ(piece.kind, Kind::end);
  EXPECT_EQ(source->next(kLong).kind, Kind::end);
  EXPECT_TRUE(read == text);
}

TEST_F(Bytes, SaysThatAFileIsMissingOrAFolder) {
  try {
    open_bytes(folder_.path() / "none\n", {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("none\\x0a: No such file"));
  }
  try {
    open_bytes(folder_.path(), {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("it is a folder"));
    EXPECT_NE(error.hint(), "");
  }
}

TEST_F(Bytes, WaitsForAFifosWriterAndTellsSilenceFromTheEnd) {
  const std::filesystem::path path = fifo();
  const auto source = open_bytes(path, stop_.get_token());
  EXPECT_EQ(source->next(kShort).kind, Kind::quiet) << "no writer has come yet";
  Descriptor writer(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(writer);
  EXPECT_EQ(source->next(kShort).kind, Kind::quiet);
  ASSERT_EQ(::write(writer.get(), "abc", 3), 3);
  EXPECT_EQ(source->next(kLong).bytes, "abc");
  EXPECT_EQ(source->next(kShort).kind, Kind::quiet);
  writer.reset();
  EXPECT_EQ(source->next(kLong).kind, Kind::end);
}

TEST_F(Bytes, AStopEndsAWaitFromAnotherThread) {
  const auto source = open_bytes(fifo(), stop_.get_token());
  Kind kind = Kind::end;
  std::thread reader([&] { kind = source->next(kLong).kind; });
  stop_.request_stop();
  reader.join();
  EXPECT_EQ(kind, Kind::stopped);
}

TEST_F(Bytes, AStopEndsTheReadingOfAFileThatHasMore) {
  const auto source = open_bytes("/dev/zero", stop_.get_token());
  EXPECT_EQ(source->next(kLong).kind, Kind::bytes);
  stop_.request_stop();
  EXPECT_EQ(source->next(kLong).kind, Kind::stopped);
}

}  // namespace
}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
// Memory images as QEMU writes them, made by hand: what becomes of them before anybody reads them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

#include "host/files.h"
#include "machine/kdump_file.h"
#include "machine/virt_error.h"
#include "support/temp_dir.h"

namespace gridlock {
namespace {

using testing::HasSubstr;

constexpr std::uint32_t kBlock = 4096;
constexpr std::uint64_t kInfoAt = 5000, kMemoryAt = 3 * kBlock;

std::string big_endian(std::uint64_t value) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(value >> shift));
  return bytes;
}

template <typename Value>
void put(std::string& bytes, std::size_t at, Value value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

class Flattened {
 public:
  Flattened() : bytes_("makedumpfile") { bytes_.resize(4096); }

  Flattened& record(std::uint64_t at, const std::string& data) {
    bytes_ += big_endian(at) + big_endian(data.size()) + data;
    return *this;
  }
  std::string ended() const { return bytes_ + std::string(16, '\xff'); }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

std::string header() {
  std::string bytes = "KDUMP   ";
  bytes.resize(kBlock);
  put(bytes, 428, kBlock);
  return bytes;
}

/// Of a kernel that told QEMU where its VMCOREINFO is, or none.
std::string sub_header(const std::string& info) {
  std::string bytes(64, '\0');
  put(bytes, 32, info.empty() ? std::uint64_t{0} : kInfoAt);
  put(bytes, 40, std::uint64_t{info.size()});
  return bytes;
}

/// QEMU writes the descriptions of pages after their data, so not in order.
Flattened image(const std::string& info) {
  Flattened made;
  made.record(0, header()).record(kMemoryAt, "memory");
  if (!info.empty()) made.record(kInfoAt, info);
  made.record(kBlock, sub_header(info));
  return made;
}

class KdumpFile : public testing::Test {
 protected:
  std::string plain(const std::string& flattened) {
    write_file_atomically(file_, flattened);
    make_kdump_plain(file_, "node1");
    return read_file(file_, Bytes::mib(1));
  }
  std::string refusal(const std::string& flattened) {
    try {
      plain(flattened);
    } catch (const VirtError& error) {
      return error.what();
    }
    return "taken";
  }

  test_support::TempDir directory_;
  std::filesystem::path file_ = directory_.path() / "memory.kdump";
};

TEST_F(KdumpFile, EveryRecordIsAtItsPlace) {
  const std::string bytes = plain(image("").ended());
  EXPECT_EQ(bytes.substr(0, 8), "KDUMP   ");
  EXPECT_EQ(bytes.substr(kMemoryAt), "memory");
}

TEST_F(KdumpFile, TheSystemIsNamedAsVmcoreinfoTells) {
  const std::string bytes = plain(image("OSRELEASE=6.1.192-gl\nPAGESIZE=4096\n").ended());
  EXPECT_STREQ(bytes.data() + 12, "Linux");
  EXPECT_STREQ(bytes.data() + 77, "node1");
  EXPECT_STREQ(bytes.data() + 142, "6.1.192-gl");
  EXPECT_STRNE(bytes.data() + 207, "");
}

TEST_F(KdumpFile, WithoutVmcoreinfoTheSystemHasNoName) {
  for (const char* const info : {"", "PAGESIZE=4096\n", "OSRELEASE=\n"}) {
    const std::string bytes = plain(image(info).ended());
    EXPECT_EQ(bytes.substr(12, 390), std::string(390, '\0')) << info;
  }
}

TEST_F(KdumpFile, AReleaseThatIsTooLongStaysInItsField) {
  const std::string bytes = plain(image("OSRELEASE=" + std::string(500, 'x')).ended());
  EXPECT_EQ(std::string(bytes.data() + 142), std::string(64, 'x'));
  EXPECT_EQ(bytes.substr(272, 130), std::string(130, '\0'));
}

TEST_F(KdumpFile, WhatIsCutShortOrNoImageIsRefused) {
  EXPECT_THAT(refusal(""), HasSubstr("cut short"));
  EXPECT_THAT(refusal(std::string(100, 'x')), HasSubstr("no flattened kdump"));
  EXPECT_THAT(refusal(image("").bytes()), HasSubstr("cut short"));
  const std::string whole = image("").ended();
  EXPECT_THAT(refusal(whole.substr(0, whole.size() - 40)), HasSubstr("cut short"));
  EXPECT_THAT(refusal(Flattened().record(0, std::string(8192, 'x')).ended()),
              HasSubstr("no kdump"));
  EXPECT_THAT(refusal(Flattened().record(std::uint64_t{1} << 60, "x").ended()),
              HasSubstr("a record of 1 bytes"));
}

TEST_F(KdumpFile, ADumpThatWasRemovedMeanwhileStaysRemoved) {
  EXPECT_THROW(make_kdump_plain(file_, "node1"), VirtError);
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(KdumpFile, NothingElseIsLeftBehind) {
  plain(image("").ended());
  refusal(image("").bytes());
  int files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory_.path()))
    ++files;
  EXPECT_EQ(files, 1);
}

}  // namespace
}  // namespace gridlock

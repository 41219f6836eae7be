// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/pattern.h"

#include <algorithm>
#include <cstring>

namespace gridlock::mdio {
namespace {

constexpr std::size_t kStampAt = 8;
constexpr std::size_t kSeedAt = 16;
constexpr std::size_t kOffsetAt = 24;
constexpr std::size_t kFillAt = 32;
constexpr std::size_t kSumAt = kSector - 8;
constexpr char kMagic[8] = {'G', 'L', 'M', 'D', 'I', 'O', '1', '\n'};
constexpr std::size_t kExcerpt = 32;  ///< bytes shown of a bad sector

/// Sebastiano Vigna's splitmix64.
std::uint64_t next_random(std::uint64_t& state) {
  std::uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

void put(std::byte* at, std::uint64_t value) { std::memcpy(at, &value, sizeof value); }

std::uint64_t take(const std::byte* at) {
  std::uint64_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return value;
}

std::uint64_t checksum(const std::byte* sector) {
  std::uint64_t sum = 0xcbf29ce484222325;
  for (std::size_t i = 0; i < kSumAt; ++i) {
    if (i >= kStampAt && i < kSeedAt) continue;
    sum = (sum ^ std::to_integer<std::uint64_t>(sector[i])) * 0x100000001b3;
  }
  return sum;
}

std::string hex(const std::byte* bytes, std::size_t count) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = std::to_integer<unsigned>(bytes[i]);
    text += kDigits[value >> 4];
    text += kDigits[value & 15];
  }
  return text;
}

BadSector describe(std::size_t offset, const std::byte* expected, const std::byte* found,
                   std::optional<std::uint64_t> stamp) {
  std::size_t at = 0;
  while (at < kSector && (expected[at] == found[at] || (at >= kStampAt && at < kSeedAt))) ++at;
  BadSector bad{offset, {}, {}, {}};
  if (std::all_of(found, found + kSector, [](std::byte b) { return b == std::byte{0}; }))
    bad.what = "zeros";
  else if (at < kSector)
    bad.what = "wrong from byte " + std::to_string(at);
  else if (stamp)
    bad.what = "data of node " + std::to_string(stamp_of(found) >> 32) + " transfer " +
               std::to_string(stamp_of(found) & 0xffffffff) + " instead of node " +
               std::to_string(*stamp >> 32) + " transfer " + std::to_string(*stamp & 0xffffffff);
  else
    bad.what = "a stamp that no node has written";
  const std::size_t start = at < kSector ? std::min(at / 8 * 8, kSector - kExcerpt) : 0;
  bad.expected = hex(expected + start, kExcerpt);
  bad.found = hex(found + start, kExcerpt);
  return bad;
}

}  // namespace

std::uint64_t stamp_of(const std::byte* sector) { return take(sector + kStampAt); }

Pattern::Pattern(std::uint64_t seed, std::size_t transfer, std::uint64_t nodes,
                 std::uint64_t transfers)
    : nodes_(nodes), transfers_(transfers), content_(transfer) {
  for (std::size_t offset = 0; offset + kSector <= transfer; offset += kSector) {
    std::byte* const sector = content_.data() + offset;
    std::memcpy(sector, kMagic, sizeof kMagic);
    put(sector + kSeedAt, seed);
    put(sector + kOffsetAt, offset);
    std::uint64_t state = seed ^ offset << 20;
    for (std::size_t i = kFillAt; i < kSumAt; i += 8) put(sector + i, next_random(state));
    put(sector + kSumAt, checksum(sector));
  }
}

Block Pattern::block(std::uint64_t stamp) const {
  Block block = content_;
  for (std::size_t offset = 0; offset < block.size(); offset += kSector)
    put(block.data() + offset + kStampAt, stamp);
  return block;
}

bool Pattern::can_exist(std::uint64_t stamp) const {
  const std::uint64_t node = stamp >> 32;
  return node >= 1 && node <= nodes_ && (stamp & 0xffffffff) < transfers_;
}

Pattern::Checked Pattern::check(std::span<const std::byte> data,
                                std::optional<std::uint64_t> stamp) const {
  Checked checked;
  const std::size_t size = std::min(data.size(), content_.size());
  for (std::size_t offset = 0; offset + kSector <= size; offset += kSector) {
    const std::byte* const found = data.data() + offset;
    const std::byte* const right = content_.data() + offset;
    const std::uint64_t seen = stamp_of(found);
    const bool good = (stamp ? seen == *stamp : can_exist(seen)) &&
                      std::memcmp(found, right, kStampAt) == 0 &&
                      std::memcmp(found + kSeedAt, right + kSeedAt, kSector - kSeedAt) == 0;
    ++checked.sectors;
    if (good) continue;
    ++checked.bad;
    if (!checked.first_bad) checked.first_bad = describe(offset, right, found, stamp);
  }
  return checked;
}

}  // namespace gridlock::mdio

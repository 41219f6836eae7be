// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/stamp.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace gridlock::mdio {
namespace {

constexpr std::size_t kHeader = 64;
constexpr std::size_t kSumAt = 56;
constexpr std::size_t kExcerpt = 32;
constexpr std::uint64_t kMagic = 0x314b434f4c424c47;  // "GLBLOCK1", little-endian

/// The finisher of Sebastiano Vigna's splitmix64.
constexpr std::uint64_t mixed(std::uint64_t z) {
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

std::uint64_t word_at(std::span<const std::byte> bytes, std::size_t at) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data() + at, std::min<std::size_t>(8, bytes.size() - at));
  return value;
}

/// By words and not by bytes: nodes under emulation spend their time here.
std::uint64_t checksum(std::span<const std::byte> block) {
  std::uint64_t sum = 0xcbf29ce484222325;
  for (std::size_t at = 0; at < block.size(); at += 8) {
    if (at == kSumAt) continue;
    sum = (sum ^ word_at(block, at)) * 0x9e3779b97f4a7c15;
    sum ^= sum >> 29;
  }
  return sum;
}

std::string hex(std::span<const std::byte> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    text += kDigits[std::to_integer<unsigned>(byte) >> 4];
    text += kDigits[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

/// What the block would be if its header is taken at its word.
std::vector<std::byte> as_it_says(std::span<const std::byte> block) {
  Stamp said;
  said.file = FileId::from(word_at(block, 8));
  said.offset = word_at(block, 16);
  said.version = word_at(block, 24);
  said.writer = Who::from(word_at(block, 32));
  said.seed = word_at(block, 40);
  std::vector<std::byte> made(block.size());
  make_block(made, said);
  return made;
}

std::size_t first_difference(std::span<const std::byte> a, std::span<const std::byte> b) {
  return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin()).first - a.begin());
}

/// `right` empty: nothing particular was expected.
Excerpt excerpt_against(std::span<const std::byte> block, std::span<const std::byte> right) {
  const std::size_t differs = right.empty() ? 0 : first_difference(block, right);
  const std::size_t start = std::min(differs / 8 * 8, block.size() - kExcerpt);
  Excerpt excerpt;
  excerpt.found = hex(block.subspan(start, kExcerpt));
  if (!right.empty()) excerpt.expected = hex(right.subspan(start, kExcerpt));
  return excerpt;
}

}  // namespace

std::string Who::text() const {
  return "node" + std::to_string(node) + " " + std::to_string(process) + "." +
         std::to_string(thread);
}

std::string FileId::name() const {
  return "node" + std::to_string(node) + "." + std::to_string(process) +
         (role == Role::data ? ".data" : ".map");
}

void make_block(std::span<std::byte> block, const Stamp& stamp) {
  const std::array<std::uint64_t, 7> header{kMagic,        stamp.file.packed(),   stamp.offset,
                                            stamp.version, stamp.writer.packed(), stamp.seed,
                                            block.size()};
  std::memcpy(block.data(), header.data(), sizeof header);
  std::uint64_t state = mixed(stamp.seed ^ stamp.file.packed() << 7 ^ stamp.offset) ^ stamp.version;
  for (std::size_t at = kHeader; at < block.size(); at += 8) {
    const std::uint64_t drawn = mixed(state += 0x9e3779b97f4a7c15);
    std::memcpy(block.data() + at, &drawn, std::min<std::size_t>(8, block.size() - at));
  }
  const std::uint64_t sum = checksum(block);
  std::memcpy(block.data() + kSumAt, &sum, sizeof sum);
}

std::optional<Stamp> read_block(std::span<const std::byte> block) {
  if (block.size() < kBlock || word_at(block, 0) != kMagic || word_at(block, 48) != block.size() ||
      word_at(block, kSumAt) != checksum(block))
    return std::nullopt;
  Stamp stamp;
  stamp.file = FileId::from(word_at(block, 8));
  stamp.offset = word_at(block, 16);
  stamp.version = word_at(block, 24);
  stamp.writer = Who::from(word_at(block, 32));
  stamp.seed = word_at(block, 40);
  return stamp;
}

bool all_zeros(std::span<const std::byte> block) {
  return std::all_of(block.begin(), block.end(), [](std::byte b) { return b == std::byte{0}; });
}

std::string describe_bad(std::span<const std::byte> block, const std::optional<Stamp>& expected) {
  if (all_zeros(block)) return "zeros";
  const std::optional<Stamp> found = read_block(block);
  if (!found) {
    if (word_at(block, 0) != kMagic) return "no block of this workload";
    return "torn or overwritten from byte " +
           std::to_string(first_difference(block, as_it_says(block)) / 8 * 8);
  }
  if (!expected) return "a block nobody wrote";
  if (found->seed != expected->seed) return "a block of another trial";
  if (found->file != expected->file || found->offset != expected->offset)
    return "the block of " + found->file.name() + " at " + std::to_string(found->offset) +
           " instead of " + expected->file.name() + " at " + std::to_string(expected->offset);
  return std::string(found->version < expected->version ? "stale" : "never written") +
         ": version " + std::to_string(found->version) + " instead of " +
         std::to_string(expected->version);
}

Excerpt excerpt_of(std::span<const std::byte> block, const std::optional<Stamp>& expected) {
  std::vector<std::byte> right;
  if (expected) {
    Stamp stamp = *expected;
    // Who wrote it is not expected of anybody.
    if (stamp.writer.node == 0) stamp.writer = Who::from(word_at(block, 32));
    right.resize(block.size());
    make_block(right, stamp);
  } else if (!all_zeros(block) && word_at(block, 0) == kMagic) {
    right = as_it_says(block);
  }
  return excerpt_against(block, right);
}

Excerpt excerpt_of_no_zeros(std::span<const std::byte> block) {
  return excerpt_against(block, std::vector<std::byte>(block.size()));
}

}  // namespace gridlock::mdio

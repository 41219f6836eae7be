// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

/// What every block of a workload's files carries, so that data tells where it came from however
/// often it was copied:
///
///     0   magic "GLBLOCK1"
///     8   file: node << 32 | process << 16 | role
///     16  offset in that file
///     24  version, from 1
///     32  writer: node << 32 | process << 16 | thread
///     40  seed of the trial
///     48  bytes in the block
///     56  checksum over all the rest
///     64  bytes drawn from all of the above but the checksum
namespace gridlock::mdio {

/// Blocks begin every 512 bytes, the smallest unit a disk writes whole; the last one of a transfer
/// goes on to the transfer's end.
inline constexpr std::size_t kBlock = 512;

/// A process of a node, or a thread of it, in one number.
struct Who {
  std::uint64_t node = 0;
  std::uint64_t process = 0;
  std::uint64_t thread = 0;

  std::uint64_t packed() const { return node << 32 | process << 16 | thread; }
  static Who from(std::uint64_t packed) {
    return {packed >> 32, packed >> 16 & 0xffff, packed & 0xffff};
  }
  /// "node1 2.1"
  std::string text() const;
};

enum class Role : std::uint64_t { data = 1, map = 2 };

/// Which file: of which process, and which of its two.
struct FileId {
  std::uint64_t node = 0;
  std::uint64_t process = 0;
  Role role = Role::data;

  std::uint64_t packed() const {
    return node << 32 | process << 16 | static_cast<std::uint64_t>(role);
  }
  static FileId from(std::uint64_t packed) {
    return {packed >> 32, packed >> 16 & 0xffff, static_cast<Role>(packed & 0xffff)};
  }
  /// The file's name: "node1.2.data"
  std::string name() const;
  bool operator==(const FileId&) const = default;
};

/// One block's stamp.
struct Stamp {
  FileId file;
  std::uint64_t offset = 0;
  std::uint64_t version = 0;
  Who writer;
  std::uint64_t seed = 0;
};

/// Fills `block` (at least kBlock bytes).
void make_block(std::span<std::byte> block, const Stamp& stamp);

/// The stamp of a block that is whole, or nothing if its checksum is not right.
std::optional<Stamp> read_block(std::span<const std::byte> block);

bool all_zeros(std::span<const std::byte> block);

/// What is wrong with a block, for a person: "zeros", "torn or overwritten from byte 128", "stale:
/// version 3, expected 7", "block of node2.1.data at 4096". `expected` absent: any whole block
/// would have done.
std::string describe_bad(std::span<const std::byte> block, const std::optional<Stamp>& expected);

/// Two excerpts of 32 bytes in hex, at the first place where the block differs from what it should
/// be; the expected one is empty if nothing particular was expected.
struct Excerpt {
  std::string expected;
  std::string found;
};
Excerpt excerpt_of(std::span<const std::byte> block, const std::optional<Stamp>& expected);

/// The same of a block that should have been zeros.
Excerpt excerpt_of_no_zeros(std::span<const std::byte> block);

}  // namespace gridlock::mdio

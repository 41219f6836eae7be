// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// What the files of mmap-dio hold, so that data stays verifiable while it is copied about.
///
/// A file is a row of transfers, a transfer a row of 512-byte sectors:
///
///     0    magic "GLMDIO1\n"
///     8    stamp: node the data began with << 32 | number of its transfer in that node's file
///     16   seed
///     24   offset of the sector in its transfer
///     32   472 bytes drawn from seed and that offset
///     504  FNV-1a over all of the above but the stamp
///
/// All but the stamp depends on the seed and the place within the transfer only, so a transfer
/// copied to where any other transfer was, in any file, is right there too, and the stamp tells
/// where it came from. The stamp is one aligned word and outside the checksum: a sector of which
/// one half is from one copy and the other half from another, as two nodes that write the same
/// place may leave it, is still right; anything else is not.
namespace gridlock::mdio {

inline constexpr std::size_t kSector = 512;

using Block = std::vector<std::byte>;

constexpr std::uint64_t make_stamp(std::uint64_t node, std::uint64_t transfer) {
  return node << 32 | transfer;
}

/// The stamp of the sector at `sector`, right or not.
std::uint64_t stamp_of(const std::byte* sector);

struct BadSector {
  std::size_t offset = 0;  ///< in the data looked at
  std::string what;        ///< e.g. "zeros", "wrong from byte 32"
  std::string expected;    ///< hex excerpt
  std::string found;       ///< hex excerpt, same place
};

/// The right content of a transfer, made once and compared with.
class Pattern {
 public:
  /// `transfer`: bytes, a multiple of the sector. `nodes` and `transfers` (in a file) bound the
  /// stamps that can exist.
  Pattern(std::uint64_t seed, std::size_t transfer, std::uint64_t nodes, std::uint64_t transfers);

  /// One transfer's content with this stamp.
  Block block(std::uint64_t stamp) const;

  struct Checked {
    std::size_t sectors = 0;
    std::size_t bad = 0;
    std::optional<BadSector> first_bad;
  };
  /// Looks at one transfer. With `stamp` each sector must have exactly that one; else any that
  /// can exist.
  Checked check(std::span<const std::byte> data, std::optional<std::uint64_t> stamp) const;

 private:
  bool can_exist(std::uint64_t stamp) const;

  std::uint64_t nodes_;
  std::uint64_t transfers_;
  Block content_;  ///< with stamp 0
};

}  // namespace gridlock::mdio

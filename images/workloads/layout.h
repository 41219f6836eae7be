// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>

#include "workloads/options.h"
#include "workloads/stamp.h"

namespace gridlock::mdio {

/// Where things are in a workload's files. Every file has two halves of equally many slots, each of
/// one transfer:
///
///     buffers    what is mapped: the memory side of transfers
///     transfers  what read() and write() address: the file side
///     spare      only if the file's end or blocks beyond the data are disturbed
///     comb       only if the file's extents are listed: every other page of it is there, so that
///                the list is a long one
///
/// Apart, so that a transfer never changes what another one reads, and in this order, so that the
/// file's end can move through the transfers without taking mapped pages away. Buffers that are not
/// aligned begin a little later.
class Layout {
 public:
  explicit Layout(const Options& options);

  std::uint64_t slots() const { return slots_; }  ///< in each half
  std::uint64_t transfer() const { return transfer_; }
  /// Offset of slot `index` of a half, from 0.
  std::uint64_t buffer_at(std::uint64_t index) const { return shift_ + index * transfer_; }
  std::uint64_t transfer_at(std::uint64_t index) const {
    return transfers_begin_ + index * transfer_;
  }
  /// Bytes from a page boundary to where unaligned buffers begin.
  std::uint64_t shift() const { return shift_; }
  std::uint64_t transfers_begin() const { return transfers_begin_; }
  /// End of the data; a file may go on behind it.
  std::uint64_t end() const { return transfers_begin_ + slots_ * transfer_; }
  /// Where page `index` of the comb is, from 0 to kComb.
  std::uint64_t comb_at(std::uint64_t index) const;
  /// How large a file is when it has been prepared.
  std::uint64_t prepared_size() const { return prepared_size_; }

  std::uint64_t blocks() const { return transfer_ < kBlock ? 1 : transfer_ / kBlock; }
  /// Of a slot's block: where it begins in the slot, and how large it is.
  static std::uint64_t block_at(std::uint64_t block) { return block * kBlock; }
  std::uint64_t block_size(std::uint64_t block) const {
    return block + 1 == blocks() ? transfer_ - block * kBlock : kBlock;
  }

 private:
  std::uint64_t transfer_;
  std::uint64_t slots_;
  std::uint64_t shift_;
  std::uint64_t transfers_begin_;
  std::uint64_t prepared_size_;
};

/// Bytes behind the data for truncate, then as many for punch.
inline constexpr std::uint64_t kSpare = 1 << 20;

/// Pages of the comb, each an extent of its own. A page of the list has room for 73.
inline constexpr std::uint64_t kComb = 512;

std::string path_of(const Options& options, const FileId& file);

/// What the owner of a file's slots knows of them at the end, for whoever verifies.
std::string state_path_of(const Options& options, std::uint64_t node, std::uint64_t process);

/// The file whose buffers process `process` of this node uses; nothing for anonymous memory.
FileId buffer_file(const Options& options, std::uint64_t process);

/// Where a file's end stands when nothing is going on: in the state that is asked for, or behind
/// all of its data.
std::uint64_t resting_size(const Options& options, const Layout& layout);

}  // namespace gridlock::mdio

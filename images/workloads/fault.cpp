// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/fault.h"

#include <vector>

#include "workloads/stamp.h"

namespace gridlock::mdio {
namespace {

/// The transfer that it happens to, after some that went well.
constexpr std::uint64_t kWhich = 5;
/// Neither the first byte nor the last of a block.
constexpr std::size_t kByte = 200;

}  // namespace

void FaultInjector::count(std::uint64_t& bytes) {
  ++transfers_;
  if (fault_ == Fault::short_return && transfers_ == kWhich)
    bytes -= bytes < kBlock ? bytes : kBlock;
}

bool FaultInjector::skips() {
  if (fault_ != Fault::lost_transfer || spoiled_ || transfers_ + 1 < kWhich) return false;
  spoiled_ = true;
  return true;
}

bool FaultInjector::due() {
  const bool data = fault_ == Fault::flipped_bit || fault_ == Fault::stale_block;
  if (!data || spoiled_ || transfers_ < kWhich) return false;
  spoiled_ = true;
  return true;
}

void FaultInjector::change(std::span<std::byte> block) const {
  if (fault_ == Fault::flipped_bit) {
    block[kByte] ^= std::byte{1};
    return;
  }
  // What was here before: the same block in an older version, and where there was nothing, a block.
  Stamp stamp = read_block(block).value_or(Stamp{});
  if (stamp.version > 0) --stamp.version;
  make_block(block, stamp);
}

void FaultInjector::spoil(std::span<std::byte> buffer, const Layout& layout) const {
  change(buffer.first(layout.block_size(0)));
}

void FaultInjector::spoil(const File& file, const Layout& layout, std::uint64_t slot) const {
  std::vector<std::byte> block(layout.block_size(0));
  file.read_all(block, layout.transfer_at(slot));
  change(block);
  file.write_all(block, layout.transfer_at(slot));
}

}  // namespace gridlock::mdio

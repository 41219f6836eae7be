// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "workloads/files.h"
#include "workloads/options.h"

namespace gridlock::mdio {

/// What became of one transfer.
struct Moved {
  std::uint64_t count = 0;    ///< bytes the kernel says it moved
  int error = 0;              ///< errno, or 0
  std::uint64_t retries = 0;  ///< begun again because a signal or a full queue asked for it
};

/// One way to move bytes between a file and memory. For one thread; several may share a file.
class Mover {
 public:
  virtual ~Mover() = default;
  /// Moves `buffer`.size() bytes from or to `offset`. A file opened for appending takes them at its
  /// end whatever the offset.
  virtual Moved move(std::span<std::byte> buffer, std::uint64_t offset) = 0;
};

/// The one that `options` ask for, on `file`, which must outlive it.
std::unique_ptr<Mover> make_mover(const Options& options, const File& file);

/// readv() and writev() move their bytes in so many pieces.
inline constexpr std::size_t kPieces = 8;

}  // namespace gridlock::mdio

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gridlock {

/// An amount of memory or disk.
struct Bytes {
  std::uint64_t count = 0;
  auto operator<=>(const Bytes&) const = default;

  static constexpr Bytes kib(std::uint64_t n) { return {n << 10}; }
  static constexpr Bytes mib(std::uint64_t n) { return {n << 20}; }
  static constexpr Bytes gib(std::uint64_t n) { return {n << 30}; }
};

/// Reads "4096", "512 B", "64KiB", "64K" (fio's spelling), "768MiB", "2GiB", "1TiB". Absent if it is
/// none of these, negative, not a whole number of bytes, or does not fit.
std::optional<Bytes> parse_bytes(std::string_view text);

/// "768 MiB", "1.5 GiB", "512 B": the largest unit of at least 1, at most one decimal.
std::string to_string(Bytes bytes);

}  // namespace gridlock

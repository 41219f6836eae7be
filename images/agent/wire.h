// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

/// What both ends of the agent's channel share: see PROTOCOL.md.
namespace gridlock::wire {

inline constexpr int kProtocol = 1;
inline constexpr std::size_t kLineLimit = 256 * 1024;  ///< bytes of a line, without its newline
inline constexpr std::size_t kGetLimit = 128 * 1024;   ///< bytes of a file in one answer
inline constexpr std::size_t kWriteLimit = 32 * 1024;  ///< bytes for a job in one `write`
inline constexpr std::size_t kTasksLimit = 96 * 1024;  ///< bytes of text in an answer to `tasks`
inline constexpr std::string_view kPortName = "gridlock.agent.0";

/// Where programs on a node come to wait at a barrier.
inline constexpr std::string_view kBarrierSocket = "/run/gridlock/barrier";
inline constexpr std::size_t kBarrierName = 40;  ///< bytes of a barrier's name
inline constexpr std::size_t kMostWaiters = 64;  ///< programs of one node that wait at one time

/// 1 to 40 letters, digits, dots, underscores and dashes.
inline constexpr bool is_barrier_name(std::string_view text) {
  if (text.empty() || text.size() > kBarrierName) return false;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-') return false;
  }
  return true;
}

inline constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// RFC 4648, padded.
inline std::string to_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = bytes.size() - i < 3 ? bytes.size() - i : 3;
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j)
      group = group << 8 | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    for (std::size_t j = 0; j < 4; ++j)
      text += j <= count ? kBase64Digits[group >> (18 - 6 * j) & 63] : '=';
  }
  return text;
}

/// Absent if `text` is not padded base64.
inline std::optional<std::string> from_base64(std::string_view text) {
  static constexpr std::array<signed char, 256> kValues = [] {
    std::array<signed char, 256> values{};
    for (signed char& value : values) value = -1;
    for (std::size_t i = 0; i < kBase64Digits.size(); ++i)
      values[static_cast<unsigned char>(kBase64Digits[i])] = static_cast<signed char>(i);
    return values;
  }();
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && !text.empty() && text.back() == '=') {
    text.remove_suffix(1);
    ++padding;
  }
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    const signed char value = kValues[static_cast<unsigned char>(c)];
    if (value < 0) return std::nullopt;
    group = group << 6 | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(group >> bits & 0xff);
  }
  return bytes;
}

/// Cuts a byte stream into lines. A line above the limit is skipped up to its newline and counted;
/// what follows is read again. Holds at most one line.
class LineSplitter {
 public:
  explicit LineSplitter(std::size_t limit = kLineLimit) : limit_(limit) {}

  /// Calls `line` with each line that `bytes` completes, without its newline; empty ones are left
  /// out.
  template <typename Line>
  void add(std::string_view bytes, Line&& line) {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      const std::string_view part = bytes.substr(0, end);
      if (!skipping_ && held_.size() + part.size() > limit_) {
        skipping_ = true;
        ++too_long_;
        held_.clear();
      }
      if (!skipping_) held_ += part;
      if (end == std::string_view::npos) return;
      bytes.remove_prefix(end + 1);
      if (std::exchange(skipping_, false)) continue;
      const std::string whole = std::exchange(held_, {});
      if (!whole.empty()) line(std::string_view(whole));
    }
  }

  std::uint64_t too_long() const { return too_long_; }
  std::size_t held() const { return held_.size(); }

 private:
  std::size_t limit_;
  std::string held_;
  bool skipping_ = false;
  std::uint64_t too_long_ = 0;
};

}  // namespace gridlock::wire

// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/output_log.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace gridlock {
namespace {

constexpr std::size_t kHalf = OutputLog::kMost / 2;
constexpr std::size_t kLongestLine = 64 << 10;

}  // namespace

void OutputLog::line(std::string_view text) {
  keep(text);
  keep("\n");
}

void OutputLog::errors(std::string_view bytes) {
  partial_ += bytes;
  const std::size_t end = partial_.rfind('\n');
  const std::size_t whole = end == std::string::npos ? 0 : end + 1;
  keep(std::string_view(partial_).substr(0, whole));
  partial_.erase(0, whole);
  if (partial_.size() > kLongestLine) finish();
}

void OutputLog::finish() {
  if (!partial_.empty()) line(partial_);
  partial_.clear();
}

void OutputLog::keep(std::string_view bytes) {
  const std::size_t first = tail_.empty() ? std::min(bytes.size(), kHalf - head_.size()) : 0;
  head_ += bytes.substr(0, first);
  tail_ += bytes.substr(first);
  if (tail_.size() <= 2 * kHalf) return;
  // Not at every byte: what is moved is as much as was added.
  left_out_ += tail_.size() - kHalf;
  tail_.erase(0, tail_.size() - kHalf);
}

std::string OutputLog::text() const {
  const std::size_t over = tail_.size() > kHalf ? tail_.size() - kHalf : 0;
  std::string out = head_;
  if (left_out_ + over > 0)
    out += fmt::format("\n[gridlock: {} bytes left out]\n", left_out_ + over);
  return out + tail_.substr(over);
}

std::string OutputLog::end(std::size_t count) const {
  const std::string& text = tail_.empty() ? head_ : tail_;
  std::string out;
  for (const std::string& line : last_lines(text, count)) out += line + "\n";
  return out;
}

}  // namespace gridlock

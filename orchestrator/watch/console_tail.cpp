// SPDX-License-Identifier: GPL-2.0-or-later
#include "watch/console_tail.h"

#include <algorithm>
#include <fstream>

#include "base/text.h"

namespace gridlock {
namespace {

constexpr std::size_t kMostAtOnce = 4 << 20;
constexpr std::uint64_t kTailBytes = 16 << 10;

std::string read_range(const std::filesystem::path& file, std::uint64_t begin, std::size_t size) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return {};
  in.seekg(static_cast<std::streamoff>(begin));
  std::string bytes(size, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(size));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, in.gcount())));
  return bytes;
}

std::uint64_t size_of(const std::filesystem::path& file) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(file, error);
  return error ? 0 : size;
}

}  // namespace

ConsoleTail::ConsoleTail(std::filesystem::path file) : file_(std::move(file)) {}

bool ConsoleTail::poll() {
  const std::uint64_t size = size_of(file_);
  if (size <= offset_) return false;
  const std::string bytes =
      read_range(file_, offset_, std::min<std::uint64_t>(size - offset_, kMostAtOnce));
  offset_ += bytes.size();
  reader_.feed(bytes);
  return !bytes.empty();
}

void ConsoleTail::finish() {
  while (poll()) {
  }
  reader_.finish();
}

std::string ConsoleTail::text(std::uint64_t begin, std::uint64_t end, std::size_t limit) const {
  if (end <= begin) return {};
  return read_range(file_, begin, std::min<std::uint64_t>(end - begin, limit));
}

std::string ConsoleTail::tail(std::size_t lines) const {
  const std::uint64_t size = size_of(file_);
  const std::uint64_t begin = size > kTailBytes ? size - kTailBytes : 0;
  const std::string bytes = read_range(file_, begin, static_cast<std::size_t>(size - begin));
  std::string out;
  for (const std::string& line : last_lines(bytes, lines)) out += printable(line) + "\n";
  return out;
}

}  // namespace gridlock

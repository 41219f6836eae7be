// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "console/reader.h"

namespace gridlock {

/// Follows one node's console file as it grows.
class ConsoleTail {
 public:
  explicit ConsoleTail(std::filesystem::path file);

  /// Reads what was written since the last call, at most 4 MiB; true if there was something. A file
  /// that is not there yet is empty.
  bool poll();
  /// The console will not grow any more: reads the rest and closes open reports.
  void finish();

  std::vector<console::Finding> take() { return reader_.take(); }
  const console::Reader& reader() const { return reader_; }
  /// Bytes [begin, end) of the file, at most `limit`, for an excerpt.
  std::string text(std::uint64_t begin, std::uint64_t end, std::size_t limit) const;
  /// The last lines written, for a message.
  std::string tail(std::size_t lines) const;

 private:
  std::filesystem::path file_;
  std::uint64_t offset_ = 0;
  console::Reader reader_;
};

}  // namespace gridlock

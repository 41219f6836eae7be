// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string_view>
#include <utility>

namespace gridlock {

/// A file that grows line by line. After a SIGKILL at most the last line is cut.
class LineFile {
 public:
  /// The file is made at the first line.
  explicit LineFile(std::filesystem::path file) : file_(std::move(file)) {}
  ~LineFile();
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  /// `line` is without its line end. It is with the kernel when this returns. Throws Error naming
  /// the file; nothing of the line is left in it then.
  void append(std::string_view line);

 private:
  void open();

  std::filesystem::path file_;
  int descriptor_ = -1;
};

}  // namespace gridlock

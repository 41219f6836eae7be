// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace gridlock::mdio {

/// An open file. Throws std::system_error naming the path.
class File {
 public:
  File(const std::string& path, int flags);
  File(File&& other) noexcept
      : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&&) = delete;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  int get() const { return descriptor_; }
  const std::string& path() const { return path_; }
  std::uint64_t size() const;

 private:
  std::string path_;
  int descriptor_;
};

/// A mapping of memory, readable and writable: of a file (shared), or of nothing.
class Mapping {
 public:
  Mapping(const File* file, std::size_t size);
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() { ::munmap(start_, size_); }

  std::byte* at(std::size_t offset) const { return static_cast<std::byte*>(start_) + offset; }

  /// Takes the pages of a range out of this process and, for a file, out of the page cache once
  /// what was written to them is on disk.
  void evict(std::size_t offset, std::size_t size) const;

  /// Pages of the range that are not in memory.
  std::uint64_t not_resident(std::size_t offset, std::size_t size) const;

 private:
  const File* file_;
  std::size_t size_;
  void* start_;
};

[[noreturn]] void throw_errno(const std::string& doing);

}  // namespace gridlock::mdio

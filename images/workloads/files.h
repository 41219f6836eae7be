// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "workloads/options.h"

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
  std::uint64_t inode() const;

  void resize(std::uint64_t size) const;
  void sync() const;
  /// All of `bytes` at `offset`.
  void write_all(std::span<const std::byte> bytes, std::uint64_t offset) const;
  /// Fills `bytes` from `offset`; returns how many there were before the end of the file.
  std::size_t read_all(std::span<std::byte> bytes, std::uint64_t offset) const;
  /// Makes a hole, or blocks that are allocated and not written.
  void punch(std::uint64_t offset, std::uint64_t size) const;
  void preallocate(std::uint64_t offset, std::uint64_t size) const;
  /// Writes dirty pages of the range out and asks the kernel to forget it.
  void drop(std::uint64_t offset, std::uint64_t size) const;

 private:
  std::string path_;
  int descriptor_;
};

/// A mapping of memory: of a file, shared or private, or of nothing.
class Mapping {
 public:
  enum class Way { read_write, read_only };
  /// `file` null: anonymous memory.
  Mapping(const File* file, std::size_t size, MapKind kind, Way way = Way::read_write);
  Mapping(Mapping&& other) noexcept
      : file_(other.file_),
        size_(other.size_),
        kind_(other.kind_),
        start_(std::exchange(other.start_, nullptr)) {}
  Mapping& operator=(Mapping&&) = delete;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (start_ != nullptr) ::munmap(start_, size_);
  }

  std::byte* at(std::size_t offset) const { return static_cast<std::byte*>(start_) + offset; }
  std::span<std::byte> range(std::size_t offset, std::size_t size) const {
    return {at(offset), size};
  }
  std::size_t size() const { return size_; }

  /// Takes the pages of a range out of this process and, for a file, out of the page cache once
  /// what was written to them is on disk. A private page that other bytes share is not dropped:
  /// they would be lost.
  void evict(std::size_t offset, std::size_t size, Eviction way) const;

  /// Touches pages of the range, as reads do.
  void touch(std::size_t offset, std::size_t size, Resident which) const;

  /// Pages of the range that are not in memory.
  std::uint64_t not_resident(std::size_t offset, std::size_t size) const;

 private:
  const File* file_;
  std::size_t size_;
  MapKind kind_;
  void* start_;
};

std::size_t page_size();

[[noreturn]] void throw_errno(const std::string& doing);

}  // namespace gridlock::mdio

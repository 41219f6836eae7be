// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

#include "workloads/memory_cgroup.h"

namespace gridlock::mdio {

void throw_errno(const std::string& doing) {
  throw std::system_error(errno, std::generic_category(), doing);
}

std::size_t page_size() {
  static const auto kSize = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return kSize;
}

File::File(const std::string& path, int flags)
    : path_(path), descriptor_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {
  if (descriptor_ < 0) throw_errno(path);
}

std::uint64_t File::size() const {
  struct stat found {};
  if (::fstat(descriptor_, &found) != 0) throw_errno(path_);
  return static_cast<std::uint64_t>(found.st_size);
}

std::uint64_t File::inode() const {
  struct stat found {};
  if (::fstat(descriptor_, &found) != 0) throw_errno(path_);
  return found.st_ino;
}

void File::resize(std::uint64_t size) const {
  if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) throw_errno("cutting " + path_);
}

void File::sync() const {
  if (::fsync(descriptor_) != 0) throw_errno("fsync " + path_);
}

void File::write_all(std::span<const std::byte> bytes, std::uint64_t offset) const {
  while (!bytes.empty()) {
    const ssize_t count =
        ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw_errno("writing " + path_);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
}

std::size_t File::read_all(std::span<std::byte> bytes, std::uint64_t offset) const {
  std::size_t held = 0;
  while (held < bytes.size()) {
    const ssize_t count = ::pread(descriptor_, bytes.data() + held, bytes.size() - held,
                                  static_cast<off_t>(offset + held));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_errno("reading " + path_);
    if (count == 0) break;
    held += static_cast<std::size_t>(count);
  }
  return held;
}

void File::punch(std::uint64_t offset, std::uint64_t size) const {
  if (::fallocate(descriptor_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                  static_cast<off_t>(offset), static_cast<off_t>(size)) != 0)
    throw_errno("punching a hole into " + path_);
}

void File::preallocate(std::uint64_t offset, std::uint64_t size) const {
  if (::fallocate(descriptor_, 0, static_cast<off_t>(offset), static_cast<off_t>(size)) != 0)
    throw_errno("preallocating " + path_);
}

void File::drop(std::uint64_t offset, std::uint64_t size) const {
  const auto start = static_cast<off_t>(offset);
  const auto length = static_cast<off_t>(size);
  // A dirty page cannot leave the page cache, so it is written first. What fails here is seen in
  // the count of pages that are still resident.
  if (::sync_file_range(
          descriptor_, start, length,
          SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER) == 0)
    ::posix_fadvise(descriptor_, start, length, POSIX_FADV_DONTNEED);
}

Mapping::Mapping(const File* file, std::size_t size, MapKind kind, Way way)
    : file_(file),
      size_(size),
      kind_(kind),
      start_(::mmap(nullptr, size, way == Way::read_only ? PROT_READ : PROT_READ | PROT_WRITE,
                    file == nullptr           ? MAP_PRIVATE | MAP_ANONYMOUS
                    : kind == MapKind::shared ? MAP_SHARED
                                              : MAP_PRIVATE,
                    file != nullptr ? file->get() : -1, 0)) {
  if (start_ == MAP_FAILED)
    throw_errno("mapping " + (file != nullptr ? file->path() : std::string("memory")));
}

void Mapping::evict(std::size_t offset, std::size_t size, Eviction way) const {
  const std::size_t page = page_size();
  const bool droppable = file_ != nullptr && kind_ == MapKind::shared;
  const std::size_t first = droppable ? offset / page * page : (offset + page - 1) / page * page;
  std::size_t last =
      droppable ? (offset + size + page - 1) / page * page : (offset + size) / page * page;
  last = std::min(last, (size_ + page - 1) / page * page);
  if (first >= last) return;
  const std::size_t length = last - first;
  if (way == Eviction::pageout || way == Eviction::cgroup) {
    // Only clean pages of files are reclaimed for certain.
    if (file_ != nullptr) file_->drop(first, length);
    if (way == Eviction::cgroup)
      reclaim_memory(2 * length);
    else if (::madvise(at(first), length, MADV_PAGEOUT) != 0)
      throw_errno("MADV_PAGEOUT");
    return;
  }
  if (::madvise(at(first), length, MADV_DONTNEED) != 0) throw_errno("MADV_DONTNEED");
  if (file_ != nullptr) file_->drop(first, length);
}

void Mapping::touch(std::size_t offset, std::size_t size, Resident which) const {
  if (which == Resident::none) return;
  const std::size_t page = page_size();
  const std::size_t step = which == Resident::every_other ? 2 * page : page;
  for (std::size_t at_byte = offset; at_byte < offset + size;
       at_byte = at_byte / page * page + step) {
    static_cast<void>(*static_cast<volatile std::byte*>(at(at_byte)));
    if (which == Resident::first_page) return;
  }
}

std::uint64_t Mapping::not_resident(std::size_t offset, std::size_t size) const {
  const std::size_t page = page_size();
  const std::size_t first = offset / page * page;
  std::vector<unsigned char> pages((offset + size - first + page - 1) / page);
  if (::mincore(at(first), offset + size - first, pages.data()) != 0) throw_errno("mincore");
  return static_cast<std::uint64_t>(
      std::count_if(pages.begin(), pages.end(), [](unsigned char p) { return (p & 1) == 0; }));
}

}  // namespace gridlock::mdio

// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

namespace gridlock::mdio {

void throw_errno(const std::string& doing) {
  throw std::system_error(errno, std::generic_category(), doing);
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

Mapping::Mapping(const File* file, std::size_t size)
    : file_(file),
      size_(size),
      start_(::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                    file != nullptr ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS,
                    file != nullptr ? file->get() : -1, 0)) {
  if (start_ == MAP_FAILED)
    throw_errno("mapping " + (file != nullptr ? file->path() : std::string("memory")));
}

void Mapping::evict(std::size_t offset, std::size_t size) const {
  if (::madvise(at(offset), size, MADV_DONTNEED) != 0) throw_errno("MADV_DONTNEED");
  if (file_ == nullptr) return;
  // A dirty page cannot leave the page cache, so it is written first. What fails here is seen in
  // the count of pages that are still resident.
  const auto start = static_cast<off_t>(offset);
  const auto length = static_cast<off_t>(size);
  if (::sync_file_range(
          file_->get(), start, length,
          SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER) == 0)
    ::posix_fadvise(file_->get(), start, length, POSIX_FADV_DONTNEED);
}

std::uint64_t Mapping::not_resident(std::size_t offset, std::size_t size) const {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> pages((size + page - 1) / page);
  if (::mincore(at(offset), size, pages.data()) != 0) throw_errno("mincore");
  return static_cast<std::uint64_t>(
      std::count_if(pages.begin(), pages.end(), [](unsigned char p) { return (p & 1) == 0; }));
}

}  // namespace gridlock::mdio

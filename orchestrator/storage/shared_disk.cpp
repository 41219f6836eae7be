// SPDX-License-Identifier: GPL-2.0-or-later
#include "storage/shared_disk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "host/descriptor.h"
#include "host/files.h"

namespace gridlock {
namespace {

/// Covers the logical block size of every disk O_DIRECT is used on.
constexpr std::size_t kBlock = 4096;

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view doing, int error,
                       std::string hint = {}) {
  throw Error(fmt::format("shared disk {}: {}: {}", path.string(), doing,
                          std::generic_category().message(error)),
              std::move(hint));
}

/// QEMU opens the disk with O_DIRECT (cache='none'); some file systems refuse the open, some the
/// transfer.
void check_direct_io(const std::filesystem::path& path) {
  const char* const hint =
      "the run directory must be on a file system with direct I/O, such as ext4, xfs or btrfs";
  const Descriptor file(::open(path.c_str(), O_RDWR | O_DIRECT | O_CLOEXEC));
  if (!file) fail(path, "opening it for direct I/O", errno, hint);
  const std::unique_ptr<void, decltype(&std::free)> block(std::aligned_alloc(kBlock, kBlock),
                                                          &std::free);
  if (!block) throw std::bad_alloc();
  if (::pread(file.get(), block.get(), kBlock, 0) != static_cast<ssize_t>(kBlock))
    fail(path, "reading it by direct I/O", errno, hint);
}

}  // namespace

void SharedDisk::make_room(Bytes size) const {
  if (size.count < kBlock || size.count % kBlock != 0 ||
      size.count > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max()))
    throw Error(fmt::format("shared disk {}: its size of {} bytes is not a multiple of {}",
                            path_.string(), size.count, kBlock));
  if (const Bytes free = free_space(path_.parent_path()); free < size)
    throw Error(fmt::format("shared disk {}: it may come to need {}, but only {} are free there",
                            path_.string(), to_string(size), to_string(free)),
                "free some space there, or make the topology's shared disk smaller");
  // A file left there by a killed run: nothing of it may come through.
  if (::unlink(path_.c_str()) != 0 && errno != ENOENT) fail(path_, "removing the old one", errno);
}

void SharedDisk::hand_over(unsigned uid, unsigned gid) const {
  check_direct_io(path_);
  if ((uid != ::geteuid() || gid != ::getegid()) && ::chown(path_.c_str(), uid, gid) != 0)
    fail(path_, fmt::format("giving it to user {}", uid), errno);
}

SharedDisk::SharedDisk(std::filesystem::path path, Bytes size, unsigned uid, unsigned gid)
    : path_(std::move(path)) {
  make_room(size);
  const Descriptor file(
      ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) fail(path_, "making it", errno);
  try {
    if (::ftruncate(file.get(), static_cast<off_t>(size.count)) != 0)
      fail(path_, "setting its size", errno);
    hand_over(uid, gid);
  } catch (const Error&) {
    ::unlink(path_.c_str());
    throw;
  }
}

SharedDisk::SharedDisk(std::filesystem::path path, const std::filesystem::path& from, unsigned uid,
                       unsigned gid)
    : path_(std::move(path)) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(from, error);
  if (error) fail(from, "reading it", error.value());
  make_room({size});
  copy_sparse(from, path_);
  try {
    hand_over(uid, gid);
  } catch (const Error&) {
    ::unlink(path_.c_str());
    throw;
  }
}

SharedDisk::~SharedDisk() { ::unlink(path_.c_str()); }

}  // namespace gridlock

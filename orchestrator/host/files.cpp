// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/files.h"

#include "base/digest.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.h"
#include "host/descriptor.h"

namespace gridlock {
namespace fs = std::filesystem;
namespace {

/// What is zeroes as a whole is not part of a sparse file's digest.
constexpr std::size_t kDigestBlock = std::size_t{64} << 10;

[[noreturn]] void fail(std::string_view doing, const fs::path& path, int error) {
  throw Error(fmt::format("{} {}: {}", doing, path.string(), std::strerror(error)),
              error == ENOSPC || error == EDQUOT ? "free some space there" : "");
}

Descriptor open_for_reading(const fs::path& file) {
  Descriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) fail("opening", file, errno);
  return fd;
}

void write_all(const Descriptor& fd, std::string_view bytes, const fs::path& file) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("writing", file, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

bool share_blocks(const fs::path& from, const fs::path& to) {
  const Descriptor source = open_for_reading(from);
  const Descriptor target(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!target) fail("creating", to, errno);
  if (::ioctl(target.get(), FICLONE, source.get()) == 0) return true;
  ::unlink(to.c_str());
  return false;
}

/// The stretches of a file that hold data, in order: offset and end.
std::vector<std::pair<off_t, off_t>> data_in(const Descriptor& file, const fs::path& name) {
  std::vector<std::pair<off_t, off_t>> stretches;
  for (off_t at = 0;;) {
    const off_t begin = ::lseek(file.get(), at, SEEK_DATA);
    if (begin < 0 && errno == ENXIO) return stretches;
    if (begin < 0) fail("looking for data in", name, errno);
    at = ::lseek(file.get(), begin, SEEK_HOLE);
    if (at < 0) fail("looking for holes in", name, errno);
    stretches.emplace_back(begin, at);
  }
}

void copy_stretch(const Descriptor& from, const Descriptor& to, off_t begin, off_t end,
                  const fs::path& name) {
  // copy_file_range() would work, too, but not across file systems on older kernels.
  std::string piece(std::size_t{1} << 20, '\0');
  while (begin < end) {
    const std::size_t most = std::min(piece.size(), static_cast<std::size_t>(end - begin));
    const ssize_t got = ::pread(from.get(), piece.data(), most, begin);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) fail("copying to", name, got < 0 ? errno : EIO);
    for (ssize_t done = 0; done < got;) {
      const ssize_t put = ::pwrite(to.get(), piece.data() + done,
                                   static_cast<std::size_t>(got - done), begin + done);
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) fail("copying to", name, errno);
      done += put;
    }
    begin += got;
  }
}

}  // namespace

std::string read_file(const fs::path& file, Bytes limit) {
  const Descriptor fd = open_for_reading(file);
  std::string bytes;
  std::string piece(65536, '\0');
  while (true) {
    const ssize_t got = ::read(fd.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("reading", file, errno);
    if (got == 0) return bytes;
    bytes.append(piece, 0, static_cast<std::size_t>(got));
    if (bytes.size() > limit.count)
      throw Error(fmt::format("reading {}: it is larger than {}", file.string(), to_string(limit)));
  }
}

void write_file_atomically(const fs::path& file, std::string_view bytes) {
  std::string name = file.string() + ".XXXXXX";
  const Descriptor fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd) fail("creating", name, errno);
  try {
    write_all(fd, bytes, file);
    if (::fchmod(fd.get(), 0644) != 0 || ::fsync(fd.get()) != 0) fail("writing", file, errno);
    if (::rename(name.c_str(), file.c_str()) != 0) fail("replacing", file, errno);
  } catch (const Error&) {
    ::unlink(name.c_str());
    throw;
  }
  const Descriptor folder(::open(file.parent_path().empty() ? "." : file.parent_path().c_str(),
                                 O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder) ::fsync(folder.get());
}

fs::path place_file(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::remove(to, error);
  if (share_blocks(from, to)) return to;
  fs::create_hard_link(from, to, error);
  if (!error) return to;
  fs::copy_file(from, to, error);
  if (error) fail("copying to", to, error.value());
  return to;
}

void copy_sparse(const fs::path& from, const fs::path& to) {
  const Descriptor source = open_for_reading(from);
  const Descriptor target(
      ::open(to.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!target) fail("creating", to, errno);
  try {
    if (::ioctl(target.get(), FICLONE, source.get()) == 0) return;
    struct stat found {};
    if (::fstat(source.get(), &found) != 0) fail("reading", from, errno);
    if (::ftruncate(target.get(), found.st_size) != 0) fail("setting the size of", to, errno);
    for (const auto& [begin, end] : data_in(source, from))
      copy_stretch(source, target, begin, end, to);
  } catch (const Error&) {
    ::unlink(to.c_str());
    throw;
  }
}

Bytes allocated_size(const fs::path& file) {
  struct stat found {};
  if (::stat(file.c_str(), &found) != 0) fail("looking at", file, errno);
  return {static_cast<std::uint64_t>(found.st_blocks) * 512};
}

Bytes free_space(const fs::path& path) {
  std::error_code error;
  fs::path there = fs::absolute(path);
  while (!fs::exists(there, error) && there.has_relative_path()) there = there.parent_path();
  struct statvfs figures {};
  if (::statvfs(there.c_str(), &figures) != 0) fail("asking for the free space of", there, errno);
  return {static_cast<std::uint64_t>(figures.f_bavail) * figures.f_frsize};
}

std::string sha256_of_file(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) fail("reading", file, errno);
  Digest digest;
  std::string chunk(1 << 20, '\0');
  while (stream.read(chunk.data(), static_cast<std::streamsize>(chunk.size())) ||
         stream.gcount() > 0)
    digest.add(std::string_view(chunk).substr(0, static_cast<std::size_t>(stream.gcount())));
  return digest.hex();
}

std::string sha256_of_sparse(const fs::path& file) {
  const Descriptor fd = open_for_reading(file);
  struct stat found {};
  if (::fstat(fd.get(), &found) != 0) fail("reading", file, errno);
  Digest digest;
  digest.field("size", std::to_string(found.st_size));
  const std::string zeroes(kDigestBlock, '\0');
  std::string block(kDigestBlock, '\0');
  off_t next = 0;
  for (const auto& [begin, end] : data_in(fd, file)) {
    for (off_t at = std::max(next, begin - begin % static_cast<off_t>(kDigestBlock)); at < end;
         at += static_cast<off_t>(kDigestBlock)) {
      next = at + static_cast<off_t>(kDigestBlock);
      const ssize_t got = ::pread(fd.get(), block.data(), block.size(), at);
      if (got < 0) fail("reading", file, errno);
      const std::string_view bytes(block.data(), static_cast<std::size_t>(got));
      if (bytes == std::string_view(zeroes).substr(0, bytes.size())) continue;
      digest.field(std::to_string(at), bytes);
    }
  }
  return digest.hex();
}

void require_free_space(const fs::path& path, Bytes needed, std::string_view purpose) {
  const Bytes free = free_space(path);
  if (free >= needed) return;
  throw NoRoom(fmt::format("no room for {}: {} needs {} and only {} are free", purpose,
                          path.string(), to_string(needed), to_string(free)),
              "free some space there, or set GRIDLOCK_CACHE to a folder on a larger file system");
}

void make_directories(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) fail("creating folder", folder, error.value());
}

void remove_tree(const fs::path& folder) {
  std::error_code error;
  fs::remove_all(folder, error);
  if (!error) return;
  for (fs::recursive_directory_iterator
           at(folder, fs::directory_options::skip_permission_denied, error),
       end;
       !error && at != end; at.increment(error)) {
    std::error_code ignored;
    if (at->is_directory(ignored) && !at->is_symlink(ignored))
      fs::permissions(at->path(), fs::perms::owner_all, fs::perm_options::add, ignored);
  }
  fs::remove_all(folder, error);
  if (error) fail("removing", folder, error.value());
}

TempDir::TempDir(const fs::path& parent, std::string_view prefix) {
  std::string name = (parent / prefix).string() + "XXXXXX";
  if (!::mkdtemp(name.data())) fail("creating a folder in", parent, errno);
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace gridlock

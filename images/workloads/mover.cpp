// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/mover.h"

#include <libaio.h>
#include <liburing.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "workloads/stamp.h"

namespace gridlock::mdio {
namespace {

/// A count or minus an error, as system calls below the C library give it.
Moved moved_or_error(long result) {
  Moved moved;
  if (result < 0)
    moved.error = static_cast<int>(-result);
  else
    moved.count = static_cast<std::uint64_t>(result);
  return moved;
}

/// Calls until no signal comes between.
template <class Call>
Moved insist(Call call) {
  std::uint64_t retries = 0;
  while (true) {
    const ssize_t result = call();
    if (result < 0 && (errno == EINTR || errno == EAGAIN)) {
      ++retries;
      continue;
    }
    Moved moved = moved_or_error(result < 0 ? -errno : result);
    moved.retries = retries;
    return moved;
  }
}

class Plain final : public Mover {
 public:
  Plain(const Options& options, const File& file) : writes_(options.writes()), file_(file) {}
  Moved move(std::span<std::byte> buffer, std::uint64_t offset) override {
    const auto at = static_cast<off_t>(offset);
    return insist([&] {
      return writes_ ? ::pwrite(file_.get(), buffer.data(), buffer.size(), at)
                     : ::pread(file_.get(), buffer.data(), buffer.size(), at);
    });
  }

 private:
  bool writes_;
  const File& file_;
};

class Vector final : public Mover {
 public:
  Vector(const Options& options, const File& file) : writes_(options.writes()), file_(file) {}
  Moved move(std::span<std::byte> buffer, std::uint64_t offset) override {
    std::array<iovec, kPieces> pieces{};
    const std::size_t each = buffer.size() / kPieces / kBlock * kBlock;
    for (std::size_t i = 0; i < kPieces; ++i) {
      const bool last = i + 1 == kPieces;
      pieces[i] = {buffer.data() + i * each, last ? buffer.size() - i * each : each};
    }
    const auto at = static_cast<off_t>(offset);
    return insist([&] {
      return writes_ ? ::pwritev(file_.get(), pieces.data(), kPieces, at)
                     : ::preadv(file_.get(), pieces.data(), kPieces, at);
    });
  }

 private:
  bool writes_;
  const File& file_;
};

/// One transfer at a time through the kernel's native asynchronous I/O.
class Libaio final : public Mover {
 public:
  Libaio(const Options& options, const File& file) : writes_(options.writes()), file_(file) {
    const int result = ::io_setup(1, &context_);
    if (result < 0) {
      errno = -result;
      throw_errno("io_setup");
    }
  }
  ~Libaio() override { ::io_destroy(context_); }
  Libaio(const Libaio&) = delete;
  Libaio& operator=(const Libaio&) = delete;

  Moved move(std::span<std::byte> buffer, std::uint64_t offset) override {
    iocb block{};
    const auto at = static_cast<long long>(offset);
    if (writes_)
      ::io_prep_pwrite(&block, file_.get(), buffer.data(), buffer.size(), at);
    else
      ::io_prep_pread(&block, file_.get(), buffer.data(), buffer.size(), at);
    iocb* blocks[] = {&block};
    std::uint64_t retries = 0;
    int result = ::io_submit(context_, 1, blocks);
    for (; result == -EAGAIN || result == -EINTR; result = ::io_submit(context_, 1, blocks))
      ++retries;
    if (result < 0) return moved_or_error(result);
    io_event event{};
    while ((result = ::io_getevents(context_, 1, 1, &event, nullptr)) == -EINTR) ++retries;
    if (result < 0) return moved_or_error(result);
    Moved moved = moved_or_error(static_cast<long>(event.res));
    moved.retries = retries;
    return moved;
  }

 private:
  bool writes_;
  const File& file_;
  io_context_t context_{};
};

/// One transfer at a time through io_uring.
class Uring final : public Mover {
 public:
  Uring(const Options& options, const File& file) : writes_(options.writes()), file_(file) {
    const int result = ::io_uring_queue_init(2, &ring_, 0);
    if (result < 0) {
      errno = -result;
      throw_errno("io_uring_setup");
    }
  }
  ~Uring() override { ::io_uring_queue_exit(&ring_); }
  Uring(const Uring&) = delete;
  Uring& operator=(const Uring&) = delete;

  Moved move(std::span<std::byte> buffer, std::uint64_t offset) override {
    std::uint64_t retries = 0;
    while (true) {
      io_uring_sqe* const entry = ::io_uring_get_sqe(&ring_);
      const auto size = static_cast<unsigned>(buffer.size());
      if (writes_)
        ::io_uring_prep_write(entry, file_.get(), buffer.data(), size, offset);
      else
        ::io_uring_prep_read(entry, file_.get(), buffer.data(), size, offset);
      int result = ::io_uring_submit(&ring_);
      if (result < 0) return moved_or_error(result);
      io_uring_cqe* done = nullptr;
      while ((result = ::io_uring_wait_cqe(&ring_, &done)) == -EINTR) continue;
      if (result < 0) return moved_or_error(result);
      const int count = done->res;
      ::io_uring_cqe_seen(&ring_, done);
      if (count == -EINTR || count == -EAGAIN) {
        ++retries;
        continue;
      }
      Moved moved = moved_or_error(count);
      moved.retries = retries;
      return moved;
    }
  }

 private:
  bool writes_;
  const File& file_;
  io_uring ring_{};
};

/// Has the kernel list the file's extents into the buffer. Counts as a full transfer if the list is
/// not empty, is in order, and ends with the last extent or at the buffer's end.
class Fiemap final : public Mover {
 public:
  explicit Fiemap(const File& file) : file_(file) {}
  Moved move(std::span<std::byte> buffer, std::uint64_t) override {
    const std::span<std::byte> room = buffer.subspan(request_at(buffer));
    fiemap request;  // no {}: its array of no length is one that clang will not initialise
    std::memset(&request, 0, sizeof request);
    request.fm_length = ~std::uint64_t{0};
    request.fm_extent_count =
        static_cast<__u32>((room.size() - sizeof request) / sizeof(fiemap_extent));
    std::memcpy(room.data(), &request, sizeof request);
    const Moved called = insist([&] { return ::ioctl(file_.get(), FS_IOC_FIEMAP, room.data()); });
    if (called.error != 0) return called;
    Moved moved;
    moved.retries = called.retries;
    if (is_right(room, request.fm_extent_count)) moved.count = buffer.size();
    return moved;
  }

 private:
  /// Where the request stands in the buffer. The kernel reads it from where it writes the answer,
  /// so its page is resident; at the end of a page the list begins in the next one, which need not
  /// be.
  static std::size_t request_at(std::span<const std::byte> buffer) {
    const auto address = reinterpret_cast<std::uintptr_t>(buffer.data());
    const std::size_t page = page_size();
    const std::size_t list = (address + sizeof(fiemap) + page - 1) / page * page - address;
    return list + sizeof(fiemap_extent) <= buffer.size() ? list - sizeof(fiemap) : 0;
  }

  static bool is_right(std::span<const std::byte> room, std::uint64_t most) {
    fiemap answer;
    std::memcpy(&answer, room.data(), sizeof answer);
    if (answer.fm_mapped_extents == 0 || answer.fm_mapped_extents > most) return false;
    std::uint64_t end = 0;
    fiemap_extent extent{};
    for (std::size_t i = 0; i < answer.fm_mapped_extents; ++i) {
      std::memcpy(&extent, room.data() + sizeof answer + i * sizeof extent, sizeof extent);
      if (extent.fe_length == 0 || extent.fe_logical < end) return false;
      end = extent.fe_logical + extent.fe_length;
    }
    return answer.fm_mapped_extents == most || (extent.fe_flags & FIEMAP_EXTENT_LAST) != 0;
  }

  const File& file_;
};

}  // namespace

std::unique_ptr<Mover> make_mover(const Options& options, const File& file) {
  switch (options.operation) {
    case Operation::read:
    case Operation::write:
      return std::make_unique<Plain>(options, file);
    case Operation::readv:
    case Operation::writev:
      return std::make_unique<Vector>(options, file);
    case Operation::libaio:
      return std::make_unique<Libaio>(options, file);
    case Operation::io_uring:
      return std::make_unique<Uring>(options, file);
    case Operation::fiemap:
      return std::make_unique<Fiemap>(file);
  }
  throw std::logic_error("an operation nobody does");
}

}  // namespace gridlock::mdio

// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/byte_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <functional>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "host/descriptor.h"

namespace gridlock {
namespace {

constexpr std::size_t kPiece = 256 << 10;

[[noreturn]] void fail(std::string_view doing, const std::string& name, int error) {
  throw Error(fmt::format("{} {}: {}", doing, name, std::strerror(error)));
}

class DescriptorSource final : public ByteSource {
 public:
  /// Reads `fd`, which is `owned` or somebody else's.
  DescriptorSource(int fd, Descriptor owned, std::string name, std::stop_token stop)
      : fd_(fd), owned_(std::move(owned)), name_(std::move(name)), stop_(std::move(stop)) {
    struct stat status {};
    if (::fstat(fd_, &status) != 0) fail("reading", name_, errno);
    if (S_ISDIR(status.st_mode))
      throw Error(fmt::format("reading {}: it is a folder", name_), "name the files in it");
    if (!wake_) fail("reading", name_, errno);
  }

  Piece next(Milliseconds patience) override {
    while (true) {
      // Waiting comes first, also for what never blocks: standard input is shared with others, so
      // it cannot be made non-blocking.
      pollfd waits[] = {{fd_, POLLIN, 0}, {wake_.get(), POLLIN, 0}};
      const auto limit = std::clamp<Milliseconds::rep>(patience.count(), 0, INT_MAX);
      const int ready = ::poll(waits, 2, static_cast<int>(limit));
      if (stop_.stop_requested()) return {Piece::Kind::stopped};
      if (ready == 0) return {Piece::Kind::quiet};
      if (ready < 0 && errno != EINTR) fail("waiting for", name_, errno);
      if (ready < 0) continue;
      const ssize_t got = ::read(fd_, buffer_.data(), buffer_.size());
      if (got > 0) return {Piece::Kind::bytes, {buffer_.data(), static_cast<std::size_t>(got)}};
      if (got == 0) return {Piece::Kind::end};
      if (errno != EINTR && errno != EAGAIN) fail("reading", name_, errno);
    }
  }

 private:
  int fd_;
  Descriptor owned_;
  std::string name_;
  std::stop_token stop_;
  std::vector<char> buffer_ = std::vector<char>(kPiece);
  Descriptor wake_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::stop_callback<std::function<void()>> on_stop_{
      stop_, [fd = wake_.get()] { ::eventfd_write(fd, 1); }};
};

}  // namespace

std::unique_ptr<ByteSource> open_bytes(const std::filesystem::path& file, std::stop_token stop) {
  const std::string name = printable(file.string());
  // Non-blocking, or opening a FIFO would wait for its writer where no stop is heard.
  Descriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) fail("opening", name, errno);
  const int number = fd.get();
  return std::make_unique<DescriptorSource>(number, std::move(fd), name, std::move(stop));
}

std::unique_ptr<ByteSource> standard_input_bytes(std::stop_token stop) {
  return std::make_unique<DescriptorSource>(STDIN_FILENO, Descriptor(), "standard input",
                                            std::move(stop));
}

}  // namespace gridlock

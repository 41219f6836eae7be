// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "guest/agent.h"

namespace gridlock {
namespace {

constexpr Milliseconds kConnectAgain{10};
constexpr Milliseconds kWriteAgain{2};
/// What may wait to be sent. A node that takes so little is as good as gone.
constexpr std::size_t kWaitingLimit = 4 * 1024 * 1024;
constexpr int kReadsPerTurn = 16;

/// A UNIX socket that is connected as soon as somebody listens at it.
class UnixChannel final : public LineChannel {
 public:
  UnixChannel(std::filesystem::path path, EventLoop& loop) : path_(std::move(path)), loop_(loop) {
    GRIDLOCK_CHECK(path_.native().size() < sizeof(sockaddr_un::sun_path),
                   "the agent's socket path is too long: " + path_.native());
    timer_ = loop_.after(Milliseconds{0}, [this] { connect(); });
  }
  UnixChannel(const UnixChannel&) = delete;
  UnixChannel& operator=(const UnixChannel&) = delete;
  ~UnixChannel() override { close(); }

  void on_bytes(std::function<void(std::string_view)> handler) override {
    on_bytes_ = std::move(handler);
  }
  void on_lost(std::function<void(const std::string&)> handler) override {
    on_lost_ = std::move(handler);
  }

  void send(std::string_view line) override {
    if (lost_) return;
    if (waiting_.size() + line.size() > kWaitingLimit) {
      // Not at once: the caller may be in the middle of something.
      loop_.cancel(timer_);
      timer_ = loop_.after(Milliseconds{0}, [this] {
        lose(fmt::format("the node takes nothing: {} bytes wait to be sent", waiting_.size()));
      });
      return;
    }
    waiting_ += line;
    if (connected_) flush();
  }

 private:
  void connect() {
    const int made = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (made < 0) return lose(fmt::format("no socket: {}", std::strerror(errno)));
    socket_ = made;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.c_str(), path_.native().size());
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
      connected_ = true;
      watch_ = loop_.watch_readable(socket_, [this] { readable(); });
      return flush();
    }
    const int error = errno;
    ::close(std::exchange(socket_, -1));
    // Nobody there yet, or its queue is full.
    if (error != ENOENT && error != ECONNREFUSED && error != EAGAIN)
      return lose(fmt::format("{}: {}", path_.native(), std::strerror(error)));
    timer_ = loop_.after(kConnectAgain, [this] { connect(); });
  }

  void readable() {
    std::array<char, 64 * 1024> buffer;
    // Bounded, so that one talkative node does not keep the loop from the others.
    for (int i = 0; i < kReadsPerTurn && !lost_; ++i) {
      const ssize_t count = ::read(socket_, buffer.data(), buffer.size());
      if (count > 0) {
        if (on_bytes_) on_bytes_(std::string_view(buffer.data(), static_cast<std::size_t>(count)));
        continue;
      }
      if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
      return lose(count == 0 ? "the node's port was closed"
                             : fmt::format("the node's port: {}", std::strerror(errno)));
    }
  }

  void flush() {
    while (!waiting_.empty() && !lost_) {
      const ssize_t count = ::send(socket_, waiting_.data(), waiting_.size(), MSG_NOSIGNAL);
      if (count > 0) {
        waiting_.erase(0, static_cast<std::size_t>(count));
        continue;
      }
      if (count < 0 && errno == EINTR) continue;
      // What the node said before it went may still be read; the end comes after it.
      if (count < 0 && errno != EAGAIN) return;
      loop_.cancel(timer_);
      timer_ = loop_.after(kWriteAgain, [this] { flush(); });
      return;
    }
  }

  void lose(const std::string& why) {
    if (std::exchange(lost_, true)) return;
    close();
    if (on_lost_) on_lost_(why);
  }

  void close() {
    if (watch_) loop_.cancel(*std::exchange(watch_, std::nullopt));
    loop_.cancel(timer_);
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }

  std::filesystem::path path_;
  EventLoop& loop_;
  std::function<void(std::string_view)> on_bytes_;
  std::function<void(const std::string&)> on_lost_;
  int socket_ = -1;
  bool connected_ = false;
  bool lost_ = false;
  std::string waiting_;
  EventLoop::TimerId timer_ = 0;
  std::optional<EventLoop::TimerId> watch_;
};

}  // namespace

std::unique_ptr<LineChannel> connect_channel(const std::filesystem::path& socket, EventLoop& loop) {
  return std::make_unique<UnixChannel>(socket, loop);
}

}  // namespace gridlock

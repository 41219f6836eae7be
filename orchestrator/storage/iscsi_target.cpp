// SPDX-License-Identifier: GPL-2.0-or-later
#include "storage/iscsi_target.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "host/command_runner.h"
#include "host/pidfd.h"
#include "storage/tgt_client.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;
using SteadyClock = std::chrono::steady_clock;

constexpr const char* kLoopback = "127.0.0.1";
/// `invalid` is nobody's (RFC 2606), so no other target has this name.
constexpr const char* kIqn = "iqn.2026-01.invalid.gridlock:shared";
constexpr int kLun = 1;
/// Another program may take a port between our look and tgtd's start.
constexpr int kPortAttempts = 5;
/// How often it is tried whether tgtd listens already.
constexpr Milliseconds kRetry{10};
constexpr Milliseconds kAnswerLimit{5'000};
/// As long as the target is wanted: nothing waits for this.
constexpr Milliseconds kForEver = std::chrono::hours(24 * 365);
constexpr const char* kHint = "tgtd comes with the package tgt, setpriv with util-linux";

std::string random_text(std::size_t length) {
  // Without those that look alike; 2 to the 5th, so that every one is as likely as any other.
  constexpr std::string_view kLetters = "abcdefghijkmnpqrstuvwxyz23456789";
  static_assert(kLetters.size() == 32);
  std::string text(length, '\0');
  if (::getrandom(text.data(), length, 0) != static_cast<ssize_t>(length))
    throw Error(
        fmt::format("the system's random source: {}", std::generic_category().message(errno)));
  for (char& c : text) c = kLetters[static_cast<unsigned char>(c) % kLetters.size()];
  return text;
}

/// A port that is free now.
std::uint16_t free_port() {
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (!socket || ::bind(socket.get(), generic, size) != 0 ||
      ::getsockname(socket.get(), generic, &size) != 0)
    throw Error(fmt::format("looking for a free port for an iSCSI target: {}",
                            std::generic_category().message(errno)));
  return ntohs(address.sin_port);
}

}  // namespace

ChapSecret make_chap_secret() { return {"gridlock-" + random_text(6), random_text(16)}; }

/// The process and the thread that waits for its end.
class IscsiTarget::Daemon {
 public:
  Daemon(const Options& options, std::uint16_t port)
      : socket_(options.folder / "tgt"), uid_(options.uid), gid_(options.gid) {
    Command command;
    command.program = "setpriv";
    // tgtd takes no notice of SIGTERM, so it gets SIGKILL when the thread below dies.
    command.arguments = {"--pdeathsig", "KILL", "--no-new-privs"};
    if (uid_ != ::geteuid() || gid_ != ::getegid())
      for (const std::string& argument :
           {std::string("--reuid"), std::to_string(uid_), std::string("--regid"),
            std::to_string(gid_), std::string("--clear-groups")})
        command.arguments.push_back(argument);
    // In the foreground it writes no such file: the name is there for end_leftovers() to see.
    const std::vector<std::string> own{find_program("tgtd").value_or("/usr/sbin/tgtd"),
                                       "--foreground",
                                       "--pid-file",
                                       options.folder / "tgtd.pid",
                                       "--iscsi",
                                       fmt::format("portal={}:{}", kLoopback, port)};
    command.arguments.insert(command.arguments.end(), own.begin(), own.end());
    command.environment["TGT_IPC_SOCKET"] = socket_;
    command.deadline = kForEver;
    command.output_limit = Bytes::kib(64);
    thread_ =
        std::jthread([this, command](const std::stop_token& stop) { wait_for_it(command, stop); });
  }

  ~Daemon() {
    if (process_) (void)send_signal(process_, SIGKILL);
    // Only one that has not come as far as its socket is still to be ended.
    thread_.request_stop();
    thread_.join();
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  /// Waits until tgtd listens on its management socket. False: it has ended.
  bool wait_until_up(Milliseconds limit) {
    const auto end = SteadyClock::now() + limit;
    const TgtClient client(path(), uid_, gid_);
    while (true) {
      if (const auto peer = client.process(kAnswerLimit)) {
        pid_ = *peer;
        process_ = open_pidfd(pid_);
        if (process_) return true;
      }
      std::unique_lock lock(mutex_);
      if (changed_.wait_for(lock, kRetry, [this] { return !end_.empty(); })) return false;
      if (SteadyClock::now() >= end)
        throw Error(fmt::format("the iSCSI target tgtd did not start within {}", to_string(limit)),
                    kHint);
    }
  }

  std::string ask(const TgtRequest& request, const std::string& doing) const {
    return TgtClient(path(), uid_, gid_).ask(request, doing, kAnswerLimit);
  }

  /// Whether it has got the port. tgtd goes on without, having said so.
  bool listens_at(std::uint16_t port) const {
    return ask({TgtRequest::Mode::portal, TgtRequest::Operation::show}, "looking at its portals")
               .find(fmt::format("Portal: {}:{},", kLoopback, port)) != std::string::npos;
  }

  pid_t process() const { return pid_; }

  std::string ended() const {
    {
      const std::lock_guard lock(mutex_);
      if (!end_.empty()) return end_;
    }
    pollfd ended{process_.get(), POLLIN, 0};
    if (process_ && ::poll(&ended, 1, 0) > 0) return "the iSCSI target tgtd ended";
    return {};
  }

 private:
  /// tgtd adds the number of its control port, of which this socket has the first.
  fs::path path() const { return socket_.native() + ".0"; }

  void wait_for_it(const Command& command, const std::stop_token& stop) {
    std::string how;
    try {
      const CommandResult result = make_command_runner()->run(command, stop);
      const auto said = last_lines(result.errors, 3);
      how = fmt::format("the iSCSI target tgtd {}{}", describe_end(result, command),
                        said.empty() ? "" : ": " + printable(join(said, " / "), 400));
    } catch (const Cancelled&) {
      how = "the iSCSI target tgtd was ended";
    } catch (const Error& error) {
      how = fmt::format("the iSCSI target tgtd: {}", error.what());
    }
    const std::lock_guard lock(mutex_);
    end_ = how;
    changed_.notify_all();
  }

  fs::path socket_;
  unsigned uid_;
  unsigned gid_;
  pid_t pid_ = 0;
  Descriptor process_;
  mutable std::mutex mutex_;  ///< guards end_
  std::condition_variable changed_;
  std::string end_;
  std::jthread thread_;
};

IscsiTarget::IscsiTarget(const Options& options, Milliseconds limit) {
  if (options.disk.native().find(',') != std::string::npos)
    throw Error(fmt::format("the iSCSI target's disk {} must not have a comma in its path",
                            options.disk.string()));
  if (!find_program("setpriv") || (!find_program("tgtd") && !fs::exists("/usr/sbin/tgtd")))
    throw Error("the topology's disk needs the iSCSI target tgtd, which is not installed", kHint);
  for (int attempt = 1;; ++attempt) {
    lun_ = {kLoopback, options.port != 0 ? options.port : free_port(), kIqn, kLun, options.chap};
    daemon_ = std::make_unique<Daemon>(options, lun_.port);
    const bool up = daemon_->wait_until_up(limit);
    if (up && daemon_->listens_at(lun_.port)) break;
    const std::string why = up ? "the port is taken" : daemon_->ended();
    daemon_.reset();
    if (options.port != 0 || attempt == kPortAttempts)
      throw Error(fmt::format("starting an iSCSI target at port {}: {}", lun_.port, why), kHint);
  }
  using Mode = TgtRequest::Mode;
  using Operation = TgtRequest::Operation;
  constexpr int kTarget = 1;
  daemon_->ask({Mode::target, Operation::make, kTarget, 0, fmt::format("targetname={}", kIqn)},
               "making the target");
  daemon_->ask({Mode::device, Operation::make, kTarget, kLun,
                fmt::format("path={},bstype=rdwr", options.disk.string())},
               "adding the disk");
  daemon_->ask({Mode::device, Operation::update, kTarget, kLun, "scsi_sn=SHARED"},
               "giving the disk its serial");
  daemon_->ask({Mode::account, Operation::make, 0, 0,
                fmt::format("user={},password={}", options.chap.user, options.chap.secret)},
               "adding the user");
  daemon_->ask(
      {Mode::account, Operation::bind, kTarget, 0, fmt::format("user={}", options.chap.user)},
      "letting the user in");
  daemon_->ask({Mode::target, Operation::bind, kTarget, 0, "initiator-address=ALL"},
               "opening the target");
}

IscsiTarget::~IscsiTarget() = default;

const IscsiLun& IscsiTarget::lun() const { return lun_; }
pid_t IscsiTarget::process() const { return daemon_->process(); }
std::string IscsiTarget::ended() const { return daemon_->ended(); }

}  // namespace gridlock

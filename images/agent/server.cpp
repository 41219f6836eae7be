// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/server.h"

#include <fcntl.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cerrno>
#include <fstream>

#include "agent/clock.h"
#include "agent/node.h"
#include "agent/tasks.h"

namespace gridlock::agent {
namespace {

constexpr std::int64_t kHeartbeat = 500'000'000;
/// A host that took nothing for so long while something waits is not reading: from then on jobs
/// are read and their output dropped, so that they do not block.
constexpr std::int64_t kHostSilent = kNanosecondsPerSecond;
constexpr const char* kPathWrong = "path must begin with /";
/// How soon an ended job whose pipes are held open is looked at again.
constexpr std::int64_t kEndingLook = 50'000'000;

/// The kernel draws it when it is first read. So not before a node is somebody: it would be the
/// same in every node restored from one template.
std::string boot_id() {
  std::string text;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), text);
  return text;
}

}  // namespace

void Server::receive(std::string_view bytes) {
  splitter_.add(bytes, [this](std::string_view text) { line(text); });
}

void Server::line(std::string_view text) {
  const auto request = parse_json(text);
  if (!request || !request->is_object() || !request->contains("id") ||
      !(*request)["id"].is_number_integer() || !request->contains("request")) {
    ++garbage_;
    return;
  }
  try {
    handle(*request);
  } catch (const std::exception& error) {
    answer((*request)["id"], error.what());
  }
}

void Server::handle(const Json& request) {
  const Json& id = request["id"];
  const std::string kind = text_or(request, "request", "");
  if (kind == "hello") {
    hello();
    waiters_.report_again();
    answer(id, "");
  } else if (kind == "ping") {
    answer(id, "", {{"monotonic", monotonic_now()}, {"realtime", clock_now(CLOCK_REALTIME)}});
  } else if (kind == "identify") {
    const std::string error = identify(request, role_ == Role::node_init);
    identified_ = error.empty();
    answer(id, error);
  } else if (kind == "refresh") {
    answer(id, refresh(request, role_ == Role::node_init));
  } else if (kind == "run") {
    answer(id, jobs_.start(request));
  } else if (kind == "signal") {
    answer(id, jobs_.signal(request));
  } else if (kind == "write") {
    std::size_t taken = 0;
    const std::string wrong = jobs_.write(request, taken);
    answer(id, wrong, wrong.empty() ? Json{{"taken", taken}} : Json::object());
  } else if (kind == "close") {
    answer(id, jobs_.close(request));
  } else if (kind == "resize") {
    answer(id, jobs_.resize(request));
  } else if (kind == "release") {
    answer(id, waiters_.release(request));
  } else if (kind == "get" || kind == "put" || kind == "sysrq" || kind == "tasks") {
    const std::string wrong = kind == "get"     ? get(request)
                              : kind == "put"   ? put(request)
                              : kind == "sysrq" ? sysrq(request)
                                                : tasks(request);
    if (!wrong.empty()) answer(id, kind + ": " + wrong);
  } else if (kind == "poweroff") {
    power_off_ = role_ == Role::node_init;
    answer(id, power_off_ ? "" : "poweroff: only the init of a node switches it off");
  } else {
    answer(id, "unknown request");
  }
}

std::string Server::get(const Json& request) {
  const std::string path = text_or(request, "path", "");
  const std::int64_t offset = integer_or(request, "offset", 0);
  const std::int64_t limit =
      integer_or(request, "limit", static_cast<std::int64_t>(wire::kGetLimit));
  if (!path.starts_with('/')) return kPathWrong;
  if (offset < 0 || limit < 0) return "offset and limit must not be negative";
  std::size_t most = static_cast<std::size_t>(limit);
  // A host that does not know of several answers to one request reads no further than the first.
  if (!flag_or(request, "whole", false)) most = std::min(most, wire::kGetLimit);
  return files_.start(request["id"], FileJobs::Kind::read,
                      [=](const Emit& emit) { return read_file(path, offset, most, emit); });
}

std::string Server::put(const Json& request) {
  const std::string path = text_or(request, "path", "");
  if (!path.starts_with('/')) return kPathWrong;
  const auto data = wire::from_base64(text_or(request, "data", ""));
  if (!data) return "data is not base64";
  const std::int64_t mode = integer_or(request, "mode", 0644);
  if (mode < 0 || mode > 07777) return "mode must be from 0 to 4095 (7777 octal)";
  const int flags = O_CREAT | (flag_or(request, "append", false) ? O_APPEND : O_TRUNC);
  return files_.start(request["id"], FileJobs::Kind::write,
                      [path, bytes = *data, mode, flags](const Emit&) {
                        write_file(path, bytes, static_cast<int>(mode), flags);
                        return true;
                      });
}

std::string Server::sysrq(const Json& request) {
  const std::string key = text_or(request, "key", "");
  if (key.size() != 1) return "key must be one character";
  if (role_ != Role::node_init) return "only in a node";
  return files_.start(request["id"], FileJobs::Kind::write, [key](const Emit&) {
    write_file("/proc/sysrq-trigger", key, 0, 0);
    return true;
  });
}

std::string Server::tasks(const Json& request) {
  const std::int64_t process = integer_or(request, "process", -1);
  const auto sessions = jobs_.sessions(process);
  if (!sessions) return "no such process";
  const Blocked blocked = process == 0 ? Blocked::all_of_the_node : Blocked::of_the_sessions;
  return files_.start(request["id"], FileJobs::Kind::read_in_parts,
                      [sessions = *sessions, blocked](const Emit& emit) {
                        return describe_tasks(sessions, blocked, wire::kTasksLimit, emit);
                      });
}

void Server::answer(const Json& id, const std::string& error, const Json& members) {
  outbox_.add(answer_to(id, error, members));
}

void Server::hello() {
  utsname name{};
  ::uname(&name);
  outbox_.add({{"event", "hello"},
               {"protocol", wire::kProtocol},
               {"boot_id", role_ == Role::node_init && !identified_ ? "" : boot_id()},
               {"kernel", name.release},
               {"version", name.version},
               {"pid_one", role_ == Role::node_init},
               {"monotonic", monotonic_now()},
               {"boot_ns", clock_now(CLOCK_BOOTTIME)}});
}

void Server::connected() {
  outbox_.clear();
  files_.forget_reads();
  hello();
  waiters_.report_again();
  moved_at_ = monotonic_now();
}

void Server::heartbeat() {
  const std::int64_t now = monotonic_now();
  if (now < heartbeat_at_) return;
  heartbeat_at_ = now + kHeartbeat;
  // One waiting heartbeat says as much as ten.
  if (!outbox_.empty() && now - moved_at_ > kHostSilent) return;
  struct sysinfo info {};
  ::sysinfo(&info);
  const double load = static_cast<double>(info.loads[0]) / (1 << SI_LOAD_SHIFT);
  outbox_.add({{"event", "heartbeat"},
               {"monotonic", now},
               {"garbage", garbage()},
               {"load", static_cast<double>(static_cast<int>(load * 100)) / 100},
               {"free_kib", info.freeram * info.mem_unit / 1024}});
}

bool Server::wants_output() const {
  return outbox_.size() < Outbox::kEnough || monotonic_now() - moved_at_ > kHostSilent;
}

void Server::turn(bool moved) {
  if (moved || outbox_.empty()) moved_at_ = monotonic_now();
  files_.pump(outbox_);
  waiters_.pump(outbox_);
  jobs_.pump(outbox_, wants_output(), monotonic_now());
  heartbeat();
}

void Server::watch(std::vector<pollfd>& polled) const {
  jobs_.watch(polled, wants_output());
  waiters_.watch(polled);
  files_.watch(polled, outbox_.size() < Outbox::kEnough);
}

std::int64_t Server::patience() const {
  std::int64_t until = files_.next_deadline(heartbeat_at_);
  if (!wants_output()) until = std::min(until, moved_at_ + kHostSilent + 1);
  const std::int64_t now = monotonic_now();
  if (jobs_.ending()) until = std::min(until, now + kEndingLook);
  return std::max<std::int64_t>(0, until - now);
}

void Server::reaped(pid_t pid, int status) { jobs_.reaped(pid, status); }

}  // namespace gridlock::agent

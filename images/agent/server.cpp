// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/server.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

#include "agent/clock.h"
#include "agent/node.h"

namespace gridlock::agent {
namespace {

constexpr std::int64_t kHeartbeat = 500'000'000;
/// A host that took nothing for so long while something waits is not reading: from then on jobs
/// are read and their output dropped, so that they do not block.
constexpr std::int64_t kHostSilent = kNanosecondsPerSecond;
constexpr std::int64_t kFileDeadline = 5 * kNanosecondsPerSecond;
constexpr std::size_t kMostFileJobs = 64;
/// How soon an ended job whose pipes are held open is looked at again.
constexpr std::int64_t kEndingLook = 50'000'000;

/// The kernel draws it when it is first read. So not before a node is somebody: it would be the same
/// in every node restored from one template.
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
  } else if (kind == "release") {
    answer(id, waiters_.release(request));
  } else if (kind == "get" || kind == "put" || kind == "sysrq") {
    if (const std::string wrong = start_file_job(request, kind); !wrong.empty()) answer(id, wrong);
  } else if (kind == "poweroff") {
    power_off_ = role_ == Role::node_init;
    answer(id, power_off_ ? "" : "poweroff: only the init of a node switches it off");
  } else {
    answer(id, "unknown request");
  }
}

std::string Server::start_file_job(const Json& request, const std::string& kind) {
  if (gets_.size() + puts_.size() >= kMostFileJobs) return kind + ": too many at once";
  FileJob job;
  job.id = request["id"];
  const std::string path = text_or(request, "path", "");
  if (kind != "sysrq" && !path.starts_with('/')) return kind + ": path must begin with /";
  if (kind == "get") {
    const std::int64_t offset = integer_or(request, "offset", 0);
    const std::int64_t limit =
        integer_or(request, "limit", static_cast<std::int64_t>(wire::kGetLimit));
    if (offset < 0 || limit < 0) return "get: offset and limit must not be negative";
    const std::size_t most = std::min(static_cast<std::size_t>(limit), wire::kGetLimit);
    job.kind = FileKind::get;
    job.work = [path, offset, most] { return read_part(path, offset, most); };
    begin(job);
    gets_.push_back(std::move(job));
    return {};
  }
  if (kind == "put") {
    const auto data = wire::from_base64(text_or(request, "data", ""));
    if (!data) return "put: data is not base64";
    const std::int64_t mode = integer_or(request, "mode", 0644);
    if (mode < 0 || mode > 07777) return "put: mode must be from 0 to 4095 (7777 octal)";
    const int flags = O_CREAT | (flag_or(request, "append", false) ? O_APPEND : O_TRUNC);
    job.work = [path, bytes = *data, mode, flags] {
      return write_file(path, bytes, static_cast<int>(mode), flags);
    };
  } else {
    const std::string key = text_or(request, "key", "");
    if (key.size() != 1) return "sysrq: key must be one character";
    if (role_ != Role::node_init) return "sysrq: only in a node";
    job.work = [key] { return write_file("/proc/sysrq-trigger", key, 0, 0); };
  }
  puts_.push_back(std::move(job));
  if (puts_.size() == 1) begin(puts_.front());
  return {};
}

void Server::begin(FileJob& job) {
  job.worker = start_file_work(job.work);
  job.deadline = monotonic_now() + kFileDeadline;
}

bool Server::finish(FileJob& job) {
  std::string part(64 * 1024, '\0');
  ssize_t count = 0;
  while ((count = ::read(job.worker.pipe.get(), part.data(), part.size())) > 0)
    job.answer.append(part, 0, static_cast<std::size_t>(count));
  if (count < 0) {
    if (monotonic_now() < job.deadline) return false;
    // It may be stuck in the kernel; then it is reaped whenever it comes loose.
    ::kill(job.worker.pid, SIGKILL);
    answer(job.id, "no answer within 5 s: the file system may hang");
    return true;
  }
  const std::string_view text = job.answer;
  if (text.empty() || text[0] != 'k') {
    answer(job.id, text.size() > 1 ? std::string(text.substr(1)) : "the worker died");
  } else if (job.kind == FileKind::get && text.size() >= 2) {
    answer(job.id, "", {{"data", wire::to_base64(text.substr(2))}, {"end", text[1] == '1'}});
  } else {
    answer(job.id, "");
  }
  return true;
}

void Server::pump_files() {
  std::erase_if(gets_, [this](FileJob& job) { return finish(job); });
  while (!puts_.empty() && finish(puts_.front())) {
    puts_.pop_front();
    while (!puts_.empty()) {
      try {
        begin(puts_.front());
        break;
      } catch (const std::system_error& error) {
        answer(puts_.front().id, error.what());
        puts_.pop_front();
      }
    }
  }
}

void Server::answer(const Json& id, const std::string& error, Json members) {
  Json message{{"id", id}, {"ok", error.empty()}};
  if (!error.empty()) message["error"] = error;
  message.update(members);
  outbox_.add(message);
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
  pump_files();
  waiters_.pump(outbox_);
  jobs_.pump(outbox_, wants_output(), monotonic_now());
  heartbeat();
}

void Server::watch(std::vector<pollfd>& polled) const {
  jobs_.watch(polled, wants_output());
  waiters_.watch(polled);
  for (const FileJob& job : gets_) polled.push_back({job.worker.pipe.get(), POLLIN, 0});
  if (!puts_.empty()) polled.push_back({puts_.front().worker.pipe.get(), POLLIN, 0});
}

std::int64_t Server::patience() const {
  std::int64_t until = heartbeat_at_;
  if (!wants_output()) until = std::min(until, moved_at_ + kHostSilent + 1);
  for (const FileJob& job : gets_) until = std::min(until, job.deadline);
  if (!puts_.empty()) until = std::min(until, puts_.front().deadline);
  const std::int64_t now = monotonic_now();
  if (jobs_.ending()) until = std::min(until, now + kEndingLook);
  return std::max<std::int64_t>(0, until - now);
}

void Server::reaped(pid_t pid, int status) { jobs_.reaped(pid, status); }

}  // namespace gridlock::agent

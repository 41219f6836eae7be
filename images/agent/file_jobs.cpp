// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/file_jobs.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "agent/clock.h"
#include "agent/wire.h"

namespace gridlock::agent {
namespace {

/// Counted from the last byte that came, and not while the host is what takes its time.
constexpr std::int64_t kHangs = 5 * kNanosecondsPerSecond;
constexpr const char* kHung = "no answer within 5 s";
constexpr std::size_t kMost = 64;

bool has_room(const Outbox& outbox) { return outbox.size() < Outbox::kEnough; }

}  // namespace

std::string FileJobs::start(const Json& id, Kind kind, FileWork work) {
  if (reads_.size() + writes_.size() >= kMost) return "too many requests for files at once";
  Job job{id, kind, std::move(work)};
  if (kind == Kind::write) {
    writes_.push_back(std::move(job));
    if (writes_.size() == 1) begin(writes_.front());
  } else {
    begin(job);
    reads_.push_back(std::move(job));
  }
  return {};
}

void FileJobs::begin(Job& job) {
  job.worker = start_file_work(job.work);
  job.deadline = monotonic_now() + kHangs;
}

void FileJobs::forget_reads() {
  for (const Job& job : reads_) ::kill(job.worker.pid, SIGKILL);
  reads_.clear();
}

void FileJobs::take_apart(Job& job) {
  std::uint32_t length = 0;
  constexpr std::size_t kHead = 1 + sizeof length;
  std::string_view frames = job.frames;
  while (frames.size() >= kHead) {
    std::memcpy(&length, frames.data() + 1, sizeof length);
    if (frames.size() < kHead + length) break;
    const std::string_view bytes = frames.substr(kHead, length);
    if (frames[0] == 'd') {
      job.found += bytes;
    } else {
      job.end = frames[0];
      job.error = bytes;
    }
    frames.remove_prefix(kHead + length);
  }
  job.frames.erase(0, job.frames.size() - frames.size());
}

bool FileJobs::give_up(Job& job, Outbox& outbox) {
  // It may be stuck in the kernel; then it is reaped whenever it comes loose.
  ::kill(job.worker.pid, SIGKILL);
  if (job.kind == Kind::read_in_parts && !job.found.empty())
    outbox.add(
        answer_to(job.id, "", {{"data", wire::to_base64(job.found + "error " + kHung + "\n")}}));
  else
    outbox.add(answer_to(job.id, std::string(kHung) + ": the file system may hang"));
  return true;
}

bool FileJobs::advance(Job& job, Outbox& outbox) {
  std::string piece(64 * 1024, '\0');
  bool ended = false;
  while (!ended && has_room(outbox)) {
    const ssize_t count = ::read(job.worker.pipe.get(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return monotonic_now() < job.deadline ? false : give_up(job, outbox);
    ended = count == 0;
    job.deadline = monotonic_now() + kHangs;
    job.frames.append(piece, 0, static_cast<std::size_t>(count));
    take_apart(job);
    while (job.found.size() > wire::kGetLimit) {
      const std::string_view first = std::string_view(job.found).substr(0, wire::kGetLimit);
      outbox.add(answer_to(job.id, "", {{"data", wire::to_base64(first)}, {"more", true}}));
      job.found.erase(0, wire::kGetLimit);
    }
  }
  if (!ended) {
    job.deadline = monotonic_now() + kHangs;
    return false;
  }
  if (job.end != 'k' && job.end != 'm')
    outbox.add(answer_to(job.id, job.error.empty() ? "the worker died" : job.error));
  else if (job.kind == Kind::write)
    outbox.add(answer_to(job.id, ""));
  else
    outbox.add(
        answer_to(job.id, "", {{"data", wire::to_base64(job.found)}, {"end", job.end == 'k'}}));
  return true;
}

void FileJobs::pump(Outbox& outbox) {
  std::erase_if(reads_, [&](Job& job) { return advance(job, outbox); });
  while (!writes_.empty() && advance(writes_.front(), outbox)) {
    writes_.pop_front();
    while (!writes_.empty()) {
      try {
        begin(writes_.front());
        break;
      } catch (const std::system_error& error) {
        outbox.add(answer_to(writes_.front().id, error.what()));
        writes_.pop_front();
      }
    }
  }
}

void FileJobs::watch(std::vector<pollfd>& polled, bool room) const {
  if (!room) return;
  for (const Job& job : reads_) polled.push_back({job.worker.pipe.get(), POLLIN, 0});
  if (!writes_.empty()) polled.push_back({writes_.front().worker.pipe.get(), POLLIN, 0});
}

std::int64_t FileJobs::next_deadline(std::int64_t latest) const {
  for (const Job& job : reads_) latest = std::min(latest, job.deadline);
  if (!writes_.empty()) latest = std::min(latest, writes_.front().deadline);
  return latest;
}

}  // namespace gridlock::agent

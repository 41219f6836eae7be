// SPDX-License-Identifier: GPL-2.0-or-later
#include "cluster/daemon.h"

#include <signal.h>

#include <algorithm>

#include "base/text.h"

namespace gridlock {
namespace {

constexpr std::size_t kKeptLines = 400;
constexpr std::size_t kLongestLine = 4096;

}  // namespace

Daemon::Daemon(const Crew::Member& member, std::string name, const Job& job, LineSink sink)
    : agent_(*member.agent), name_(std::move(name)), sink_(std::move(sink)) {
  job_ = agent_.run(job, handlers());
}

Daemon::Daemon(const Crew::Member& member, std::string name, Agent::JobId running, LineSink sink)
    : agent_(*member.agent), name_(std::move(name)), sink_(std::move(sink)), job_(running) {
  agent_.adopt(job_, handlers());
}

JobHandlers Daemon::handlers() {
  JobHandlers handlers;
  handlers.on_output = [this](std::string_view bytes) { take(partial_output_, bytes); };
  handlers.on_errors = [this](std::string_view bytes) { take(partial_errors_, bytes); };
  handlers.on_end = [this](const JobEnd& end) { end_ = end; };
  return handlers;
}

Daemon::~Daemon() { agent_.forget(job_); }

void Daemon::take(std::string& partial, std::string_view bytes) {
  partial += bytes;
  std::size_t start = 0;
  for (std::size_t end = partial.find('\n'); end != std::string::npos;
       end = partial.find('\n', start)) {
    std::string line = printable(std::string_view(partial).substr(start, end - start), kLongestLine);
    start = end + 1;
    if (sink_) sink_(line);
    lines_.push_back(std::move(line));
    if (lines_.size() > kKeptLines) lines_.pop_front();
  }
  partial.erase(0, start);
  if (partial.size() > kLongestLine) partial.clear();
}

bool Daemon::said(const std::string& text) const {
  return std::any_of(lines_.begin(), lines_.end(), [&](const std::string& line) {
    return line.find(text) != std::string::npos;
  });
}

std::string Daemon::tail(std::size_t lines) const {
  std::string out;
  const std::size_t first = lines_.size() > lines ? lines_.size() - lines : 0;
  for (std::size_t i = first; i < lines_.size(); ++i) out += lines_[i] + "\n";
  return out;
}

void Daemon::terminate() {
  if (!end_) agent_.signal(job_, SIGTERM);
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/guest_shell.h"

#include <csignal>
#include <utility>

#include "agent/wire.h"

namespace gridlock {
namespace {

/// How soon a program that did not read its input is offered it again.
constexpr Milliseconds kFeedAgain{50};

Json output_event(const char* stream, std::string_view bytes) {
  return {{"event", "output"}, {"stream", stream}, {"data", wire::to_base64(bytes)}};
}

}  // namespace

GuestShell::GuestShell(Agent& agent, EventLoop& loop, const Job& job, Say say)
    : agent_(agent),
      loop_(loop),
      say_(std::move(say)),
      alive_(std::make_shared<GuestShell*>(this)) {
  JobHandlers handlers;
  handlers.on_output = [this](std::string_view bytes) { say_(output_event("stdout", bytes)); };
  handlers.on_errors = [this](std::string_view bytes) { say_(output_event("stderr", bytes)); };
  handlers.on_end = [this](const JobEnd& how) {
    Json event{{"event", "exit"}};
    if (how.status) event["status"] = *how.status;
    if (how.signal) event["signal"] = *how.signal;
    if (!how.error.empty()) event["error"] = how.error;
    end(event);
  };
  job_ = agent_.run(job, std::move(handlers));
  if (!job.terminal) return;
  // An agent that knows no terminals runs the program without one, and says so to this only.
  agent_.resize(job_, *job.terminal, [weak = std::weak_ptr(alive_)](const Reply& reply) {
    const auto self = weak.lock();
    if (!self || reply.ok() || (*self)->ended_) return;
    (*self)->agent_.signal((*self)->job_, SIGKILL);
    (*self)->end(
        {{"event", "exit"}, {"error", "the node's agent gives no terminal: " + reply.error}});
  });
}

GuestShell::~GuestShell() {
  loop_.cancel(again_);
  agent_.forget(job_);
  if (ended_) return;
  // The hang-up reaches what runs on its terminal, the signal a program that does not care.
  agent_.close_input(job_);
  agent_.signal(job_, SIGKILL);
}

bool GuestShell::input(std::string_view bytes) {
  if (waiting_.size() + bytes.size() > kInputWindow) return false;
  waiting_ += bytes;
  feed();
  return true;
}

void GuestShell::end_input() {
  input_ends_ = true;
  feed();
}

void GuestShell::resize(const TerminalSize& size) { agent_.resize(job_, size, {}); }

void GuestShell::feed() {
  if (asking_ || ended_) return;
  if (waiting_.empty()) {
    if (std::exchange(input_ends_, false)) agent_.close_input(job_);
    return;
  }
  asking_ = true;
  agent_.write(job_, std::string_view(waiting_).substr(0, wire::kWriteLimit),
               [weak = std::weak_ptr(alive_)](const Reply& reply, std::size_t taken) {
                 if (const auto self = weak.lock()) (*self)->fed(reply, taken);
               });
}

void GuestShell::fed(const Reply& reply, std::size_t taken) {
  asking_ = false;
  // A program that takes no input is told none; that it ended is heard elsewhere.
  if (!reply.ok()) taken = waiting_.size();
  waiting_.erase(0, taken);
  if (taken > 0) {
    say_({{"event", "input_taken"}, {"bytes", taken}});
    return feed();
  }
  loop_.cancel(again_);
  again_ = loop_.after(kFeedAgain, [this] { feed(); });
}

void GuestShell::lose(const std::string& why) {
  if (!ended_) end({{"event", "exit"}, {"error", why}});
}

void GuestShell::end(const Json& event) {
  if (std::exchange(ended_, true)) return;
  say_(event);
}

}  // namespace gridlock

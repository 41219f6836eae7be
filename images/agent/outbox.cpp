// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/outbox.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace gridlock::agent {
namespace {

/// The port's driver allocates a buffer as large as the write, so writes are kept small.
constexpr std::size_t kWriteSize = 32 * 1024;

}  // namespace

Json answer_to(const Json& id, const std::string& error, const Json& members) {
  Json message{{"id", id}, {"ok", error.empty()}};
  if (!error.empty()) message["error"] = error;
  message.update(members);
  return message;
}

bool Outbox::add(const Json& message, std::size_t limit) {
  std::string line = message.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  if (size_ + line.size() > limit) {
    ++dropped_;
    return false;
  }
  size_ += line.size();
  lines_.push_back(std::move(line));
  return true;
}

bool Outbox::flush(int descriptor) {
  bool moved = false;
  while (!lines_.empty()) {
    const std::string& line = lines_.front();
    const std::size_t count = std::min(kWriteSize, line.size() - written_);
    const ssize_t sent = ::write(descriptor, line.data() + written_, count);
    if (sent <= 0) return moved;
    moved = true;
    written_ += static_cast<std::size_t>(sent);
    if (written_ < line.size()) continue;
    size_ -= line.size();
    written_ = 0;
    lines_.pop_front();
  }
  return moved;
}

void Outbox::clear() {
  const std::size_t keep = written_ > 0 ? 1 : 0;
  while (lines_.size() > keep) {
    size_ -= lines_.back().size();
    lines_.pop_back();
  }
}

}  // namespace gridlock::agent

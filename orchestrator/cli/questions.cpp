// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/questions.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include "base/error.h"
#include "base/text.h"

namespace gridlock {
namespace {

/// How often a person who takes their time is asked whether all is over.
constexpr int kLookMs = 100;
/// An answer longer than this is none.
constexpr std::size_t kMaxAnswer = 4000;

}  // namespace

std::string Questions::line() {
  while (true) {
    if (const std::size_t end = unread_.find('\n'); end != std::string::npos) {
      const std::string found(trimmed(std::string_view(unread_).substr(0, end)));
      unread_.erase(0, end + 1);
      return found;
    }
    if (unread_.size() > kMaxAnswer)
      throw UsageError("the answer is too long", "nothing was written");
    if (stop_.stop_requested()) throw Cancelled("asking; nothing was written");
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (::poll(&input, 1, kLookMs) <= 0) continue;
    std::array<char, 1024> buffer;
    const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw Cancelled("asking, since the input has ended; nothing was written");
    unread_.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

std::string Questions::ask(const std::string& question, const std::string& fallback) {
  std::fprintf(stderr, "%s%s: ", question.c_str(),
               fallback.empty() ? "" : fmt::format(" [{}]", fallback).c_str());
  const std::string answer = line();
  return answer.empty() ? fallback : answer;
}

std::string Questions::choose(const std::string& question, const std::vector<std::string>& words,
                              const std::string& fallback) {
  while (true) {
    std::string answer = ask(fmt::format("{} ({})", question, join(words, ", ")), fallback);
    if (std::ranges::find(words, answer) != words.end()) return answer;
    const std::string near = nearest_name(answer, words);
    std::fprintf(stderr, "  not %s%s\n", printable(answer, 60).c_str(),
                 near.empty() ? "" : fmt::format("; did you mean {}?", near).c_str());
  }
}

int Questions::number(const std::string& question, int low, int high, int fallback) {
  while (true) {
    const std::string answer =
        ask(fmt::format("{} ({} to {})", question, low, high), std::to_string(fallback));
    const auto found = gridlock::number<int>(answer, 10);
    if (found && *found >= low && *found <= high) return *found;
    std::fprintf(stderr, "  not %s\n", printable(answer, 60).c_str());
  }
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/tasks.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "agent/descriptor.h"

namespace gridlock::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCut = "error cut\n";
/// A kernel stack is cut at 64 frames by the kernel itself (MAX_STACK_TRACE_DEPTH, fs/proc/base.c).
constexpr std::size_t kLongestFile = 16 * 1024;

/// The folder's entries that are numbers, in their order.
std::vector<pid_t> numbers_in(const fs::path& folder) {
  std::vector<pid_t> numbers;
  std::error_code gone;
  for (fs::directory_iterator at(folder, gone), end; !gone && at != end; at.increment(gone)) {
    const std::string name = at->path().filename().string();
    pid_t number = 0;
    const auto [last, wrong] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (wrong == std::errc{} && last == name.data() + name.size()) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

/// The file's text without its last newline; absent with errno if it cannot be read.
std::optional<std::string> text_of(const fs::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  std::string text(kLongestFile, '\0');
  std::size_t held = 0;
  while (held < text.size()) {
    const ssize_t count = ::read(file.get(), text.data() + held, text.size() - held);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) break;
    held += static_cast<std::size_t>(count);
  }
  text.resize(held);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

struct Stat {
  std::string line;
  char state = '?';
  pid_t session = 0;
};

/// proc(5): "PID (name) state ppid pgrp session …"; the name may hold anything but ends at the last
/// parenthesis.
std::optional<Stat> stat_of(const fs::path& folder) {
  std::optional<std::string> line = text_of(folder / "stat");
  const std::size_t name_end = line ? line->rfind(") ") : std::string::npos;
  if (name_end == std::string::npos || name_end + 2 >= line->size()) return std::nullopt;
  Stat stat;
  stat.state = (*line)[name_end + 2];
  std::string_view rest = std::string_view(*line).substr(name_end + 2);
  for (int field = 0; field < 3; ++field)
    rest.remove_prefix(std::min(rest.size(), rest.find(' ') + 1));
  (void)std::from_chars(rest.data(), rest.data() + rest.size(), stat.session);
  stat.line = std::move(*line);
  return stat;
}

void add_file(std::string& block, const fs::path& folder, const char* name) {
  const std::optional<std::string> text = text_of(folder / name);
  if (!text) {
    block += "error " + failure(name, errno) + "\n";
    return;
  }
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    block += std::string(name) + " " + std::string(line) + "\n";
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
}

std::string block_of(pid_t process, pid_t thread, const Stat& stat, const fs::path& folder) {
  std::string block = "task " + std::to_string(process) + " " + std::to_string(thread) + "\n";
  block += "stat " + stat.line + "\n";
  for (const char* name : {"wchan", "syscall", "stack"}) add_file(block, folder, name);
  return block;
}

}  // namespace

bool describe_tasks(const std::set<pid_t>& sessions, Blocked blocked, std::size_t limit,
                    const Emit& emit) {
  std::size_t emitted = 0;
  for (const pid_t process : numbers_in("/proc")) {
    const fs::path threads = fs::path("/proc") / std::to_string(process) / "task";
    for (const pid_t thread : numbers_in(threads)) {
      const fs::path folder = threads / std::to_string(thread);
      const std::optional<Stat> stat = stat_of(folder);
      if (!stat) continue;
      const bool wanted = sessions.contains(stat->session) ||
                          (blocked == Blocked::all_of_the_node && stat->state == 'D');
      if (!wanted) continue;
      const std::string block = block_of(process, thread, *stat, folder);
      if (emitted + block.size() + kCut.size() > limit) {
        emit(kCut);
        return true;
      }
      emitted += block.size();
      emit(block);
    }
  }
  return true;
}

}  // namespace gridlock::agent

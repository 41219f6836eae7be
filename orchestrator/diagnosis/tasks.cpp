// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnosis/tasks.h"

#include <optional>

#include "base/text.h"
#include "console/frames.h"

namespace gridlock::diagnosis {
namespace {

constexpr std::size_t kMaxTasks = 65536;
constexpr std::size_t kMaxFrames = 64;
constexpr std::size_t kMaxText = 128;

std::string_view take_word(std::string_view& text) {
  text = trimmed(text);
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

/// `PID (NAME) STATE ppid …`: the name may hold anything, brackets too.
void read_stat(std::string_view stat, TaskSample& task) {
  constexpr int kBetween = 10;  // columns between the state and utime
  const std::size_t open = stat.find('(');
  const std::size_t close = stat.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return;
  std::string_view rest = stat.substr(close + 1);
  const std::string_view state = take_word(rest);
  for (int i = 0; i < kBetween; ++i) take_word(rest);
  const auto user = number<std::uint64_t>(take_word(rest), 10);
  const auto kernel = number<std::uint64_t>(take_word(rest), 10);
  if (state.size() != 1) return;
  task.name = printable(stat.substr(open + 1, close - open - 1), kMaxText);
  task.state = state[0];
  task.has_stat = true;
  task.has_ticks = user && kernel;
  task.user_ticks = user.value_or(0);
  task.kernel_ticks = kernel.value_or(0);
}

void read_frame(std::string_view line, TaskSample& task) {
  if (task.frames.size() == kMaxFrames) return;
  if (const std::string symbol = console::symbol_in(line); !symbol.empty())
    task.frames.push_back(printable(console::plain_name(symbol), kMaxText));
}

}  // namespace

std::map<int, TaskSample> read_tasks(std::string_view text) {
  std::map<int, TaskSample> tasks;
  TaskSample* task = nullptr;
  while (!text.empty()) {
    std::string_view rest = take_line(text);
    const std::string_view key = take_word(rest);
    if (key == "task") {
      const auto process = number<int>(take_word(rest), 10);
      const auto thread = number<int>(take_word(rest), 10);
      const bool fits = process && thread && *thread > 0 && tasks.size() < kMaxTasks;
      task = fits ? &tasks[*thread] : nullptr;
      if (task != nullptr) {
        *task = {};
        task->process = *process;
      }
    } else if (task == nullptr) {
      continue;
    } else if (key == "stat") {
      read_stat(rest, *task);
    } else if (key == "stack") {
      read_frame(rest, *task);
    } else if (key == "wchan") {
      task->waits_in = printable(trimmed(rest), kMaxText);
    } else if (key == "syscall") {
      task->syscall = printable(trimmed(rest), kMaxText);
    } else if (key == "error") {
      task->error = printable(trimmed(rest), kMaxText);
    }
  }
  return tasks;
}

}  // namespace gridlock::diagnosis

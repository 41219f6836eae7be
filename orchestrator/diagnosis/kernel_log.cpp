// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnosis/kernel_log.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "base/text.h"
#include "console/frames.h"
#include "console/line.h"

namespace gridlock::diagnosis {
namespace {

constexpr std::size_t kMaxTasks = 16384;
constexpr std::size_t kMaxFrames = 64;
constexpr std::size_t kMaxLocks = 64;  // MAX_LOCK_DEPTH is 48
constexpr std::size_t kMaxText = 128;

std::string shown(std::string_view text) { return printable(trimmed(text), kMaxText); }

/// The number that follows `key` and blanks.
std::optional<int> number_after(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  text = trimmed(text.substr(at + key.size()));
  return number<int>(text.substr(0, text.find_first_not_of("0123456789")), 10);
}

struct TaskName {
  std::string name;
  int pid = 0;
};

/// `NAME:PID` or `NAME/PID`; the name may hold the separator.
std::optional<TaskName> task_name(std::string_view text, char separator) {
  const std::size_t at = text.rfind(separator);
  if (at == std::string_view::npos) return std::nullopt;
  const auto pid = number<int>(text.substr(at + 1), 10);
  if (!pid || *pid <= 0) return std::nullopt;
  return TaskName{shown(text.substr(0, at)), *pid};
}

/// "task:mdio            state:D stack:0     pid:108   ppid:106    flags:0x00004002"
std::optional<BlockedTask> blocked_task(std::string_view text) {
  constexpr std::string_view kState = " state:";
  const std::size_t at = text.rfind(kState);
  if (!text.starts_with("task:") || at == std::string_view::npos || at < 5) return std::nullopt;
  const std::string_view rest = text.substr(at + kState.size());
  const auto pid = number_after(rest, " pid:");
  if (rest.empty() || !pid || *pid <= 0) return std::nullopt;
  return BlockedTask{shown(text.substr(5, at - 5)), *pid, rest[0], {}};
}

/// "3 locks held by script/101:"
std::optional<LockUser> lock_user(std::string_view text) {
  std::size_t at = std::string_view::npos;
  for (const std::string_view key : {" locks held by ", " lock held by "})
    if (const std::size_t found = text.find(key); found != std::string_view::npos)
      at = found + key.size();
  if (at == std::string_view::npos || !text.ends_with(':')) return std::nullopt;
  const auto task = task_name(text.substr(at, text.size() - at - 1), '/');
  if (!task) return std::nullopt;
  return LockUser{task->name, task->pid, {}};
}

/// "#0: ff11000004f215a0 (&mm->mmap_lock){++++}-{3:3}, at: lock_mm_and_find_vma+0x2e/0x2a0"
std::optional<HeldLock> held_lock(std::string_view text) {
  text = trimmed(text);
  const std::size_t open = text.find(" (");
  const std::size_t close = text.rfind("){");
  const std::size_t colon = text.find(": ");
  if (!text.starts_with('#') || colon == std::string_view::npos || open == std::string_view::npos ||
      close == std::string_view::npos || close < open || open < colon + 2)
    return std::nullopt;
  const std::size_t at = text.rfind(", at: ");
  return HeldLock{shown(text.substr(colon + 2, open - colon - 2)),
                  shown(text.substr(open + 2, close - open - 2)),
                  at == std::string_view::npos
                      ? std::string()
                      : shown(console::plain_name(console::symbol_in(text.substr(at))))};
}

/// "INFO: task a:1 is blocked on a mutex likely owned by task b:2."
std::optional<LikelyOwner> likely_owner(std::string_view text) {
  constexpr std::string_view kTask = "INFO: task ";
  const std::size_t begin = text.find(kTask);
  const std::size_t blocked = text.find(" blocked on a");
  const std::size_t likely = text.find(" likely ");
  const std::size_t by = text.rfind(" by task ");
  if (begin == std::string_view::npos || blocked == std::string_view::npos ||
      likely == std::string_view::npos || by == std::string_view::npos || by < likely ||
      likely < blocked || blocked < begin + kTask.size())
    return std::nullopt;
  // A reader or writer is marked "<reader>" behind its name.
  const auto unmarked = [](std::string_view task) {
    for (const std::string_view end : {" is", ".", " <reader>", " <writer>"})
      if (task.ends_with(end)) task.remove_suffix(end.size());
    return task;
  };
  const std::size_t from = begin + kTask.size();
  const auto task = task_name(unmarked(text.substr(from, blocked - from)), ':');
  const auto owner = task_name(unmarked(trimmed(text.substr(by + 9))), ':');
  if (!task || !owner) return std::nullopt;
  std::string_view lock = text.substr(blocked + 13, likely - blocked - 13);  // " mutex", "n rw-…"
  if (lock.starts_with('n')) lock.remove_prefix(1);
  return LikelyOwner{shown(lock), task->name, task->pid, owner->name, owner->pid};
}

/// Follows recoveries through the log. Sources: fs/dlm/recoverd.c, fs/gfs2/recovery.c and
/// lock_dlm.c.
class RecoveryWatch {
 public:
  void feed(std::string_view text) {
    if (text.starts_with("dlm: ")) feed_dlm(text);
    if (text.starts_with("gfs2: fsid=") || text.starts_with("GFS2: fsid=")) feed_gfs2(text);
  }

  std::optional<Recovery> under_way() const {
    if (dlm_) return Recovery{lost_node_, "the DLM"};
    if (journal_) return Recovery{lost_node_, fmt::format("journal {}", *journal_)};
    return std::nullopt;
  }

 private:
  void feed_dlm(std::string_view text) {
    if (const auto node = number_after(text, " remove member ")) lost_node_ = *node;
    if (!number_after(text, ": dlm_recover ")) return;
    dlm_ = text.find(" done") == std::string_view::npos;
    if (dlm_) lost_node_ = 0;
  }
  void feed_gfs2(std::string_view text) {
    const auto journal = number_after(text, ": jid=");
    if (!journal) return;
    if (text.find(": Trying to acquire journal glock") != std::string_view::npos)
      journal_ = journal;
    for (const std::string_view end : {": Done", ": Failed", ": Busy", ": Clean"})
      if (journal_ == journal && text.find(end) != std::string_view::npos) journal_.reset();
  }

  bool dlm_ = false;
  std::optional<int> journal_;
  int lost_node_ = 0;
};

/// Reads a log line by line.
class LogReader {
 public:
  void feed(std::string_view text) {
    recovery_.feed(text);
    if (text.starts_with("sysrq: Show Blocked State") || text.starts_with("sysrq: Show State")) {
      tasks_.clear();
      frames_of_ = nullptr;
    } else if (text.find("Showing all locks held in the system") != std::string_view::npos) {
      log_.lock_users.clear();
      frames_of_ = nullptr;
      all_locks_ = true;
    } else if (text.starts_with("=======")) {
      all_locks_ = false;
    } else if (auto task = blocked_task(text)) {
      begin(std::move(*task));
    } else if (auto user = lock_user(text)) {
      // A lockdep report lists locks of one task in the same words.
      frames_of_ = nullptr;
      if (all_locks_ && log_.lock_users.size() < kMaxTasks)
        log_.lock_users.push_back(std::move(*user));
    } else if (auto owner = likely_owner(text)) {
      frames_of_ = nullptr;
      if (log_.owners.size() < kMaxTasks) log_.owners.push_back(std::move(*owner));
    } else {
      feed_detail(text);
    }
  }

  KernelLog take() {
    for (auto& [pid, task] : tasks_) log_.tasks.push_back(std::move(task));
    log_.recovery = recovery_.under_way();
    return std::move(log_);
  }

 private:
  void begin(BlockedTask task) {
    const int pid = task.pid;
    if (tasks_.size() == kMaxTasks && !tasks_.contains(pid)) return;
    BlockedTask& place = tasks_[pid];
    place = std::move(task);
    frames_of_ = &place;
  }

  void feed_detail(std::string_view text) {
    if (auto lock = held_lock(text)) {
      if (!all_locks_ || log_.lock_users.empty() ||
          log_.lock_users.back().locks.size() == kMaxLocks)
        return;
      log_.lock_users.back().locks.push_back(std::move(*lock));
    } else if (text.find("</TASK>") != std::string_view::npos || text.starts_with("RIP: 0033:")) {
      frames_of_ = nullptr;
    } else if (frames_of_ != nullptr && frames_of_->frames.size() < kMaxFrames) {
      const auto frame = console::parse_frame(text);
      if (frame && frame->certain && !frame->inlined)
        frames_of_->frames.push_back(shown(console::plain_name(frame->location.symbol)));
    }
  }

  KernelLog log_;
  std::map<int, BlockedTask> tasks_;
  bool all_locks_ = false;            // inside "Showing all locks held in the system"
  BlockedTask* frames_of_ = nullptr;  // the task whose trace the lines belong to
  RecoveryWatch recovery_;
};

}  // namespace

KernelLog read_kernel_log(std::string_view console) {
  LogReader reader;
  console::LineSplitter lines;
  const auto feed = [&](const console::RawLine& raw) {
    reader.feed(console::parse_line(raw).text);
  };
  lines.feed(console, feed);
  lines.finish(feed);
  return reader.take();
}

}  // namespace gridlock::diagnosis

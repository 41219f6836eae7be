// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnosis/task_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "console/frames.h"
#include "diagnosis/facts.h"

namespace gridlock::diagnosis {
namespace {

/// Functions that say what their callers are at; `*` at the end stands for any ending.
struct Sign {
  Doing doing;
  std::string_view function;
};

// In the order in which they count: a page fault that ends in a lock waits for the lock.
constexpr std::array kSigns = std::to_array<Sign>({
    // Not dlm_recoverd, which is in the stack of the idle thread too.
    {Doing::recovery, "dlm_recover_*"},
    {Doing::recovery, "do_ls_recovery"},
    {Doing::recovery, "ls_recover"},
    {Doing::recovery, "dlm_wait_function"},
    {Doing::recovery, "gfs2_recover_func"},
    {Doing::recovery, "gfs2_recover_journal"},
    {Doing::recovery, "__ocfs2_recovery_thread"},
    {Doing::recovery, "ocfs2_wait_for_recovery"},
    {Doing::lock, "gfs2_glock_wait"},
    {Doing::lock, "gfs2_glock_async_wait"},
    {Doing::lock, "__ocfs2_cluster_lock*"},
    {Doing::lock, "ocfs2_wait_for_mask*"},
    {Doing::lock, "__mutex_lock*"},
    {Doing::lock, "mutex_lock*"},
    {Doing::lock, "rwsem_down_*"},
    {Doing::lock, "down_read*"},
    {Doing::lock, "down_write*"},
    {Doing::lock, "__down_*"},
    {Doing::lock, "percpu_rwsem_wait*"},
    {Doing::lock, "rt_mutex_*"},
    {Doing::lock, "folio_lock*"},
    {Doing::lock, "__folio_lock*"},
    {Doing::lock, "__lock_page*"},
    {Doing::fsync, "vfs_fsync*"},
    {Doing::fsync, "gfs2_fsync"},
    {Doing::fsync, "ocfs2_sync_file"},
    {Doing::fsync, "do_fsync"},
    {Doing::fsync, "generic_write_sync"},
    {Doing::log_flush, "gfs2_log_flush"},
    {Doing::log_flush, "gfs2_log_reserve"},
    {Doing::log_flush, "jbd2_journal_commit_transaction"},
    {Doing::log_flush, "jbd2_log_wait_commit"},
    {Doing::writeback, "wb_workfn"},
    {Doing::writeback, "writeback_sb_inodes"},
    {Doing::writeback, "do_writepages"},
    {Doing::writeback, "filemap_fdatawait*"},
    {Doing::writeback, "__filemap_fdatawait*"},
    {Doing::writeback, "folio_wait_writeback*"},
    {Doing::writeback, "balance_dirty_pages*"},
    {Doing::block_io, "io_schedule*"},
    {Doing::block_io, "blk_io_schedule"},
    {Doing::block_io, "submit_bio_wait"},
    {Doing::block_io, "__wait_on_buffer"},
    {Doing::block_io, "__lock_buffer"},
    {Doing::block_io, "bh_uptodate_or_lock"},
    {Doing::block_io, "blk_mq_get_tag"},
    {Doing::block_io, "rq_qos_wait"},
    {Doing::page_fault, "handle_mm_fault"},
    {Doing::page_fault, "do_user_addr_fault"},
    {Doing::page_fault, "exc_page_fault"},
});

bool matches(std::string_view function, std::string_view pattern) {
  if (!pattern.ends_with('*')) return function == pattern;
  pattern.remove_suffix(1);
  return function.starts_with(pattern);
}

/// The innermost function that says more than that its task waits.
std::string telling(const std::vector<std::string>& frames) {
  for (const std::string& frame : frames)
    if (!console::is_primitive(frame) && !console::is_glock_wait(frame)) return frame;
  return frames.empty() ? std::string() : frames.front();
}

TaskState::Where where(const TaskState& state, char letter) {
  if (letter == 'T' || letter == 't') return TaskState::Where::stopped;
  if (letter == 'R' || state.user_ticks + state.kernel_ticks > 0) return TaskState::Where::running;
  return letter == '?' ? TaskState::Where::unknown : TaskState::Where::sleeping;
}

TaskState state_of(const TaskSample* before, const TaskSample& now) {
  TaskState state;
  state.name = now.name;
  if (before != nullptr && before->has_ticks && now.has_ticks &&
      now.user_ticks >= before->user_ticks && now.kernel_ticks >= before->kernel_ticks) {
    state.seen_twice = true;
    state.user_ticks = now.user_ticks - before->user_ticks;
    state.kernel_ticks = now.kernel_ticks - before->kernel_ticks;
  }
  state.where = where(state, now.state);
  state.doing = doing_of(now.frames);
  state.function = telling(now.frames);
  // "0": it does not sleep.
  if (state.function.empty() && now.waits_in != "0") state.function = now.waits_in;
  return state;
}

/// Of a task that only its kernel's log shows.
TaskState state_of(const BlockedTask& task) {
  TaskState state;
  state.name = task.name;
  state.where = where(state, task.state);
  state.doing = doing_of(task.frames);
  state.function = telling(task.frames);
  return state;
}

const NodeFacts* find(const std::vector<NodeFacts>& facts, const std::string& node) {
  const auto found = std::find_if(facts.begin(), facts.end(),
                                  [&](const NodeFacts& each) { return each.look->node == node; });
  return found == facts.end() ? nullptr : &*found;
}

}  // namespace

std::string_view doing_name(Doing doing) {
  constexpr std::array<std::string_view, 9> kNames{"unknown",   "recovery",   "lock",
                                                   "fsync",     "log flush",  "writeback",
                                                   "block I/O", "page fault", "other"};
  return kNames.at(static_cast<std::size_t>(doing));
}

Doing doing_of(std::span<const std::string> frames) {
  if (frames.empty()) return Doing::unknown;
  const auto has = [&](std::string_view pattern) {
    return std::any_of(frames.begin(), frames.end(),
                       [&](const std::string& frame) { return matches(frame, pattern); });
  };
  // A lockspace's users wait on its ls_in_recovery.
  if ((has("dlm_lock") || has("dlm_unlock")) && has("rwsem_down_read*")) return Doing::recovery;
  for (const Sign& sign : kSigns)
    if (has(sign.function)) return sign.doing;
  return Doing::other;
}

std::string TaskState::text() const {
  const std::string in = function.empty() ? std::string() : " in " + function;
  switch (where) {
    case Where::stopped:
      return "is stopped (SIGSTOP)";
    case Where::sleeping:
      return "sleeps" + in;
    case Where::running:
      if (function.empty() && user_ticks >= kernel_ticks) return "runs in user space";
      return function.empty() ? "runs in the kernel" : "runs in the kernel," + in;
    case Where::unknown:
      break;
  }
  return function.empty() ? "is somewhere" : "was" + in;
}

std::map<TaskId, TaskState> task_states(const std::vector<NodeFacts>& first,
                                        const std::vector<NodeFacts>& second) {
  std::map<TaskId, TaskState> states;
  for (const NodeFacts& now : second) {
    const std::string& node = now.look->node;
    const NodeFacts* const before = find(first, node);
    for (const BlockedTask& task : now.log.tasks) states[{node, task.pid}] = state_of(task);
    for (const auto& [pid, task] : now.tasks) {
      if (!task.has_stat) continue;
      const TaskSample* earlier = nullptr;
      if (before != nullptr)
        if (const auto found = before->tasks.find(pid); found != before->tasks.end())
          earlier = &found->second;
      TaskState state = state_of(earlier, task);
      // The log has the stack where /proc gave none.
      if (task.frames.empty())
        if (const auto& frames = now.frames(pid); !frames.empty()) {
          state.doing = doing_of(frames);
          state.function = telling(frames);
        }
      states[{node, pid}] = std::move(state);
    }
  }
  return states;
}

std::map<TaskId, TaskState> task_states(const Look& first, const Look& second) {
  const auto heard = [](const Look& look) {
    Heard nodes;
    for (const NodeLook& node : look) nodes.push_back(&node);
    return nodes;
  };
  return task_states(facts_of(heard(first)), facts_of(heard(second)));
}

}  // namespace gridlock::diagnosis

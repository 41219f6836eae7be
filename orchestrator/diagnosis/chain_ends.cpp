// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnosis/chain_end.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "diagnosis/chain_ends.h"
#include "diagnosis/cluster_locks.h"

namespace gridlock::diagnosis {
namespace {

using Kind = ChainEnd::Kind;

Kind kind_of(Doing doing) {
  switch (doing) {
    case Doing::recovery:
      return Kind::recovery;
    case Doing::fsync:
      return Kind::fsync;
    case Doing::log_flush:
      return Kind::log_flush;
    case Doing::writeback:
      return Kind::writeback;
    case Doing::block_io:
      return Kind::block_io;
    case Doing::page_fault:
      return Kind::page_fault;
    case Doing::unknown:
    case Doing::lock:
    case Doing::other:
      break;
  }
  return Kind::unknown;
}

ChainEnd of_task(const TaskState& state, std::string_view subject) {
  const auto is = [&](Kind kind, std::string_view what) {
    return ChainEnd{kind, fmt::format("{} is {}", subject, what)};
  };
  const std::string in = state.function.empty() ? std::string() : " in " + state.function;
  if (state.where == TaskState::Where::stopped) return is(Kind::stopped, "stopped (SIGSTOP)");
  const Kind kind = kind_of(state.doing);
  if (kind == Kind::recovery) return {kind, "waits for recovery"};
  if (kind == Kind::page_fault) return is(kind, "in a page fault");
  if (kind != Kind::unknown) return is(kind, fmt::format("in {}", doing_name(state.doing)));
  if (state.where == TaskState::Where::running)
    return state.function.empty() && state.user_ticks >= state.kernel_ticks
               ? is(Kind::user_space, "running in user space")
               : is(Kind::kernel_spin, "running in the kernel" + in);
  if (state.where == TaskState::Where::unknown && state.function.empty())
    return {Kind::unknown, fmt::format("what the {} does is not known", subject)};
  return is(Kind::sleeping,
            "sleeping" + in +
                (state.doing == Doing::lock ? ", for a lock that the dumps do not show" : ""));
}

}  // namespace

bool ChainEnd::passes() const {
  switch (kind) {
    case Kind::recovery:
    case Kind::fsync:
    case Kind::log_flush:
    case Kind::writeback:
    case Kind::block_io:
    case Kind::user_space:
      return true;
    default:
      return false;
  }
}

ChainEnds::ChainEnds(const Heard& heard, const std::vector<NodeFacts>& facts,
                     const std::map<TaskId, TaskState>& states)
    : states_(states) {
  for (const NodeFacts& node : facts)
    if (const auto& recovery = node.log.recovery; recovery && recovery_.empty())
      recovery_ = "waits for recovery of " +
                  (recovery->node > 0 ? node_name(heard, recovery->node) : recovery->what);
  const auto recovering = std::find_if(states.begin(), states.end(), [](const auto& state) {
    return state.second.doing == Doing::recovery;
  });
  if (recovery_.empty() && recovering != states.end())
    recovery_ = "waits for recovery on " + recovering->first.node;
  recovery_ = printable(recovery_);
}

ChainEnd ChainEnds::of(const Wait& last) const {
  const std::string node = printable(last.to.node);
  switch (last.to.kind) {
    case Party::Kind::task: {
      const bool is_queued = last.how == Wait::How::queued;
      const auto state = states_.find({last.to.node, last.to.pid});
      ChainEnd end = of_task(state == states_.end() ? TaskState{} : state->second,
                             is_queued ? "one queued before" : "holder");
      if (end.kind == Kind::recovery && !recovery_.empty()) end.text = recovery_;
      return end;
    }
    case Party::Kind::ended:
      return {Kind::ended, "held by a task that has ended"};
    case Party::Kind::mount:
      return {Kind::mount, "held by the file system itself"};
    case Party::Kind::recovery:
      return {Kind::recovery, recovery_.empty() ? "waits for recovery" : recovery_};
    default:
      break;
  }
  // While locks are rebuilt, what the dumps say of them is no cause.
  if (!recovery_.empty()) return {Kind::recovery, recovery_};
  switch (last.to.kind) {
    case Party::Kind::someone:
      return {Kind::someone, fmt::format("held on {}, by which task is not known", node)};
    case Party::Kind::demotion:
      return {Kind::demotion, fmt::format("{} does not use it and does not give it down", node)};
    case Party::Kind::reply:
      return {Kind::reply, fmt::format("waits for a reply of {}", node)};
    case Party::Kind::silent:
      return {Kind::silent, fmt::format("{} did not answer", node)};
    default:
      return {Kind::nobody, "waits for a lock nobody holds"};
  }
}

}  // namespace gridlock::diagnosis

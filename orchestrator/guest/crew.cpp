// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/crew.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <memory>

#include "base/text.h"

namespace gridlock {
namespace {

constexpr std::size_t kKeptOutput = 256 << 10;

void append_bounded(std::string& text, std::string_view more) {
  text += more;
  if (text.size() > 2 * kKeptOutput) text.erase(0, text.size() - kKeptOutput);
}

}  // namespace

std::string JobResult::describe(const std::string& program) const {
  std::string how = "still running";
  if (finished) {
    if (!end.error.empty())
      how = "could not start: " + printable(end.error);
    else if (end.signal)
      how = fmt::format("killed by signal {}", *end.signal);
    else
      how = fmt::format("exit status {}", end.status.value_or(-1));
  }
  const std::string& said = errors.empty() ? output : errors;
  const std::vector<std::string> last = last_lines(said, 1);
  const std::string tail = last.empty() || last[0].empty() ? "" : ": " + printable(last[0], 200);
  return fmt::format("{} on {}: {}{}", program, node_name, how, tail);
}

Crew::Crew(EventLoop& loop, std::vector<Member> members, Trouble trouble)
    : loop_(loop), members_(std::move(members)), trouble_(std::move(trouble)) {}

const Crew::Member& Crew::member(NodeId id) const {
  const auto it = std::find_if(members_.begin(), members_.end(),
                               [&](const Member& member) { return member.id == id; });
  GRIDLOCK_CHECK(it != members_.end(), fmt::format("the crew has no node {}", id.number));
  return *it;
}

Crew Crew::without(const std::set<NodeId>& nodes) const {
  std::vector<Member> rest;
  for (const Member& member : members_)
    if (!nodes.contains(member.id)) rest.push_back(member);
  return Crew(loop_, rest, trouble_);
}

void Crew::wait(const std::string& what, const std::function<bool()>& condition,
                Milliseconds limit, std::stop_token stop) const {
  std::string trouble;
  const auto over = [&] {
    if (condition()) return true;
    trouble = trouble_();
    return !trouble.empty();
  };
  switch (loop_.run_until(over, limit, stop)) {
    case Waited::stopped:
      throw Cancelled("waiting for " + what);
    case Waited::deadline:
      throw BarrierFailed(fmt::format("{} not within {}", what, to_string(limit)));
    case Waited::done:
      if (!trouble.empty()) throw NodeLost(trouble);
  }
}

std::vector<JobResult> Crew::run_on(const std::vector<const Member*>& members,
                                    const std::function<Job(const Member&)>& job,
                                    Milliseconds limit, std::stop_token stop) const {
  struct Running {
    const Member* member;
    Agent::JobId id;
    std::shared_ptr<JobResult> result;
  };
  std::vector<Running> all;
  for (const Member* member : members) {
    auto result = std::make_shared<JobResult>();
    result->node = member->id;
    result->node_name = member->name;
    JobHandlers handlers;
    handlers.on_output = [result](std::string_view bytes) {
      append_bounded(result->output, bytes);
    };
    handlers.on_errors = [result](std::string_view bytes) {
      append_bounded(result->errors, bytes);
    };
    handlers.on_end = [result](const JobEnd& end) {
      result->finished = true;
      result->end = end;
    };
    all.push_back({member, member->agent->run(job(*member), handlers), result});
  }
  const auto give_up = [&] {
    for (const Running& running : all) {
      if (running.result->finished) continue;
      running.member->agent->signal(running.id, SIGKILL);
      running.member->agent->forget(running.id);
    }
  };
  try {
    wait("programs to end",
         [&] {
           return std::all_of(all.begin(), all.end(),
                              [](const Running& running) { return running.result->finished; });
         },
         limit, stop);
  } catch (const BarrierFailed&) {
    give_up();
  } catch (const Error&) {
    give_up();
    throw;
  }
  std::vector<JobResult> results;
  for (const Running& running : all) results.push_back(*running.result);
  return results;
}

JobResult Crew::run(NodeId node, const Job& job, Milliseconds limit, std::stop_token stop) const {
  return run_on({&member(node)}, [&](const Member&) { return job; }, limit, stop).front();
}

std::vector<JobResult> Crew::run_all(const std::function<Job(const Member&)>& job,
                                     Milliseconds limit, std::stop_token stop) const {
  std::vector<const Member*> everyone;
  for (const Member& member : members_) everyone.push_back(&member);
  return run_on(everyone, job, limit, stop);
}

std::vector<Reply> Crew::get_all(const std::string& path, std::size_t size, Milliseconds limit,
                                 std::stop_token stop) const {
  return get_each(std::vector<std::string>{path}, size, limit, stop).front();
}

std::vector<std::vector<Reply>> Crew::get_each(const std::vector<std::string>& paths,
                                               std::size_t size, Milliseconds limit,
                                               std::stop_token stop) const {
  // Shared with the answers, which may come after the wait was given up.
  struct Answers {
    std::vector<std::vector<Reply>> all;
    std::size_t came = 0;
  };
  const auto answers = std::make_shared<Answers>();
  const std::vector<Reply> none(members_.size(), {"no answer within " + to_string(limit), {}});
  answers->all.assign(paths.size(), none);
  for (std::size_t path = 0; path < paths.size(); ++path)
    for (std::size_t i = 0; i < members_.size(); ++i)
      members_[i].agent->get(paths[path], size, [answers, path, i](const Reply& reply) {
        answers->all[path][i] = reply;
        ++answers->came;
      });
  // A node that does not answer must not keep the others' answers from being used.
  const auto answered = [&] { return answers->came == paths.size() * members_.size(); };
  if (loop_.run_until(answered, limit, stop) == Waited::stopped)
    throw Cancelled("reading " + join(paths, ", "));
  return answers->all;
}

}  // namespace gridlock

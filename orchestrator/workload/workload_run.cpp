// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/workload_run.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>

#include "base/text.h"

namespace gridlock {
namespace {

/// Time for the start requests to reach every node before the common instant.
constexpr Milliseconds kLead{500};
constexpr std::size_t kKeptErrors = 4096;

}  // namespace

WorkloadRun::WorkloadRun(const Plan& plan, const WorkloadSpec& workload, std::uint64_t seed,
                         const Crew& crew, OnSample on_sample)
    : workload_(workload), crew_(crew), on_sample_(std::move(on_sample)) {
  for (const Crew::Member& member : crew_.members()) {
    programs_.push_back(node_program(plan, workload, member.id, seed));
    NodeState state;
    state.node = member.id;
    state.reader = programs_.back().reader.get();
    states_.push_back(state);
  }
}

WorkloadRun::~WorkloadRun() { give_up(); }

void WorkloadRun::prepare(Milliseconds limit, std::stop_token stop) {
  if (!programs_.front().prepare) return;
  std::size_t i = 0;
  const auto results = crew_.run_all(
      [&](const Crew::Member&) { return *programs_[i++].prepare; }, limit, stop);
  for (const JobResult& result : results)
    if (!result.ok())
      throw BarrierFailed(fmt::format("preparing {}: {}", workload_.name,
                                      result.describe(programs_.front().prepare->argv.front())));
}

Milliseconds WorkloadRun::start(Milliseconds limit, std::stop_token stop) {
  const auto& members = crew_.members();
  // Shared with the answers, which may come after this wait was given up.
  const auto answers =
      std::make_shared<std::vector<std::optional<Agent::ClockOffset>>>(members.size());
  const auto answered = std::make_shared<std::size_t>(0);
  for (std::size_t i = 0; i < members.size(); ++i)
    members[i].agent->measure_clock(limit,
                                    [answers, answered, i](std::optional<Agent::ClockOffset> got) {
                                      (*answers)[i] = got;
                                      ++*answered;
                                    });
  crew_.wait("the nodes' clocks", [&] { return *answered == members.size(); },
             limit + Milliseconds{1000}, stop);
  const SteadyTime instant = crew_.loop().now() + kLead;
  std::chrono::nanoseconds apart{0};
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (!(*answers)[i])
      throw BarrierFailed(fmt::format("{} did not tell its clock within {}", members[i].name,
                                      to_string(limit)));
    apart = std::max(apart, (*answers)[i]->uncertainty);
    Job job = programs_[i].run;
    job.at = std::chrono::duration_cast<std::chrono::nanoseconds>(instant.time_since_epoch()) +
             (*answers)[i]->offset;
    NodeState& state = states_[i];
    state.started = state.last_progress = instant;
    SampleReader* const reader = programs_[i].reader.get();
    JobHandlers handlers;
    handlers.on_output = [this, &state, reader](std::string_view bytes) {
      const Counters before = reader->counters();
      reader->feed(bytes);
      const Counters& now = reader->counters();
      if (now.operations != before.operations || now.bytes != before.bytes) {
        state.last_progress = crew_.loop().now();
        state.moved = true;
      }
      if (now.samples != before.samples && on_sample_) on_sample_(state.node, now);
    };
    handlers.on_errors = [&state](std::string_view bytes) {
      state.errors += bytes;
      if (state.errors.size() > 2 * kKeptErrors)
        state.errors.erase(0, state.errors.size() - kKeptErrors);
    };
    handlers.on_end = [&state, reader](const JobEnd& end) {
      state.end = end;
      reader->program_ended(end.ok());
    };
    jobs_.push_back(members[i].agent->run(job, handlers));
  }
  return std::chrono::ceil<Milliseconds>(2 * apart);
}

bool WorkloadRun::ended() const {
  return std::all_of(states_.begin(), states_.end(),
                     [](const NodeState& state) { return state.end.has_value(); });
}

void WorkloadRun::forgive(Milliseconds pause) {
  for (NodeState& state : states_) state.last_progress += pause;
}

void WorkloadRun::give_up() {
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    Agent& agent = *crew_.members()[i].agent;
    if (!states_[i].end) agent.signal(jobs_[i], SIGKILL);
    agent.forget(jobs_[i]);
  }
  jobs_.clear();
}

std::vector<JobResult> WorkloadRun::verify(Milliseconds limit, std::stop_token stop) {
  if (!programs_.front().verify) return {};
  std::size_t i = 0;
  return crew_.run_all([&](const Crew::Member&) { return *programs_[i++].verify; }, limit, stop);
}

}  // namespace gridlock

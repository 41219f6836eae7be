// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/workload_run.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>

#include "base/text.h"

namespace gridlock {
namespace {

/// Time for the start requests to reach every node before the common instant: many times what the
/// fastest requests take, since others take longer on a busy host.
constexpr int kLeadWays = 50;
constexpr Milliseconds kLeastLead{150};
constexpr Milliseconds kMostLead{500};
constexpr std::size_t kKeptErrors = 4096;

}  // namespace

WorkloadRun::WorkloadRun(const Plan& plan, const WorkloadSpec& workload, std::uint64_t seed,
                         const Crew& crew, const std::set<NodeId>& mortal, OnSample on_sample)
    : plan_(plan),
      workload_(workload),
      seed_(seed),
      crew_(crew),
      barriers_(crew),
      on_sample_(std::move(on_sample)) {
  WorkRing ring;
  // What is usual is not said.
  if (crew.members().size() < plan.nodes.size())
    for (const Crew::Member& member : crew.members()) ring.nodes.push_back(member.id);
  ring.mortal = mortal;
  if (!workload.exec) window_ = steady_window(workload.duration);
  progress_.resize(crew_.members().size());
  for (const Crew::Member& member : crew_.members()) {
    programs_.push_back(node_program(plan, workload, member.id, seed, ring));
    NodeState state;
    state.node = member.id;
    state.name = member.name;
    state.reader = programs_.back().reader.get();
    states_.push_back(state);
  }
  for (std::size_t i = 0; i < states_.size(); ++i) {
    states_[i].program = &programs_[i];
    programs_[i].reader->on_other(
        [&log = states_[i].log](std::string_view line) { log.line(line); });
    programs_[i].reader->on_sample([this, i](const std::string& name, const WorkerState& worker) {
      sampled(i, name, worker);
    });
  }
}

void WorkloadRun::sampled(std::size_t index, const std::string& name, const WorkerState& worker) {
  NodeState& state = states_[index];
  if (does_operations(name)) {
    if (window_) state.meters.try_emplace(name, *window_).first->second.add(worker.sample);
    auto& all = progress_[index];
    Progress& progress = all.try_emplace(name, Progress{0, state.started}).first->second;
    // What failed is an end of waiting, too.
    const std::uint64_t mark =
        worker.counters.operations + worker.counters.errors + worker.counters.bytes;
    if (mark != progress.mark) progress = {mark, crew_.loop().now()};
    SteadyTime oldest = SteadyTime::max();
    for (const auto& [other, its] : all) {
      if (state.reader->workers().find(other)->second.ended || its.at >= oldest) continue;
      oldest = its.at;
      state.stillest = other;
    }
    if (oldest != SteadyTime::max()) state.last_progress = oldest;
    state.moved = std::none_of(all.begin(), all.end(),
                               [](const auto& entry) { return entry.second.mark == 0; });
  }
  if (on_sample_) on_sample_(state.node, name, worker);
}

bool WorkloadRun::NodeState::went_well() const {
  const auto& success = program->success;
  return end && end->status &&
         std::find(success.begin(), success.end(), *end->status) != success.end();
}

WorkloadRun::~WorkloadRun() { give_up(); }

void WorkloadRun::prepare(Milliseconds limit, std::stop_token stop) {
  const SteadyTime end = crew_.loop().now() + limit;
  const auto left = [&] {
    const auto time = std::chrono::ceil<Milliseconds>(end - crew_.loop().now());
    return std::max(time, Milliseconds{0});
  };
  put_files(crew_, programs_.front().files, limit, stop);
  run_first(&NodeProgram::folders, left(), stop);
  run_first(&NodeProgram::prepare, left(), stop);
}

void WorkloadRun::run_first(const std::optional<Job> NodeProgram::*job, Milliseconds limit,
                            std::stop_token stop) {
  if (!(programs_.front().*job)) return;
  std::size_t i = 0;
  const auto results =
      crew_.run_all([&](const Crew::Member&) { return *(programs_[i++].*job); }, limit, stop);
  for (const JobResult& result : results)
    if (!result.ok())
      throw BarrierFailed(fmt::format("preparing {}: {}", workload_.name,
                                      result.describe((programs_.front().*job)->argv.front())));
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
  crew_.wait(
      "the nodes' clocks", [&] { return *answered == members.size(); }, limit + Milliseconds{1000},
      stop);
  std::chrono::nanoseconds apart{0};
  std::vector<std::chrono::nanoseconds> offsets;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (!(*answers)[i])
      throw BarrierFailed(
          fmt::format("{} did not tell its clock within {}", members[i].name, to_string(limit)));
    apart = std::max(apart, (*answers)[i]->uncertainty);
    offsets.push_back((*answers)[i]->offset);
  }
  barriers_.open(std::move(offsets));
  const SteadyTime instant =
      crew_.loop().now() +
      std::clamp(std::chrono::ceil<Milliseconds>(kLeadWays * apart), kLeastLead, kMostLead);
  for (std::size_t i = 0; i < members.size(); ++i) {
    Job job = programs_[i].run;
    job.at = std::chrono::duration_cast<std::chrono::nanoseconds>(instant.time_since_epoch()) +
             (*answers)[i]->offset;
    NodeState& state = states_[i];
    state.started = state.last_progress = instant;
    SampleReader* const reader = programs_[i].reader.get();
    JobHandlers handlers;
    handlers.on_output = [reader](std::string_view bytes) { reader->feed(bytes); };
    handlers.on_errors = [&state](std::string_view bytes) {
      state.log.errors(bytes);
      state.errors += bytes;
      if (state.errors.size() > 2 * kKeptErrors)
        state.errors.erase(0, state.errors.size() - kKeptErrors);
    };
    handlers.on_end = [this, &state, reader](const JobEnd& end) {
      state.end = end;
      reader->program_ended(end.ok());
      state.log.finish();
      barriers_.program_ended(state.node);
    };
    jobs_.push_back(members[i].agent->run(job, handlers));
  }
  return std::chrono::ceil<Milliseconds>(2 * apart);
}

Milliseconds WorkloadRun::until_start() const {
  const auto time = states_.front().started - crew_.loop().now();
  return std::max(std::chrono::ceil<Milliseconds>(time), Milliseconds{0});
}

const WorkloadRun::NodeState& WorkloadRun::node(NodeId id) const {
  return *std::find_if(states_.begin(), states_.end(),
                       [&](const NodeState& state) { return state.node == id; });
}

std::map<NodeId, Agent::JobId> WorkloadRun::jobs() const {
  std::map<NodeId, Agent::JobId> all;
  for (std::size_t i = 0; i < jobs_.size(); ++i) all[states_[i].node] = jobs_[i];
  return all;
}

bool WorkloadRun::ended() const {
  return std::all_of(states_.begin(), states_.end(),
                     [](const NodeState& state) { return state.over(); });
}

void WorkloadRun::forgive(Milliseconds pause) {
  for (NodeState& state : states_) state.last_progress += pause;
  for (auto& workers : progress_)
    for (auto& [name, progress] : workers) progress.at += pause;
  barriers_.forget_clocks();
}

void WorkloadRun::lose(NodeId node) {
  for (std::size_t i = 0; i < states_.size(); ++i) {
    if (states_[i].node != node) continue;
    states_[i].killed = true;
    states_[i].log.finish();
    if (i < jobs_.size()) crew_.members()[i].agent->forget(jobs_[i]);
  }
  barriers_.node_gone(node);
}

void WorkloadRun::give_up() {
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    Agent& agent = *crew_.members()[i].agent;
    if (!states_[i].over()) agent.signal(jobs_[i], SIGKILL);
    agent.forget(jobs_[i]);
  }
  jobs_.clear();
  barriers_.close();
}

std::vector<JobResult> WorkloadRun::verify(Milliseconds limit, std::stop_token stop) {
  barriers_.close();
  if (!programs_.front().verify) return {};
  WorkRing ring;
  std::vector<NodeId> left;
  std::map<NodeId, Job> jobs;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const NodeId node = states_[i].node;
    ring.nodes.push_back(node);
    if (states_[i].killed)
      ring.mortal.insert(node);
    else
      left.push_back(node);
    jobs[node] = *programs_[i].verify;
  }
  for (std::size_t i = 0; i < left.size() && !ring.mortal.empty(); ++i) {
    ring.looks_at = left[(i + 1) % left.size()];
    jobs[left[i]] = *node_program(plan_, workload_, left[i], seed_, ring).verify;
  }
  return crew_.without(ring.mortal)
      .run_all([&](const Crew::Member& member) { return jobs.at(member.id); }, limit, stop);
}

}  // namespace gridlock

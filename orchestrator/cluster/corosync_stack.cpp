// SPDX-License-Identifier: GPL-2.0-or-later
#include "cluster/corosync_stack.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/corosync_conf.h"
#include "cluster/steps.h"

namespace gridlock {
namespace {

constexpr const char* kConf = "/etc/corosync/corosync.conf";
constexpr const char* kCorosync = "corosync";
constexpr const char* kDlmControld = "dlm_controld";

/// dlm_controld looks at a signal it got before it waits for the next event, so one that comes in
/// between is forgotten until something happens.
constexpr Milliseconds kAskAgain{2'000};

}  // namespace

CorosyncStack::CorosyncStack(const Plan& plan, const Crew& crew, DaemonSink sink)
    : plan_(plan), crew_(crew), sink_(std::move(sink)), nodes_(crew.members().size()) {}

Daemon::LineSink CorosyncStack::line_sink(NodeId node, const std::string& daemon) {
  return [this, node, daemon](const std::string& line) {
    if (sink_) sink_(node, daemon, line);
  };
}

void CorosyncStack::begin() {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const Crew::Member& member = crew_.members()[i];
    member.agent->put(
        kConf, corosync_conf(plan_), 0644,
        [this, i, &member, alive = std::weak_ptr(alive_)](const Reply& reply) {
          if (alive.expired()) return;
          if (reply.ok())
            nodes_[i].corosync = std::make_unique<Daemon>(
                member, kCorosync, program({kCorosync, "-f"}), line_sink(member.id, kCorosync));
          else
            put_failure_ = fmt::format("writing {} on {}: {}", kConf, member.name, reply.error);
        });
  }
}

std::string CorosyncStack::broken() const {
  if (!put_failure_.empty()) return put_failure_;
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    for (const Daemon* daemon : daemons_of(i))
      if (daemon && daemon->ended())
        return describe_end(crew_.members()[i], daemon->name(), *daemon->ended(), daemon->tail(1));
  return {};
}

void CorosyncStack::wait(const std::string& what, const std::function<bool(std::size_t)>& there,
                         Milliseconds limit, std::stop_token stop) const {
  wait_for_all(
      crew_, what, there, [this] { return broken(); }, limit, std::move(stop));
}

void CorosyncStack::form(Milliseconds limit, std::stop_token stop) {
  const TimeLeft left(crew_.loop(), limit);
  const std::string everyone = fmt::format("Members[{}]:", nodes_.size());
  wait(
      "corosync up",
      [&](std::size_t i) {
        return nodes_[i].corosync && nodes_[i].corosync->said("server name: quorum");
      },
      left(), stop);
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const Crew::Member& member = crew_.members()[i];
    nodes_[i].dlm_controld = std::make_unique<Daemon>(
        member, kDlmControld,
        program({kDlmControld, "-D", "--enable_fencing", "0", "--enable_startup_fencing", "0",
                 "--enable_quorum_lockspace", "0"}),
        line_sink(member.id, kDlmControld));
  }
  wait(
      "quorum with all nodes",
      [&](std::size_t i) {
        return nodes_[i].corosync->said("[QUORUM] " + everyone) &&
               nodes_[i].corosync->said("provide service");
      },
      left(), stop);
  wait(
      "dlm_controld with all nodes",
      [&](std::size_t i) {
        return std::all_of(plan_.nodes.begin(), plan_.nodes.end(), [&](const PlannedNode& node) {
          return nodes_[i].dlm_controld->said(
              fmt::format("set_configfs_node {} {}", node.id.number, node.address));
        });
      },
      left(), stop);
}

void CorosyncStack::leave(const std::set<NodeId>& gone, Milliseconds limit, std::stop_token stop) {
  const TimeLeft left(crew_.loop(), limit);
  for (std::size_t i = nodes_.size(); i-- > 0;) {
    if (gone.contains(crew_.members()[i].id)) continue;
    for (Daemon* daemon : {nodes_[i].dlm_controld.get(), nodes_[i].corosync.get()})
      end(*daemon, crew_.members()[i].name, left(), stop);
  }
}

void CorosyncStack::end(Daemon& daemon, const std::string& node, Milliseconds limit,
                        std::stop_token stop) const {
  const TimeLeft left(crew_.loop(), limit);
  while (true) {
    daemon.terminate();
    const Milliseconds rest = left();
    try {
      return crew_.wait(
          daemon.name() + " on " + node + " to end", [&] { return daemon.ended().has_value(); },
          std::clamp(rest, Milliseconds{0}, kAskAgain), stop);
    } catch (const BarrierFailed&) {
      if (rest <= kAskAgain) throw;
    }
  }
}

std::vector<DaemonJobs> CorosyncStack::daemons() const {
  std::vector<DaemonJobs> jobs;
  for (const NodeDaemons& node : nodes_) {
    GRIDLOCK_CHECK(node.corosync && node.dlm_controld, "the cluster has formed");
    jobs.push_back({{kCorosync, node.corosync->job()}, {kDlmControld, node.dlm_controld->job()}});
  }
  return jobs;
}

void CorosyncStack::adopt(const std::vector<DaemonJobs>& daemons) {
  GRIDLOCK_CHECK(daemons.size() == nodes_.size(), "daemons for every node");
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const Crew::Member& member = crew_.members()[i];
    const auto running = [&](const char* name) {
      const auto job = daemons[i].find(name);
      GRIDLOCK_CHECK(job != daemons[i].end(), std::string("a saved node without ") + name);
      return std::make_unique<Daemon>(member, name, job->second, line_sink(member.id, name));
    };
    nodes_[i].corosync = running(kCorosync);
    nodes_[i].dlm_controld = running(kDlmControld);
  }
}

std::vector<const Daemon*> CorosyncStack::daemons_of(std::size_t node) const {
  return {nodes_[node].corosync.get(), nodes_[node].dlm_controld.get()};
}

std::string CorosyncStack::diagnosis_script() const {
  return "echo '--- quorum'; corosync-quorumtool -s; echo '--- dlm'; dlm_tool ls; dlm_tool status";
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "cluster/o2cb_stack.h"

#include <fmt/format.h>

#include "cluster/filesystem.h"
#include "cluster/o2cb_conf.h"
#include "cluster/steps.h"

namespace gridlock {
namespace {

constexpr const char* kConf = "/etc/ocfs2/cluster.conf";
constexpr const char* kRegistration = "o2cb";

}  // namespace

O2cbStack::O2cbStack(const Plan& plan, const Crew& crew, DaemonSink sink)
    : plan_(plan), crew_(crew), sink_(std::move(sink)), registrations_(crew.members().size()) {}

void O2cbStack::begin() {
  const std::string script = support_script(plan_) + o2cb_register_script(plan_);
  for (std::size_t i = 0; i < registrations_.size(); ++i) {
    const Crew::Member& member = crew_.members()[i];
    member.agent->put(
        kConf, o2cb_conf(plan_), 0644,
        [this, i, &member, script, alive = std::weak_ptr(alive_)](const Reply& reply) {
          if (alive.expired()) return;
          if (!reply.ok()) {
            put_failure_ = fmt::format("writing {} on {}: {}", kConf, member.name, reply.error);
            return;
          }
          registrations_[i] = std::make_unique<Daemon>(member, kRegistration, shell(script),
                                                       [this, &member](const std::string& line) {
                                                         if (sink_)
                                                           sink_(member.id, kRegistration, line);
                                                       });
        });
  }
}

std::string O2cbStack::broken() const {
  if (!put_failure_.empty()) return put_failure_;
  for (std::size_t i = 0; i < registrations_.size(); ++i) {
    const Daemon* const job = registrations_[i].get();
    if (job && job->ended() && !job->ended()->ok())
      return describe_end(crew_.members()[i], "registering the cluster", *job->ended(),
                          job->tail(1));
  }
  return {};
}

void O2cbStack::form(Milliseconds limit, std::stop_token stop) {
  wait_for_all(
      crew_, "o2cb with all nodes",
      [&](std::size_t i) {
        const Daemon* const job = registrations_[i].get();
        return job && job->ended() && job->ended()->ok();
      },
      [this] { return broken(); }, limit, std::move(stop));
}

void O2cbStack::leave(const std::set<NodeId>& gone, Milliseconds limit, std::stop_token stop) {
  const TimeLeft left(crew_.loop(), limit);
  for (std::size_t i = registrations_.size(); i-- > 0;) {
    if (gone.contains(crew_.members()[i].id)) continue;
    const JobResult result =
        crew_.run(crew_.members()[i].id,
                  program({"o2cb", "unregister-cluster", plan_.cluster_name}), left(), stop);
    if (!result.ok()) throw BarrierFailed(result.describe("leaving the cluster"));
  }
}

std::vector<DaemonJobs> O2cbStack::daemons() const {
  return std::vector<DaemonJobs>(registrations_.size());
}

void O2cbStack::adopt(const std::vector<DaemonJobs>& daemons) {
  GRIDLOCK_CHECK(daemons.size() == registrations_.size(), "daemons for every node");
}

std::vector<const Daemon*> O2cbStack::daemons_of(std::size_t node) const {
  return {registrations_[node].get()};
}

std::string O2cbStack::diagnosis_script() const {
  // Source of the names: fs/ocfs2/cluster/heartbeat.c and netdebug.c.
  return fmt::format(
      "echo '--- o2cb'; cat /sys/fs/ocfs2/cluster_stack; o2cb cluster-status {0}; "
      "cd /sys/kernel/config/cluster/{0} && grep . heartbeat/dead_threshold *_ms fence_method "
      "node/*/ipv4_address node/*/local; ls heartbeat; "
      "echo '--- heartbeat'; cat /sys/kernel/debug/o2hb/livenodes; "
      "echo '--- connections'; cat /sys/kernel/debug/o2net/sock_containers",
      plan_.cluster_name);
}

}  // namespace gridlock

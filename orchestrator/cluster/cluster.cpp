// SPDX-License-Identifier: GPL-2.0-or-later
#include "cluster/cluster.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cluster/corosync_conf.h"

namespace gridlock {
namespace {

/// The shared disk carries this serial; the agent links /dev/disk/by-serial to what it finds.
constexpr const char* kSharedDisk = "/dev/disk/by-serial/SHARED";

/// A mount that comes just before dlm_controld has told the kernel its addresses fails with -107;
/// the next one works.
constexpr Milliseconds kMountRetry{250};
/// dlm_controld looks at a signal it got before it waits for the next event, so one that comes in
/// between is forgotten until something happens.
constexpr Milliseconds kAskAgain{2'000};
constexpr Milliseconds kDiagnosisLimit{8'000};

Job program(std::vector<std::string> argv) {
  Job job;
  job.argv = std::move(argv);
  job.environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
  return job;
}

}  // namespace

Cluster::Cluster(const Plan& plan, const Crew& crew, Sink sink)
    : plan_(plan), crew_(crew), sink_(std::move(sink)), nodes_(crew.members().size()) {}

Daemon& Cluster::start(std::unique_ptr<Daemon>& slot, const Crew::Member& member,
                       const std::string& name, std::vector<std::string> argv) {
  slot =
      std::make_unique<Daemon>(member, name, program(std::move(argv)), line_sink(member.id, name));
  return *slot;
}

Daemon::LineSink Cluster::line_sink(NodeId node, const std::string& daemon) {
  return [this, node, daemon](const std::string& line) {
    if (sink_) sink_(node, daemon, line);
  };
}

void Cluster::begin(std::stop_token) {
  const std::string path = "/etc/corosync/corosync.conf";
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const Crew::Member& member = crew_.members()[i];
    member.agent->put(path, corosync_conf(plan_), 0644,
                      [this, i, &member, path, alive = std::weak_ptr(alive_)](const Reply& reply) {
                        if (alive.expired()) return;
                        if (reply.ok())
                          start(nodes_[i].corosync, member, "corosync", {"corosync", "-f"});
                        else
                          put_failure_ =
                              fmt::format("writing {} on {}: {}", path, member.name, reply.error);
                      });
  }
  const std::vector<std::string> mkfs{
      "mkfs.gfs2", "-O",
      "-q",        "-K",
      "-p",        "lock_dlm",
      "-t",        plan_.lock_table,
      "-j",        std::to_string(plan_.nodes.size()),
      "-J",        std::to_string(plan_.filesystem.journal.count >> 20),
      kSharedDisk};
  start(mkfs_, crew_.members().front(), "mkfs.gfs2", mkfs);
}

std::string Cluster::missing(const std::function<bool(std::size_t)>& there) const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (!there(i)) names.push_back(crew_.members()[i].name);
  return join(names, ", ");
}

void Cluster::wait(const std::string& what, const std::function<bool(std::size_t)>& there,
                   Milliseconds limit, std::stop_token stop) const {
  const auto all = [&] {
    for (std::size_t i = 0; i < nodes_.size(); ++i)
      if (!there(i)) return false;
    return true;
  };
  try {
    crew_.wait(
        what, [&] { return all() || !broken().empty(); }, limit, stop);
  } catch (const BarrierFailed&) {
    throw BarrierFailed(
        fmt::format("{} on {} not within {}", what, missing(there), to_string(limit)));
  }
  if (!all()) throw BarrierFailed("waiting for " + what + ": " + broken());
}

std::string Cluster::broken() const {
  if (!put_failure_.empty()) return put_failure_;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    for (const Daemon* daemon : {nodes_[i].corosync.get(), nodes_[i].dlm_controld.get()}) {
      if (!daemon || !daemon->ended()) continue;
      JobResult result;
      result.node = crew_.members()[i].id;
      result.finished = true;
      result.end = *daemon->ended();
      result.errors = daemon->tail(1);
      return result.describe(daemon->name());
    }
  }
  return {};
}

void Cluster::connect(Milliseconds limit, std::stop_token stop) {
  // One shell a node: a program start costs a node under emulation more than the ping does.
  const SteadyTime begin = crew_.loop().now();
  std::vector<bool> reached(nodes_.size(), false);
  std::string last;
  while (true) {
    const auto results = crew_.run_all(
        [&](const Crew::Member& member) {
          std::string script = "true";
          for (const PlannedNode& peer : plan_.nodes)
            if (peer.id != member.id)
              script += fmt::format(" && busybox ping -c 1 -W 2 {} >/dev/null", peer.address);
          return program({"sh", "-c", script});
        },
        limit, stop);
    for (std::size_t i = 0; i < results.size(); ++i) {
      reached[i] = results[i].ok();
      if (!reached[i]) last = results[i].describe("ping");
    }
    if (std::all_of(reached.begin(), reached.end(), [](bool ok) { return ok; })) return;
    const auto gone = std::chrono::duration_cast<Milliseconds>(crew_.loop().now() - begin);
    if (gone >= limit)
      throw BarrierFailed(fmt::format("{} does not reach every other node within {} ({})",
                                      missing([&](std::size_t i) { return bool(reached[i]); }),
                                      to_string(limit), last));
  }
}

void Cluster::form(Milliseconds limit, std::stop_token stop) {
  const SteadyTime begin = crew_.loop().now();
  const auto left = [&] {
    return limit - std::chrono::duration_cast<Milliseconds>(crew_.loop().now() - begin);
  };
  const std::string everyone = fmt::format("Members[{}]:", nodes_.size());
  wait(
      "corosync up",
      [&](std::size_t i) {
        return nodes_[i].corosync && nodes_[i].corosync->said("server name: quorum");
      },
      left(), stop);
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    start(nodes_[i].dlm_controld, crew_.members()[i], "dlm_controld",
          {"dlm_controld", "-D", "--enable_fencing", "0", "--enable_startup_fencing", "0",
           "--enable_quorum_lockspace", "0"});
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

void Cluster::format(Milliseconds limit, std::stop_token stop) {
  crew_.wait(
      "mkfs.gfs2 to end", [&] { return mkfs_->ended().has_value(); }, limit, stop);
  if (mkfs_->ended()->ok()) return;
  JobResult result;
  result.node = crew_.members().front().id;
  result.finished = true;
  result.end = *mkfs_->ended();
  result.errors = mkfs_->tail(3);
  throw BarrierFailed(result.describe("mkfs.gfs2"));
}

void Cluster::mount(Milliseconds limit, std::stop_token stop) {
  // The retry is a loop in the node, so that a node that is ready does not wait for the host.
  const std::string script = fmt::format(
      "mkdir -p '{0}'; n=0; until mount -t gfs2 -o noatime {1} '{0}' 2>/tmp/mount.err; do "
      "n=$((n+1)); [ $n -ge {2} ] && {{ cat /tmp/mount.err >&2; exit 1; }}; sleep {3}; done",
      plan_.filesystem.mount, kSharedDisk, std::max<std::int64_t>(1, limit / kMountRetry / 2),
      static_cast<double>(kMountRetry.count()) / 1000);
  const auto results = crew_.run_all(
      [&](const Crew::Member&) {
        return program({"sh", "-c", script});
      },
      limit, stop);
  for (const JobResult& result : results)
    if (!result.ok()) throw BarrierFailed(result.describe("mount"));
}

void Cluster::settle(Milliseconds limit, std::stop_token stop) {
  for (const JobResult& result : crew_.run_all(
           [](const Crew::Member&) {
             return program({"busybox", "sync"});
           },
           limit, stop))
    if (!result.ok()) throw BarrierFailed(result.describe("sync"));
}

std::vector<DaemonJobs> Cluster::daemons() const {
  std::vector<DaemonJobs> jobs;
  for (const NodeDaemons& node : nodes_) {
    GRIDLOCK_CHECK(node.corosync && node.dlm_controld, "the cluster has formed");
    jobs.push_back({node.corosync->job(), node.dlm_controld->job()});
  }
  return jobs;
}

void Cluster::adopt(const std::vector<DaemonJobs>& daemons) {
  GRIDLOCK_CHECK(daemons.size() == nodes_.size(), "daemons for every node");
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const Crew::Member& member = crew_.members()[i];
    nodes_[i].corosync = std::make_unique<Daemon>(member, "corosync", daemons[i].corosync,
                                                  line_sink(member.id, "corosync"));
    nodes_[i].dlm_controld = std::make_unique<Daemon>(
        member, "dlm_controld", daemons[i].dlm_controld, line_sink(member.id, "dlm_controld"));
  }
}

void Cluster::leave(Milliseconds limit, std::stop_token stop) {
  const SteadyTime begin = crew_.loop().now();
  const auto left = [&] {
    return limit - std::chrono::duration_cast<Milliseconds>(crew_.loop().now() - begin);
  };
  // One after another: a node that leaves while another's requests are under way makes the DLM
  // recover them, which is not what an orderly end is about.
  for (std::size_t i = nodes_.size(); i-- > 0;) {
    const JobResult result =
        crew_.run(crew_.members()[i].id, program({"umount", plan_.filesystem.mount}), left(), stop);
    if (!result.ok()) throw BarrierFailed(result.describe("umount"));
  }
  for (std::size_t i = nodes_.size(); i-- > 0;) {
    for (Daemon* daemon : {nodes_[i].dlm_controld.get(), nodes_[i].corosync.get()})
      end(*daemon, crew_.members()[i].name, left(), stop);
  }
}

void Cluster::end(Daemon& daemon, const std::string& node, Milliseconds limit,
                  std::stop_token stop) const {
  const SteadyTime begin = crew_.loop().now();
  while (true) {
    daemon.terminate();
    const auto gone = std::chrono::duration_cast<Milliseconds>(crew_.loop().now() - begin);
    try {
      return crew_.wait(
          daemon.name() + " on " + node + " to end", [&] { return daemon.ended().has_value(); },
          std::clamp(limit - gone, Milliseconds{0}, kAskAgain), stop);
    } catch (const BarrierFailed&) {
      if (gone + kAskAgain >= limit) throw;
    }
  }
}

std::string Cluster::diagnose(std::stop_token stop) const {
  const std::string script =
      "echo '--- quorum'; corosync-quorumtool -s; echo '--- dlm'; dlm_tool ls; dlm_tool status; "
      "echo '--- mounts'; grep gfs2 /proc/mounts; echo '--- net'; ip -br addr";
  std::string out;
  std::vector<JobResult> results;
  try {
    results = crew_.run_all(
        [&](const Crew::Member&) {
          return program({"sh", "-c", script});
        },
        kDiagnosisLimit, stop);
  } catch (const NodeLost& lost) {
    out += std::string("(") + lost.what() + ")\n";
  }
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    out += "== " + crew_.members()[i].name + "\n";
    if (i < results.size()) out += results[i].output + results[i].errors;
    for (const Daemon* daemon :
         {nodes_[i].corosync.get(), nodes_[i].dlm_controld.get(), i == 0 ? mkfs_.get() : nullptr})
      if (daemon) out += fmt::format("--- last lines of {}\n{}", daemon->name(), daemon->tail(12));
  }
  return out;
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "watch/lock_files.h"

#include "plan/lock_names.h"

namespace gridlock {
namespace {

const std::string kDebug = "/sys/kernel/debug/";

void add_dlm(const Plan& plan, const std::string& lockspace, LockFiles& files) {
  files.dlm_locks = kDebug + "dlm/" + lockspace + "_locks";
  files.dlm_waiters = kDebug + "dlm/" + lockspace + "_waiters";
  files.dlm_recovery = "/sys/kernel/dlm/" + lockspace + "/recover_status";
  for (const PlannedNode& node : plan.nodes)
    files.dlm_members.emplace_back(node.id.number, "/sys/kernel/config/dlm/cluster/spaces/" +
                                                       lockspace + "/nodes/" +
                                                       std::to_string(node.id.number) + "/nodeid");
}

void add_o2cb(const std::string& domain, LockFiles& files) {
  const std::string folder = kDebug + "o2dlm/" + domain + "/";
  files.o2dlm_state = folder + "dlm_state";
  files.o2cb = {{"o2dlm_locks", folder + "locking_state"},
                {"o2dlm_mles", folder + "mle_state"},
                {"o2dlm_purge_list", folder + "purge_list"},
                {"o2hb_livenodes", kDebug + "o2hb/livenodes"},
                {"o2net_sending", kDebug + "o2net/send_tracking"},
                {"o2net_connections", kDebug + "o2net/sock_containers"}};
}

}  // namespace

LockFiles lock_files(const Plan& plan) {
  LockFiles files;
  const std::string lockspace = lockspace_of(plan.lock_table);
  const ClusterStack stack = plan.cluster.stack;
  if (plan.filesystem.type == FilesystemType::gfs2) {
    files.glocks = kDebug + "gfs2/" + plan.lock_table + "/glocks";
    files.sbstats = kDebug + "gfs2/" + plan.lock_table + "/sbstats";
    files.withdrawn = "/sys/fs/gfs2/" + plan.lock_table + "/withdraw";
  } else {
    files.ocfs2_state = kDebug + "ocfs2/" + lockspace + "/fs_state";
    // A local mount has no locks to tell of.
    if (stack != ClusterStack::none)
      files.ocfs2_locks = kDebug + "ocfs2/" + lockspace + "/locking_state";
  }
  if (stack == ClusterStack::corosync) add_dlm(plan, lockspace, files);
  if (stack == ClusterStack::o2cb) add_o2cb(lockspace, files);
  return files;
}

}  // namespace gridlock

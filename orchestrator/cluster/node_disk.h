// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/iscsi_lun.h"
#include "cluster/daemon.h"
#include "guest/crew.h"

namespace gridlock {

/// open-iscsi's settings for sessions with `lun`: what its package has, but for what the secret
/// needs and for pings, which wait longer: a node under emulation on a busy host may be off the
/// processor for seconds. Source: /etc/iscsi/iscsid.conf of open-iscsi 2.1.8.
std::string iscsid_conf(const IscsiLun& lun);

/// A shared disk that is no virtio disk, as the nodes find it: after attach() it is at
/// /dev/disk/by-serial/SHARED, as the agent has it of other disks. With a LUN the nodes' kernels
/// are the initiators, with open-iscsi; its secret is in a file that only root of the node reads.
class NodeDisk {
 public:
  /// Hears the lines of iscsid: node, line.
  using Sink = std::function<void(NodeId, const std::string& line)>;

  /// `lun`: what nodes log in to; absent: their machines have a SCSI disk with the serial SHARED.
  NodeDisk(const Crew& crew, std::optional<IscsiLun> lun, Bytes size, Sink sink);

  /// Throws BarrierFailed if a node has not got the disk within `limit`, or it is smaller than
  /// `size`.
  void attach(Milliseconds limit, std::stop_token stop);

  /// Ends the sessions of nodes that are initiators. Throws like attach().
  void detach(const std::set<NodeId>& gone, Milliseconds limit, std::stop_token stop);

 private:
  void put(const std::string& path, const std::function<std::string(const Crew::Member&)>& text,
           Milliseconds limit, std::stop_token stop);
  void log_in(Milliseconds limit, std::stop_token stop);

  const Crew& crew_;
  std::optional<IscsiLun> lun_;
  Bytes size_;
  Sink sink_;
  std::vector<std::unique_ptr<Daemon>> iscsid_;  // in the order of crew_.members()
};

}  // namespace gridlock

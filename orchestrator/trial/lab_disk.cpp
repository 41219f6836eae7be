// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/lab_disk.h"

#include <fmt/format.h>

#include "base/text.h"
#include "fabric/target_gateway.h"
#include "host/files.h"
#include "host/run_directory.h"
#include "host/tcp_probe.h"
#include "storage/iscsi_target.h"
#include "storage/shared_disk.h"
#include "topology/portal.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

/// Each node has a name of its own, so that a target can tell them apart.
std::string initiator_name(NodeId node) {
  return fmt::format("iqn.2026-01.invalid.gridlock:node{}", node.number);
}

/// What the first line of the file holds. Source of the bounds: RFC 3720, section 8.2.1, wants 12
/// bytes; targets and initiators take no more than 16.
std::string read_secret(const fs::path& file) {
  constexpr std::size_t kLeast = 12;
  constexpr std::size_t kMost = 16;
  const std::string text = read_file(file, Bytes::kib(4));
  std::string secret = split(text, '\n').front();
  if (secret.ends_with('\r')) secret.pop_back();
  const bool plain =
      printable(secret) == secret && secret.find_first_of(" \t\"\\#,") == secret.npos;
  if (secret.size() < kLeast || secret.size() > kMost || !plain)
    throw Error(fmt::format("the first line of {} cannot be a CHAP secret", file.string()),
                fmt::format("it has to be {} to {} characters, without blanks, quotes, commas, # "
                            "and backslashes",
                            kLeast, kMost));
  return secret;
}

IscsiLun lun_of(const IscsiTargetSpec& target) {
  const auto portal = read_portal(target.portal);
  GRIDLOCK_CHECK(portal.has_value(), "the reader has seen the portal");
  IscsiLun lun{portal->host, portal->port, target.iqn, target.lun};
  if (target.chap) lun.chap = ChapSecret{target.chap->user, read_secret(target.chap->secret_file)};
  return lun;
}

}  // namespace

LabDisk::LabDisk(const Place& place, const fs::path& from) : plan_(place.plan) {
  const DiskSpec& disk = plan_.disk;
  if (!disk.target) {
    const fs::path path = place.directory / "shared.raw";
    file_ = from.empty()
                ? std::make_unique<SharedDisk>(path, disk.size, place.qemu_uid, place.qemu_gid)
                : std::make_unique<SharedDisk>(path, from, place.qemu_uid, place.qemu_gid);
  }
  if (disk.transport != Transport::iscsi) return;
  if (disk.target) {
    lun_ = lun_of(*disk.target);
    if (const std::string why = problem(kProbeLimit); !why.empty())
      throw Error(why, "start the target, or correct disks in the topology");
  } else {
    const fs::path folder = place.directory / "target";
    make_folder_of(folder, place.qemu_uid, place.qemu_gid);
    target_ = std::make_unique<IscsiTarget>(
        IscsiTarget::Options{folder, file_->path(), place.qemu_uid, place.qemu_gid});
    lun_ = target_->lun();
  }
  if (disk.via == IscsiVia::guest && !place.gateway_socket.empty())
    gateway_ = std::make_unique<TargetGateway>(place.gateway_socket, place.directory / "relay",
                                               lun_->host, lun_->port);
}

LabDisk::~LabDisk() = default;

void LabDisk::attach_to(MachineSpec& machine, const PlannedNode& node) const {
  if (!lun_) {
    machine.shared_disk = file_->path();
  } else if (plan_.disk.via == IscsiVia::host) {
    machine.iscsi = lun_;
    machine.initiator = initiator_name(node.id);
  }
}

std::optional<IscsiLun> LabDisk::for_guests() const {
  if (!gateway_) return std::nullopt;
  IscsiLun lun = *lun_;
  lun.host = TargetGateway::kAddress;
  lun.port = TargetGateway::kPort;
  return lun;
}

void LabDisk::copy_to(const fs::path& file) const {
  GRIDLOCK_CHECK(file_ != nullptr, "the plan saves no lab whose disk is a target's");
  copy_sparse(file_->path(), file);
}

std::string LabDisk::ended() const { return target_ ? target_->ended() : std::string(); }

std::string LabDisk::problem(Milliseconds limit) const {
  if (!lun_) return {};
  if (std::string why = ended(); !why.empty()) return why;
  const std::string why = tcp_problem(lun_->host, lun_->port, limit);
  if (why.empty()) return {};
  return fmt::format("the iSCSI target at {}:{} cannot be reached: {}", lun_->host, lun_->port,
                     why);
}

void give_disk_of_kind(const DiskSpec& disk, MachineSpec& machine) {
  if (disk.transport != Transport::iscsi) {
    machine.shared_disk = "/shared";
  } else if (disk.via == IscsiVia::host) {
    machine.iscsi = IscsiLun{"target", 3260, "iqn.2026-01.invalid.gridlock:shared", 1};
    machine.initiator = initiator_name(NodeId{1});
  }
}

}  // namespace gridlock

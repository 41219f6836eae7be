// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/iscsi_lun.h"
#include "machine/hypervisor.h"
#include "plan/plan.h"

namespace gridlock {

class IscsiTarget;
class SharedDisk;
class TargetGateway;

/// The shared disk of a lab with all that carries it to the nodes: a file, a target of Gridlock's
/// own or one that exists, and the way to it over the fabric. The destructor ends what runs.
class LabDisk {
 public:
  struct Place {
    const Plan& plan;
    std::filesystem::path directory;  ///< for the file, and the target's sockets; short
    unsigned qemu_uid = 0;
    unsigned qemu_gid = 0;
    std::filesystem::path gateway_socket = {};  ///< of a port of the fabric; empty: there is none
  };

  /// A disk of zeroes, or, if `from` is not empty, one that begins as a copy of it; a target that
  /// exists has what it has. Throws Error.
  LabDisk(const Place& place, const std::filesystem::path& from);
  ~LabDisk();
  LabDisk(const LabDisk&) = delete;
  LabDisk& operator=(const LabDisk&) = delete;

  /// Gives a machine the disk, unless its node's kernel is to reach it by itself.
  void attach_to(MachineSpec& machine, const PlannedNode& node) const;

  /// What nodes' kernels log in to; absent: their machines have the disk.
  std::optional<IscsiLun> for_guests() const;

  /// Writes what is on the disk to `file`. Not for a target that exists.
  void copy_to(const std::filesystem::path& file) const;

  /// What ended of Gridlock's own, in a sentence; empty: nothing. Costs nothing.
  std::string ended() const;
  /// The same, and whether a target that exists still takes connections, asked at most `limit`.
  std::string problem(Milliseconds limit) const;

 private:
  /// A target that exists may be on another host, on a busy network.
  static constexpr Milliseconds kProbeLimit{5'000};

  const Plan& plan_;
  std::unique_ptr<SharedDisk> file_;     // null: the target has the disk
  std::unique_ptr<IscsiTarget> target_;  // of our own
  std::optional<IscsiLun> lun_;          // as reached from the host
  std::unique_ptr<TargetGateway> gateway_;
};

/// Gives a machine what it has of a disk of this kind, whichever that is: what shapes of machines
/// are compared by.
void give_disk_of_kind(const DiskSpec& disk, MachineSpec& machine);

}  // namespace gridlock

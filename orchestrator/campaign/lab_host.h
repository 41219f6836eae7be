// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <string>

#include "campaign/installation.h"
#include "campaign/prepare.h"
#include "fabric/fabric.h"
#include "host/progress.h"
#include "host/run_directory.h"
#include "machine/libvirt_hypervisor.h"
#include "machine/shared_hypervisor.h"
#include "machine/tsc.h"
#include "trial/lab.h"
#include "trial/saved_lab_cache.h"

namespace gridlock {

/// What the labs of one run share on this host: the run directory, the hypervisor, kernels and
/// image where QEMU's user can read them, the proof of an accelerator, and what labs may begin
/// from. Belongs to the main thread. The destructor ends what still runs and removes the run
/// directory.
class LabHost {
 public:
  /// Ends and removes what killed runs left. Throws Error, Cancelled.
  LabHost(const Plan& plan, const Prepared& prepared, const Installation& installation,
          const HostFacts& host, Progress& progress, EventLoop& loop, std::stop_token stop);
  LabHost(const LabHost&) = delete;
  LabHost& operator=(const LabHost&) = delete;
  ~LabHost();

  /// What nodes are made with, and why.
  const AccelerationChoice& acceleration() const { return acceleration_; }

  /// A place for one lab at a time. A host has as many as labs run side by side.
  class Place;
  /// For labs on the main thread's loop.
  Place place();
  /// For labs on a thread of their own. To be called on the main thread, and `loop` turned on the
  /// other; number 2, 3, … tells places apart.
  Place place(int number, EventLoop& loop);

  const Installation& installation() const { return installation_; }
  /// What its machines are looked into with, on the main thread.
  Hypervisor& hypervisor() const { return *hypervisor_; }
  /// The run directory, which the command line of every QEMU of the run names.
  const std::filesystem::path& folder() const { return directory_.path(); }
  /// A folder in it that only we enter, or one for sockets that QEMU makes.
  std::filesystem::path make_own_folder(const std::string& name) const;
  std::filesystem::path make_qemu_folder(const std::string& name) const;

  /// Where the nodes of a trial begin: makes or finds what is saved for it. Where there is no room
  /// for that, or a lab does not form, they are booted, and `progress` says why.
  const NodeSource& source(const std::string& kernel, Start start);

 private:
  NodeSource find_source(const std::string& kernel, Start start);
  /// What the nodes run in a trial of `tested` that run another kernel.
  std::map<NodeId, OwnKernel> own_kernels(const std::string& tested) const;
  /// What the kernel's nodes load first, or nothing.
  std::filesystem::path initrd_of(const std::string& kernel) const;
  AccelerationChoice choose_acceleration();

  const Plan& plan_;
  const Prepared& prepared_;
  const Installation& installation_;
  Progress& progress_;
  EventLoop& loop_;
  std::stop_token stop_;
  std::string qemu_version_;
  QemuUser user_;
  RunDirectory directory_;
  TscMeter tsc_;
  std::unique_ptr<Hypervisor> hypervisor_;
  std::unique_ptr<SharedHypervisor> shared_;
  std::filesystem::path root_disk_;
  std::map<std::string, std::filesystem::path> kernels_;
  std::map<std::string, std::filesystem::path> initrds_;
  AccelerationChoice acceleration_;
  std::map<std::pair<std::string, Start>, NodeSource> sources_;
};

/// A folder for sockets and the disk, a fabric, and a way to the hypervisor.
class LabHost::Place {
 public:
  const LabSetting& setting() const { return *setting_; }
  /// Where people may look at its labs, from now on.
  void set_desk(Desk& desk) { setting_->desk = &desk; }

 private:
  friend class LabHost;
  std::unique_ptr<Fabric> fabric_;
  std::unique_ptr<Hypervisor> hypervisor_;  // null on the main thread: the host's own
  std::unique_ptr<LabSetting> setting_;
};

}  // namespace gridlock

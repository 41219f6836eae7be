// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/lab_host.h"

#include <fmt/format.h>
#include <unistd.h>

#include "host/files.h"
#include "host/processes.h"
#include "trial/formed_lab.h"
#include "trial/guest_template.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

/// Ends what killed runs left before anything of this run is made.
const Installation& without_leftovers(const Installation& installation, Progress& progress) {
  for (const std::string& what : end_leftovers(installation.runs)) progress.note(what);
  return installation;
}

/// Where saved labs are made; trials may have places of their own by then.
constexpr int kMakingPlace = 0;

std::string tag_of(int number) { return fmt::format("{}-", number); }

}  // namespace

LabHost::LabHost(const Plan& plan, const Prepared& prepared, const Installation& installation,
                 const HostFacts& host, Progress& progress, EventLoop& loop, std::stop_token stop)
    : plan_(plan),
      prepared_(prepared),
      installation_(without_leftovers(installation, progress)),
      progress_(progress),
      loop_(loop),
      stop_(std::move(stop)),
      qemu_version_(host.qemu_version),
      user_(qemu_user()),
      directory_(installation.runs, user_.uid, user_.gid),
      hypervisor_(open_libvirt_hypervisor(directory_.path() / "virt", loop,
                                          installation.cache / "libvirt")) {
  // QEMU's user may not reach the cache; a link or a copy in the run directory it does.
  root_disk_ = place_file(prepared.image.disk, directory_.path() / "root.erofs");
  for (const auto& [name, built] : prepared.kernels)
    kernels_[name] = place_file(built.image, directory_.path() / ("kernel-" + name));
  for (const auto& [name, initrd] : prepared.initrds)
    initrds_[name] = place_file(initrd.file, directory_.path() / ("initramfs-" + name));
  acceleration_ = choose_acceleration();
}

LabHost::~LabHost() = default;

AccelerationChoice LabHost::choose_acceleration() {
  if (plan_.accel == Accel::tcg) return {Acceleration::tcg, "the topology asks for it"};
  AccelerationChoice choice = prove_kvm(*hypervisor_, loop_, kernels_.begin()->second,
                                        directory_.path(), kKvmProofLimit, stop_);
  if (choice.acceleration == Acceleration::kvm) return choice;
  if (plan_.accel == Accel::kvm)
    throw Error("KVM is asked for and does not work here: " + choice.reason,
                "say 'accel: auto' or 'accel: tcg' in the topology");
  progress_.note("warning: emulating the nodes (TCG), which is slow: " + choice.reason);
  return choice;
}

LabHost::Place LabHost::place() { return place(1, loop_); }

LabHost::Place LabHost::place(int number, EventLoop& loop) {
  Place place;
  if (&loop != &loop_) {
    if (!shared_) shared_ = std::make_unique<SharedHypervisor>(*hypervisor_, loop_);
    place.hypervisor_ = shared_->share(loop, "gl-" + tag_of(number));
  }
  // Of two nodes of o2cb the one with the higher number connects: fs/ocfs2/cluster/tcp.c.
  place.fabric_ = plan_.cluster.stack == ClusterStack::o2cb ? make_fabric(kO2cbPort, Meeting::one)
                                                            : make_fabric(kDlmPort, Meeting::both);
  place.setting_ = std::make_unique<LabSetting>(
      LabSetting{plan_, loop, place.hypervisor_ ? *place.hypervisor_ : *hypervisor_,
                 [&loop](const fs::path& socket) { return connect_channel(socket, loop); }});
  LabSetting& setting = *place.setting_;
  setting.directory = directory_.path() / fmt::format("lab{}", number);
  make_shared_folder(setting.directory, user_.uid, user_.gid);
  setting.acceleration = acceleration_.acceleration;
  if (setting.acceleration == Acceleration::tcg) setting.command_line = tsc_.command_line();
  setting.root_disk = root_disk_;
  setting.qemu_uid = user_.uid;
  setting.qemu_gid = user_.gid;
  setting.fabric = place.fabric_.get();
  if (place.hypervisor_) setting.tag = tag_of(number);
  for (const auto& [name, kernel] : prepared_.kernels) setting.releases[name] = kernel.release;
  for (const PlannedNode& node : plan_.nodes) {
    setting.fabric_sockets.push_back(setting.directory / fmt::format("n{}.fab", node.id.number));
    place.fabric_->add_port(setting.fabric_sockets.back(), user_.uid);
  }
  if (plan_.disk.transport == Transport::iscsi && plan_.disk.via == IscsiVia::guest) {
    setting.gateway_socket = setting.directory / "target.fab";
    place.fabric_->add_port(setting.gateway_socket, ::geteuid());
  }
  return place;
}

fs::path LabHost::make_own_folder(const std::string& name) const {
  const fs::path folder = directory_.path() / name;
  make_folder_of(folder, ::getuid(), ::getgid());
  return folder;
}

fs::path LabHost::make_qemu_folder(const std::string& name) const {
  const fs::path folder = directory_.path() / name;
  make_folder_of(folder, user_.uid, user_.gid);
  return folder;
}

const NodeSource& LabHost::source(const std::string& kernel, Start start) {
  const auto key = std::pair(kernel, start);
  const auto found = sources_.find(key);
  if (found != sources_.end()) return found->second;
  return sources_.emplace(key, find_source(kernel, start)).first->second;
}

fs::path LabHost::initrd_of(const std::string& kernel) const {
  const auto found = initrds_.find(kernel);
  return found == initrds_.end() ? fs::path() : found->second;
}

std::map<NodeId, OwnKernel> LabHost::own_kernels(const std::string& tested) const {
  std::map<NodeId, OwnKernel> own;
  for (const PlannedNode& node : plan_.nodes)
    if (const std::string& name = node.runs(tested); name != tested)
      own[node.id] = {kernels_.at(name), initrd_of(name), prepared_.boot_key(name), name};
  return own;
}

NodeSource LabHost::find_source(const std::string& kernel, Start start) {
  SavedParts parts{
      kernel,        prepared_.boot_key(kernel), prepared_.image.key, kernels_.at(kernel),
      qemu_version_, initrd_of(kernel)};
  parts.own = own_kernels(kernel);
  NodeSource source{parts.kernel, {}, made_of(parts), parts.initrd};
  source.own = parts.own;
  if (start == Start::boot) return source;
  const Place here = place(kMakingPlace, loop_);
  try {
    if (start == Start::formed) {
      SavedLabCache cache(installation_.cache / "labs", progress_, loop_);
      source.from = formed_lab(here.setting(), parts, cache, stop_);
    } else {
      SavedLabCache cache(installation_.cache / "templates", progress_, loop_);
      source.from = guest_template(here.setting(), parts, cache, stop_);
    }
  } catch (const NoRoom& no_room) {
    progress_.note(fmt::format("warning: {}: the nodes are booted instead", no_room.what()));
  } catch (const BarrierFailed& failed) {
    progress_.note(
        fmt::format("warning: the lab to begin from did not come up: {}: the nodes are "
                    "booted instead",
                    failed.what()));
  } catch (const NodeLost& lost) {
    progress_.note(
        fmt::format("warning: the lab to begin from was lost: {}: the nodes are booted "
                    "instead",
                    lost.what()));
  }
  return source;
}

}  // namespace gridlock

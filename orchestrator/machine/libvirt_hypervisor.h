// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>

#include "host/command_runner.h"
#include "host/progress.h"
#include "machine/hypervisor.h"

namespace gridlock {

/// libvirt's embedded QEMU driver, rooted in a folder of the run. One per process (the driver's own
/// limit). When Gridlock runs as root, QEMU runs as the user `qemu_user()`.
/// The destructor ends what is still running and removes `root`.
std::unique_ptr<Hypervisor> open_libvirt_hypervisor(const std::filesystem::path& root,
                                                    EventLoop& loop);

/// The user QEMU runs as: libvirt-qemu for root, otherwise ourselves. Throws Error with a hint if
/// Gridlock is root and there is no such user.
struct QemuUser {
  std::string name;
  unsigned uid = 0;
  unsigned gid = 0;
};
QemuUser qemu_user();

/// Which acceleration to use and the sentence that says why.
struct AccelerationChoice {
  Acceleration acceleration = Acceleration::tcg;
  std::string reason;
};

/// Proves KVM by booting `kernel` under it and waiting at most `limit` for the kernel's first
/// console line. `scratch` is a folder QEMU can write to.
AccelerationChoice prove_kvm(Hypervisor& hypervisor, EventLoop& loop,
                             const std::filesystem::path& kernel,
                             const std::filesystem::path& scratch, Milliseconds limit,
                             std::stop_token stop);

}  // namespace gridlock

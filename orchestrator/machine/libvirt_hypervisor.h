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
/// limit). When Gridlock runs as root, QEMU runs as the user `qemu_user()`, and must be able to
/// reach `root`, the kernel, the disks and the folders of the sockets; their owners are never
/// changed. Console logs are opened by libvirt, so they may be where that user cannot go.
///
/// The first use of a QEMU program asks it for its abilities, which takes seconds. What it answered
/// is kept in `abilities`, a folder that outlives the run; libvirt itself sees when it is stale.
/// Empty: not kept.
///
/// The destructor ends what is still running, drops what was not yet answered, and removes `root`.
std::unique_ptr<Hypervisor> open_libvirt_hypervisor(const std::filesystem::path& root,
                                                    EventLoop& loop,
                                                    const std::filesystem::path& abilities = {});

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

/// How long a kernel may take to its first line: under KVM it needs well below a second.
constexpr Milliseconds kKvmProofLimit{10'000};

/// Proves KVM by booting `kernel` under it and waiting at most `limit` for the kernel's first
/// console line. `scratch` is a folder QEMU can reach; nothing is left in it. A KVM that cannot be
/// used is an answer, not an error. Throws Cancelled if `stop` is requested.
AccelerationChoice prove_kvm(Hypervisor& hypervisor, EventLoop& loop,
                             const std::filesystem::path& kernel,
                             const std::filesystem::path& scratch, Milliseconds limit,
                             std::stop_token stop);

}  // namespace gridlock

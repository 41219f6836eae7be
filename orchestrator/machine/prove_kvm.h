// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "machine/libvirt_hypervisor.h"

namespace gridlock {

/// prove_kvm() without the look at the device: boots `kernel` and waits for its first line.
AccelerationChoice boot_under_kvm(Hypervisor& hypervisor, EventLoop& loop,
                                  const std::filesystem::path& kernel,
                                  const std::filesystem::path& scratch, Milliseconds limit,
                                  std::stop_token stop);

}  // namespace gridlock

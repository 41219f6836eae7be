// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <system_error>

#include "machine/libvirt_hypervisor.h"

namespace gridlock {

inline constexpr const char* kKvmDevice = "/dev/kvm";

/// Why `user` cannot open the KVM device; no error if it can.
std::error_code kvm_access(const QemuUser& user);

/// Hides the KVM device from this thread and every thread and program it starts from now on, by a
/// mount namespace of their own in which `stand_in`, an empty file, is in its place. For root.
///
/// Needed where only root may open the device: libvirt 9.0 asks QEMU what it can do with the right
/// to override file permissions, finds KVM, then finds that QEMU's user may not use it, throws the
/// answer away and asks again, four seconds each time it needs to know (src/qemu/qemu_process.c,
/// qemuProcessQMPLaunch; qemu_capabilities.c, virQEMUCapsIsValid).
void hide_kvm(const std::filesystem::path& stand_in);

}  // namespace gridlock

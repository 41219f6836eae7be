// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "machine/hypervisor.h"

namespace gridlock {

/// The libvirt domain of `spec` (https://libvirt.org/formatdomain.html), for libvirt 9.0 and QEMU
/// 7.2. Throws Error if the specification cannot be a machine: a name, address or path that does
/// not fit, no processor, too little memory.
///
/// A q35 machine with every device on its root bus: under TCG the 6.1 kernel spends a second for
/// each virtio device on an i440fx machine, in routing its interrupt by ACPI (measured).
std::string domain_xml(const MachineSpec& spec, const std::string& uuid);

/// Where a machine with a secret for its iSCSI disk finds it while it starts: beside its sockets.
std::filesystem::path chap_file(const MachineSpec& spec);

}  // namespace gridlock

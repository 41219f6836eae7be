// SPDX-License-Identifier: GPL-2.0-or-later
#include <pwd.h>
#include <unistd.h>

#include <fmt/format.h>
#include <array>
#include <cerrno>
#include <system_error>

#include "base/error.h"
#include "machine/libvirt_hypervisor.h"

namespace gridlock {
namespace {

/// The user distributions make for QEMU; Debian's package libvirt-daemon-system does.
constexpr const char* kQemuUser = "libvirt-qemu";

}  // namespace

QemuUser qemu_user() {
  const bool root = ::geteuid() == 0;
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 16384> text{};
  const int error = root ? ::getpwnam_r(kQemuUser, &entry, text.data(), text.size(), &found)
                         : ::getpwuid_r(::geteuid(), &entry, text.data(), text.size(), &found);
  if (found != nullptr) return {entry.pw_name, entry.pw_uid, entry.pw_gid};
  if (root)
    throw Error(fmt::format("Gridlock runs as root and there is no user {} for QEMU{}", kQemuUser,
                            error == 0 ? "" : ": " + std::generic_category().message(error)),
                "install the package libvirt-daemon-system, or run Gridlock as an ordinary user");
  return {std::to_string(::geteuid()), ::geteuid(), ::getegid()};
}

}  // namespace gridlock

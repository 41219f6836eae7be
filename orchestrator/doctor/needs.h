// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string_view>

namespace gridlock {

/// For whom something is needed.
enum class NeededFor {
  every_lab,
  ordinary_user,   ///< every lab of somebody who is not root
  built_kernel,    ///< a kernel that is built from source
  compression,     ///< such a kernel whose configuration says so; gzip is usual
  modules,         ///< a kernel with modules, which come to a node in an initramfs
  kernel_package,  ///< a kernel that a Debian package has built
  git,             ///< a kernel from a git repository
  iscsi_host,      ///< a disk that QEMU gets over iSCSI
  iscsi_target,    ///< a target that Gridlock starts
  pictures,        ///< pictures of deadlocks
  debugger,        ///< gridlock gdb
};

/// A program, or a file at one of several places.
struct Need {
  NeededFor needed_for;
  std::string_view what;     ///< a program's name, or absolute paths separated by "|"
  std::string_view package;  ///< Debian's, to install
};

/// All that Gridlock needs of a host and a package may bring; some of it for more than one. Every
/// program that is run on the host is in it.
std::span<const Need> all_needs();

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "doctor/needs.h"

#include <array>

namespace gridlock {

std::span<const Need> all_needs() {
  using enum NeededFor;
  static constexpr std::array kNeeds{
      Need{every_lab, "qemu-system-x86_64", "qemu-system-x86"},
      Need{every_lab,
           "/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so|"
           "/usr/lib64/libvirt/connection-driver/libvirt_driver_qemu.so|"
           "/usr/lib/libvirt/connection-driver/libvirt_driver_qemu.so",
           "libvirt-daemon-driver-qemu"},
      Need{every_lab, "mmdebstrap", "mmdebstrap"},
      Need{every_lab, "apt-config", "apt"},
      Need{every_lab, "mkfs.erofs", "erofs-utils"},
      Need{ordinary_user, "newuidmap", "uidmap"},
      Need{built_kernel, "gcc", "gcc"},
      Need{built_kernel, "ld", "binutils"},
      Need{built_kernel, "make", "make"},
      Need{built_kernel, "flex", "flex"},
      Need{built_kernel, "bison", "bison"},
      Need{built_kernel, "bc", "bc"},
      Need{built_kernel, "patch", "patch"},
      Need{built_kernel, "tar", "tar"},
      Need{built_kernel, "xz", "xz-utils"},
      Need{built_kernel, "gzip", "gzip"},
      Need{built_kernel, "cpio", "cpio"},
      Need{built_kernel, "/usr/include/gelf.h|/usr/include/libelf/gelf.h", "libelf-dev"},
      Need{built_kernel, "/usr/include/openssl/ssl.h", "libssl-dev"},
      Need{compression, "lz4", "lz4"},
      Need{compression, "lzop", "lzop"},
      Need{compression, "zstd", "zstd"},
      Need{modules, "modprobe", "kmod"},
      Need{modules, "depmod", "kmod"},
      Need{modules, "cpio", "cpio"},
      Need{modules, "xz", "xz-utils"},
      Need{modules, "zstd", "zstd"},
      Need{modules, "gzip", "gzip"},
      Need{kernel_package, "apt-cache", "apt"},
      Need{kernel_package, "apt-get", "apt"},
      Need{kernel_package, "dpkg-deb", "dpkg"},
      Need{git, "git", "git"},
      Need{git, "env", "coreutils"},
      Need{git, "tar", "tar"},
      Need{iscsi_target, "tgtd", "tgt"},
      Need{iscsi_target, "setpriv", "util-linux"},
      Need{iscsi_host,
           "/usr/lib/x86_64-linux-gnu/qemu/block-iscsi.so|/usr/lib64/qemu/block-iscsi.so|"
           "/usr/lib/qemu/block-iscsi.so|/usr/lib64/qemu-kvm/block-iscsi.so",
           "qemu-block-extra"},
      Need{pictures, "dot", "graphviz"},
      Need{debugger, "gdb", "gdb"},
  };
  return kNeeds;
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/kvm_device.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <thread>
#include <vector>

#include "base/error.h"
#include "host/descriptor.h"

namespace gridlock {
namespace {

std::error_code open_device() {
  const Descriptor device(::open(kKvmDevice, O_RDWR | O_CLOEXEC));
  return device ? std::error_code{} : std::error_code(errno, std::generic_category());
}

std::vector<gid_t> groups_of(const QemuUser& user) {
  int count = 64;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  if (::getgrouplist(user.name.c_str(), user.gid, groups.data(), &count) < 0) return {user.gid};
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

}  // namespace

std::error_code kvm_access(const QemuUser& user) {
  if (user.uid == ::geteuid()) return open_device();
  std::error_code answer;
  const auto groups = groups_of(user);
  // The system calls themselves, unlike their wrappers in the C library, change this thread only;
  // with another file system user it has no right to override permissions.
  std::thread([&] {
    ::syscall(SYS_setgroups, groups.size(), groups.data());
    ::setfsgid(user.gid);
    ::setfsuid(user.uid);
    answer = open_device();
  }).join();
  return answer;
}

void hide_kvm(const std::filesystem::path& stand_in) {
  const Descriptor file(::open(stand_in.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0000));
  const bool hidden = file && ::unshare(CLONE_NEWNS) == 0 &&
                      ::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) == 0 &&
                      ::mount(stand_in.c_str(), kKvmDevice, nullptr, MS_BIND, nullptr) == 0;
  if (!hidden)
    throw Error(
        fmt::format("{} is there, but QEMU's user may not use it, and it cannot be hidden: {}",
                    kKvmDevice, std::generic_category().message(errno)),
        fmt::format("chgrp kvm {0} && chmod 660 {0}, as udev does it", kKvmDevice));
}

}  // namespace gridlock

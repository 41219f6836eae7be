// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "host/descriptor.h"

namespace gridlock {

/// A descriptor that stands for one process and never for another with its number; readable once
/// the process has ended. Empty, with errno set, if there is no such process. By system call:
/// glibc 2.36 declares pidfd_open without C linkage.
inline Descriptor open_pidfd(pid_t pid) {
  return Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

/// False, with errno set, if it could not be sent.
inline bool send_signal(const Descriptor& pidfd, int signal) {
  return ::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0) == 0;
}

}  // namespace gridlock

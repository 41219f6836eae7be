// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan/boot.h"

#include <fmt/format.h>

#include <array>

#include "base/text.h"

namespace gridlock {

std::string kernel_command_line(const WatchSpec& watch) {
  // Source of the names: Documentation/admin-guide/kernel-parameters.txt and sysctl/kernel.rst.
  const std::array parts{
      std::string("root=/dev/vda rootfstype=erofs ro init=/gridlock/agent"),
      // Never `quiet`: a hung task would be reported without its stack.
      std::string("console=ttyS0 ignore_loglevel printk.time=1 log_buf_len=1M"),
      std::string("nokaslr mitigations=off tsc=reliable"),
      // The check counts ticks during a busy wait and panics when a busy host delivers too few
      // under emulation (timer_irq_works(), arch/x86/kernel/apic/io_apic.c). KVM guests skip it,
      // too.
      std::string("no_timer_check"),
      // A panic ends the machine at once; an oops does not, since what hangs because of it and what
      // the node can still tell are wanted.
      std::string("panic=-1 sysctl.kernel.panic_on_oops=0 sysctl.kernel.panic_on_warn=0"),
      fmt::format("hung_task_panic=0 sysctl.kernel.hung_task_timeout_secs={} "
                  "sysctl.kernel.hung_task_warnings=-1 "
                  "sysctl.kernel.hung_task_all_cpu_backtrace=1",
                  std::chrono::duration_cast<std::chrono::seconds>(watch.hung_task).count()),
      // A node that the host does not run for a while, as under TCG, must not be called stuck.
      std::string("softlockup_panic=0 watchdog_thresh=60 workqueue.watchdog_thresh=60 "
                  "rcupdate.rcu_cpu_stall_timeout=300"),
  };
  return join(parts, " ");
}

}  // namespace gridlock

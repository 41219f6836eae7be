// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/qemu_processes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "host/files.h"
#include "host/pidfd.h"
#include "host/processes.h"
#include "machine/orphan_reaper.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

/// Longer than any command line libvirt writes for QEMU.
constexpr Bytes kLongestCommandLine = Bytes::mib(1);

/// libvirt starts QEMU with "-name guest=<name>,debug-threads=on".
bool is_machine(pid_t pid, const std::string& machine) {
  try {
    const auto arguments =
        split(read_file(fmt::format("/proc/{}/cmdline", pid), kLongestCommandLine), '\0');
    const std::string argument = "guest=" + machine;
    return std::ranges::any_of(arguments, [&](const std::string& one) {
      return one == argument || one.starts_with(argument + ",");
    });
  } catch (const Error&) {
    return false;  // it ended while we looked
  }
}

bool ended_by(const Descriptor& process, steady_clock::time_point deadline) {
  while (true) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline - steady_clock::now());
    pollfd ended{process.get(), POLLIN, 0};
    const int count = ::poll(&ended, 1, static_cast<int>(std::max(left, Milliseconds{0}).count()));
    if (count >= 0) return count > 0;
    if (errno != EINTR) return false;
  }
}

}  // namespace

std::vector<pid_t> qemu_processes(const fs::path& root, const std::string& machine) {
  auto found = qemu_processes_of(root);
  if (!machine.empty()) std::erase_if(found, [&](pid_t pid) { return !is_machine(pid, machine); });
  return found;
}

char state_of_process(pid_t process) {
  try {
    const std::string stat = read_file(fmt::format("/proc/{}/stat", process), Bytes::mib(1));
    // The name before it may hold anything but ends at the last parenthesis.
    const std::size_t name_end = stat.rfind(") ");
    return name_end == std::string::npos ? '\0' : stat.at(name_end + 2);
  } catch (const Error&) {
    return '\0';
  }
}

void end_qemu_processes(const fs::path& root, const std::string& machine, Milliseconds patience) {
  const auto patience_ends = steady_clock::now() + patience;
  std::vector<pid_t> left;
  for (const pid_t pid : qemu_processes(root, machine)) {
    const Descriptor process = open_pidfd(pid);
    // Looked at again now that the descriptor pins it: the number may have become another's.
    if (!process || !std::ranges::count(qemu_processes(root, machine), pid)) continue;
    if (!ended_by(process, patience_ends)) {
      (void)send_signal(process, SIGKILL);
      if (!ended_by(process, steady_clock::now() + kKillLimit)) left.push_back(pid);
    }
    reap_ended(process);
  }
  if (!left.empty())
    throw Error(fmt::format("QEMU process {} did not end within {} of SIGKILL",
                            fmt::join(left, ", "), to_string(kKillLimit)),
                "it hangs in the host's kernel; see its /proc/PID/stack");
}

}  // namespace gridlock

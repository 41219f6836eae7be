// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/processes.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/duration.h"
#include "base/error.h"
#include "base/text.h"
#include "host/descriptor.h"
#include "host/files.h"
#include "host/pidfd.h"
#include "host/run_directory.h"

namespace gridlock {
namespace fs = std::filesystem;
namespace {

constexpr Milliseconds kTermLimit{2'000};
/// A killed QEMU may have to wait for its disk.
constexpr Milliseconds kKillLimit{10'000};
/// Longer than any command line libvirt writes for QEMU.
constexpr Bytes kLongestCommandLine = Bytes::mib(1);

/// Whether `text` names `folder` or something in it.
bool names(std::string_view text, std::string_view folder) {
  for (std::size_t at = text.find(folder); at != std::string_view::npos;
       at = text.find(folder, at + 1)) {
    const std::size_t after = at + folder.size();
    if (after == text.size()) return true;
    // A longer name that merely begins with the folder's is another folder.
    const char next = text[after];
    if (!std::isalnum(static_cast<unsigned char>(next)) && next != '-' && next != '_') return true;
  }
  return false;
}

/// The command line of a process whose program `is` one that is looked for; empty: it is not.
std::string command_line(pid_t pid, bool (*is)(const std::string& program)) {
  try {
    std::string line = read_file(fmt::format("/proc/{}/cmdline", pid), kLongestCommandLine);
    const std::string program = fs::path(line.substr(0, line.find('\0'))).filename();
    return is(program) ? line : std::string();
  } catch (const Error&) {
    return {};  // it ended while we looked
  }
}

bool is_qemu(const std::string& program) { return program.starts_with("qemu-system-"); }

/// What a run starts and may leave: machines and iSCSI targets.
bool is_of_a_run(const std::string& program) { return is_qemu(program) || program == "tgtd"; }

std::vector<pid_t> all_processes() {
  std::vector<pid_t> found;
  std::error_code error;
  for (fs::directory_iterator at("/proc", error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename();
    if (std::ranges::all_of(name, [](unsigned char c) { return std::isdigit(c) != 0; }))
      found.push_back(static_cast<pid_t>(std::stol(name)));
  }
  std::ranges::sort(found);
  return found;
}

bool wait_for_end(const Descriptor& pidfd, Milliseconds limit) {
  pollfd wait{pidfd.get(), POLLIN, 0};
  const auto end = std::chrono::steady_clock::now() + limit;
  while (true) {
    const auto left =
        std::chrono::duration_cast<Milliseconds>(end - std::chrono::steady_clock::now());
    const int got =
        ::poll(&wait, 1, static_cast<int>(std::max<Milliseconds::rep>(0, left.count())));
    if (got > 0) return true;
    if (got == 0 || errno != EINTR) return false;
  }
}

bool is_of(pid_t pid, const fs::path& folder) {
  return names(command_line(pid, is_of_a_run), folder.string());
}

/// True if the process was there and is gone now.
bool end_process(pid_t pid, const fs::path& folder) {
  const Descriptor pidfd = open_pidfd(pid);
  // Looked at again now that the descriptor pins it: the number may have become another's.
  if (!pidfd || !is_of(pid, folder)) return false;
  for (const auto& [signal, limit] :
       {std::pair{SIGTERM, kTermLimit}, std::pair{SIGKILL, kKillLimit}}) {
    if (!send_signal(pidfd, signal) && errno != ESRCH)
      throw Error(
          fmt::format("ending process {} of {}: {}", pid, folder.string(), std::strerror(errno)),
          "end it by hand");
    if (wait_for_end(pidfd, limit)) return true;
  }
  throw Error(fmt::format("process {} of {} does not end", pid, folder.string()),
              "it hangs in the host's kernel; see its /proc/PID/stack");
}

/// "2 QEMU processes"; empty for none.
std::string counted(int count, std::string_view one, std::string_view many) {
  if (count == 0) return {};
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

}  // namespace

std::vector<pid_t> qemu_processes_of(const fs::path& folder) {
  std::vector<pid_t> found = all_processes();
  std::erase_if(found,
                [&](pid_t pid) { return !names(command_line(pid, is_qemu), folder.string()); });
  return found;
}

int other_qemu_processes(const fs::path& folder) {
  const std::vector<pid_t> all = all_processes();
  return static_cast<int>(std::ranges::count_if(all, [&](pid_t pid) {
    const std::string line = command_line(pid, is_qemu);
    return !line.empty() && !names(line, folder.string());
  }));
}

std::vector<std::string> end_leftovers(const fs::path& base) {
  std::vector<std::string> done;
  for (const LeftoverRun& run : leftover_runs(base)) {
    int machines = 0;
    int targets = 0;
    for (const pid_t pid : all_processes()) {
      if (!is_of(pid, run.path)) continue;
      int& ended = command_line(pid, is_qemu).empty() ? targets : machines;
      ended += end_process(pid, run.path) ? 1 : 0;
    }
    remove_tree(run.path);
    std::vector<std::string> ended{counted(machines, "QEMU process", "QEMU processes"),
                                   counted(targets, "iSCSI target", "iSCSI targets")};
    std::erase(ended, "");
    done.push_back(fmt::format("removed {}, left by a killed run{}", run.path.string(),
                               ended.empty() ? "" : " (" + join(ended, ", ") + " ended)"));
  }
  return done;
}

}  // namespace gridlock

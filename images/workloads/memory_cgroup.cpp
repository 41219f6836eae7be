// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/memory_cgroup.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <string>

#include "workloads/files.h"

namespace gridlock::mdio {
namespace {

const std::string kRoot = "/sys/fs/cgroup";

void write_to(const std::string& path, const std::string& text) {
  const File file(path, O_WRONLY);
  if (::write(file.get(), text.data(), text.size()) < 0) throw_errno("writing " + path);
}

/// The cgroup of this process, as a path below the root. Source: cgroups(7), "0::/path".
std::string own_cgroup() {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("0::")) return line.substr(3) == "/" ? "" : line.substr(3);
  throw std::runtime_error("this kernel has no cgroup v2, which eviction by cgroup needs");
}

std::string& reclaim_file() {
  static std::string path;
  return path;
}

}  // namespace

void enter_memory_cgroup() {
  if (::access((kRoot + "/cgroup.controllers").c_str(), F_OK) != 0 &&
      ::mount("cgroup2", kRoot.c_str(), "cgroup2", 0, nullptr) != 0 && errno != EBUSY)
    throw_errno("mounting cgroup2 on " + kRoot);
  // Known only once the hierarchy has been mounted.
  const std::string parent = kRoot + own_cgroup();
  // Another process may have done so a moment ago, which is as good.
  write_to(parent + "/cgroup.subtree_control", "+memory");
  const std::string own = parent + "/mmap-dio-" + std::to_string(::getpid());
  if (::mkdir(own.c_str(), 0755) != 0 && errno != EEXIST) throw_errno("making " + own);
  write_to(own + "/cgroup.procs", "0");
  reclaim_file() = own + "/memory.reclaim";
  if (::access(reclaim_file().c_str(), W_OK) != 0) throw_errno(reclaim_file());
}

void reclaim_memory(std::size_t bytes) {
  const File file(reclaim_file(), O_WRONLY);
  const std::string text = std::to_string(bytes);
  // EAGAIN: less than that could be reclaimed.
  if (::write(file.get(), text.data(), text.size()) < 0 && errno != EAGAIN)
    throw_errno("writing " + reclaim_file());
}

}  // namespace gridlock::mdio

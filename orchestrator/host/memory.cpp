// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/memory.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <limits>
#include <string>

#include "base/text.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

/// The number a one-line file begins with; nothing for "max" and for a file that is not there.
std::optional<std::uint64_t> number_in(const fs::path& file) {
  std::ifstream in(file);
  std::uint64_t value = 0;
  if (in >> value) return value;
  return std::nullopt;
}

/// "MemAvailable:   12 kB" of a file of such lines.
std::optional<Bytes> kilobytes(const fs::path& file, const std::string& name) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(name + ":")) continue;
    const std::string_view rest = trimmed(std::string_view(line).substr(name.size() + 1));
    if (const auto value = number<std::uint64_t>(rest.substr(0, rest.find(' ')), 10))
      return Bytes::kib(*value);
  }
  return std::nullopt;
}

/// Our cgroup's folder of the unified hierarchy; empty if there is none.
fs::path cgroup_of_ours(const fs::path& root) {
  std::ifstream in(root / "proc/self/cgroup");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("0::/")) return root / "sys/fs/cgroup" / line.substr(4);
  return {};
}

struct CgroupMemory {
  std::optional<Bytes> limit;
  std::optional<Bytes> left;
};

/// The limits of our cgroup and of those above it; the tightest holds.
CgroupMemory cgroup_memory(const fs::path& root) {
  CgroupMemory memory;
  const fs::path top = root / "sys/fs/cgroup";
  for (fs::path at = cgroup_of_ours(root); at.string().size() >= top.string().size();
       at = at.parent_path()) {
    const auto most = number_in(at / "memory.max");
    if (!most) continue;
    const std::uint64_t used = number_in(at / "memory.current").value_or(0);
    const Bytes left{*most > used ? *most - used : 0};
    memory.limit = std::min(memory.limit.value_or(Bytes{*most}), Bytes{*most});
    memory.left = std::min(memory.left.value_or(left), left);
  }
  return memory;
}

std::optional<Ksm> read_ksm(const fs::path& root) {
  const fs::path folder = root / "sys/kernel/mm/ksm";
  const auto run = number_in(folder / "run");
  if (!run) return std::nullopt;
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  // 1: it merges; 0: it stopped; 2: and what was merged is separate again.
  return Ksm{*run == 1, Bytes{number_in(folder / "pages_sharing").value_or(0) * page}};
}

}  // namespace

MemoryReading read_memory(const fs::path& root) {
  MemoryReading reading;
  reading.available = kilobytes(root / "proc/meminfo", "MemAvailable").value_or(Bytes{});
  const CgroupMemory cgroup = cgroup_memory(root);
  reading.limit = cgroup.limit;
  if (cgroup.left) reading.available = std::min(reading.available, *cgroup.left);
  reading.ksm = read_ksm(root);
  return reading;
}

Bytes proportional_memory(const std::vector<pid_t>& processes) {
  Bytes sum;
  for (const pid_t pid : processes)
    sum.count +=
        kilobytes(fmt::format("/proc/{}/smaps_rollup", pid), "Pss").value_or(Bytes{}).count;
  return sum;
}

}  // namespace gridlock

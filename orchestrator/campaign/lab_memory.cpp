// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/lab_memory.h"

#include <fmt/format.h>

#include "base/error.h"
#include "host/processes.h"

namespace gridlock {
namespace {

std::string ksm_text(const std::optional<Ksm>& ksm) {
  if (!ksm) return "this host's kernel does not merge equal pages";
  if (!ksm->on) return "equal pages are not merged (KSM is off)";
  return fmt::format("equal pages are merged (KSM), which saves {} now", to_string(ksm->saved));
}

}  // namespace

std::string require_memory(const Plan& plan, const MemoryReading& now) {
  const Bytes needed = lab_memory(plan.nodes);
  const std::string group =
      now.limit ? fmt::format(" (the control group has {})", to_string(*now.limit)) : "";
  if (needed > now.available)
    throw Error(
        fmt::format(
            "{} nodes do not fit this host now: with {} for each QEMU they may take {}, and "
            "{} are available{}",
            plan.nodes.size(), to_string(kQemuOverhead), to_string(needed),
            to_string(now.available), group),
        "end other programs, or lower nodes.memory or nodes.count in the topology; 'gridlock "
        "doctor' says how many nodes fit");
  return fmt::format("memory: the nodes may take {} of {} available{}; {}", to_string(needed),
                     to_string(now.available), group, ksm_text(now.ksm));
}

void require_memory_here(const Plan& plan, const std::filesystem::path& runs, Progress& progress) {
  MemoryReading now = read_memory();
  if (lab_memory(plan.nodes) > now.available) {
    for (const std::string& what : end_leftovers(runs)) progress.note(what);
    now = read_memory();
  }
  progress.note(require_memory(plan, now));
}

}  // namespace gridlock

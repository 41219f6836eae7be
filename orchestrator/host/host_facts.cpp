// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/host_facts.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "host/descriptor.h"

namespace gridlock {
namespace {

constexpr Milliseconds kVersionDeadline{20'000};

int usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

/// The first line a program says about its version; empty if it is missing or fails.
std::string version_line(CommandRunner& runner, const std::string& program, std::stop_token stop) {
  if (!find_program(program)) return {};
  const CommandResult result = runner.run(
      {.program = program, .arguments = {"--version"}, .deadline = kVersionDeadline}, stop);
  if (!result.ok()) return {};
  return split(result.output, '\n').front();
}

}  // namespace

std::string qemu_version_in(std::string_view text) {
  constexpr std::string_view kBefore = "version ";
  const std::size_t at = text.find(kBefore);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + kBefore.size());
  return std::string(text.substr(0, text.find_first_not_of("0123456789.")));
}

HostFacts read_host_facts(CommandRunner& runner, const std::filesystem::path& fragments,
                          std::stop_token stop) {
  HostFacts facts;
  facts.cpus = usable_cpus();
  facts.memory = {static_cast<std::uint64_t>(std::max(0L, ::sysconf(_SC_PHYS_PAGES))) *
                  static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))};
  facts.kvm_device = static_cast<bool>(Descriptor(::open("/dev/kvm", O_RDWR | O_CLOEXEC)));
  facts.qemu_version = qemu_version_in(version_line(runner, "qemu-system-x86_64", stop));
  facts.compiler = version_line(runner, "gcc", stop);
  facts.fragments = fragments;
  return facts;
}

}  // namespace gridlock

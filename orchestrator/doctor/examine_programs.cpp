// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "doctor/wanted.h"

namespace gridlock {
namespace {

/// "libvirt_driver_qemu.so" of places it may be in; a program's name as it is.
std::string short_name(std::string_view what) {
  const std::string first(what.substr(0, what.find('|')));
  return first.substr(first.rfind('/') + 1);
}

void add_programs(const HostView& host, const Wanted& wanted, std::vector<CheckUp>& checks) {
  struct Feature {
    NeededFor needed_for;
    const char* about;
    const char* without;  // what does not work
  };
  static constexpr std::array kFeatures{
      Feature{NeededFor::every_lab, "programs", "no lab runs without"},
      Feature{NeededFor::ordinary_user, "id mapping", "no node image is made without"},
      Feature{NeededFor::built_kernel, "kernel build", "no kernel is built without"},
      Feature{NeededFor::compression, "kernel compression",
              "no kernel is built whose configuration compresses it with"},
      Feature{NeededFor::modules, "kernel modules", "no kernel with modules is booted without"},
      Feature{NeededFor::kernel_package, "kernel packages",
              "no kernel comes from a Debian package without"},
      Feature{NeededFor::git, "git", "no kernel comes from a git repository without"},
      Feature{NeededFor::iscsi_target, "iscsi target", "no iSCSI target is started without"},
      Feature{NeededFor::iscsi_host, "iscsi in qemu", "'via: host' does not work without"},
      Feature{NeededFor::pictures, "pictures", "deadlocks are not drawn without"},
      Feature{NeededFor::debugger, "debugger", "'gridlock gdb' does not work without"},
  };
  for (const Feature& feature : kFeatures) {
    if (feature.needed_for == NeededFor::ordinary_user && host.root) continue;
    const auto health = wanted.without(feature.needed_for);
    if (!health) continue;
    std::vector<std::string> all, missing, packages;
    for (const Need& need : all_needs()) {
      if (need.needed_for != feature.needed_for) continue;
      all.push_back(short_name(need.what));
      if (host.there.contains(need.what)) continue;
      missing.push_back(short_name(need.what));
      if (std::ranges::find(packages, need.package) == packages.end())
        packages.emplace_back(need.package);
    }
    if (missing.empty())
      checks.push_back({feature.about, Health::ok, join(all, ", "), {}});
    else
      checks.push_back({feature.about, *health,
                        fmt::format("{} {}", feature.without, join(missing, ", ")),
                        install(packages)});
  }
}

void add_sources(const HostView& host, const Wanted& wanted, std::vector<CheckUp>& checks) {
  std::vector<std::string> missing;
  for (const std::string& package : wanted.source_packages())
    if (!host.source_packages.contains(package)) missing.push_back(package);
  if (!missing.empty())
    checks.push_back({"kernel source", Health::problem, "not installed: " + join(missing, ", "),
                      install(missing)});
  else if (wanted.has_plan())
    return;
  else if (host.source_packages.empty())
    checks.push_back({"kernel source", Health::note, "no source package of a kernel is installed",
                      install({"linux-source-6.1"})});
  else
    checks.push_back(
        {"kernel source",
         Health::ok,
         join(std::vector<std::string>(host.source_packages.begin(), host.source_packages.end()),
              ", "),
         {}});
}

}  // namespace

std::string install(const std::vector<std::string>& packages) {
  return "sudo apt-get install " + join(packages, " ");
}

void examine_programs(const HostView& host, const Wanted& wanted, std::vector<CheckUp>& checks) {
  add_programs(host, wanted, checks);
  add_sources(host, wanted, checks);
}

}  // namespace gridlock

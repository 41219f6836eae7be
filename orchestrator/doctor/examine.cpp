// SPDX-License-Identifier: GPL-2.0-or-later
#include "doctor/examine.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "doctor/wanted.h"

namespace gridlock {
namespace {

using Checked = std::vector<CheckUp>;

/// Unpacked source and objects of one kernel, and what is kept of it; measured: 1.8 GB and 60 MB.
constexpr Bytes kKernelRoom = Bytes::mib(2048);
/// Packages, the node image and libvirt's notes.
constexpr Bytes kImageRoom = Bytes::mib(512);
/// Parts of the cache that take less are not named.
constexpr Bytes kNamedPart = Bytes::mib(1);
constexpr Bytes kResultsRoom = Bytes::mib(512);
/// Consoles, sockets and the beginning of a shared disk.
constexpr Bytes kRunRoom = Bytes::mib(256);
/// sun_path without its final zero: unix(7).
constexpr std::size_t kSocketPath = 107;
/// Below the folder of runs: a run's name, its driver's root, and the longest that has.
constexpr std::size_t kBelowRuns =
    std::string_view("/AbCdEf/virt/lib/qemu/domain-999-01234567890123456789/monitor.sock").size();
/// Gridlock's own and those of libvirt's driver; a node has a console, an agent, a port, a monitor,
/// a log, and an event of each of its connections.
constexpr std::uint64_t kFilesOfGridlock = 128, kFilesOfNode = 32;
/// QEMU's main loop, processors, workers for disks and libvirt's threads for it.
constexpr std::uint64_t kTasksOfGridlock = 64, kTasksOfNode = 24;

void add_user(const HostView& host, Checked& checks) {
  if (host.root && host.qemu_user.empty()) {
    checks.push_back({"user", Health::problem,
                      "you are root, and the user libvirt-qemu, as whom QEMU is to run, is missing",
                      install({"libvirt-daemon-system"})});
  } else if (host.root) {
    checks.push_back({"user", Health::ok, "root; QEMU runs as " + host.qemu_user, {}});
  } else if (!host.subordinate_ids) {
    checks.push_back({"user", Health::problem,
                      host.user + " has no subordinate ids, which the node image is made with",
                      fmt::format("sudo usermod --add-subuids 100000-165535 --add-subgids "
                                  "100000-165535 {}",
                                  host.user)});
  } else if (!host.user_namespaces) {
    checks.push_back({"user", Health::problem,
                      "users cannot make user namespaces here, which the node image is made in",
                      "sudo sysctl -w kernel.unprivileged_userns_clone=1 "
                      "user.max_user_namespaces=10000"});
  } else {
    checks.push_back({"user", Health::ok, host.user + "; QEMU runs as the same", {}});
  }
}

void add_libvirt(const HostView& host, Checked& checks) {
  if (!host.libvirt_problem.empty())
    checks.push_back({"libvirt", Health::problem, host.libvirt_problem,
                      install({"libvirt-daemon-driver-qemu"})});
}

void add_kvm(const HostView& host, const Plan* plan, Checked& checks) {
  const bool insisted = plan && plan->accel == Accel::kvm;
  const bool unwanted = plan && plan->accel == Accel::tcg;
  const Health without = insisted ? Health::problem : Health::note;
  const std::string slow = insisted ? "" : "; nodes are emulated, which is slow";
  const auto add = [&](Health health, const std::string& text, const std::string& fix) {
    checks.push_back({"kvm", health, text, fix});
  };
  if (unwanted) return add(Health::ok, "not wanted by the topology", {});
  switch (host.kvm.state) {
    case KvmView::State::works:
      return add(Health::ok, host.kvm.reason, {});
    case KvmView::State::no_device:
      return add(without, "there is no /dev/kvm" + slow,
                 "switch virtualization on in the firmware, or nested virtualization in the host "
                 "above; then sudo modprobe kvm_intel (or kvm_amd)");
    case KvmView::State::no_permission:
      return add(without, "/dev/kvm cannot be opened by " + host.user + slow,
                 fmt::format("sudo usermod -aG {} {}, and log in again",
                             host.kvm.group.empty() ? "kvm" : host.kvm.group, host.user));
    case KvmView::State::broken:
      return add(without, host.kvm.reason + slow, "sudo dmesg | grep -i kvm says more");
    case KvmView::State::not_tried:
      return add(Health::note,
                 "/dev/kvm is there; whether it works was not tried: " + host.kvm.reason,
                 "gridlock prepare a topology first");
  }
}

void add_processors(const HostView& host, const Wanted& wanted, Checked& checks) {
  int most = 0, all = 0;
  for (const PlannedNode& node : wanted.nodes()) {
    most = std::max(most, node.vcpus);
    all += node.vcpus;
  }
  if (most > host.cpus)
    checks.push_back(
        {"processors", Health::note,
         fmt::format("{}, and a node has {}: every time-out is suspect", host.cpus, most),
         "lower nodes.vcpus in the topology"});
  else
    checks.push_back({"processors",
                      Health::ok,
                      fmt::format("{} for {} of {} nodes", host.cpus, all, wanted.nodes().size()),
                      {}});
}

/// How many nodes like the largest have room.
std::uint64_t nodes_that_fit(Bytes available, const std::vector<PlannedNode>& nodes) {
  const auto largest = std::ranges::max_element(nodes, {}, &PlannedNode::memory);
  return available.count / (largest->memory.count + kQemuOverhead.count);
}

void add_memory(const HostView& host, const Wanted& wanted, Checked& checks) {
  const std::vector<PlannedNode> nodes = wanted.nodes();
  const Bytes needed = lab_memory(nodes);
  const Bytes available = host.reading.available;
  const Bytes largest = std::ranges::max_element(nodes, {}, &PlannedNode::memory)->memory;
  const std::string room = fmt::format(
      "{} of {} available{}, {} {} of {} fit", to_string(available), to_string(host.memory),
      host.reading.limit
          ? fmt::format(" (the control group has {})", to_string(*host.reading.limit))
          : "",
      nodes_that_fit(available, nodes), "nodes", to_string(largest));
  if (needed > available)
    checks.push_back(
        {"memory", Health::problem,
         fmt::format("{}; {} nodes need {} with QEMU's own", room, nodes.size(), to_string(needed)),
         wanted.has_plan() ? "end other programs, or lower nodes.memory or nodes.count"
                           : "end other programs"});
  else
    checks.push_back({"memory", Health::ok, room, {}});
}

void add_ksm(const HostView& host, Checked& checks) {
  if (!host.reading.ksm)
    checks.push_back({"ksm", Health::note, "this kernel does not merge equal pages", {}});
  else if (host.reading.ksm->on)
    checks.push_back(
        {"ksm",
         Health::ok,
         "equal pages of nodes are merged; now saved: " + to_string(host.reading.ksm->saved),
         {}});
  else
    checks.push_back({"ksm", Health::note, "off: equal pages of nodes are not merged",
                      "echo 1 | sudo tee /sys/kernel/mm/ksm/run"});
}

void add_folder(const HostView& host, const std::string& about, const FolderView& folder,
                Bytes needed, Checked& checks) {
  if (!folder.problem.empty())
    checks.push_back({about, Health::problem, folder.path + ": " + folder.problem,
                      fmt::format("sudo chown {} {}", host.user, folder.path)});
  else if (folder.free < needed)
    checks.push_back({about, Health::problem,
                      fmt::format("{}: {} free, and {} may be needed", folder.path,
                                  to_string(folder.free), to_string(needed)),
                      "gridlock clean; or free space there"});
  else
    checks.push_back(
        {about, Health::ok, fmt::format("{}: {} free", folder.path, to_string(folder.free)), {}});
}

/// "1.2 GiB in it (kernels 1 GiB, labs 200 MiB)"; empty: nothing is.
std::string use_of(const std::vector<std::pair<std::string, Bytes>>& parts) {
  Bytes all;
  std::vector<std::string> named;
  for (const auto& [name, size] : parts) {
    all.count += size.count;
    if (size >= kNamedPart) named.push_back(name + " " + to_string(size));
  }
  if (all.count == 0) return {};
  return fmt::format("{} in it{}", to_string(all),
                     named.empty() ? "" : " (" + join(named, ", ") + ")");
}

void add_folders(const HostView& host, const Wanted& wanted, Checked& checks) {
  add_folder(host, "cache", host.cache,
             Bytes{kImageRoom.count + wanted.workspaces() * kKernelRoom.count}, checks);
  if (const std::string use = use_of(host.cache_use); !use.empty())
    checks.push_back({"cache size",
                      Health::ok,
                      use + "; 'gridlock clean --cache' removes what nobody uses",
                      {}});
  add_folder(host, "results", host.results, kResultsRoom, checks);
  if (host.runs.problem.empty() && host.runs.in_memory)
    checks.push_back({"runs", Health::problem,
                      host.runs.path + " is in memory, where a shared disk cannot be: it is opened "
                                       "past the host's cache",
                      "mount a disk's file system at /var/tmp"});
  else
    add_folder(host, "runs", host.runs, kRunRoom, checks);
}

void add_sockets(const HostView& host, Checked& checks) {
  const std::size_t longest = host.runs.path.size() + kBelowRuns;
  if (longest > kSocketPath)
    checks.push_back({"socket paths", Health::problem,
                      fmt::format("up to {} bytes below {}, and UNIX sockets have {}", longest,
                                  host.runs.path, kSocketPath),
                      "run as a user with a shorter id"});
  else
    checks.push_back({"socket paths",
                      Health::ok,
                      fmt::format("up to {} of {} bytes", longest, kSocketPath),
                      {}});
}

void add_limits(const HostView& host, const Wanted& wanted, Checked& checks) {
  const std::uint64_t nodes = wanted.nodes().size();
  const std::uint64_t files = kFilesOfGridlock + nodes * kFilesOfNode;
  const std::uint64_t tasks = kTasksOfGridlock + nodes * kTasksOfNode;
  std::vector<std::string> wrong;
  std::vector<std::string> fixes;
  const auto look = [&](std::uint64_t is, std::uint64_t needed, const char* what,
                        const char* flag) {
    if (is >= needed) return;
    wrong.push_back(fmt::format("{} {}, and a lab may need {}", is, what, needed));
    fixes.push_back(fmt::format("ulimit {} {}", flag, needed));
  };
  look(host.open_files, files, "open files", "-n");
  look(host.tasks, tasks, "processes of a user", "-u");
  if (host.file_size != UINT64_MAX) {
    wrong.push_back(fmt::format("files may have {} only", to_string(Bytes{host.file_size})));
    fixes.emplace_back("ulimit -f unlimited");
  }
  if (wrong.empty())
    checks.push_back(
        {"limits",
         Health::ok,
         fmt::format("open files, processes and sizes of files suffice for {} nodes", nodes),
         {}});
  else
    checks.push_back({"limits", Health::problem, join(wrong, "; "), join(fixes, "; ")});
  if (host.inotify_instances > 0 && host.inotify_instances < 16)
    checks.push_back({"inotify", Health::note,
                      fmt::format("a user may have {} instances, which others may have used up",
                                  host.inotify_instances),
                      "sudo sysctl -w fs.inotify.max_user_instances=128"});
}

void add_loopback(const HostView& host, const Wanted& wanted, Checked& checks) {
  const auto health = wanted.without(NeededFor::iscsi_target);
  if (!health) return;
  if (host.loopback_problem.empty())
    checks.push_back({"loopback", Health::ok, "a free port on 127.0.0.1 for iSCSI targets", {}});
  else
    checks.push_back({"loopback", *health,
                      "no port on 127.0.0.1 for iSCSI targets: " + host.loopback_problem,
                      "sudo ip link set lo up"});
}

void add_leftovers(const HostView& host, Checked& checks) {
  if (host.leftovers.empty())
    checks.push_back({"leftovers", Health::ok, "none of killed runs", {}});
  else
    checks.push_back(
        {"leftovers", Health::note,
         fmt::format("{} of killed runs: {}", host.leftovers.size(), join(host.leftovers, ", ")),
         "gridlock clean (the next run does the same)"});
}

}  // namespace

std::vector<CheckUp> examine(const HostView& host, const Plan* plan) {
  const Wanted wanted(plan);
  Checked checks;
  examine_programs(host, wanted, checks);
  add_user(host, checks);
  add_libvirt(host, checks);
  add_kvm(host, plan, checks);
  add_processors(host, wanted, checks);
  add_memory(host, wanted, checks);
  add_ksm(host, checks);
  add_folders(host, wanted, checks);
  add_sockets(host, checks);
  add_limits(host, wanted, checks);
  add_loopback(host, wanted, checks);
  add_leftovers(host, checks);
  return checks;
}

bool has_problem(const std::vector<CheckUp>& checks) {
  return std::ranges::any_of(checks,
                             [](const CheckUp& check) { return check.health == Health::problem; });
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "doctor/read_host_view.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/text.h"
#include "doctor/needs.h"
#include "host/command_runner.h"
#include "host/descriptor.h"
#include "host/draft.h"
#include "host/files.h"
#include "host/run_directory.h"
#include "machine/libvirt_hypervisor.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

/// Source: linux/magic.h.
constexpr long kTmpfs = 0x01021994, kRamfs = static_cast<long>(0x858458f6);
constexpr const char* kKvmDevice = "/dev/kvm";

bool is_there(std::string_view what) {
  if (!what.starts_with('/')) return find_program(std::string(what)).has_value();
  std::error_code error;
  return std::ranges::any_of(split(what, '|'),
                             [&](const std::string& path) { return fs::exists(path, error); });
}

std::string user_name() {
  const passwd* const entry = ::getpwuid(::getuid());
  return entry ? entry->pw_name : std::to_string(::getuid());
}

/// linux-source-6.1 of /usr/src/linux-source-6.1.tar.xz.
std::set<std::string> source_packages() {
  std::set<std::string> packages;
  for (const std::string& name : list_files("/usr/src"))
    if (name.starts_with("linux-source-") && name.find(".tar") != std::string::npos)
      packages.insert(name.substr(0, name.find(".tar")));
  return packages;
}

/// The folder itself, or the nearest above it that is there.
fs::path existing(fs::path folder) {
  std::error_code error;
  while (!fs::exists(folder, error) && folder.has_relative_path()) folder = folder.parent_path();
  return folder;
}

FolderView view_of(const fs::path& folder) {
  FolderView view{.path = folder.string(), .problem = {}, .free = {}, .in_memory = false};
  const fs::path there = existing(folder);
  struct statfs found {};
  if (::statfs(there.c_str(), &found) != 0) {
    view.problem = std::strerror(errno);
    return view;
  }
  view.free = {static_cast<std::uint64_t>(found.f_bavail) *
               static_cast<std::uint64_t>(found.f_bsize)};
  view.in_memory = found.f_type == kTmpfs || found.f_type == kRamfs;
  if (::faccessat(AT_FDCWD, there.c_str(), W_OK | X_OK, AT_EACCESS) != 0)
    view.problem =
        fmt::format("files cannot be made in {}: {}", there.string(), std::strerror(errno));
  return view;
}

/// "kernels", "labs" and so on, the largest first.
std::vector<std::pair<std::string, Bytes>> parts_of(const fs::path& cache) {
  std::vector<std::pair<std::string, Bytes>> parts;
  std::error_code error;
  for (fs::directory_iterator at(cache, error), end; !error && at != end; at.increment(error))
    parts.emplace_back(at->path().filename(), disk_use(at->path()));
  std::ranges::sort(parts, [](const auto& a, const auto& b) { return a.second > b.second; });
  return parts;
}

std::uint64_t limit_of(int which) {
  rlimit limit{};
  if (::getrlimit(static_cast<__rlimit_resource>(which), &limit) != 0) return 0;
  return limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
}

std::uint64_t number_in(const char* file, std::uint64_t otherwise) {
  std::ifstream in(file);
  std::uint64_t value = 0;
  return in >> value ? value : otherwise;
}

/// Whether one of the ids lists of subuid(5) names the user.
bool has_subordinate_ids(const std::string& user) {
  return std::ranges::all_of(
      std::initializer_list<const char*>{"/etc/subuid", "/etc/subgid"}, [&](const char* file) {
        std::ifstream in(file);
        for (std::string line; std::getline(in, line);)
          if (line.starts_with(user + ":") || line.starts_with(std::to_string(::getuid()) + ":"))
            return true;
        return false;
      });
}

bool user_namespaces() {
  return number_in("/proc/sys/kernel/unprivileged_userns_clone", 1) != 0 &&
         number_in("/proc/sys/user/max_user_namespaces", 1) != 0 &&
         number_in("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) == 0;
}

std::string loopback_problem() {
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!socket ||
      ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return std::strerror(errno);
  return {};
}

std::string group_of(const char* file) {
  struct stat found {};
  if (::stat(file, &found) != 0) return {};
  const group* const entry = ::getgrgid(found.st_gid);
  return entry ? entry->gr_name : std::to_string(found.st_gid);
}

/// A kernel to try KVM with: the newest of the cache, or one of the host's that we may read.
fs::path some_kernel(const fs::path& cache) {
  fs::path newest;
  fs::file_time_type when = fs::file_time_type::min();
  std::error_code error;
  for (fs::directory_iterator at(cache / "kernels", error), end; !error && at != end;
       at.increment(error)) {
    const fs::path image = at->path() / "bzImage";
    std::error_code none;
    const auto written = fs::last_write_time(image, none);
    if (none || written <= when) continue;
    newest = image;
    when = written;
  }
  if (!newest.empty()) return newest;
  for (const std::string& name : list_files("/boot"))
    if (name.starts_with("vmlinuz") && ::access(("/boot/" + name).c_str(), R_OK) == 0)
      return "/boot/" + name;
  return {};
}

/// Opens libvirt's driver in a run directory, and boots a kernel under KVM if the device is there.
void try_machines(const WorkFolders& folders, HostView& view, bool kvm, EventLoop& loop,
                  std::stop_token stop) {
  try {
    const QemuUser user = qemu_user();
    const RunDirectory directory(folders.runs, user.uid, user.gid);
    const auto hypervisor =
        open_libvirt_hypervisor(directory.path() / "virt", loop, folders.cache / "libvirt");
    if (!kvm) return;
    const fs::path kernel = some_kernel(folders.cache);
    if (kernel.empty()) {
      view.kvm.reason = "there is no kernel to boot";
      return;
    }
    const AccelerationChoice choice =
        prove_kvm(*hypervisor, loop, place_file(kernel, directory.path() / "kernel"),
                  directory.path(), kKvmProofLimit, stop);
    view.kvm.state =
        choice.acceleration == Acceleration::kvm ? KvmView::State::works : KvmView::State::broken;
    view.kvm.reason = choice.reason;
  } catch (const Cancelled&) {
    throw;
  } catch (const Error& error) {
    view.libvirt_problem = split(error.what(), '\n').front();
    if (kvm) view.kvm.reason = "libvirt's driver did not open";
  }
}

}  // namespace

HostView read_host_view(const WorkFolders& folders, const HostFacts& facts, const Plan* plan,
                        EventLoop& loop, std::stop_token stop) {
  HostView view;
  view.user = user_name();
  view.root = ::getuid() == 0;
  view.cpus = facts.cpus;
  view.memory = facts.memory;
  view.qemu_version = facts.qemu_version;
  view.reading = read_memory();
  for (const Need& need : all_needs())
    if (is_there(need.what)) view.there.emplace(need.what);
  view.source_packages = source_packages();
  view.cache = view_of(folders.cache);
  view.cache_use = parts_of(folders.cache);
  view.results = view_of(folders.results);
  view.runs = view_of(folders.runs);
  view.open_files = limit_of(RLIMIT_NOFILE);
  view.tasks = limit_of(RLIMIT_NPROC);
  view.file_size = limit_of(RLIMIT_FSIZE);
  view.inotify_instances = number_in("/proc/sys/fs/inotify/max_user_instances", 0);
  view.user_namespaces = user_namespaces();
  view.subordinate_ids = has_subordinate_ids(view.user);
  view.loopback_problem = loopback_problem();
  for (const LeftoverRun& run : leftover_runs(folders.runs))
    view.leftovers.push_back(run.path.filename());
  try {
    view.qemu_user = qemu_user().name;
  } catch (const Error&) {
    view.qemu_user.clear();
  }
  if (facts.kvm_device)
    view.kvm.state = KvmView::State::not_tried;
  else if (::access(kKvmDevice, F_OK) == 0)
    view.kvm.state = KvmView::State::no_permission;
  view.kvm.group = group_of(kKvmDevice);
  const bool wants_kvm = !plan || plan->accel != Accel::tcg;
  if (!view.qemu_version.empty() && !view.qemu_user.empty())
    try_machines(folders, view, wants_kvm && facts.kvm_device, loop, std::move(stop));
  return view;
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/node.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "agent/child.h"
#include "agent/wire.h"

namespace gridlock::agent {
namespace {

/// Collects what failed; nothing of the set-up is worth giving up the node for.
class Failures {
 public:
  void check(int result, const std::string& doing) {
    if (result == 0) return;
    if (!text_.empty()) text_ += "; ";
    text_ += failure(doing, errno);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

void mount_at(Failures& failures, const char* type, const char* where, const char* options,
              unsigned long flags = MS_NOSUID | MS_NODEV) {
  ::mkdir(where, 0755);
  failures.check(::mount(type, where, type, flags, options), std::string("mounting ") + where);
}

/// Everything becomes writable: the root is a lower layer, what is written goes to a tmpfs.
void cover_root(Failures& failures) {
  failures.check(::mount("tmpfs", "/run", "tmpfs", MS_NOSUID, "mode=0755"), "mounting /run");
  for (const char* folder : {"/run/upper", "/run/work", "/run/root"}) ::mkdir(folder, 0755);
  if (::mount("overlay", "/run/root", "overlay", 0,
              "lowerdir=/,upperdir=/run/upper,workdir=/run/work") != 0) {
    failures.check(-1, "mounting the overlay");
    return;
  }
  // The kernel has mounted devtmpfs (CONFIG_DEVTMPFS_MOUNT); it moves along.
  failures.check(::mount("/dev", "/run/root/dev", nullptr, MS_MOVE, nullptr), "moving /dev");
  failures.check(::chdir("/run/root"), "entering the new root");
  failures.check(::mount(".", "/", nullptr, MS_MOVE, nullptr), "moving the new root");
  failures.check(::chroot("."), "changing the root");
  failures.check(::chdir("/"), "entering the root");
}

void link_devices() {
  static constexpr const char* kLinks[][2] = {
      {"/proc/self/fd", "/dev/fd"},
      {"/proc/self/fd/0", "/dev/stdin"},
      {"/proc/self/fd/1", "/dev/stdout"},
      {"/proc/self/fd/2", "/dev/stderr"},
      // libdlm and dlm_controld look for these, which udev would make.
      {"/dev/dlm-control", "/dev/misc/dlm-control"},
      {"/dev/dlm-monitor", "/dev/misc/dlm-monitor"},
      {"/dev/dlm_plock", "/dev/misc/dlm_plock"},
  };
  ::mkdir("/dev/misc", 0755);
  // A link that is there already is as good.
  for (const auto& [target, link] : kLinks)
    if (::symlink(target, link) != 0 && errno != EEXIST) return;
}

/// Disks are known by the serial the host gave them, never by their letter.
void link_disks() {
  ::mkdir("/dev/disk", 0755);
  ::mkdir("/dev/disk/by-serial", 0755);
  std::error_code missing;
  for (const auto& disk : std::filesystem::directory_iterator("/sys/block", missing)) {
    std::string serial;
    std::getline(std::ifstream(disk.path() / "serial"), serial);
    if (serial.empty() || serial.find('/') != std::string::npos || serial[0] == '.') continue;
    const auto device = std::filesystem::path("/dev") / disk.path().filename();
    std::filesystem::create_symlink(device, "/dev/disk/by-serial/" + serial, missing);
  }
}

int interface_up(int socket, const char* name) {
  ifreq request{};
  std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (::ioctl(socket, SIOCGIFFLAGS, &request) != 0) return -1;
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  return ::ioctl(socket, SIOCSIFFLAGS, &request);
}

}  // namespace

std::string set_up_node() {
  Failures failures;
  ::umask(022);
  cover_root(failures);
  mount_at(failures, "proc", "/proc", nullptr);
  mount_at(failures, "sysfs", "/sys", nullptr);
  mount_at(failures, "tmpfs", "/run", "mode=0755");
  failures.check(::mkdir("/run/gridlock", 0755), "making /run/gridlock");
  mount_at(failures, "tmpfs", "/tmp", "mode=1777");
  mount_at(failures, "tmpfs", "/dev/shm", "mode=1777");
  mount_at(failures, "devpts", "/dev/pts", "mode=0620,ptmxmode=0666", MS_NOSUID);
  mount_at(failures, "debugfs", "/sys/kernel/debug", nullptr);
  mount_at(failures, "configfs", "/sys/kernel/config", nullptr);
  // Only in kernels with tracing, the folder shows it.
  if (struct stat found; ::stat("/sys/kernel/tracing", &found) == 0)
    mount_at(failures, "tracefs", "/sys/kernel/tracing", nullptr);
  link_devices();
  link_disks();
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  failures.check(interface_up(socket.get(), "lo"), "bringing up lo");
  return failures.text();
}

std::string become_real_time() {
  Failures failures;
  failures.check(::mlockall(MCL_CURRENT | MCL_FUTURE), "locking memory");
  sched_param priority{};
  priority.sched_priority = ::sched_get_priority_min(SCHED_RR) + 10;
  failures.check(::sched_setscheduler(0, SCHED_RR, &priority), "real-time priority");
  std::ofstream("/proc/self/oom_score_adj") << -1000;
  return failures.text();
}

Descriptor open_port() {
  const std::filesystem::path ports = "/sys/class/virtio-ports";
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(ports, missing)) {
    std::string name;
    std::getline(std::ifstream(entry.path() / "name"), name);
    if (name != wire::kPortName) continue;
    const auto device = std::filesystem::path("/dev") / entry.path().filename();
    return Descriptor(::open(device.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  }
  return {};
}

}  // namespace gridlock::agent

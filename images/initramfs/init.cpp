// SPDX-License-Identifier: GPL-2.0-or-later
// The first program of a node whose kernel has drivers as modules: loads them in the order of
// /modules/order, mounts the root disk and becomes the node's init. What goes wrong is said on the
// console, through the kernel's own log, and ends the machine: nothing after it could be trusted.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

namespace {

/// How long the root disk may take to appear once its driver is loaded.
constexpr std::chrono::seconds kDiskLimit{30};
constexpr std::chrono::milliseconds kDiskLook{20};
/// For the console to bring out what was said, at 115200 baud.
constexpr std::chrono::milliseconds kLastWords{500};

void say(const std::string& text) {
  const std::string line = "<3>gridlock: " + text + "\n";
  const int log = ::open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
  if (log < 0 || ::write(log, line.data(), line.size()) < 0)
    (void)!::write(STDERR_FILENO, line.data(), line.size());
  if (log >= 0) ::close(log);
}

[[noreturn]] void give_up(const std::string& text) {
  say(text + ": this kernel cannot run a node");
  std::this_thread::sleep_for(kLastWords);
  ::reboot(RB_POWER_OFF);
  while (true) ::pause();
}

void require(int result, const std::string& doing) {
  if (result != 0) give_up(doing + ": " + std::strerror(errno));
}

/// The value of `name=` on the kernel's command line.
std::string option(std::string_view command_line, const std::string& name, std::string fallback) {
  const std::string line = " " + std::string(command_line);
  const std::size_t at = line.find(" " + name + "=");
  if (at == std::string::npos) return fallback;
  const std::size_t begin = at + name.size() + 2;
  return line.substr(begin, line.find_first_of(" \n", begin) - begin);
}

void load(const std::string& file) {
  const std::string path = "/modules/" + file;
  const int module = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (module < 0) give_up("the module " + file + " is not in the initramfs");
  const long result = ::syscall(SYS_finit_module, module, "", 0);
  const int error = errno;
  ::close(module);
  ::unlink(path.c_str());  // its memory is the node's again
  if (result == 0 || error == EEXIST) return;
  // A module for a device or a processor that is not there; whoever needs it will say so.
  if (error == ENODEV) return say("the module " + file + " found nothing to drive");
  give_up("the module " + file + " does not load: " + std::strerror(error));
}

}  // namespace

int main() {
  for (const char* const folder : {"/dev", "/proc", "/root"}) ::mkdir(folder, 0755);
  if (::mount("devtmpfs", "/dev", "devtmpfs", MS_NOSUID, "mode=0755") != 0)
    give_up(std::string("mounting /dev: ") + std::strerror(errno));
  require(::mount("proc", "/proc", "proc", 0, nullptr), "mounting /proc");
  std::ifstream order("/modules/order");
  if (!order) give_up("there is no /modules/order");
  for (std::string file; std::getline(order, file);) load(file);

  std::string line;
  std::getline(std::ifstream("/proc/cmdline"), line);
  const std::string disk = option(line, "root", "/dev/vda"),
                    type = option(line, "rootfstype", "erofs"),
                    init = option(line, "init", "/sbin/init");
  const auto limit = std::chrono::steady_clock::now() + kDiskLimit;
  struct stat found {};
  while (::stat(disk.c_str(), &found) != 0) {
    if (std::chrono::steady_clock::now() > limit)
      give_up("the root disk " + disk + " is not there");
    std::this_thread::sleep_for(kDiskLook);
  }
  require(::mount(disk.c_str(), "/root", type.c_str(), MS_RDONLY, nullptr),
          "mounting the root disk as " + type);
  // A node's init expects what a kernel without an initramfs leaves it: /dev, and nothing else.
  require(::umount2("/proc", MNT_DETACH), "leaving /proc");
  require(::mount("/dev", "/root/dev", nullptr, MS_MOVE, nullptr), "moving /dev");
  require(::chdir("/root"), "entering the root");
  require(::mount(".", "/", nullptr, MS_MOVE, nullptr), "moving the root");
  require(::chroot("."), "changing the root");
  require(::chdir("/"), "entering the root");
  ::execl(init.c_str(), init.c_str(), static_cast<char*>(nullptr));
  give_up("starting " + init + ": " + std::strerror(errno));
}

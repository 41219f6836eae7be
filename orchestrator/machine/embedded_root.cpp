// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/embedded_root.h"

#include <fmt/format.h>
#include <unistd.h>

#include <QByteArray>
#include <fstream>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "host/processes.h"
#include "machine/libvirt_hypervisor.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

/// A UNIX socket's path has 107 bytes; the longest below a root is
/// lib/qemu/domain-<number>-<20 bytes of the name>/monitor.sock.
constexpr std::size_t kRootLimit =
    107 - std::string_view("/lib/qemu/domain-999-/monitor.sock").size() - 20;

/// Where libvirt keeps, below a root, what QEMU programs can do.
constexpr std::string_view kAbilities = "cache/qemu/capabilities";

/// https://libvirt.org/drvqemu.html and the comments in /etc/libvirt/qemu.conf.
std::string configuration() {
  // Logs straight to files: otherwise libvirt starts, or fails to reach, its log daemon.
  std::string text =
      "stdio_handler = \"file\"\n"
      // Files keep their owners: kernels and images are shared with other runs.
      "dynamic_ownership = 0\n"
      "remember_owner = 0\n"
      // Profiles of AppArmor and SELinux do not know of the sockets of a run.
      "security_driver = \"none\"\n"
      "security_default_confined = 0\n"
      "seccomp_sandbox = 1\n"
      // Both need more than an unprivileged QEMU does, and time at each start.
      "namespaces = [ ]\n"
      "cgroup_controllers = [ ]\n";
  if (::geteuid() == 0) {
    const QemuUser user = qemu_user();
    text += fmt::format("user = \"+{}\"\ngroup = \"+{}\"\n", user.uid, user.gid);
  }
  return text;
}

/// The QEMU user must be able to pass through it, whatever our umask is.
void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error)
    fs::permissions(folder, fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec,
                    error);
  if (error)
    throw Error(
        fmt::format("cannot make libvirt's folder {}: {}", folder.string(), error.message()));
}

std::string content_of(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

/// Copies what differs; a reader of `to` never sees half a file.
void copy_abilities(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_directories(to, error);
  for (fs::directory_iterator it(from, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() != ".xml") continue;
    const fs::path target = to / it->path().filename();
    std::error_code ignored;
    if (fs::exists(target, ignored) && content_of(it->path()) == content_of(target)) continue;
    const fs::path whole = to / fmt::format("{}.{}", target.filename().string(), ::getpid());
    fs::copy_file(it->path(), whole, fs::copy_options::overwrite_existing, ignored);
    if (!ignored) fs::rename(whole, target, ignored);
    if (ignored) fs::remove(whole, ignored);
  }
}

}  // namespace

EmbeddedRoot::EmbeddedRoot(fs::path root, fs::path abilities)
    : root_(std::move(root)), abilities_(std::move(abilities)) {
  if (!root_.is_absolute() || root_.native().size() > kRootLimit)
    throw Error(
        fmt::format("libvirt's folder must be an absolute path of at most {} bytes, but is {}",
                    kRootLimit, root_.string()),
        "let the run directory have a shorter path");
  for (const char* folder : {"", "etc", "lib", "run", "cache", "cache/qemu"})
    make_folder(root_ / folder);
  const fs::path file = root_ / "etc" / "qemu.conf";
  std::ofstream out(file);
  out << configuration();
  if (!out.flush()) throw Error("cannot write " + file.string());
  if (!abilities_.empty()) copy_abilities(abilities_, root_ / kAbilities);
}

EmbeddedRoot::~EmbeddedRoot() {
  std::error_code ignored;
  if (qemu_processes_of(root_).empty()) fs::remove_all(root_, ignored);
}

std::string EmbeddedRoot::uri() const {
  return "qemu:///embed?root=" +
         QByteArray::fromStdString(root_.native()).toPercentEncoding("/").toStdString();
}

fs::path EmbeddedRoot::log_of(const std::string& machine) const {
  return root_ / "log" / "qemu" / (machine + ".log");
}

std::vector<pid_t> EmbeddedRoot::processes() const {
  std::vector<pid_t> found;
  const auto read = [&](const fs::path& file) {
    std::ifstream in(file);
    pid_t process = 0;
    if (in >> process && process > 0) found.push_back(process);
  };
  std::error_code error;
  for (fs::directory_iterator at(root_ / "run" / "qemu", error), end; !error && at != end;
       at.increment(error))
    if (at->path().extension() == ".pid") read(at->path());
  for (fs::directory_iterator at(root_ / "lib" / "qemu", error), end; !error && at != end;
       at.increment(error))
    if (at->path().filename().string().starts_with("qmp-")) read(at->path() / "qmp.pid");
  return found;
}

void EmbeddedRoot::keep_abilities() const {
  if (!abilities_.empty()) copy_abilities(root_ / kAbilities, abilities_);
}

}  // namespace gridlock

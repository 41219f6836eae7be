// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace gridlock {

/// The folder tree of one embedded libvirt driver: its configuration, sockets, logs and caches.
class EmbeddedRoot {
 public:
  /// Makes the folder and writes its qemu.conf. `abilities` is the folder that keeps what QEMU
  /// programs can do from run to run; may be empty. Throws Error if the path is too long for the
  /// sockets below it or cannot be made.
  EmbeddedRoot(std::filesystem::path root, std::filesystem::path abilities);
  /// Removes the folder, unless QEMU processes of it still run.
  ~EmbeddedRoot();
  EmbeddedRoot(const EmbeddedRoot&) = delete;
  EmbeddedRoot& operator=(const EmbeddedRoot&) = delete;

  const std::filesystem::path& path() const { return root_; }
  std::string uri() const;
  /// The file libvirt keeps about the machine: QEMU's arguments, what it said, why it ended.
  std::filesystem::path log_of(const std::string& machine) const;

  /// The QEMU processes libvirt has started, to run machines and to be asked for their abilities,
  /// as its files say: some may have ended.
  std::vector<pid_t> processes() const;

  /// Copies what libvirt found out about QEMU to `abilities`. Only saves time: failures are
  /// ignored.
  void keep_abilities() const;

 private:
  std::filesystem::path root_;
  std::filesystem::path abilities_;
};

}  // namespace gridlock

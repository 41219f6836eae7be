// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "host/memory.h"

namespace gridlock {

/// A folder Gridlock keeps things in, and the file system it is on. A folder that is not there yet
/// is judged by the one above it.
struct FolderView {
  std::string path;
  std::string problem;  ///< why we cannot make files there; empty: we can
  Bytes free;
  bool in_memory = false;  ///< tmpfs: no direct I/O
};

/// Whether nodes can have hardware virtualization.
struct KvmView {
  enum class State { no_device, no_permission, works, broken, not_tried };
  State state = State::no_device;
  std::string reason;  ///< of works, broken and not_tried: one line
  std::string group;   ///< that owns /dev/kvm, if it is there
};

/// What of a host a check looks at, read at one moment. Tests make one by hand.
struct HostView {
  std::string user;  ///< ours, by name
  bool root = false;
  std::string qemu_user;                     ///< QEMU runs as; empty: there is no such user
  std::set<std::string, std::less<>> there;  ///< what of all_needs() was found, by its `what`
  std::set<std::string> source_packages;     ///< Debian's of kernels, by name
  std::string qemu_version;
  std::string libvirt_problem;  ///< why the driver did not open; empty: it did, or was not tried
  KvmView kvm;
  int cpus = 1;
  Bytes memory;  ///< physical
  MemoryReading reading;
  FolderView cache, results, runs;
  std::vector<std::pair<std::string, Bytes>> cache_use;  ///< what each part of the cache takes
  std::vector<std::string> leftovers;   ///< folders of killed runs
  std::uint64_t open_files = 0;         ///< RLIMIT_NOFILE that can be had; UINT64_MAX: no limit
  std::uint64_t tasks = 0;              ///< RLIMIT_NPROC, likewise
  std::uint64_t file_size = 0;          ///< RLIMIT_FSIZE, likewise, in bytes
  std::uint64_t inotify_instances = 0;  ///< of a user; 0: not known
  bool user_namespaces = true;          ///< an ordinary user can make them
  bool subordinate_ids = true;          ///< it has some in /etc/subuid and /etc/subgid
  std::string loopback_problem;         ///< why no port could be bound; empty: one could
};

}  // namespace gridlock

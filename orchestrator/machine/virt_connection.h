// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/json.h"
#include "host/descriptor.h"
#include "machine/hypervisor.h"

namespace gridlock {

/// One connection to libvirt and the thread that turns libvirt's event loop. The calls block and
/// are safe from any thread but that one; they throw VirtError.
class VirtConnection {
 public:
  /// Hears events on libvirt's thread: copy, post, return. `uuid` tells one life of a machine from
  /// the next of the same name. Not told: that a machine ended because destroy() was called.
  using Listener = std::function<void(const std::string& uuid, const MachineEvent& event)>;

  VirtConnection(const std::string& uri, Listener listener);
  ~VirtConnection();
  VirtConnection(const VirtConnection&) = delete;
  VirtConnection& operator=(const VirtConnection&) = delete;

  enum class Run { running, paused };
  /// Starts the machine that `xml` describes; it is gone for libvirt once it ends.
  void start(const std::string& xml, Run run = Run::running);

  void pause(const std::string& name);
  void resume(const std::string& name);

  /// One command of QEMU's monitor (QMP), and what it returned. With `file` a descriptor goes along,
  /// as `getfd` takes it.
  Json monitor(const std::string& name, const Json& command, const Descriptor* file = nullptr);

  /// One command of QEMU's monitor for people (HMP), and what it printed.
  std::string human_monitor(const std::string& name, const std::string& command);

  /// Writes a machine's memory to `file` as kdump-zlib; the machine stands still meanwhile. It has
  /// to be libvirt's own dump: 9.0 crashes when QEMU ends one that was begun through the monitor
  /// (qemuProcessHandleDumpCompleted). Until then the monitor answers nobody.
  void dump_memory(const std::string& name, const std::filesystem::path& file);

  /// What libvirt knows of a machine without asking QEMU: kind and detail, not the process.
  MachineState state(const std::string& name);

  /// Ends a machine by force; that it is not there is success.
  void destroy(const std::string& name);

  /// Ends every machine that runs; goes on after a failure.
  void destroy_all() noexcept;

  void inject_nmi(const std::string& name);

 private:
  class Events;
  std::unique_ptr<Events> events_;
};

}  // namespace gridlock

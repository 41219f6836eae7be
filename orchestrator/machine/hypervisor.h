// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/event_loop.h"
#include "base/iscsi_lun.h"
#include "machine/inspection.h"

namespace gridlock {

enum class Acceleration { kvm, tcg };

/// Everything one node's virtual machine is made of. Paths are absolute; socket paths at most 107
/// bytes.
struct MachineSpec {
  std::string name;  ///< "gl-node1": the domain's
  Acceleration acceleration = Acceleration::tcg;
  int vcpus = 1;
  Bytes memory;
  std::string mac;
  std::filesystem::path kernel;  ///< bzImage; empty: the BIOS boots from root_disk
  std::filesystem::path initrd = {};  ///< an initramfs for `kernel`; may be empty
  std::string command_line;
  std::filesystem::path root_disk;  ///< raw, read-only, serial ROOT; may be empty
  std::filesystem::path
      shared_disk;  ///< raw, shareable, host cache off, serial SHARED; may be empty
  /// The shared disk in its place: QEMU is the initiator called `initiator`, and the machine has a
  /// SCSI disk with the serial SHARED. The secret reaches QEMU in a file that is gone when the machine
  /// has started, and no XML has it.
  std::optional<IscsiLun> iscsi = {};
  std::string initiator = {};
  /// Written from the first byte; with a `state` what is there stays, and the rest comes behind it.
  std::filesystem::path console_log;
  std::filesystem::path console_socket;
  std::filesystem::path agent_socket;   ///< QEMU listens; channel gridlock.agent.0; may be empty
  std::filesystem::path fabric_socket;  ///< ours listens; QEMU connects at start; may be empty
  /// What save() wrote of a machine of the same shape: the machine goes on from there instead of
  /// booting. Empty: it boots.
  std::filesystem::path state;
  /// With a `state`: it is loaded, and waits for resume().
  bool paused = false;
};

/// What happened to a machine without our asking.
struct MachineEvent {
  enum class Kind {
    panicked,  ///< the guest wrote to the panic device; it is paused and can be looked at
    stopped,   ///< gone: powered off, or reset
    crashed,   ///< QEMU itself died
    watchdog,
    reset,
  };
  std::string machine;
  Kind kind = Kind::stopped;
  std::string detail;  ///< libvirt's reason in words
};

/// Starts and ends machines. Calls return at once; the work is done on a thread per machine, and
/// `done` and events come on the loop. All calls are made on the loop's thread.
class Hypervisor : public Inspection {
 public:
  virtual void on_event(std::function<void(const MachineEvent&)> handler) = 0;

  /// Defines and starts a machine. On failure nothing of it is left.
  virtual void start(const MachineSpec& spec, Done done) = 0;

  /// Stops a machine's processors until resume().
  virtual void pause(const std::string& name, Done done) = 0;
  virtual void resume(const std::string& name, Done done) = 0;

  /// Pauses a machine, if it is not paused, and writes its memory and devices to `file`, which is
  /// made. It stays paused. On failure the file is gone.
  virtual void save(const std::string& name, const std::filesystem::path& file, Done done) = 0;

  /// Ends a machine by force, and waits until its process is gone. A machine that does not exist
  /// is success. Believes no earlier state.
  virtual void destroy(const std::string& name, Done done) = 0;

  /// QEMU's own log of this machine, its last lines; empty if there is none.
  virtual std::string qemu_log(const std::string& name) const = 0;

  /// The domain XML it was started with; empty if it never was.
  virtual std::string domain_xml(const std::string& name) const = 0;
};

}  // namespace gridlock

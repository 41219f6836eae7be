// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "guest/agent.h"
#include "guest/crew.h"
#include "machine/hypervisor.h"
#include "plan/plan.h"
#include "storage/shared_disk.h"
#include "watch/console_tail.h"

namespace gridlock {

/// What the trials of one run share.
struct LabSetting {
  const Plan& plan;
  EventLoop& loop;
  Hypervisor& hypervisor;
  /// Connects to a node's agent; a test connects to its script.
  std::function<std::unique_ptr<LineChannel>(const std::filesystem::path& socket)> connect;
  Acceleration acceleration = Acceleration::tcg;
  std::filesystem::path root_disk = {};  ///< readable by the user QEMU runs as
  std::filesystem::path directory = {};  ///< for sockets and the shared disk; short
  std::vector<std::filesystem::path> fabric_sockets = {};  ///< one per node; empty: no fabric
  std::string command_line = {};  ///< added to the plan's: what holds for this host only
  unsigned qemu_uid = 0;
  unsigned qemu_gid = 0;
};

/// A guest that was saved when its agent had come up, before it was anybody.
struct GuestTemplate {
  std::filesystem::path state;
  std::filesystem::path console_log;  ///< what it printed until then
};

/// What nodes run, and where their lives begin.
struct NodeSource {
  std::filesystem::path kernel;              ///< bzImage, readable by the user QEMU runs as
  std::optional<GuestTemplate> from = {};    ///< absent: they are powered on
};

/// How a node was lost, if it was.
struct Loss {
  enum class Kind {
    panicked,     ///< the kernel panicked: its doing
    stopped,      ///< powered off or reset, unasked: the kernel's doing
    qemu_died,    ///< the host's doing
    agent_lost,   ///< the agent's channel broke while the machine runs
    silent,       ///< the machine runs, the agent says nothing
  };
  Kind kind;
  std::string what;  ///< one line with the node's name
};

/// The nodes and the disk while they run. Made and used on the loop's thread; the destructor ends
/// every machine by force and removes the disk.
class Lab {
 public:
  struct Node {
    NodeId id;
    std::string name;
    MachineSpec machine;
    std::unique_ptr<Agent> agent;
    std::unique_ptr<ConsoleTail> console;
    std::filesystem::path console_log;
    std::optional<Loss> loss;
  };

  /// `console_logs` has one path per node.
  Lab(const LabSetting& setting, const NodeSource& source,
      const std::vector<std::filesystem::path>& console_logs);
  ~Lab();
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;

  /// Starts every node side by side and waits for its agent. Throws Error if a machine cannot be
  /// started, BarrierFailed if a node does not come up in time.
  void start(Milliseconds limit, std::stop_token stop);

  /// Tells every node who it is.
  void identify(Milliseconds limit, std::stop_token stop);

  /// Pauses the first node for good and writes its memory and devices to `state`, a new file.
  void save(const std::filesystem::path& state, Milliseconds limit, std::stop_token stop);

  std::vector<Node>& nodes() { return nodes_; }
  const Crew& crew() const { return *crew_; }

  /// Looks for agents that fell silent. Called now and then.
  void look_for_silence();

  /// The first node that was lost, or null.
  const Loss* lost() const;

  /// A kernel broke in a way nothing recovers from: whoever waits for the crew stops waiting.
  void give_up(const std::string& why) { given_up_ = why; }

  /// Ends every machine and waits for it, at most `limit`. Can be called twice. Returns what went
  /// wrong, or nothing.
  std::string stop_machines(Milliseconds limit);

 private:
  void machine_event(const MachineEvent& event);
  void lose(Node& node, Loss::Kind kind, const std::string& what);

  const LabSetting& setting_;
  std::unique_ptr<SharedDisk> disk_;
  std::vector<Node> nodes_;
  std::unique_ptr<Crew> crew_;
  std::string given_up_;
  bool ending_ = false;
};

}  // namespace gridlock

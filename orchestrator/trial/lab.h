// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "fabric/fabric.h"
#include "guest/agent.h"
#include "guest/crew.h"
#include "machine/hypervisor.h"
#include "plan/plan.h"
#include "trial/lab_disk.h"
#include "trial/saved_lab.h"
#include "watch/console_tail.h"
#include "watch/host_delay.h"

namespace gridlock {

class Desk;

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
  Fabric* fabric = nullptr;       ///< its port i is node i's; null: the nodes are not joined
  std::vector<std::filesystem::path> fabric_sockets = {};  ///< one per node; empty: no fabric
  std::string command_line = {};  ///< added to the plan's: what holds for this host only
  std::string tag = {};  ///< tells this lab's machines from those of others of the same hypervisor
  unsigned qemu_uid = 0;
  unsigned qemu_gid = 0;
  std::filesystem::path gateway_socket = {};  ///< of the fabric's port for a target; empty: none
  Desk* desk = nullptr;  ///< where people may look at its labs; null: nowhere
  /// What `uname -r` says of each kernel, by name; a node that says otherwise runs another one.
  std::map<std::string, std::string> releases = {};

  /// The same without a desk, for another plan, which must outlive it.
  LabSetting with_plan(const Plan& other) const {
    return {other,   loop,           hypervisor,   connect, acceleration, root_disk, directory,
            fabric, fabric_sockets, command_line, tag,     qemu_uid,     qemu_gid,
            gateway_socket};
  }
};

/// What nodes run, and where their lives begin.
struct NodeSource {
  std::filesystem::path kernel;        ///< bzImage, readable by the user QEMU runs as
  std::optional<SavedLab> from = {};   ///< absent: they are powered on
  SavedFrom parts = {};                ///< what a checkpoint of them is made of
  std::filesystem::path initrd = {};   ///< for `kernel`, readable like it; empty: it has none
  std::map<NodeId, OwnKernel> own = {};  ///< nodes that run another kernel

  Start start() const {
    if (!from) return Start::boot;
    return from->formed() ? Start::formed : Start::from_template;
  }
};

/// How a node was lost, if it was.
struct Loss {
  enum class Kind {
    panicked,    ///< the kernel panicked: its doing
    stopped,     ///< powered off or reset, unasked: the kernel's doing
    qemu_died,   ///< the host's doing
    agent_lost,  ///< the agent's channel broke while the machine runs
    silent,      ///< the machine runs, the agent says nothing
    disk_lost,   ///< the target of the shared disk ended, or cannot be reached: the host's doing
    stopped_on_host,  ///< the agent says nothing because the machine or its QEMU was stopped
    killed,           ///< ended on purpose, as the topology asks
  };
  Kind kind;
  std::string what;  ///< one line with the node's name
};

/// Whether a node was lost for what the host did: nothing that its kernel is judged by.
inline bool is_of_the_host(const Loss& loss) {
  return loss.kind == Loss::Kind::qemu_died || loss.kind == Loss::Kind::agent_lost ||
         loss.kind == Loss::Kind::stopped_on_host || loss.kind == Loss::Kind::disk_lost;
}

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

  /// Starts every machine side by side. Those of a formed lab are loaded and wait for go_on().
  void load(Milliseconds limit, std::stop_token stop);

  /// Lets loaded nodes go on, together, and waits for every agent. Throws BarrierFailed if a node
  /// does not come up in time, or has printed nothing when half of it is over.
  void go_on(Milliseconds limit, std::stop_token stop);

  /// load() and go_on(), each within `limit`. Throws Error if a machine cannot be started, BarrierFailed if a
  /// node does not come up in time.
  void start(Milliseconds limit, std::stop_token stop);

  /// Tells every node who it is.
  void identify(Milliseconds limit, std::stop_token stop);

  /// Gives nodes that go on as who they were the time and fresh entropy.
  void refresh(Milliseconds limit, std::stop_token stop);

  /// What save() saves: a guest that is nobody yet, or all nodes and their disk.
  enum class Saving { guest, whole };

  /// Pauses every node at one instant, with nothing on its way between them, and writes them and
  /// what they printed to files in `folder`, a new folder. They stay paused. Their daemons are the
  /// caller's to add.
  SavedLab save(const std::filesystem::path& folder, Saving saving, Milliseconds limit,
                std::stop_token stop);

  /// Pauses every node that is not lost. Throws Error, Cancelled; then some may be paused.
  void pause(Milliseconds limit, std::stop_token stop);
  /// Lets paused nodes go on, together.
  void resume(Milliseconds limit, std::stop_token stop);

  std::vector<Node>& nodes() { return nodes_; }
  /// All nodes but those that were killed. What is referred to lives as long as the lab.
  const Crew& crew() const { return *crews_.back(); }
  std::map<NodeId, ConsoleTail*> consoles();

  /// Measures how slow the nodes are while nothing works on them. Throws Cancelled only.
  void calibrate(Milliseconds limit, std::stop_token stop);
  /// By how much a node was slower then than one of a host that does nothing else; a node that was not
  /// measured is absent.
  const std::map<NodeId, double>& slowness() const { return slowness_; }
  /// What they are measured against: nodes of the lab's acceleration.
  std::chrono::nanoseconds pace() const;

  /// Looks for agents that fell silent. Called now and then.
  void look_for_silence();

  /// Notes what the machines used of the host's processors, at most once a second. Called now and
  /// then.
  void look_at_host();
  /// What came of it.
  const HostDelay& host_delay() const { return host_delay_; }

  /// Ends a node's machine on purpose, as a power cut would. From this call on it is none of
  /// crew(), and that it is gone is no loss.
  void kill(NodeId node, Hypervisor::Done done);
  /// The nodes that were.
  std::set<NodeId> killed() const;
  /// A node's machine stands still, and goes on. That it says nothing meanwhile is no loss.
  void stand_still(NodeId node, Hypervisor::Done done);
  void go_on_again(NodeId node, Hypervisor::Done done);
  /// What a node's cable to the fabric carries; without a fabric nothing is done.
  void set_cable(NodeId node, Fabric::Cable cable);

  /// The shared disk as nodes reach it whose kernels are initiators themselves, if they are.
  std::optional<IscsiLun> lun_for_guests() const { return disk_->for_guests(); }

  /// Why the shared disk is not there, asked when something stands still that may be for want of it;
  /// empty: it is. Takes at most a few seconds.
  std::string disk_problem() const;
  /// Every node is lost for want of its disk.
  void lose_disk(const std::string& why);

  /// The first node that was lost and not killed, or null.
  const Loss* lost() const;

  /// A kernel broke in a way nothing recovers from: whoever waits for the crew stops waiting.
  void give_up(const std::string& why) { given_up_ = why; }

  /// Ends every machine and waits for it, at most `limit`. Can be called twice. Returns what went
  /// wrong, or nothing.
  std::string stop_machines(Milliseconds limit);

 private:
  using Order = std::function<void(const Node&, Hypervisor::Done)>;
  /// Waits until every node has printed something. Throws BarrierFailed.
  void await_first_lines(Milliseconds limit, std::stop_token stop);
  /// Waits for every agent, `left` of `limit`. Throws BarrierFailed.
  void await_agents(Milliseconds limit, Milliseconds left, std::stop_token stop);
  /// What the consoles of lost nodes ended with, for a message.
  std::string last_words();
  /// Gives every machine an order side by side and waits until all are done. Throws the first
  /// failure, or Error "<what> took longer than …".
  void order(const std::string& what, const Order& each, Milliseconds limit, std::stop_token stop);
  void machine_event(const MachineEvent& event);
  void lose(Node& node, Loss::Kind kind, const std::string& what);
  Node& node(NodeId id);
  /// Asks whether a node that says nothing is kept from it by the host.
  void ask_why_silent(const Node& node, Milliseconds limit);

  const LabSetting& setting_;
  const NodeSource& source_;
  std::unique_ptr<LabDisk> disk_;
  std::vector<Node> nodes_;
  std::vector<std::unique_ptr<Crew>> crews_;  ///< of all; then without whom was killed
  std::map<NodeId, double> slowness_;
  HostDelay host_delay_;
  std::map<NodeId, SteadyTime> next_host_look_;
  std::vector<KeptFrame> waiting_frames_;  ///< for when the nodes go on
  std::string given_up_;
  std::map<NodeId, SteadyTime> asked_why_silent_;
  std::set<NodeId> still_;                                      ///< stand still on purpose
  std::map<NodeId, SteadyTime> went_on_;                        ///< when they went on
  std::shared_ptr<Lab*> alive_ = std::make_shared<Lab*>(this);  ///< answers hold it weakly
  bool ending_ = false;
};

}  // namespace gridlock

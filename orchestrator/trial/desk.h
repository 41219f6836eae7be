// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/event_loop.h"
#include "base/json.h"
#include "diagnosis/look.h"
#include "trial/lab.h"

namespace gridlock {

class GuestShell;

/// Whether and how long labs of failed trials are kept for a person to look at.
struct HoldOptions {
  std::optional<Milliseconds> lease;  ///< absent: they are not kept
  bool freeze = false;                ///< their nodes are paused
};

/// A lab that may be looked at, and what of its trial a look needs. Borrowed until hide().
struct ShownLab {
  Lab& lab;
  const Plan& plan;
  int trial = 0;
  std::string kernel;
  std::filesystem::path evidence;  ///< a folder; each look makes one in it
  /// Keeps a file of the look `look`.
  std::function<void(const std::string& look, const std::filesystem::path& name,
                     std::string_view bytes)>
      keep;
  /// Nodes whose kernels broke: their locks are not read.
  std::function<std::set<NodeId>()> broken;
  /// What files are called.
  std::function<diagnosis::KnownFiles()> files;
  /// Lets nodes that were paused go on. Throws Error, Cancelled.
  std::function<void(std::stop_token)> go_on;
};

/// What a desk needs of its surroundings.
struct DeskSetting {
  using Client = std::uint64_t;

  EventLoop& loop;
  Hypervisor& hypervisor;
  std::string run;                   ///< its name, or the path that verbs find it by
  std::filesystem::path gdb_folder;  ///< QEMU's user may make sockets in it; short
  std::map<std::string, std::filesystem::path> vmlinux = {};  ///< by kernel
  HoldOptions hold = {};
  std::function<void(Client, const Json&)> say = [](Client, const Json&) {};
  std::function<void(const std::string&)> tell = [](const std::string&) {};  ///< a person: a line
  /// What status() says has changed, and not only by time passing.
  std::function<void()> changed = [] {};
};

/// Where people come to look at a run's lab while it lives: shells, debuggers, evidence on demand,
/// and a hold on the lab of a failed trial. Requests and answers are in docs/looking.md. Everything
/// happens on the loop's thread.
class Desk {
 public:
  using Client = DeskSetting::Client;

  explicit Desk(DeskSetting setting);
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;
  ~Desk();

  /// The lab that may be looked at, from now on.
  void show(ShownLab lab);
  /// It is not there any more: shells end, and whoever waits is told.
  void hide();

  void heard(Client client, const Json& request);
  void gone(Client client);

  /// Whether somebody waits for what takes the lab's whole attention for a while; serve() does it.
  /// Not to be called out of a handler of the loop.
  bool waits() const { return !waiting_.empty(); }
  void serve(std::stop_token stop);

  /// Whether a lab that failed is to be kept.
  bool holds() const { return setting_.hold.lease.has_value(); }
  /// Keeps the lab that is shown, until its lease ends, somebody releases it, `stop` is requested
  /// or no machine is left. `why` is one line: what failed, or what is held.
  void hold(const std::string& why, std::stop_token stop);
  /// Whether `stop` ended a hold.
  bool interrupted() const { return interrupted_; }

  /// The answer to `status`.
  Json status() const;

 private:
  struct Held {
    std::string why;
    SteadyTime until;
    UtcTime until_utc;
    bool released = false;
  };
  struct Wanted {
    enum class Kind { evidence, go };
    Client client;
    Kind kind;
    NodeId node = {};  ///< 0: all
  };

  std::string answer_shell(Client client, const Json& request);
  std::string answer_input(Client client, const Json& request);
  std::string answer_gdb(Client client, const Json& request);
  std::string answer_evidence(Client client, const Json& request);
  std::string answer_go(Client client);
  Lab::Node* node_of(const Json& request, std::string& wrong);
  std::string why_silent(const Lab::Node& node) const;
  /// The symbols of a kernel, or nothing.
  std::string vmlinux_of(const std::string& kernel) const;
  Json take(NodeId node, std::stop_token stop);
  Json go(std::stop_token stop);
  void wait_for(const Wanted& wanted);
  void begin_hold(const std::string& why, std::stop_token stop);
  void end_debugger(NodeId node);
  void tick();
  bool all_gone() const;

  DeskSetting setting_;
  std::optional<ShownLab> shown_;
  std::optional<Held> held_;
  bool frozen_ = false;
  bool interrupted_ = false;
  int looks_ = 0;
  std::deque<Wanted> waiting_;
  std::map<Client, std::unique_ptr<GuestShell>> shells_;
  std::map<Client, NodeId> debuggers_;
  std::set<NodeId> told_lost_;
  EventLoop::TimerId tick_ = 0;
  std::shared_ptr<Desk*> alive_;  ///< answers of the hypervisor hold it weakly
};

}  // namespace gridlock

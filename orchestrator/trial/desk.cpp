// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/wire.h"
#include "base/error.h"
#include "base/text.h"
#include "trial/guest_shell.h"
#include "trial/take_evidence.h"

namespace gridlock {
namespace {

/// How often it is looked whether a node was lost.
constexpr Milliseconds kTick{500};
constexpr std::size_t kMostWaiting = 4;
constexpr Milliseconds kFreezeLimit{20'000};
constexpr std::size_t kMostArguments = 256;

constexpr const char* kNothingHeld = "no lab is held";

/// The program a `shell` request asks for, or what is wrong with it.
std::string read_job(const Json& request, const std::string& node, Job& job) {
  if (const auto argv = request.find("argv"); argv != request.end()) {
    if (!argv->is_array() || argv->size() > kMostArguments)
      return fmt::format("argv must be a list of at most {} texts", kMostArguments);
    for (const Json& argument : *argv) {
      if (!argument.is_string()) return "argv must hold texts only";
      job.argv.push_back(argument.get<std::string>());
    }
  }
  const bool asked = !job.argv.empty();
  job.environment["PS1"] = node + ":\\w# ";
  job.environment["TERM"] = printable(text_or(request, "term", "dumb"), 40);
  job.more_input = true;
  if (const auto terminal = request.find("terminal"); terminal != request.end()) {
    const auto cells = [&](const char* which) {
      return static_cast<int>(std::clamp<std::int64_t>(integer_or(*terminal, which, 0), 1, 1000));
    };
    job.terminal = TerminalSize{cells("rows"), cells("columns")};
  }
  if (!asked)
    job.argv = job.terminal ? std::vector<std::string>{"sh", "-i"} : std::vector<std::string>{"sh"};
  return {};
}

/// Whether there is no machine any more.
bool is_gone(const Lab::Node& node) {
  return node.loss &&
         (node.loss->kind == Loss::Kind::qemu_died || node.loss->kind == Loss::Kind::stopped ||
          node.loss->kind == Loss::Kind::killed);
}

std::string text_of(const std::exception_ptr& error) {
  try {
    if (error) std::rethrow_exception(error);
  } catch (const Error& why) {
    return why.what();
  }
  return {};
}

}  // namespace

Desk::Desk(DeskSetting setting)
    : setting_(std::move(setting)), alive_(std::make_shared<Desk*>(this)) {}

Desk::~Desk() { hide(); }

void Desk::show(ShownLab lab) {
  hide();
  shown_.emplace(std::move(lab));
  told_lost_.clear();
  tick_ = setting_.loop.every(kTick, [this] { tick(); });
  setting_.changed();
}

void Desk::hide() {
  if (!shown_) return;
  setting_.loop.cancel(tick_);
  for (const auto& [client, shell] : shells_) shell->lose("the lab ended");
  shells_.clear();
  for (const Wanted& wanted : std::exchange(waiting_, {}))
    setting_.say(wanted.client, {{"ok", false}, {"error", "the lab ended"}});
  for (const auto& [client, node] : std::exchange(debuggers_, {}))
    setting_.say(client, {{"event", "ended"}, {"why", "the lab ended"}});
  frozen_ = false;
  shown_.reset();
  setting_.changed();
}

std::string Desk::vmlinux_of(const std::string& kernel) const {
  const auto found = setting_.vmlinux.find(kernel);
  return found == setting_.vmlinux.end() ? std::string() : found->second.string();
}

Json Desk::status() const {
  Json status{{"run", std::filesystem::path(setting_.run).filename().string()},
              {"held", held_.has_value()}};
  if (held_) {
    status["why"] = held_->why;
    status["until"] = rfc3339(held_->until_utc);
    status["frozen"] = frozen_;
  }
  if (!shown_) return status;
  status["trial"] = shown_->trial;
  status["kernel"] = shown_->kernel;
  if (const std::string file = vmlinux_of(shown_->kernel); !file.empty()) status["vmlinux"] = file;
  Json nodes = Json::array();
  for (const Lab::Node& node : shown_->lab.nodes()) {
    Json one{{"name", node.name},
             {"console", node.machine.console_socket.string()},
             {"console_log", node.console_log.string()}};
    if (const std::string& kernel = shown_->plan.node(node.id).runs(shown_->kernel);
        kernel != shown_->kernel) {
      one["kernel"] = kernel;
      one["vmlinux"] = vmlinux_of(kernel);
    }
    if (node.loss) one["lost"] = printable(node.loss->what);
    nodes.push_back(one);
  }
  status["nodes"] = nodes;
  return status;
}

void Desk::heard(Client client, const Json& request) {
  const std::string kind = text_or(request, "request", "");
  std::string wrong;
  if (kind == "status") {
    Json answer{{"ok", true}};
    answer.update(status());
    setting_.say(client, answer);
  } else if (kind == "shell") {
    wrong = answer_shell(client, request);
  } else if (kind == "input" || kind == "end_of_input" || kind == "resize") {
    wrong = answer_input(client, request);
  } else if (kind == "gdb") {
    wrong = answer_gdb(client, request);
  } else if (kind == "evidence") {
    wrong = answer_evidence(client, request);
  } else if (kind == "go") {
    wrong = answer_go(client);
  } else if (kind == "release") {
    if (held_) {
      held_->released = true;
      setting_.say(client, {{"ok", true}});
    } else {
      wrong = kNothingHeld;
    }
  } else {
    wrong = "unknown request";
  }
  if (!wrong.empty()) setting_.say(client, {{"ok", false}, {"error", wrong}});
}

void Desk::gone(Client client) {
  shells_.erase(client);
  std::erase_if(waiting_, [&](const Wanted& wanted) { return wanted.client == client; });
  const auto debugger = debuggers_.find(client);
  if (debugger == debuggers_.end()) return;
  const NodeId node = debugger->second;
  debuggers_.erase(debugger);
  end_debugger(node);
}

Lab::Node* Desk::node_of(const Json& request, std::string& wrong) {
  if (!shown_) {
    wrong = "no lab runs at the moment";
    return nullptr;
  }
  const std::string name = text_or(request, "node", "");
  std::vector<std::string> names;
  for (Lab::Node& node : shown_->lab.nodes()) {
    if (node.name == name) return &node;
    names.push_back(node.name);
  }
  wrong =
      fmt::format("there is no node '{}'; the lab has {}", printable(name, 60), join(names, ", "));
  return nullptr;
}

/// Why the node's agent cannot be asked, or nothing.
std::string Desk::why_silent(const Lab::Node& node) const {
  if (node.loss) return node.loss->what;
  if (frozen_) return "the nodes are paused; 'gridlock release --go' lets them go on";
  if (!node.agent || !node.agent->hello()) return node.name + " has not booted yet";
  if (!node.agent->lost().empty())
    return fmt::format("the agent on {} is gone: {}", node.name, node.agent->lost());
  const bool debugged =
      std::ranges::any_of(debuggers_, [&](const auto& entry) { return entry.second == node.id; });
  return debugged ? "a debugger has stopped " + node.name : "";
}

std::string Desk::answer_shell(Client client, const Json& request) {
  std::string wrong;
  Lab::Node* const node = node_of(request, wrong);
  if (node == nullptr) return wrong;
  if (wrong = why_silent(*node); !wrong.empty()) return wrong;
  if (shells_.contains(client)) return "this connection has a program already";
  Job job;
  if (wrong = read_job(request, node->name, job); !wrong.empty()) return wrong;
  setting_.say(client, {{"ok", true}});
  shells_[client] = std::make_unique<GuestShell>(
      *node->agent, setting_.loop, job,
      [this, client](const Json& event) { setting_.say(client, event); });
  return {};
}

std::string Desk::answer_input(Client client, const Json& request) {
  const auto found = shells_.find(client);
  if (found == shells_.end()) return "this connection has no program";
  GuestShell& shell = *found->second;
  const std::string kind = text_or(request, "request", "");
  if (kind == "end_of_input") {
    shell.end_input();
  } else if (kind == "resize") {
    const auto cells = [&](const char* which) {
      return static_cast<int>(std::clamp<std::int64_t>(integer_or(request, which, 0), 1, 1000));
    };
    shell.resize({cells("rows"), cells("columns")});
  } else {
    const auto bytes = wire::from_base64(text_or(request, "data", ""));
    if (!bytes) return "data is not base64";
    if (!shell.input(*bytes)) return "more input than the program has taken";
  }
  return {};
}

std::string Desk::answer_gdb(Client client, const Json& request) {
  std::string wrong;
  const Lab::Node* const node = node_of(request, wrong);
  if (node == nullptr) return wrong;
  // It stops the machine: what watches a trial at work would call that a failure.
  if (!held_) return std::string(kNothingHeld) + ": a debugger stops its node";
  if (is_gone(*node)) return node->loss->what;
  if (debuggers_.contains(client)) return "this connection has a debugger already";
  const bool taken =
      std::ranges::any_of(debuggers_, [&](const auto& entry) { return entry.second == node->id; });
  if (taken) return node->name + " has a debugger already";
  debuggers_[client] = node->id;
  const auto socket = setting_.gdb_folder / fmt::format("n{}.gdb", node->id.number);
  Json answer{{"ok", true}, {"socket", socket.string()}};
  if (const std::string file = vmlinux_of(shown_->plan.node(node->id).runs(shown_->kernel));
      !file.empty())
    answer["vmlinux"] = file;
  setting_.hypervisor.serve_gdb(
      node->machine.name, socket,
      [weak = std::weak_ptr(alive_), client, answer](std::exception_ptr error) {
        const auto self = weak.lock();
        if (!self || !(*self)->debuggers_.contains(client)) return;
        if (!error) return (*self)->setting_.say(client, answer);
        (*self)->debuggers_.erase(client);
        (*self)->setting_.say(client, {{"ok", false}, {"error", text_of(error)}});
      });
  return {};
}

/// A debugger that went without a word leaves the machine as it stopped it.
void Desk::end_debugger(NodeId id) {
  if (!shown_) return;
  for (const Lab::Node& node : shown_->lab.nodes()) {
    if (node.id != id) continue;
    setting_.hypervisor.stop_gdb(node.machine.name, [weak = std::weak_ptr(alive_),
                                                     name = node.machine.name](std::exception_ptr) {
      const auto self = weak.lock();
      if (!self || !(*self)->shown_ || (*self)->frozen_) return;
      // One that panicked cannot go on, and need not.
      (*self)->setting_.hypervisor.resume(name, [](std::exception_ptr) {});
    });
  }
}

std::string Desk::answer_evidence(Client client, const Json& request) {
  if (!shown_) return "no lab runs at the moment";
  if (frozen_) return "the nodes are paused; 'gridlock release --go' lets them go on";
  if (waiting_.size() >= kMostWaiting) return "too many wait for evidence already";
  Wanted wanted{client, Wanted::Kind::evidence, {}};
  if (request.contains("node")) {
    std::string wrong;
    const Lab::Node* const node = node_of(request, wrong);
    if (node == nullptr) return wrong;
    if (wrong = why_silent(*node); !wrong.empty()) return wrong;
    wanted.node = node->id;
  }
  wait_for(wanted);
  return {};
}

void Desk::wait_for(const Wanted& wanted) {
  waiting_.push_back(wanted);
  // Wakes whoever waits on the loop.
  setting_.loop.post([] {});
}

std::string Desk::answer_go(Client client) {
  if (!held_) return kNothingHeld;
  if (!frozen_) return "the nodes are not paused";
  if (waiting_.size() >= kMostWaiting) return "too many wait already";
  wait_for({client, Wanted::Kind::go, {}});
  return {};
}

void Desk::serve(std::stop_token stop) {
  while (shown_ && !waiting_.empty()) {
    const Wanted wanted = waiting_.front();
    waiting_.pop_front();
    Json answer;
    try {
      answer = wanted.kind == Wanted::Kind::go ? go(stop) : take(wanted.node, stop);
    } catch (const Cancelled&) {
      answer = {{"ok", false}, {"error", "the run is being stopped"}};
    } catch (const Error& error) {
      answer = {{"ok", false}, {"error", error.what()}};
    }
    setting_.say(wanted.client, answer);
  }
}

Json Desk::go(std::stop_token stop) {
  frozen_ = false;
  shown_->go_on(stop);
  setting_.changed();
  return {{"ok", true}};
}

Json Desk::take(NodeId wanted, std::stop_token stop) {
  std::set<NodeId> without;
  for (const Lab::Node& node : shown_->lab.nodes())
    if ((wanted.number != 0 && node.id != wanted) || !why_silent(node).empty())
      without.insert(node.id);
  if (without.size() == shown_->lab.nodes().size()) throw Error("no node's agent can be asked");
  const std::string look = fmt::format("look-{}", ++looks_);
  const LookedAt lab{shown_->plan, shown_->lab.crew(), shown_->lab.consoles(), shown_->broken(),
                     without};
  const EvidenceTaken taken = take_evidence(
      lab, shown_->files(), KernelLocks::diagnosed,
      [&](const std::filesystem::path& name, std::string_view bytes) {
        shown_->keep(look, name, bytes);
      },
      stop);
  return {{"ok", true},
          {"folder", (shown_->evidence / look).string()},
          {"files", taken.files},
          {"skipped", taken.skipped},
          {"diagnosis", taken.sentence}};
}

void Desk::begin_hold(const std::string& why, std::stop_token stop) {
  const Milliseconds lease = *setting_.hold.lease;
  held_ = Held{printable(why, 300), setting_.loop.now() + lease,
               setting_.loop.utc() + std::chrono::duration_cast<std::chrono::seconds>(lease)};
  if (setting_.hold.freeze) {
    try {
      shown_->lab.pause(kFreezeLimit, stop);
      frozen_ = true;
    } catch (const Error& error) {
      setting_.tell(fmt::format("the nodes could not all be paused: {}", error.what()));
    }
  }
  const std::string node = shown_->lab.nodes().front().name;
  setting_.tell(held_->why);
  setting_.tell(fmt::format("the lab is held until {} ({}); its nodes {}",
                            rfc3339(held_->until_utc), to_string(lease),
                            frozen_ ? "are paused" : "run"));
  for (const char* const verb : {"shell", "console", "gdb", "evidence"})
    setting_.tell(fmt::format("  gridlock {} {} {}", verb, setting_.run, node));
  if (frozen_) setting_.tell(fmt::format("  gridlock release {} --go", setting_.run));
  setting_.tell(fmt::format("  gridlock release {}", setting_.run));
  setting_.changed();
}

bool Desk::all_gone() const { return std::ranges::all_of(shown_->lab.nodes(), is_gone); }

void Desk::hold(const std::string& why, std::stop_token stop) {
  if (!shown_ || !holds()) return;
  for (const Lab::Node& node : shown_->lab.nodes())
    if (node.loss) told_lost_.insert(node.id);
  begin_hold(why, stop);
  Waited waited = Waited::done;
  while (true) {
    const auto left = std::chrono::duration_cast<Milliseconds>(held_->until - setting_.loop.now());
    const auto over = [&] { return held_->released || all_gone(); };
    waited = setting_.loop.run_until([&] { return over() || waits(); },
                                     std::max(Milliseconds{0}, left), stop);
    if (waited != Waited::done || over()) break;
    serve(stop);
  }
  interrupted_ = interrupted_ || waited == Waited::stopped;
  setting_.tell(fmt::format("the lab of trial {} is released: {}", shown_->trial,
                            waited == Waited::stopped    ? "interrupted"
                            : waited == Waited::deadline ? "its lease has ended"
                            : held_->released            ? "as asked"
                                                         : "no machine of it is left"));
  held_.reset();
  setting_.changed();
}

void Desk::tick() {
  bool changed = false;
  for (const Lab::Node& node : shown_->lab.nodes()) {
    if (node.loss && told_lost_.insert(node.id).second) {
      if (held_) setting_.tell(printable(node.loss->what));
      changed = true;
    }
    if (node.loss) continue;
    if (node.agent && !node.agent->lost().empty() && told_lost_.insert(node.id).second)
      changed = true;
  }
  for (const auto& [client, shell] : shells_)
    if (!shell->ended() && shell->lost()) shell->lose("the node's agent is gone");
  if (changed) setting_.changed();
}

}  // namespace gridlock

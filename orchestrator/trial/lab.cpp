// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/lab.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <random>

#include "base/text.h"
#include "host/files.h"
#include "trial/boot_end.h"

namespace gridlock {
namespace {

constexpr Milliseconds kLastResort{20'000};
/// A node takes a frame within microseconds, if its processor runs at all.
constexpr Milliseconds kDrain{500};
constexpr Milliseconds kDiskLimit{3'000};

std::string fresh_entropy() {
  std::random_device source;
  std::string bytes;
  while (bytes.size() < 32) bytes += static_cast<char>(source() & 0xff);
  return bytes;
}

}  // namespace

Lab::Lab(const LabSetting& setting, const NodeSource& source,
         const std::vector<std::filesystem::path>& console_logs)
    : setting_(setting), source_(source) {
  const Plan& plan = setting.plan;
  GRIDLOCK_CHECK(console_logs.size() == plan.nodes.size(), "one console log per node");
  GRIDLOCK_CHECK(
      !source.from || !source.from->formed() || source.from->nodes.size() == plan.nodes.size(),
      "a formed lab has the plan's nodes");
  disk_ = std::make_unique<LabDisk>(
      LabDisk::Place{plan, setting.directory, setting.qemu_uid, setting.qemu_gid,
                     setting.gateway_socket},
      source.start() == Start::formed ? source.from->disk : std::filesystem::path());
  for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
    const PlannedNode& planned = plan.nodes[i];
    const std::string number = std::to_string(planned.id.number);
    Node node;
    node.id = planned.id;
    node.name = planned.name;
    node.console_log = console_logs[i];
    node.machine.name = "gl-" + setting.tag + "node" + number;
    node.machine.acceleration = setting.acceleration;
    node.machine.vcpus = planned.vcpus;
    node.machine.memory = planned.memory;
    node.machine.mac = planned.mac;
    const auto own = source.own.find(planned.id);
    node.machine.kernel = own == source.own.end() ? source.kernel : own->second.image;
    node.machine.initrd = own == source.own.end() ? source.initrd : own->second.initrd;
    node.machine.command_line = plan.kernel_command_line + setting.command_line;
    node.machine.root_disk = setting.root_disk;
    disk_->attach_to(node.machine, planned);
    node.machine.console_log = node.console_log;
    node.machine.console_socket = setting.directory / ("n" + number + ".con");
    node.machine.agent_socket = setting.directory / ("n" + number + ".agt");
    if (!setting.fabric_sockets.empty()) node.machine.fabric_socket = setting.fabric_sockets[i];
    if (source.from) {
      const SavedNode& saved = source.from->node(i);
      node.machine.state = saved.state;
      node.machine.paused = source.from->formed();
      // The node's console goes on where the saved one's ended.
      std::filesystem::copy_file(saved.console_log, node.console_log,
                                 std::filesystem::copy_options::overwrite_existing);
    }
    node.console = std::make_unique<ConsoleTail>(node.console_log);
    nodes_.push_back(std::move(node));
  }
  if (source.from) waiting_frames_ = source.from->frames;
  setting_.hypervisor.on_event([this](const MachineEvent& event) { machine_event(event); });
}

Lab::~Lab() {
  try {
    stop_machines(kLastResort);
  } catch (const std::exception&) {
    // Whoever destroys a lab that was not stopped is already handling a failure.
  }
  setting_.hypervisor.on_event([](const MachineEvent&) {});
}

void Lab::lose(Node& node, Loss::Kind kind, const std::string& what) {
  if (!ending_ && !node.loss) node.loss = Loss{kind, what};
}

void Lab::machine_event(const MachineEvent& event) {
  const auto it = std::find_if(nodes_.begin(), nodes_.end(), [&](const Node& node) {
    return node.machine.name == event.machine;
  });
  if (it == nodes_.end()) return;
  switch (event.kind) {
    case MachineEvent::Kind::panicked:
      return lose(*it, Loss::Kind::panicked, it->name + " panicked");
    case MachineEvent::Kind::stopped:
    case MachineEvent::Kind::reset:
    case MachineEvent::Kind::watchdog: {
      const bool booted = !it->agent || it->agent->hello();
      return lose(
          *it, Loss::Kind::stopped,
          booted ? fmt::format("{} powered off or reset by itself ({})", it->name, event.detail)
                 : fmt::format("{} ended before its agent was up ({}): {}", it->name, event.detail,
                               why_not_booted(*it->console)));
    }
    case MachineEvent::Kind::crashed: {
      const auto last = last_lines(setting_.hypervisor.qemu_log(it->machine.name), 1);
      // Not only the channel: whatever was thought before, this is why.
      if (!ending_ && !killed().contains(it->id))
        it->loss = Loss{Loss::Kind::qemu_died,
                        fmt::format("QEMU of {} died ({}){}", it->name, event.detail,
                                    last.empty() ? "" : ": " + printable(last[0], 200))};
      return;
    }
  }
}

void Lab::load(Milliseconds limit, std::stop_token stop) {
  // Shared with answers that may come after this was given up.
  struct Answers {
    std::exception_ptr failure;
    std::size_t started = 0;
  };
  const auto answers = std::make_shared<Answers>();
  for (const Node& node : nodes_) {
    setting_.hypervisor.start(node.machine, [answers](std::exception_ptr error) {
      if (!error)
        ++answers->started;
      else if (!answers->failure)
        answers->failure = error;
    });
  }
  std::vector<Crew::Member> members;
  for (Node& node : nodes_) {
    node.agent = make_agent(setting_.connect(node.machine.agent_socket), setting_.loop);
    // Numbers of jobs that it had before it was saved are taken.
    if (source_.from) node.agent->adopt(source_.from->node(members.size()).last_job, JobHandlers{});
    members.push_back({node.id, node.name, node.agent.get()});
  }
  crews_.push_back(std::make_unique<Crew>(setting_.loop, members, [this] {
    const Loss* const loss = lost();
    return loss ? loss->what : given_up_;
  }));
  const auto started = [&] {
    if (answers->failure) std::rethrow_exception(answers->failure);
    return answers->started == nodes_.size();
  };
  crew().wait("machines to start", started, limit, stop);
}

void Lab::go_on(Milliseconds limit, std::stop_token stop) {
  const SteadyTime begin = setting_.loop.now();
  const auto left = [&] {
    return limit - std::chrono::duration_cast<Milliseconds>(setting_.loop.now() - begin);
  };
  if (source_.start() == Start::formed) resume(left(), stop);
  try {
    // A guest that goes on printed its first line before it was saved.
    if (source_.start() == Start::boot) await_first_lines(first_line_limit(limit), stop);
    await_agents(limit, left(), stop);
  } catch (const NodeLost& lost) {
    throw NodeLost(lost.what() + last_words(), lost.hint());
  }
}

void Lab::await_first_lines(Milliseconds limit, std::stop_token stop) {
  const auto is_mute = [](const Node& node) {
    node.console->poll();
    return !node.agent->hello() && node.console->reader().bytes_read() == 0;
  };
  const auto all_speak = [&] {
    look_for_silence();
    return std::ranges::none_of(nodes_, is_mute);
  };
  try {
    crew().wait("the first lines", all_speak, limit, stop);
  } catch (const BarrierFailed&) {
    std::vector<std::string> mute;
    for (const Node& node : nodes_)
      if (is_mute(node)) mute.push_back(node.name);
    throw BarrierFailed(
        fmt::format("{} printed nothing on {} within {} of being powered on", join(mute, ", "),
                    mute.size() == 1 ? "its console" : "their consoles", to_string(limit)),
        kNothingPrinted);
  }
}

void Lab::await_agents(Milliseconds limit, Milliseconds left, std::stop_token stop) {
  const auto said_hello = [&] {
    look_for_silence();
    return std::ranges::all_of(nodes_,
                               [](const Node& node) { return node.agent->hello().has_value(); });
  };
  try {
    crew().wait("hello", said_hello, left, stop);
  } catch (const BarrierFailed&) {
    std::vector<std::string> who;
    std::string last;
    for (Node& node : nodes_) {
      if (node.agent->hello()) continue;
      node.console->poll();
      who.push_back(node.name);
      const std::string line = printable(node.console->reader().last_line(), 160);
      last += fmt::format("\n  last console line of {}: {}", node.name,
                          line.empty() ? "(nothing was printed)" : line);
    }
    throw BarrierFailed(
        fmt::format("{} did not boot to its agent within {}", join(who, ", "), to_string(limit)),
        "the console logs are in the trial's nodes/ folder" + last);
  }
}

std::string Lab::last_words() {
  constexpr std::size_t kLines = 3;
  std::string words;
  for (Node& node : nodes_) {
    if (!node.loss) continue;
    const std::string tail = node.console->tail(kLines);
    if (tail.empty()) continue;
    words += fmt::format("\n  the console of {} ended with:", node.name);
    for (const std::string& line : last_lines(trimmed(tail), kLines))
      words += "\n    " + printable(trimmed(line), 160);
  }
  return words;
}

void Lab::start(Milliseconds limit, std::stop_token stop) {
  load(limit, stop);
  go_on(limit, stop);
}

void Lab::identify(Milliseconds limit, std::stop_token stop) {
  struct Answers {
    std::size_t identified = 0;
    std::string refused;
  };
  const auto answers = std::make_shared<Answers>();
  std::vector<std::pair<std::string, std::string>> hosts;
  for (const PlannedNode& planned : setting_.plan.nodes)
    hosts.emplace_back(planned.name, planned.address);
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const PlannedNode& planned = setting_.plan.nodes[i];
    Identity identity;
    identity.node = planned.id;
    identity.name = planned.name;
    identity.address = planned.address;
    identity.mac = planned.mac;
    identity.realtime = setting_.loop.utc().time_since_epoch();
    identity.entropy = fresh_entropy();
    identity.hosts = hosts;
    nodes_[i].agent->identify(identity, [answers, name = planned.name](const Reply& reply) {
      ++answers->identified;
      if (!reply.ok()) answers->refused = name + " did not take its identity: " + reply.error;
    });
  }
  crew().wait(
      "identities",
      [&] {
        if (!answers->refused.empty()) throw Error(answers->refused);
        return answers->identified == nodes_.size();
      },
      limit, stop);
}

void Lab::refresh(Milliseconds limit, std::stop_token stop) {
  struct Answers {
    std::size_t fresh = 0;
    std::string refused;
  };
  const auto answers = std::make_shared<Answers>();
  for (const Node& node : nodes_)
    node.agent->refresh(setting_.loop.utc().time_since_epoch(), fresh_entropy(),
                        [answers, name = node.name](const Reply& reply) {
                          ++answers->fresh;
                          if (!reply.ok())
                            answers->refused = name + " did not take the time: " + reply.error;
                        });
  crew().wait(
      "the time to be set",
      [&] {
        if (!answers->refused.empty()) throw Error(answers->refused);
        return answers->fresh == nodes_.size();
      },
      limit, stop);
}

void Lab::order(const std::string& what, const Order& each, Milliseconds limit,
                std::stop_token stop) {
  // Shared with the answers, which may come after the wait was given up.
  struct Answers {
    std::size_t came = 0;
    std::exception_ptr failure;
  };
  const auto answers = std::make_shared<Answers>();
  for (const Node& node : nodes_)
    each(node, [answers](std::exception_ptr error) {
      ++answers->came;
      if (error && !answers->failure) answers->failure = error;
    });
  const Waited waited = setting_.loop.run_until(
      [&] { return answers->came == nodes_.size() || answers->failure; }, limit, stop);
  if (answers->failure) std::rethrow_exception(answers->failure);
  if (waited == Waited::stopped) throw Cancelled(what);
  if (waited != Waited::done)
    throw Error(fmt::format("{} took longer than {}", what, to_string(limit)));
}

SavedLab Lab::save(const std::filesystem::path& folder, Saving saving, Milliseconds limit,
                   std::stop_token stop) {
  const bool whole = saving == Saving::whole;
  GRIDLOCK_CHECK(whole || nodes_.size() == 1, "a guest is one");
  SavedLab saved = saved_lab_in(folder, nodes_.size(), whole);
  Hypervisor& hypervisor = setting_.hypervisor;
  // What a node that takes nothing is sent is lost, as it would be on a wire.
  if (setting_.fabric) setting_.fabric->hold(kDrain);
  order(
      "pausing the nodes",
      [&](const Node& node, Hypervisor::Done done) {
        hypervisor.pause(node.machine.name, std::move(done));
      },
      limit, stop);
  if (setting_.fabric) saved.frames = setting_.fabric->kept(kDrain);
  auto copied = std::async(std::launch::async, [&, whole] {
    if (whole) disk_->copy_to(saved.disk);
  });
  const auto index = [this](const Node& node) {
    return static_cast<std::size_t>(&node - nodes_.data());
  };
  order(
      "saving the nodes",
      [&](const Node& node, Hypervisor::Done done) {
        hypervisor.save(node.machine.name, saved.nodes[index(node)].state, std::move(done));
      },
      limit, stop);
  copied.get();
  for (const Node& node : nodes_) {
    SavedNode& one = saved.nodes[index(node)];
    std::filesystem::copy_file(node.console_log, one.console_log);
    one.last_job = node.agent->last_job();
  }
  return saved;
}

void Lab::pause(Milliseconds limit, std::stop_token stop) {
  order(
      "pausing the nodes",
      [&](const Node& node, Hypervisor::Done done) {
        if (node.loss)
          done(nullptr);
        else
          setting_.hypervisor.pause(node.machine.name, std::move(done));
      },
      limit, stop);
}

void Lab::resume(Milliseconds limit, std::stop_token stop) {
  order(
      "letting the nodes go on",
      [&](const Node& node, Hypervisor::Done done) {
        if (killed().contains(node.id))
          done(nullptr);
        else
          setting_.hypervisor.resume(node.machine.name, std::move(done));
      },
      limit, stop);
  if (!setting_.fabric) return;
  setting_.fabric->release();
  setting_.fabric->inject(std::exchange(waiting_frames_, {}));
}

std::map<NodeId, ConsoleTail*> Lab::consoles() {
  std::map<NodeId, ConsoleTail*> all;
  for (Node& node : nodes_) all[node.id] = node.console.get();
  return all;
}

std::string Lab::disk_problem() const { return disk_->problem(kDiskLimit); }

void Lab::lose_disk(const std::string& why) {
  for (Node& node : nodes_) lose(node, Loss::Kind::disk_lost, why);
}

const Loss* Lab::lost() const {
  for (const Node& node : nodes_)
    if (node.loss && node.loss->kind != Loss::Kind::killed) return &*node.loss;
  return nullptr;
}

std::string Lab::stop_machines(Milliseconds limit) {
  ending_ = true;
  // Shared with the answers, which may come after the wait was given up.
  struct Progress {
    std::size_t answers = 0;
    std::string problem;
  };
  const auto progress = std::make_shared<Progress>();
  for (const Node& node : nodes_) {
    setting_.hypervisor.destroy(node.machine.name, [progress](std::exception_ptr error) {
      ++progress->answers;
      try {
        if (error) std::rethrow_exception(error);
      } catch (const std::exception& failure) {
        progress->problem = failure.what();
      }
    });
  }
  const Waited waited = setting_.loop.run_until([&] { return progress->answers == nodes_.size(); },
                                                limit, std::stop_token{});
  for (const Node& node : nodes_) set_cable(node.id, Fabric::Cable::whole);
  // What was kept for these nodes is not for the next ones.
  if (setting_.fabric) setting_.fabric->release();
  if (waited != Waited::done)
    return fmt::format("machines were not gone within {}", to_string(limit));
  return progress->problem;
}

}  // namespace gridlock

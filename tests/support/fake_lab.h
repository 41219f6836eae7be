// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/wire.h"
#include "base/error.h"
#include "base/json.h"
#include "guest/agent.h"
#include "machine/hypervisor.h"
#include "support/fake_event_loop.h"

namespace gridlock {

/// How one node of a FakeLab behaves; a test changes what it is about.
struct NodeScript {
  bool start_fails = false;       ///< the hypervisor cannot start it
  bool boots = true;              ///< the agent comes up
  std::string boot_console =
      "[    0.000000][    T0] Linux version 6.1.192 (gridlock@gridlock)\n"
      "[    2.000000][    T1] Run /gridlock/agent as init process\n";
  bool lockdep = true;            ///< /proc/lockdep_stats is there
  bool mkfs_fails = false;
  bool corosync_dies = false;
  bool never_quorate = false;
  bool mount_fails = false;
  bool umount_hangs = false;
  bool remove_hangs = false;      ///< removing files on the shared file system does not end
  bool console_works = true;      ///< what is written to the kernel's log is printed
  std::function<void()> on_mark;  ///< called when something is written to the kernel's log
  std::function<void()> on_remove;  ///< called when files are removed on this node
  std::function<void()> on_hello;   ///< called when its agent has said hello
  std::function<void()> on_leave;   ///< called when it unmounts
  int forgets_signals = 0;  ///< so many to its daemons
  /// Called when the workload starts on this node; `after` runs things later.
  std::function<void()> on_work;
  bool makes_progress = true;     ///< counters move while it works
  bool finishes = true;           ///< the workload ends by itself
  int short_transfers = 0;
  int bad_blocks = 0;
  int exit_status = 0;            ///< of the workload
  bool verify_finds_bad_data = false;
  std::map<std::string, std::string> files;  ///< what `get` answers, by path
  /// What happens when a program is started, by its argv[0]; it gets the number of the process.
  std::map<std::string, std::function<void(std::int64_t)>> starts;
  ThreadTimes thread_times;       ///< what its QEMU has used of the host's processors
  std::string tasks;              ///< what `tasks` answers
  bool old_agent = false;         ///< knows neither terminals nor `tasks`
  /// Hears the bytes that are written to a job's input.
  std::function<void(std::int64_t process, const std::string& bytes)> on_write;
  /// Hears that a job's input was closed.
  std::function<void(std::int64_t process)> on_close;
  /// Hears the signals that jobs are sent; daemons obey them all the same.
  std::function<void(std::int64_t process, int number)> on_signal;
  /// Hears what programs that wait at a barrier are told: the members of `release`.
  std::function<void(const Json&)> on_release;
};

/// A hypervisor whose machines are scripts that speak the agent's real protocol and write real
/// console files, on a fake clock. One thread; nothing of it needs QEMU.
class FakeLab final : public Hypervisor {
 public:
  explicit FakeLab(FakeEventLoop& loop) : loop_(loop) {}

  NodeScript& script(int number) { return scripts_[number]; }
  std::vector<std::string> running() const {
    std::vector<std::string> names;
    for (const auto& [name, machine] : machines_)
      if (machine->running) names.push_back(name);
    return names;
  }
  /// The machines that were started, in order.
  const std::vector<std::string>& started() const { return started_; }
  /// What a node's machine was when it was started last.
  const MachineSpec& machine(int number) const {
    return machines_.at("gl-node" + std::to_string(number))->spec;
  }
  /// What was asked of the nodes, as "node1 corosync -f", in order.
  const std::vector<std::string>& programs() const { return programs_; }

  /// Writes to a node's console. What a kernel does to itself with a report is seen in its files.
  void console(int number, const std::string& text) {
    const auto machine = machines_.at("gl-node" + std::to_string(number));
    const auto says = [&](const char* phrase) { return text.find(phrase) != std::string::npos; };
    const bool died = says("kernel BUG at ") || says("BUG: unable to handle ") ||
                      says("general protection fault") || says("Oops: ");
    if (died) machine->taint |= 1U << 7;
    if (says("soft lockup - CPU#")) machine->taint |= 1U << 14;
    if (died || says(" locking dependency detected") || says("possible recursive locking"))
      machine->lockdep = false;
    std::ofstream(machine->spec.console_log, std::ios::app | std::ios::binary) << text;
  }
  void event(int number, MachineEvent::Kind kind, const std::string& detail) {
    handler_({"gl-node" + std::to_string(number), kind, detail});
  }
  /// The node's agent stops answering, its channel stays.
  void hang(int number) { machines_.at("gl-node" + std::to_string(number))->silent = true; }
  void lose_channel(int number) {
    const auto machine = machines_.at("gl-node" + std::to_string(number));
    machine->silent = true;
    if (machine->lost) machine->lost("peer closed");
  }

  /// A process prints, or ends.
  void prints(int number, std::int64_t process, const std::string& text,
              const char* stream = "stdout") {
    print(machines_.at("gl-node" + std::to_string(number)), process, text, stream);
  }
  void ends(int number, std::int64_t process, int status) {
    exit(machines_.at("gl-node" + std::to_string(number)), process, status);
  }
  /// A program comes to a barrier.
  void comes(int number, const std::string& barrier, int waiter) {
    say(machines_.at("gl-node" + std::to_string(number)),
        {{"event", "barrier"}, {"barrier", barrier}, {"waiter", waiter}});
  }
  /// What was put on a node, by path.
  const std::map<std::string, std::string>& put_on(int number) { return put_[number]; }

  /// For LabSetting::connect.
  std::unique_ptr<LineChannel> connect(const std::filesystem::path& socket);

  void on_event(std::function<void(const MachineEvent&)> handler) override {
    handler_ = std::move(handler);
  }
  void start(const MachineSpec& spec, Done done) override;
  void destroy(const std::string& name, Done done) override;
  void save(const std::string& name, const std::filesystem::path& file, Done done) override {
    loop_.post([this, name, file, done] {
      std::ofstream(file, std::ios::binary) << Json(machines_.at(name)->daemons).dump();
      saved_.push_back(name);
      if (running().empty()) saved_while_still_.push_back(name);
      done(nullptr);
    });
  }
  void pause(const std::string& name, Done done) override {
    loop_.post([this, name, done] {
      machines_.at(name)->running = false;
      done(nullptr);
    });
  }
  void resume(const std::string& name, Done done) override {
    loop_.post([this, name, done] {
      const MachinePtr machine = machines_.at(name);
      machine->running = true;
      heartbeat(machine);
      done(nullptr);
    });
  }
  /// The machines that were saved while nothing ran.
  std::vector<std::string> paused_before_saving() const {
    std::vector<std::string> names = saved_while_still_;
    std::sort(names.begin(), names.end());
    return names;
  }
  /// The machines that were saved, in order.
  const std::vector<std::string>& saved() const { return saved_; }
  void inject_nmi(const std::string& name, Done done) override { look("nmi", name, done); }
  void state(const std::string& name, StateAnswer answer) override {
    loop_.post([this, name, answer] {
      const auto machine = machines_.find(name);
      if (machine == machines_.end() || machine->second->gone) return answer(nullptr, {});
      using State = MachineState;
      answer(nullptr, machine->second->running
                          ? State{State::Kind::running, {}, State::Process::runs}
                          : State{State::Kind::paused, "by Gridlock", State::Process::runs});
    });
  }
  void registers(const std::string& name, TextAnswer answer) override {
    looks_.push_back("registers " + name);
    loop_.post([answer] { answer(nullptr, "CPU#0\nRAX=0000000000000000\n"); });
  }
  void thread_times(const std::string& name, TimesAnswer answer) override {
    const auto machine = machines_.find(name);
    loop_.post([answer, times = machine == machines_.end()
                                    ? ThreadTimes{}
                                    : scripts_[machine->second->number].thread_times] {
      answer(nullptr, times);
    });
  }
  void dump_memory(const std::string& name, const std::filesystem::path& file, Milliseconds,
                   Done done) override {
    std::ofstream(file, std::ios::binary) << "KDUMP   ";
    look("dump", name, done);
  }
  void serve_gdb(const std::string& name, const std::filesystem::path&, Done done) override {
    look("gdb", name, done);
  }
  void stop_gdb(const std::string& name, Done done) override { look("no gdb", name, done); }
  /// What was looked at from outside, as "registers gl-node1", in order.
  const std::vector<std::string>& looks() const { return looks_; }
  std::string qemu_log(const std::string&) const override { return "qemu: terminating\n"; }
  std::string domain_xml(const std::string& name) const override {
    return machines_.contains(name) ? "<domain/>" : "";
  }

 private:
  struct Machine {
    int number = 0;
    MachineSpec spec;
    bool running = false;
    bool gone = false;
    bool silent = false;
    std::function<void(std::string_view)> bytes;
    std::function<void(const std::string&)> lost;
    std::map<std::string, std::int64_t> daemons;  // program to process
    std::uint64_t operations = 0;
    unsigned taint = 0;
    bool lockdep = true;  // watches
    wire::LineSplitter lines;
  };
  using MachinePtr = std::shared_ptr<Machine>;
  std::vector<std::string> saved_;
  std::vector<std::string> saved_while_still_;

  std::vector<std::string> looks_;

  class Channel;

  void look(const std::string& what, const std::string& name, const Done& done) {
    looks_.push_back(what + " " + name);
    loop_.post([done] { done(nullptr); });
  }
  void boot(const MachinePtr& machine);
  void heartbeat(const MachinePtr& machine);
  void say(const MachinePtr& machine, const Json& message);
  void hear(const MachinePtr& machine, std::string_view line);
  void run(const MachinePtr& machine, const Json& request);
  void work(const MachinePtr& machine, std::int64_t process, int left);
  void print(const MachinePtr& machine, std::int64_t process, const std::string& text,
             const char* stream = "stdout");
  void exit(const MachinePtr& machine, std::int64_t process, int status);

  FakeEventLoop& loop_;
  std::function<void(const MachineEvent&)> handler_ = [](const MachineEvent&) {};
  std::map<int, NodeScript> scripts_;
  std::map<std::string, MachinePtr> machines_;
  std::map<std::string, MachinePtr> by_socket_;
  std::vector<std::string> programs_;
  std::vector<std::string> started_;
  std::map<int, std::map<std::string, std::string>> put_;
};

class FakeLab::Channel final : public LineChannel {
 public:
  Channel(FakeLab& lab, std::filesystem::path socket) : lab_(lab), socket_(std::move(socket)) {
    attach();
  }
  void on_bytes(std::function<void(std::string_view)> handler) override {
    bytes_ = std::move(handler);
    attach();
  }
  void on_lost(std::function<void(const std::string&)> handler) override {
    lost_ = std::move(handler);
    attach();
  }
  void send(std::string_view line) override {
    const auto it = lab_.by_socket_.find(socket_);
    if (it == lab_.by_socket_.end()) return;
    const MachinePtr machine = it->second;
    lab_.loop_.post([&lab = lab_, machine, text = std::string(line)] {
      machine->lines.add(text, [&](std::string_view one) { lab.hear(machine, one); });
    });
  }

 private:
  void attach() {
    const auto it = lab_.by_socket_.find(socket_);
    if (it == lab_.by_socket_.end()) return;
    it->second->bytes = bytes_;
    it->second->lost = lost_;
  }
  FakeLab& lab_;
  std::filesystem::path socket_;
  std::function<void(std::string_view)> bytes_;
  std::function<void(const std::string&)> lost_;
};

inline std::unique_ptr<LineChannel> FakeLab::connect(const std::filesystem::path& socket) {
  return std::make_unique<Channel>(*this, socket);
}

inline void FakeLab::start(const MachineSpec& spec, Done done) {
  const auto machine = std::make_shared<Machine>();
  machine->number = std::stoi(spec.name.substr(spec.name.find_last_not_of("0123456789") + 1));
  machine->spec = spec;
  if (scripts_[machine->number].start_fails) {
    loop_.post([done, name = spec.name] {
      done(std::make_exception_ptr(Error("starting " + name + ": no such machine type")));
    });
    return;
  }
  machine->running = true;
  started_.push_back(spec.name);
  machines_[spec.name] = machine;
  by_socket_[spec.agent_socket] = machine;
  loop_.after(Milliseconds{300}, [this, done, machine] {
    done(nullptr);
    const bool goes_on = !machine->spec.state.empty();
    if (goes_on) {
      std::ifstream saved(machine->spec.state, std::ios::binary);
      machine->daemons = Json::parse(saved).get<std::map<std::string, std::int64_t>>();
      if (machine->spec.paused) machine->running = false;
    }
    if (!goes_on)
      std::ofstream(machine->spec.console_log, std::ios::app)
          << scripts_[machine->number].boot_console;
    if (scripts_[machine->number].boots)
      loop_.after(Milliseconds{goes_on ? 10 : 4000}, [this, machine] { boot(machine); });
  });
}

inline void FakeLab::destroy(const std::string& name, Done done) {
  loop_.after(Milliseconds{100}, [this, name, done] {
    if (const auto it = machines_.find(name); it != machines_.end()) {
      it->second->running = false;
      it->second->gone = true;
      it->second->silent = true;
    }
    done(nullptr);
  });
}

inline void FakeLab::say(const MachinePtr& machine, const Json& message) {
  if (!machine->running || machine->silent || !machine->bytes) return;
  const std::string line = message.dump() + "\n";
  machine->bytes(line);
}

inline void FakeLab::boot(const MachinePtr& machine) {
  say(machine, {{"event", "hello"}, {"protocol", 1}, {"boot_id", "b-" + machine->spec.name},
                {"kernel", "6.1.192-fake"}, {"version", "#1 SMP"}, {"pid_one", true},
                {"monotonic", 4'000'000'000}, {"boot_ns", 4'000'000'000}});
  if (machine->running && scripts_[machine->number].on_hello)
    scripts_[machine->number].on_hello();
  heartbeat(machine);
}

inline void FakeLab::heartbeat(const MachinePtr& machine) {
  if (!machine->running || machine->silent) return;
  say(machine, {{"event", "heartbeat"}, {"monotonic", 1}, {"garbage", 0}, {"load", 0.1},
                {"free_kib", 100000}});
  loop_.after(Milliseconds{500}, [this, machine] { heartbeat(machine); });
}

inline void FakeLab::print(const MachinePtr& machine, std::int64_t process,
                           const std::string& text, const char* stream) {
  say(machine, {{"event", "output"}, {"process", process}, {"stream", stream},
                {"data", wire::to_base64(text)}});
}

inline void FakeLab::exit(const MachinePtr& machine, std::int64_t process, int status) {
  say(machine, {{"event", "exit"}, {"process", process}, {"status", status}, {"signal", nullptr}});
}

inline void FakeLab::hear(const MachinePtr& machine, std::string_view line) {
  if (!machine->running || machine->silent) return;
  const Json request = Json::parse(line);
  const auto op = request["request"].get<std::string>();
  Json answer{{"id", request["id"]}, {"ok", true}};
  const NodeScript& script = scripts_[machine->number];
  if (op == "ping") {
    const auto since = loop_.now().time_since_epoch();
    answer["monotonic"] = std::chrono::nanoseconds(since).count();
    answer["realtime"] = 0;
  } else if (op == "get") {
    const auto path = request["path"].get<std::string>();
    std::string text;
    bool there = true;
    if (const auto it = script.files.find(path); it != script.files.end())
      text = it->second;
    else if (path == "/proc/sys/kernel/tainted")
      text = std::to_string(machine->taint) + "\n";
    else if (path == "/proc/lockdep_stats" && script.lockdep)
      text = std::string(" lock-classes: 700\n debug_locks:                             ") +
             (machine->lockdep ? "1\n" : "0\n");
    else
      there = false;
    if (there) {
      const auto limit = request["limit"].get<std::size_t>();
      std::string_view rest = text;
      rest.remove_prefix(std::min(rest.size(), request["offset"].get<std::size_t>()));
      answer["end"] = rest.size() <= limit;
      rest = rest.substr(0, limit);
      for (; rest.size() > wire::kGetLimit; rest.remove_prefix(wire::kGetLimit))
        say(machine, {{"id", request["id"]}, {"ok", true}, {"more", true},
                      {"data", wire::to_base64(rest.substr(0, wire::kGetLimit))}});
      answer["data"] = wire::to_base64(rest);
    } else {
      answer = {{"id", request["id"]}, {"ok", false}, {"error", "No such file or directory"}};
    }
  }
  const bool is_new = op == "tasks" || op == "write" || op == "close" || op == "resize";
  if (is_new && script.old_agent) {
    answer = {{"id", request["id"]}, {"ok", false}, {"error", "unknown request"}};
    return say(machine, answer);
  }
  if (op == "tasks") answer["data"] = wire::to_base64(script.tasks);
  const std::int64_t job = integer_or(request, "process", -1);
  if (op == "write") {
    const std::string bytes = wire::from_base64(request["data"].get<std::string>()).value();
    answer["taken"] = bytes.size();
    if (script.on_write) script.on_write(job, bytes);
  }
  if (op == "close" && script.on_close) script.on_close(job);
  if (op == "signal" && script.on_signal) script.on_signal(job, request["signal"].get<int>());
  say(machine, answer);
  if (op == "put") {
    std::string& file = put_[machine->number][request["path"].get<std::string>()];
    if (!request["append"].get<bool>()) file.clear();
    file += wire::from_base64(request["data"].get<std::string>()).value();
  }
  if (op == "release" && script.on_release) script.on_release(request);
  if (op == "run") run(machine, request);
  if (op == "signal") {
    const auto process = request["process"].get<std::int64_t>();
    int& forgets = scripts_[machine->number].forgets_signals;
    if (forgets > 0) return void(--forgets);
    for (const auto& [name, daemon] : machine->daemons)
      if (daemon == process)
        loop_.after(Milliseconds{50}, [this, machine, process] { exit(machine, process, 0); });
  }
}

inline void FakeLab::run(const MachinePtr& machine, const Json& request) {
  const NodeScript script = scripts_[machine->number];
  const auto process = request["process"].get<std::int64_t>();
  const auto argv = request["argv"].get<std::vector<std::string>>();
  std::string words;
  for (const std::string& word : argv) words += " " + word;
  programs_.push_back("node" + std::to_string(machine->number) + words);
  const auto later = [&](int ms, std::function<void()> task) {
    loop_.after(Milliseconds{ms}, std::move(task));
  };
  const auto ends = [&](int ms, int status, const std::string& text = {}) {
    later(ms, [this, machine, process, status, text] {
      if (!text.empty()) print(machine, process, text, "stderr");
      exit(machine, process, status);
    });
  };
  if (const auto start = script.starts.find(argv[0]); start != script.starts.end()) {
    start->second(process);
  } else if (argv[0] == "corosync") {
    machine->daemons["corosync"] = process;
    if (script.corosync_dies) return ends(200, 8, "corosync: parse error in config\n");
    later(200, [this, machine, process] {
      print(machine, process, "info    [QB    ] server name: quorum\n", "stderr");
    });
    if (script.never_quorate) return;
    later(2500, [this, machine, process] {
      print(machine, process,
            "notice  [QUORUM] This node is within the primary component and will provide service.\n"
            "notice  [QUORUM] Members[" + std::to_string(scripts_.size()) + "]: 1 2\n", "stderr");
    });
  } else if (argv[0] == "dlm_controld") {
    machine->daemons["dlm_controld"] = process;
    std::string text;
    for (std::size_t i = 1; i <= scripts_.size(); ++i)
      text += "17 set_configfs_node " + std::to_string(i) + " 10.77.0." + std::to_string(i) +
              " local 0 mark 0\n";
    later(1500, [this, machine, process, text] { print(machine, process, text, "stderr"); });
  } else if (argv[0] == "mkfs.gfs2") {
    script.mkfs_fails ? ends(800, 255, "mkfs.gfs2: No space left on device\n") : ends(1500, 0);
  } else if (words.find("mount -t gfs2") != std::string::npos) {
    script.mount_fails ? ends(3000, 1, "mount: /mnt/shared: Transport endpoint is not connected.\n")
                       : ends(1000, 0);
  } else if (words.find("/dev/kmsg") != std::string::npos) {
    if (scripts_[machine->number].on_mark) scripts_[machine->number].on_mark();
    if (script.console_works) console(machine->number, "[   30.000000][  T200] " + argv.back() + "\n");
    ends(20, 0);
  } else if (words.find("busybox rm ") != std::string::npos) {
    for (auto path = std::find(argv.begin(), argv.end(), "--"); path != argv.end(); ++path)
      std::erase_if(put_[machine->number], [&](const auto& file) {
        return file.first == *path || file.first.starts_with(*path + "/");
      });
    if (script.on_remove) script.on_remove();
    if (!script.remove_hangs) ends(50, 0);
  } else if (argv[0] == "umount") {
    if (script.on_leave) script.on_leave();
    if (!script.umount_hangs) ends(400, 0);
  } else if (argv.size() > 1 && argv[0] == "/gridlock/bin/mmap-dio" && argv[1] == "run") {
    machine->operations = 0;
    if (script.on_work) script.on_work();
    work(machine, process, 25);
  } else if (argv.size() > 1 && argv[0] == "/gridlock/bin/mmap-dio" && argv[1] == "verify") {
    ends(300, script.verify_finds_bad_data ? 1 : 0);
  } else {
    ends(100, 0);
  }
}

inline void FakeLab::work(const MachinePtr& machine, std::int64_t process, int left) {
  const NodeScript& script = scripts_[machine->number];
  if (script.makes_progress) machine->operations += 3;
  const bool ends = left == 0 && script.finishes;
  const Json counters{{"t_ms", 200 * (25 - left)},
                      {"operations", machine->operations},
                      {"bytes", machine->operations * 1048576},
                      {"short", script.short_transfers},
                      {"errors", 0},
                      {"bad", script.bad_blocks},
                      {"nonresident", 0}};
  print(machine, process,
        "gridlock " + (ends ? Json{{"result", counters}} : counters).dump() + "\n");
  if (ends) return exit(machine, process, script.bad_blocks ? 1 : script.exit_status);
  loop_.after(Milliseconds{200}, [this, machine, process, left] {
    work(machine, process, left > 0 ? left - 1 : 0);
  });
}

}  // namespace gridlock

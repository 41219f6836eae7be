// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/libvirt_hypervisor.h"

#include <fmt/format.h>
#include <unistd.h>

#include <QUuid>
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "base/text.h"
#include "host/pidfd.h"
#include "machine/chap_file.h"
#include "machine/domain_xml.h"
#include "machine/embedded_root.h"
#include "machine/gdb_server.h"
#include "machine/kvm_device.h"
#include "machine/memory_dump.h"
#include "machine/orphan_reaper.h"
#include "machine/qemu_processes.h"
#include "machine/registers_text.h"
#include "machine/saved_state.h"
#include "machine/standing_still.h"
#include "machine/virt_connection.h"
#include "machine/virt_error.h"
#include "machine/worker.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

/// How long QEMU may take to end by itself after libvirt told it to, and then after SIGKILL.
constexpr Milliseconds kEndLimit{5'000};
/// What is read of the end of a QEMU log.
constexpr std::streamoff kLogTail = 64 * 1024;
constexpr const char* kIscsiHint =
    "QEMU's iSCSI is in the package qemu-block-extra; its target must know the user, and let in "
    "initiators with the names iqn.2026-01.invalid.gridlock:nodeN";
/// A processor has some 4 KiB of them.
constexpr std::size_t kRegistersLimit = 1 << 20;

std::string tail_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return {};
  const std::streamoff size = in.tellg();
  in.seekg(std::max(std::streamoff{0}, size - kLogTail));
  return std::string(std::istreambuf_iterator<char>(in), {});
}

/// QEMU's own words in the log of a machine; libvirt adds lines with a time stamp, and the command
/// line goes on over many lines, each but the last ending in a backslash.
std::string said_by_qemu(const std::string& log) {
  std::vector<std::string> said;
  bool in_arguments = false;
  for (const std::string& line : last_lines(log, 200)) {
    const bool goes_on = !line.empty() && line.back() == '\\';
    const bool stamped = line.size() > 5 && line[4] == '-' &&
                         line.find(": ") != std::string::npos &&
                         std::isdigit(static_cast<unsigned char>(line[0])) != 0;
    if (!in_arguments && !goes_on && !stamped && !line.empty()) said.push_back(printable(line));
    in_arguments = goes_on;
  }
  if (said.size() > 3) said.erase(said.begin(), said.end() - 3);
  return join(said, " / ");
}

std::exception_ptr with_log(const VirtError& error, const fs::path& log) {
  const std::string said = said_by_qemu(tail_of(log));
  const std::string text = error.what();
  // libvirt often quotes QEMU already.
  if (said.empty() || text.find(said) != std::string::npos) return std::make_exception_ptr(error);
  return std::make_exception_ptr(
      VirtError(text + "; QEMU said: " + said, error.code(), error.hint()));
}

class LibvirtHypervisor final : public Hypervisor {
 public:
  LibvirtHypervisor(const fs::path& root, EventLoop& loop, const fs::path& abilities)
      : loop_(loop),
        root_(root, abilities),
        reaper_([this] { return root_.processes(); }),
        alive_(std::make_shared<LibvirtHypervisor*>(this)) {
    const std::error_code kvm = kvm_access(qemu_user());
    // On this, the loop's thread: all others that call libvirt are started by it later.
    if (::geteuid() == 0 && kvm && fs::is_character_file(kKvmDevice))
      hide_kvm(root_.path() / "etc" / "no-kvm");
    // Otherwise libvirt writes its log, such as a line for each network card that it does not know
    // of, to standard error.
    ::setenv("LIBVIRT_LOG_OUTPUTS", ("3:file:" + (root_.path() / "libvirt.log").string()).c_str(),
             0);
    connect();
  }

  ~LibvirtHypervisor() override {
    alive_.reset();
    // A worker that is in the middle of a start comes back once its QEMU is gone.
    const auto drain = [this](Milliseconds limit) {
      bool drained = true;
      for (auto& [name, machine] : machines_)
        for (Worker* const worker : {machine.worker.get(), machine.looker.get()})
          drained = worker->drain(limit) && drained;
      return drained;
    };
    drain(Milliseconds{0});
    // libvirt waits for what a QEMU that stands still was asked.
    end_stopped({});
    connection_->destroy_all();
    while (!drain(Milliseconds{100})) kill_all();
    connection_->destroy_all();
    kill_all();
    for (auto& [name, machine] : machines_) remove_sockets(machine.spec);
    machines_.clear();
    connection_.reset();
  }

  void on_event(std::function<void(const MachineEvent&)> handler) override {
    handler_ = std::move(handler);
  }

  void start(const MachineSpec& spec, Done done) override {
    Machine& machine = machine_of(spec.name);
    machine.uuid = QUuid::createUuid().toString(QUuid::WithoutBraces).toStdString();
    machine.starting = true;
    machine.was_reset = false;
    machine.process = 0;
    machine.spec = spec;
    machine.held.clear();
    try {
      machine.xml = domain_xml(spec, machine.uuid);
    } catch (const Error&) {
      machine.uuid.clear();
      loop_.post([done = std::move(done), error = std::current_exception()] { done(error); });
      return;
    }
    machine.worker->add(
        [this, spec, uuid = machine.uuid, xml = machine.xml, done = std::move(done)]() mutable {
          const std::exception_ptr error = start_now(spec, xml);
          answer([name = spec.name, uuid, error, done = std::move(done)](LibvirtHypervisor& self) {
            self.started(name, uuid, error == nullptr);
            done(error);
          });
        });
  }

  void destroy(const std::string& name, Done done) override {
    Machine& machine = machine_of(name);
    machine.uuid.clear();
    machine.held.clear();
    end_stopped(name);
    machine.worker->add([this, name, spec = machine.spec, done = std::move(done)]() mutable {
      const std::exception_ptr error = destroy_now(name, spec);
      answer([error, done = std::move(done)](LibvirtHypervisor&) { done(error); });
    });
  }

  void pause(const std::string& name, Done done) override {
    attempt(name, std::move(done), [this, name] { connection_->pause(name); });
  }

  void resume(const std::string& name, Done done) override {
    attempt(name, std::move(done), [this, name] { connection_->resume(name); });
  }

  void save(const std::string& name, const fs::path& file, Done done) override {
    attempt(name, std::move(done), [this, name, file] { save_state(*connection_, name, file); });
  }

  void state(const std::string& name, StateAnswer answer) override {
    look<MachineState>(name, std::move(answer), [this, name] {
      MachineState found = connection_->state(name);
      found.process = process_state(name);
      return found;
    });
  }

  void thread_times(const std::string& name, TimesAnswer answer) override {
    look<ThreadTimes>(name, std::move(answer), [this, name, &process = machine_of(name).process] {
      ThreadTimes times = gridlock::thread_times(process);
      if (!times.empty()) return times;
      const auto found = qemu_processes(root_.path(), name);
      process = found.empty() ? 0 : found.front();
      return gridlock::thread_times(process);
    });
  }

  void registers(const std::string& name, TextAnswer answer) override {
    look<std::string>(name, std::move(answer), [this, name] {
      require_answering(name);
      // Registers and stacks are of one moment only while the machine stands still.
      const StandingStill still(*connection_, name);
      std::string text = connection_->human_monitor(name, "info registers -a");
      for (const std::string& command : kernel_stack_commands(text))
        text += "\n" + connection_->human_monitor(name, command);
      text.resize(std::min(text.size(), kRegistersLimit));
      return text;
    });
  }

  void dump_memory(const std::string& name, const fs::path& file, Milliseconds limit,
                   Done done) override {
    // Nothing ends a dump but its end: after `limit` the rest goes to a file without a name.
    const auto made = std::make_shared<std::atomic<bool>>(false);
    const auto once = std::make_shared<Done>(std::move(done));
    const auto timer = loop_.after(limit, [alive = std::weak_ptr(alive_), once, made, name, file,
                                           limit] {
      const Done answer = std::exchange(*once, {});
      if (alive.expired() || !answer) return;
      std::error_code ignored;
      if (*made) fs::remove(file, ignored);
      answer(std::make_exception_ptr(VirtError(
          fmt::format("dumping the memory of {} took longer than {}", name, to_string(limit)), 0)));
    });
    const auto end = [this, once, timer](std::exception_ptr error) {
      loop_.cancel(timer);
      if (const Done answer = std::exchange(*once, {})) answer(error);
    };
    look_at(name, end, [this, name, file, made] {
      require_answering(name);
      make_dump_file(file);
      *made = true;
      write_memory_dump(*connection_, name, file);
    });
  }

  void serve_gdb(const std::string& name, const fs::path& socket, Done done) override {
    look_at(name, std::move(done), [this, name, socket] {
      require_answering(name);
      gridlock::serve_gdb(*connection_, name, socket);
    });
  }

  void stop_gdb(const std::string& name, Done done) override {
    look_at(name, std::move(done), [this, name] {
      require_answering(name);
      gridlock::stop_gdb(*connection_, name);
    });
  }

  void inject_nmi(const std::string& name, Done done) override {
    look_at(name, std::move(done), [this, name] {
      require_answering(name);
      connection_->inject_nmi(name);
    });
  }

  std::string qemu_log(const std::string& name) const override {
    return tail_of(root_.log_of(name));
  }

  std::string domain_xml(const std::string& name) const override {
    const auto found = machines_.find(name);
    return found == machines_.end() ? std::string() : found->second.xml;
  }

 private:
  /// What the loop's thread knows of a machine. Its worker does one thing after the other.
  struct Machine {
    MachineSpec spec;
    std::string xml;
    std::string uuid;  ///< of the life whose events are told; empty: none
    bool starting = false;
    bool was_reset = false;
    std::vector<MachineEvent> held;  ///< came before the start was answered
    std::unique_ptr<Worker> worker;
    std::atomic<pid_t> process = 0;  ///< QEMU's; 0: to be looked for
    std::unique_ptr<Worker> looker;  ///< for what may wait for ever and must not be waited for
  };

  void connect() {
    const OrphanReaper::Attention attention(reaper_);
    try {
      connection_.emplace(root_.uri(), [this, alive = std::weak_ptr(alive_)](
                                           const std::string& uuid, const MachineEvent& event) {
        MachineEvent told = event;
        if (told.kind == MachineEvent::Kind::crashed) {
          const std::string said = said_by_qemu(tail_of(root_.log_of(told.machine)));
          if (!said.empty()) told.detail += "; QEMU said: " + said;
        }
        loop_.post([alive, uuid, told] {
          if (const auto self = alive.lock()) (*self)->heard(uuid, told);
        });
      });
    } catch (const VirtError& error) {
      throw VirtError(error.what(), error.code(),
                      "needs the packages libvirt-daemon-driver-qemu and qemu-system-x86, and no "
                      "other Gridlock using this run directory");
    }
  }

  static std::string domain_xml(const MachineSpec& spec, const std::string& uuid) {
    return gridlock::domain_xml(spec, uuid);
  }

  Machine& machine_of(const std::string& name) {
    Machine& machine = machines_[name];
    if (!machine.worker) {
      machine.worker = std::make_unique<Worker>();
      machine.looker = std::make_unique<Worker>();
    }
    return machine;
  }

  /// Does `what` on the machine's worker and answers on the loop.
  void attempt(const std::string& name, Done done, std::function<void()> what) {
    on_worker(*machine_of(name).worker, std::move(done), std::move(what));
  }

  /// The same on its other worker.
  void look_at(const std::string& name, Done done, std::function<void()> what) {
    on_worker(*machine_of(name).looker, std::move(done), std::move(what));
  }

  /// The same, with what it found.
  template <class Found>
  void look(const std::string& name, std::function<void(std::exception_ptr, const Found&)> then,
            std::function<Found()> what) {
    const auto found = std::make_shared<Found>();
    look_at(
        name, [found, then = std::move(then)](std::exception_ptr error) { then(error, *found); },
        [found, what = std::move(what)] { *found = what(); });
  }

  void on_worker(Worker& worker, Done done, std::function<void()> what) {
    worker.add([this, what = std::move(what), done = std::move(done)]() mutable {
      std::exception_ptr error;
      try {
        what();
      } catch (const Error&) {
        error = std::current_exception();
      }
      answer([error, done = std::move(done)](LibvirtHypervisor&) { done(error); });
    });
  }

  MachineState::Process process_state(const std::string& name) const {
    using Process = MachineState::Process;
    const auto processes = qemu_processes(root_.path(), name);
    const char state = processes.empty() ? '\0' : state_of_process(processes.front());
    if (state == '\0' || state == 'Z' || state == 'X') return Process::gone;
    if (state == 'T' || state == 't') return Process::stopped;
    return state == 'D' ? Process::stuck : Process::runs;
  }

  /// A QEMU that stands still would keep its worker, and libvirt's lock on the machine, for ever.
  void require_answering(const std::string& name) const {
    if (process_state(name) != MachineState::Process::stopped) return;
    throw VirtError(fmt::format("{} cannot be asked: its QEMU was stopped by a signal", name), 0,
                    "let it go on with SIGCONT");
  }

  /// Kills the QEMU processes that stand still; with `name`, only that machine's.
  void end_stopped(const std::string& name) {
    for (const pid_t pid : qemu_processes(root_.path(), name)) {
      const Descriptor process = open_pidfd(pid);
      const char state = process ? state_of_process(pid) : '\0';
      if (state == 'T' || state == 't') (void)send_signal(process, SIGKILL);
    }
  }

  /// Runs `task` on the loop, unless this object is gone by then. From a worker.
  void answer(std::function<void(LibvirtHypervisor&)> task) {
    loop_.post([alive = std::weak_ptr(alive_), task = std::move(task)] {
      if (const auto self = alive.lock()) task(**self);
    });
  }

  void heard(const std::string& uuid, const MachineEvent& event) {
    const auto found = machines_.find(event.machine);
    if (found == machines_.end() || found->second.uuid != uuid) return;
    Machine& machine = found->second;
    if (machine.starting)
      machine.held.push_back(event);
    else
      tell(machine, event);
  }

  void tell(Machine& machine, const MachineEvent& event) {
    // libvirt reports one reset two or three times.
    if (event.kind == MachineEvent::Kind::reset && std::exchange(machine.was_reset, true)) return;
    if (handler_) handler_(event);
  }

  void started(const std::string& name, const std::string& uuid, bool ok) {
    Machine& machine = machine_of(name);
    if (machine.uuid != uuid) return;
    machine.starting = false;
    const auto held = std::exchange(machine.held, {});
    if (!ok) {
      machine.uuid.clear();
      return;
    }
    for (const auto& event : held) tell(machine, event);
  }

  std::exception_ptr start_now(const MachineSpec& spec, const std::string& xml) {
    const OrphanReaper::Attention attention(reaper_);
    const fs::path log = root_.log_of(spec.name);
    try {
      std::error_code ignored;
      fs::remove(log, ignored);
      const ChapFile secret(spec);
      connection_->start(
          xml, spec.state.empty() ? VirtConnection::Run::running : VirtConnection::Run::paused);
      if (!spec.state.empty()) {
        load_state(*connection_, spec.name, spec.state);
        if (!spec.paused) connection_->resume(spec.name);
      }
      // libvirt asks QEMU what it can do when it first needs to know.
      std::call_once(abilities_kept_, [this] { root_.keep_abilities(); });
      return nullptr;
    } catch (const VirtError& error) {
      const auto failure =
          with_log(VirtError(fmt::format("{} ({})", error.what(), spec.name), error.code(),
                             spec.iscsi && error.hint().empty() ? kIscsiHint : error.hint()),
                   log);
      destroy_now(spec.name, spec);
      return failure;
    }
  }

  std::exception_ptr destroy_now(const std::string& name, const MachineSpec& spec) {
    try {
      // libvirt asks QEMU to end, which an emulated guest delays by up to two seconds, and looks
      // every 200 ms. There is nothing that QEMU would have to bring to an end.
      end_qemu_processes(root_.path(), name, Milliseconds{0});
      connection_->destroy(name);
      end_qemu_processes(root_.path(), name, kEndLimit);
    } catch (const Error&) {
      return std::current_exception();
    }
    remove_sockets(spec);
    return nullptr;
  }

  /// QEMU removes them when it ends in order only.
  static void remove_sockets(const MachineSpec& spec) {
    for (const auto& socket : {spec.console_socket, spec.agent_socket})
      if (!socket.empty()) ::unlink(socket.c_str());
  }

  void kill_all() noexcept {
    try {
      end_qemu_processes(root_.path(), {}, Milliseconds{0});
    } catch (const Error&) {
      // Stuck in the host's kernel: the root stays, and the next start finds the process by it.
    }
  }

  EventLoop& loop_;
  EmbeddedRoot root_;
  OrphanReaper reaper_;
  /// Empty once this object is being destroyed; other threads hold it weakly.
  std::shared_ptr<LibvirtHypervisor*> alive_;
  std::function<void(const MachineEvent&)> handler_;
  std::map<std::string, Machine> machines_;
  std::once_flag abilities_kept_;
  std::optional<VirtConnection> connection_;
};

}  // namespace

std::unique_ptr<Hypervisor> open_libvirt_hypervisor(const fs::path& root, EventLoop& loop,
                                                    const fs::path& abilities) {
  return std::make_unique<LibvirtHypervisor>(root, loop, abilities);
}

}  // namespace gridlock

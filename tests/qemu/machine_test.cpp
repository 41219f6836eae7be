// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>

#include "base/text.h"
#include "fabric/fabric.h"
#include "host/files.h"
#include "host/processes.h"
#include "host/run_directory.h"
#include "machine/libvirt_hypervisor.h"
#include "machine/virt_error.h"
#include "storage/iscsi_target.h"
#include "storage/shared_disk.h"
#include "support/boot_sector.h"
#include "support/poll_event_loop.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = MachineEvent::Kind;

constexpr Milliseconds kPatience{60'000};

/// libvirt's embedded driver has one root per process, so all tests share one hypervisor.
class World : public ::testing::Environment {
 public:
  static World& get() {
    static auto* const world = new World;  // owned by GoogleTest once it is registered
    return *world;
  }

  void SetUp() override {
    user_ = qemu_user();
    base_.emplace(fs::path("/var/tmp"), "gl-test-");
    if (::geteuid() == 0)
      fs::permissions(base_->path(), fs::perms::owner_all | fs::perms::others_exec);
    directory_.emplace(base_->path() / "runs", user_.uid, user_.gid);
    if (::geteuid() == 0)
      fs::permissions(base_->path() / "runs", fs::perms::owner_all | fs::perms::others_exec);
    open();
  }
  void TearDown() override {
    hypervisor.reset();
    EXPECT_TRUE(qemu_processes_of(root()).empty());
    EXPECT_FALSE(fs::exists(root()));
    directory_.reset();
    base_.reset();
  }

  void open() {
    hypervisor = open_libvirt_hypervisor(root(), loop, base_->path() / "abilities");
    hypervisor->on_event([this](const MachineEvent& event) { events.push_back(event); });
  }

  fs::path root() const { return directory() / "virt"; }
  fs::path abilities() const { return base_->path() / "abilities"; }
  const fs::path& directory() const { return directory_->path(); }
  const QemuUser& user() const { return user_; }

  PollEventLoop loop;
  std::unique_ptr<Hypervisor> hypervisor;
  std::vector<MachineEvent> events;

 private:
  QemuUser user_;
  std::optional<TempDir> base_;
  std::optional<RunDirectory> directory_;
};

std::string content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

class Machine : public ::testing::Test {
 protected:
  void SetUp() override { world_.events.clear(); }

  void TearDown() override {
    if (HasFailure())
      for (const auto& name : names_)
        std::printf("--- console of %s:\n%s\n--- QEMU log of it:\n%s\n", name.c_str(),
                    printable(content_of(console_of(name)), 2000).c_str(),
                    world_.hypervisor->qemu_log(name).c_str());
    for (const auto& name : names_) EXPECT_EQ(destroy(name), "");
    EXPECT_TRUE(qemu_processes_of(world_.directory()).empty());
    for (const auto& entry : fs::directory_iterator(world_.directory()))
      EXPECT_FALSE(entry.is_socket()) << entry.path();
  }

  fs::path console_of(const std::string& name) const {
    return world_.directory() / (name + ".log");
  }

  MachineSpec spec(const std::string& name, const BootSector& boot) {
    names_.push_back(name);
    MachineSpec made;
    made.name = name;
    made.memory = Bytes::mib(32);
    made.root_disk = world_.directory() / (name + ".img");
    boot.write(made.root_disk);
    fs::permissions(made.root_disk, fs::perms::others_read, fs::perm_options::add);
    made.console_log = console_of(name);
    made.console_socket = world_.directory() / (name + ".con");
    return made;
  }

  /// The error's text, or empty for success.
  std::string finish(std::optional<std::exception_ptr>& answer) {
    if (world_.loop.run_until([&] { return answer.has_value(); }, kPatience, {}) != Waited::done)
      return "no answer";
    if (!*answer) return {};
    try {
      std::rethrow_exception(*answer);
    } catch (const Error& error) {
      return error.what();
    }
  }

  std::string start(const MachineSpec& machine) {
    std::optional<std::exception_ptr> answer;
    world_.hypervisor->start(machine, [&](std::exception_ptr error) { answer = error; });
    return finish(answer);
  }

  std::string destroy(const std::string& name) {
    std::optional<std::exception_ptr> answer;
    world_.hypervisor->destroy(name, [&](std::exception_ptr error) { answer = error; });
    return finish(answer);
  }

  /// What an order answers: the error's text, or empty for success.
  std::string done(const std::function<void(Hypervisor::Done)>& order) {
    std::optional<std::exception_ptr> answer;
    order([&](std::exception_ptr error) { answer = error; });
    return finish(answer);
  }

  MachineState state(const std::string& name) {
    std::optional<std::exception_ptr> answer;
    MachineState found;
    world_.hypervisor->state(name, [&](std::exception_ptr error, const MachineState& seen) {
      found = seen;
      answer = error;
    });
    EXPECT_EQ(finish(answer), "");
    return found;
  }

  static Descriptor connect_to(const fs::path& path) {
    Descriptor made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.native().size());
    if (::connect(made.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      return Descriptor();
    return made;
  }

  bool until(const std::function<bool()>& condition) {
    // Files change without telling the loop.
    const auto look = world_.loop.every(Milliseconds{10}, [] {});
    const bool done = world_.loop.run_until(condition, kPatience, {}) == Waited::done;
    world_.loop.cancel(look);
    return done;
  }

  bool prints(const std::string& name, const std::string& text) {
    return until([&] { return content_of(console_of(name)).find(text) != std::string::npos; });
  }

  std::vector<Kind> kinds() const {
    std::vector<Kind> all;
    for (const auto& event : world_.events) all.push_back(event.kind);
    return all;
  }

  World& world_ = World::get();
  std::vector<std::string> names_;
};

TEST_F(Machine, KeepsTheConsoleFromTheFirstByte) {
  ASSERT_EQ(start(spec("hello", BootSector().print("hello, world\n").halt())), "");
  EXPECT_TRUE(prints("hello", "hello, world\n"));
  EXPECT_THAT(world_.hypervisor->domain_xml("hello"), HasSubstr("<name>hello</name>"));
  EXPECT_THAT(world_.hypervisor->qemu_log("hello"), HasSubstr("guest=hello"));
}

TEST_F(Machine, RunsQemuWithoutPrivileges) {
  ASSERT_EQ(start(spec("plain", BootSector().print("up").halt())), "");
  const auto found = qemu_processes_of(world_.root());
  ASSERT_EQ(found.size(), 1U);
  struct stat process {};
  ASSERT_EQ(::stat(("/proc/" + std::to_string(found[0])).c_str(), &process), 0);
  EXPECT_NE(process.st_uid, 0U);
  EXPECT_EQ(process.st_uid, world_.user().uid);
  const auto status = content_of("/proc/" + std::to_string(found[0]) + "/status");
  EXPECT_THAT(status, HasSubstr("Seccomp:\t2"));
  EXPECT_THAT(status, HasSubstr("CapEff:\t0000000000000000"));
}

TEST_F(Machine, LeavesTheOwnersOfFilesAlone) {
  const auto machine = spec("owner", BootSector().print("up").halt());
  ASSERT_EQ(start(machine), "");
  struct stat file {};
  ASSERT_EQ(::stat(machine.root_disk.c_str(), &file), 0);
  EXPECT_EQ(file.st_uid, ::geteuid());
}

TEST_F(Machine, WritesAConsoleLogWhereTheQemuUserCannotGo) {
  const TempDir hidden(world_.directory());
  auto machine = spec("hidden", BootSector().print("seen").halt());
  machine.console_log = hidden.path() / "console.log";
  ASSERT_EQ(start(machine), "");
  EXPECT_TRUE(
      until([&] { return content_of(machine.console_log).find("seen") != std::string::npos; }));
  EXPECT_EQ(destroy("hidden"), "");
}

TEST_F(Machine, ReportsAPanicAndKeepsTheGuestForALook) {
  ASSERT_EQ(start(spec("panic", BootSector().print("x").panic().halt())), "");
  ASSERT_TRUE(until([&] { return !world_.events.empty(); }));
  EXPECT_THAT(kinds(), ElementsAre(Kind::panicked));
  EXPECT_EQ(world_.events[0].machine, "panic");
  EXPECT_EQ(qemu_processes_of(world_.root()).size(), 1U);
}

TEST_F(Machine, ReportsAResetOnceAndThenTheEnd) {
  ASSERT_EQ(start(spec("reset", BootSector().print("x").reset().halt())), "");
  ASSERT_TRUE(until([&] { return !kinds().empty() && kinds().back() == Kind::stopped; }));
  EXPECT_TRUE(until([&] { return qemu_processes_of(world_.root()).empty(); }));
  EXPECT_THAT(kinds(), ::testing::AnyOf(ElementsAre(Kind::reset, Kind::stopped),
                                        ElementsAre(Kind::stopped)));
}

TEST_F(Machine, ReportsAKilledQemuWithWhatItsLogSays) {
  ASSERT_EQ(start(spec("killed", BootSector().print("up").halt())), "");
  ASSERT_TRUE(prints("killed", "up"));
  const auto found = qemu_processes_of(world_.root());
  ASSERT_EQ(found.size(), 1U);
  ::kill(found[0], SIGKILL);
  ASSERT_TRUE(until([&] { return !world_.events.empty(); }));
  EXPECT_THAT(kinds(), ElementsAre(Kind::crashed));
  EXPECT_THAT(world_.hypervisor->qemu_log("killed"), HasSubstr("reason=crashed"));
  // A killed QEMU leaves its sockets; the name must be free again all the same.
  EXPECT_EQ(destroy("killed"), "");
  EXPECT_EQ(start(spec("killed", BootSector().print("again").halt())), "");
  EXPECT_TRUE(prints("killed", "again"));
}

TEST_F(Machine, TellsNoEventOfADestroyedMachine) {
  ASSERT_EQ(start(spec("quiet", BootSector().print("up").halt())), "");
  EXPECT_EQ(destroy("quiet"), "");
  // Its own second life would hear the late events of the first.
  ASSERT_EQ(start(spec("quiet", BootSector().print("again").halt())), "");
  ASSERT_TRUE(prints("quiet", "again"));
  EXPECT_THAT(kinds(), ElementsAre());
}

TEST_F(Machine, DestroysTwiceAndWhatNeverWas) {
  ASSERT_EQ(start(spec("twice", BootSector().print("up").halt())), "");
  EXPECT_EQ(destroy("twice"), "");
  EXPECT_TRUE(qemu_processes_of(world_.root()).empty());
  EXPECT_EQ(destroy("twice"), "");
  EXPECT_EQ(destroy("never"), "");
}

TEST_F(Machine, StartFailureNamesTheCauseAndLeavesNothing) {
  auto machine = spec("missing", BootSector());
  machine.kernel = world_.directory() / "no-such-kernel";
  EXPECT_THAT(start(machine), HasSubstr("no-such-kernel"));
  EXPECT_TRUE(qemu_processes_of(world_.root()).empty());
  EXPECT_FALSE(fs::exists(machine.console_socket));
  EXPECT_THAT(kinds(), ElementsAre());
}

TEST_F(Machine, RefusesAMachineThatCannotBe) {
  auto machine = spec("nonsense", BootSector());
  machine.vcpus = 0;
  EXPECT_EQ(start(machine), "machine \"nonsense\": it has no processor");
}

TEST_F(Machine, StartsTwoSideBySideOnOneSharedDisk) {
  const SharedDisk disk(world_.directory() / "shared.raw", Bytes::mib(16), world_.user().uid,
                        world_.user().gid);
  auto one = spec("one", BootSector().print("up").halt());
  auto two = spec("two", BootSector().print("up").halt());
  one.shared_disk = two.shared_disk = disk.path();
  std::optional<std::exception_ptr> first;
  std::optional<std::exception_ptr> second;
  world_.hypervisor->start(one, [&](std::exception_ptr error) { first = error; });
  world_.hypervisor->start(two, [&](std::exception_ptr error) { second = error; });
  EXPECT_EQ(finish(first), "");
  EXPECT_EQ(finish(second), "");
  EXPECT_TRUE(prints("one", "up"));
  EXPECT_TRUE(prints("two", "up"));
  EXPECT_EQ(qemu_processes_of(world_.root()).size(), 2U);
  EXPECT_EQ(destroy("one"), "");
  EXPECT_EQ(destroy("two"), "");
}

TEST_F(Machine, ReachesTheFabricAndTheAgentSocket) {
  auto fabric = make_fabric(21064);
  auto machine = spec("wired", BootSector().print("up").halt());
  machine.mac = "52:54:00:67:6c:01";
  machine.agent_socket = world_.directory() / "wired.agt";
  // A comma must not end the path in QEMU's argument.
  machine.fabric_socket = world_.directory() / "wired,1.fab";
  fabric->add_port(machine.fabric_socket, world_.user().uid);
  ASSERT_EQ(start(machine), "");
  EXPECT_TRUE(until([&] { return fabric->counters()[0].connected; }));
  EXPECT_TRUE(fs::is_socket(machine.agent_socket));
  EXPECT_EQ(destroy("wired"), "");
  EXPECT_TRUE(until([&] { return !fabric->counters()[0].connected; }));
  EXPECT_FALSE(fs::exists(machine.agent_socket));
  // The next trial's machine uses the same port.
  ASSERT_EQ(start(machine), "");
  EXPECT_TRUE(until([&] { return fabric->counters()[0].connected; }));
  EXPECT_EQ(destroy("wired"), "");
  fabric.reset();
}

/// A target of our own, and machines with its LUN.
class MachineOnIscsi : public Machine {
 protected:
  void SetUp() override {
    Machine::SetUp();
    if (!fs::exists("/usr/sbin/tgtd")) GTEST_SKIP() << "tgtd (package tgt) is not installed";
    if (!fs::exists("/usr/lib/x86_64-linux-gnu/qemu/block-iscsi.so"))
      GTEST_SKIP() << "QEMU's iSCSI (package qemu-block-extra) is not installed";
    const auto [name, uid, gid] = world_.user();
    disk_.emplace(world_.directory() / "iscsi.raw", Bytes::mib(8), uid, gid);
    make_folder_of(folder_, uid, gid);
    target_.emplace(IscsiTarget::Options{folder_, disk_->path(), uid, gid});
  }
  void TearDown() override {
    target_.reset();
    fs::remove_all(folder_);
    Machine::TearDown();
  }

  MachineSpec on_iscsi(const std::string& name) {
    MachineSpec machine = spec(name, BootSector().print("up").halt());
    machine.iscsi = target_->lun();
    machine.initiator = "iqn.2026-01.invalid.gridlock:" + name;
    return machine;
  }

  const fs::path folder_ = world_.directory() / "target";
  std::optional<SharedDisk> disk_;
  std::optional<IscsiTarget> target_;
};

TEST_F(MachineOnIscsi, SharesTheLunWithAnotherAndNobodySeesTheSecret) {
  const std::string& secret = target_->lun().chap->secret;
  EXPECT_EQ(start(on_iscsi("one")), "");
  EXPECT_EQ(start(on_iscsi("two")), "");
  EXPECT_TRUE(prints("one", "up"));
  for (const auto& process : fs::directory_iterator("/proc"))
    for (const char* const what : {"cmdline", "environ"})
      EXPECT_EQ(content_of(process.path() / what).find(secret), std::string::npos) << process.path();
  for (const auto& entry : fs::recursive_directory_iterator(world_.directory()))
    if (entry.is_regular_file()) {
      EXPECT_EQ(content_of(entry.path()).find(secret), std::string::npos) << entry.path();
    }
  EXPECT_EQ(world_.hypervisor->domain_xml("one").find(secret), std::string::npos);
  EXPECT_EQ(destroy("one"), "");
  // The name is free for another secret.
  EXPECT_EQ(start(on_iscsi("one")), "");
  EXPECT_EQ(destroy("one"), "");
  EXPECT_EQ(destroy("two"), "");
}

TEST_F(MachineOnIscsi, IsRefusedWithAWrongSecretWhichIsNotSaid) {
  MachineSpec machine = on_iscsi("stranger");
  machine.iscsi->chap->secret = "anotherSecret123";
  const std::string error = start(machine);
  EXPECT_NE(error, "");
  EXPECT_EQ(error.find("anotherSecret"), std::string::npos) << error;
}

TEST_F(MachineOnIscsi, OutlivesItsTarget) {
  EXPECT_EQ(start(on_iscsi("left")), "");
  ASSERT_EQ(::kill(target_->process(), SIGKILL), 0);
  EXPECT_TRUE(until([&] { return !target_->ended().empty(); }));
  EXPECT_EQ(destroy("left"), "");
}

TEST_F(Machine, SendsAnNmi) {
  ASSERT_EQ(start(spec("nmi", BootSector().print("up").halt())), "");
  std::optional<std::exception_ptr> answer;
  world_.hypervisor->inject_nmi("nmi", [&](std::exception_ptr error) { answer = error; });
  EXPECT_EQ(finish(answer), "");
  answer.reset();
  world_.hypervisor->inject_nmi("nobody", [&](std::exception_ptr error) { answer = error; });
  EXPECT_THAT(finish(answer), HasSubstr("nobody"));
}

TEST_F(Machine, ShowsTheRegistersOfEveryProcessor) {
  auto machine = spec("regs", BootSector().print("up").halt());
  machine.vcpus = 2;
  ASSERT_EQ(start(machine), "");
  std::optional<std::exception_ptr> answer;
  std::string text;
  world_.hypervisor->registers("regs", [&](std::exception_ptr error, const std::string& found) {
    text = found;
    answer = error;
  });
  EXPECT_EQ(finish(answer), "");
  EXPECT_THAT(text, HasSubstr("CPU#0"));
  EXPECT_THAT(text, HasSubstr("CPU#1"));
  EXPECT_THAT(text, HasSubstr("EIP="));
}

TEST_F(Machine, TellsWhatItsThreadsUsedInThisLife) {
  const auto times = [&] {
    std::optional<std::exception_ptr> answer;
    ThreadTimes found;
    world_.hypervisor->thread_times("times",
                                    [&](std::exception_ptr error, const ThreadTimes& told) {
                                      found = told;
                                      answer = error;
                                    });
    EXPECT_EQ(finish(answer), "");
    return found;
  };
  EXPECT_TRUE(times().empty());
  const auto machine = spec("times", BootSector().print("up").halt());
  ASSERT_EQ(start(machine), "");
  const ThreadTimes first = times();
  ASSERT_FALSE(first.empty());
  // Booting took some.
  std::chrono::nanoseconds ran{0};
  for (const auto& [thread, time] : first) ran += time.ran;
  EXPECT_GT(ran, std::chrono::milliseconds{1});
  EXPECT_EQ(destroy("times"), "");
  EXPECT_TRUE(times().empty());
  ASSERT_EQ(start(machine), "");
  const ThreadTimes second = times();
  ASSERT_FALSE(second.empty());
  for (const auto& [thread, time] : second) EXPECT_FALSE(first.contains(thread));
}

TEST_F(Machine, DumpsMemoryToAFileOfOursAndGoesOn) {
  ASSERT_EQ(start(spec("dump", BootSector().print("up").halt())), "");
  ASSERT_TRUE(prints("dump", "up"));
  const fs::path file = world_.directory() / "memory.kdump";
  EXPECT_EQ(done([&](auto then) {
              world_.hypervisor->dump_memory("dump", file, kPatience, then);
            }), "");
  EXPECT_EQ(content_of(file).substr(0, 8), "KDUMP   ");
  EXPECT_EQ(state("dump").kind, MachineState::Kind::running);
  // It is there: refused, and left alone.
  EXPECT_THAT(done([&](auto then) {
                world_.hypervisor->dump_memory("dump", file, kPatience, then);
              }),
              HasSubstr("memory.kdump"));
  EXPECT_TRUE(fs::exists(file));
  fs::remove(file);
  EXPECT_EQ(done([&](auto then) { world_.hypervisor->pause("dump", then); }), "");
  EXPECT_EQ(done([&](auto then) {
              world_.hypervisor->dump_memory("dump", file, kPatience, then);
            }), "");
  EXPECT_TRUE(fs::exists(file));
  EXPECT_EQ(state("dump").kind, MachineState::Kind::paused);
  fs::remove(file);
  EXPECT_THAT(done([&](auto then) {
                world_.hypervisor->dump_memory("nobody", file, kPatience, then);
              }),
              HasSubstr("nobody"));
  EXPECT_FALSE(fs::exists(file));
}

TEST_F(Machine, ServesADebuggerAtASocketWeCanReach) {
  ASSERT_EQ(start(spec("gdb", BootSector().print("up").halt())), "");
  const fs::path folder = world_.directory() / "g";
  make_folder_of(folder, world_.user().uid, world_.user().gid);
  const fs::path socket = folder / "gdb.sock";
  ASSERT_EQ(done([&](auto then) { world_.hypervisor->serve_gdb("gdb", socket, then); }), "");
  {
    const Descriptor debugger = connect_to(socket);
    ASSERT_TRUE(debugger) << std::strerror(errno);
    ASSERT_EQ(::send(debugger.get(), "$?#3f", 5, MSG_NOSIGNAL), 5);
    // That the machine stopped may be told before the question is acknowledged.
    std::string said;
    EXPECT_TRUE(until([&] {
      char bytes[64];
      const ssize_t count = ::recv(debugger.get(), bytes, sizeof bytes, MSG_DONTWAIT);
      if (count > 0) said.append(bytes, static_cast<std::size_t>(count));
      return said.find('+') != std::string::npos;
    })) << said;
    EXPECT_TRUE(until([&] { return state("gdb").kind == MachineState::Kind::paused; }));
    EXPECT_EQ(state("gdb").detail, "by QEMU or a debugger");
  }
  EXPECT_EQ(done([&](auto then) { world_.hypervisor->stop_gdb("gdb", then); }), "");
  EXPECT_FALSE(fs::exists(socket));
  EXPECT_EQ(done([&](auto then) { world_.hypervisor->resume("gdb", then); }), "");
  EXPECT_EQ(state("gdb").kind, MachineState::Kind::running);
  EXPECT_EQ(done([&](auto then) { world_.hypervisor->stop_gdb("gdb", then); }), "");
  EXPECT_THAT(done([&](auto then) {
                world_.hypervisor->serve_gdb("gdb", "/nonexistent/gdb.sock", then);
              }),
              HasSubstr("does not listen"));
  fs::remove_all(folder);
}

TEST_F(Machine, TellsAPausedMachineFromAStoppedQemuAndEndsBoth) {
  EXPECT_EQ(state("state").kind, MachineState::Kind::gone);
  ASSERT_EQ(start(spec("state", BootSector().print("up").halt())), "");
  EXPECT_EQ(describe(state("state")), "runs");
  EXPECT_EQ(done([&](auto then) { world_.hypervisor->pause("state", then); }), "");
  EXPECT_EQ(describe(state("state")), "is paused: by Gridlock");
  EXPECT_EQ(done([&](auto then) { world_.hypervisor->resume("state", then); }), "");
  const auto found = qemu_processes_of(world_.root());
  ASSERT_EQ(found.size(), 1U);
  ASSERT_EQ(::kill(found[0], SIGSTOP), 0);
  EXPECT_TRUE(
      until([&] { return state("state").process == MachineState::Process::stopped; }));
  EXPECT_THAT(done([&](auto then) { world_.hypervisor->inject_nmi("state", then); }),
              HasSubstr("stopped by a signal"));
  EXPECT_EQ(destroy("state"), "");
  EXPECT_EQ(describe(state("state")), "is gone");
}

TEST_F(Machine, ALookThatIsNeverAnsweredDoesNotKeepTheMachine) {
  ASSERT_EQ(start(spec("deaf", BootSector().print("up").halt())), "");
  const auto found = qemu_processes_of(world_.root());
  ASSERT_EQ(found.size(), 1U);
  std::optional<std::exception_ptr> paused;
  ASSERT_EQ(::kill(found[0], SIGSTOP), 0);
  // All of its threads have to come to it first.
  EXPECT_TRUE(until([&] { return state("deaf").process == MachineState::Process::stopped; }));
  // Waits in libvirt for a QEMU that stands still.
  world_.hypervisor->pause("deaf", [&](std::exception_ptr error) { paused = error; });
  EXPECT_EQ(destroy("deaf"), "");
  EXPECT_NE(finish(paused), "");
}

TEST_F(Machine, AKvmThatCannotRunTheKernelIsAnAnswer) {
  // Not a kernel: no accelerator gets a first line out of it.
  const fs::path kernel = world_.directory() / "not-a-kernel";
  std::ofstream(kernel) << std::string(4096, 'x');
  fs::permissions(kernel, fs::perms::others_read, fs::perm_options::add);
  const auto choice =
      prove_kvm(*world_.hypervisor, world_.loop, kernel, world_.directory(), Milliseconds{500}, {});
  EXPECT_EQ(choice.acceleration, Acceleration::tcg);
  EXPECT_THAT(choice.reason, HasSubstr("KVM"));
  EXPECT_FALSE(fs::exists(world_.directory() / "kvm.log"));
  fs::remove(kernel);
}

TEST_F(Machine, KeepsWhatQemuCanDoForTheNextRun) {
  int kept = 0;
  for (const auto& entry : fs::directory_iterator(world_.abilities()))
    kept += content_of(entry.path()).find("<qemuCaps>") != std::string::npos ? 1 : 0;
  EXPECT_GT(kept, 0);
}

/// What ends the hypervisor and opens another, which libvirt gives no rights of its own: these come
/// behind all other tests.
class MachineAtTheEnd : public Machine {};

TEST_F(MachineAtTheEnd, EndsEverythingWhenClosedInTheMiddleOfAStart) {
  ASSERT_EQ(start(spec("left", BootSector().print("up").halt())), "");
  bool answered = false;
  world_.hypervisor->start(spec("begun", BootSector().print("up").halt()),
                           [&](std::exception_ptr) { answered = true; });
  world_.hypervisor.reset();
  EXPECT_TRUE(qemu_processes_of(world_.root()).empty());
  EXPECT_FALSE(fs::exists(world_.root()));
  EXPECT_TRUE(until([] { return true; }));
  EXPECT_FALSE(answered);
  world_.open();
}

}  // namespace
}  // namespace gridlock

int main(int argc, char** argv) {
  ::testing::InitGoogleMock(&argc, argv);
  if (::access("/usr/bin/qemu-system-x86_64", X_OK) != 0) {
    std::puts("SKIPPED: /usr/bin/qemu-system-x86_64 is missing (package qemu-system-x86)");
    return 77;
  }
  ::testing::AddGlobalTestEnvironment(&gridlock::World::get());
  return RUN_ALL_TESTS();
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/virt_connection.h"

#include <fmt/format.h>
#include <libvirt/libvirt-qemu.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "machine/handles.h"

namespace gridlock {
namespace {

/// libvirt prints every error on stderr unless told otherwise; we read them where they happen.
void ignore_error(void*, virErrorPtr) {}

void initialise_once() {
  static std::once_flag once;
  std::call_once(once, [] {
    virSetErrorFunc(nullptr, &ignore_error);
    check(virInitialize(), "initialising libvirt");
    check(virEventRegisterDefaultImpl(), "registering libvirt's event loop");
  });
}

/// Turns libvirt's event loop as long as it lives.
class LoopThread {
 public:
  LoopThread() {
    initialise_once();
    wake_ = check(virEventAddTimeout(
                      -1, [](int, void*) {}, nullptr, nullptr),
                  "adding a timer to libvirt's event loop");
    thread_ = std::thread([this] {
      while (!stop_ && virEventRunDefaultImpl() == 0) {
      }
    });
  }
  ~LoopThread() {
    stop_ = true;
    virEventUpdateTimeout(wake_, 0);
    thread_.join();
    virEventRemoveTimeout(wake_);
  }
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

 private:
  std::atomic<bool> stop_ = false;
  int wake_ = -1;
  std::thread thread_;
};

std::string uuid_of(virDomainPtr domain) {
  std::array<char, VIR_UUID_STRING_BUFLEN> text{};
  return virDomainGetUUIDString(domain, text.data()) == 0 ? text.data() : "";
}

/// What is worth telling of a lifecycle event (enum virDomainEventType); false: nothing.
bool translate(int event, int detail, MachineEvent& out) {
  using Kind = MachineEvent::Kind;
  const auto is = [&](Kind kind, const char* why) {
    out.kind = kind;
    out.detail = why;
    return true;
  };
  if (event == VIR_DOMAIN_EVENT_CRASHED) return is(Kind::panicked, "the guest's kernel panicked");
  if (event != VIR_DOMAIN_EVENT_STOPPED) return false;
  switch (detail) {
    case VIR_DOMAIN_EVENT_STOPPED_DESTROYED:
      return false;
    case VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN:
      return is(Kind::stopped, "powered off or reset by its guest");
    case VIR_DOMAIN_EVENT_STOPPED_CRASHED:
      return is(Kind::crashed, "QEMU ended unexpectedly");
    case VIR_DOMAIN_EVENT_STOPPED_FAILED:
      return is(Kind::crashed, "libvirt lost control of QEMU");
    default:
      return is(Kind::stopped, "ended for a reason unknown to Gridlock");
  }
}

/// Who paused a machine (enum virDomainPausedReason).
std::string who_paused(int reason) {
  switch (reason) {
    case VIR_DOMAIN_PAUSED_USER:
      return "by Gridlock";
    case VIR_DOMAIN_PAUSED_MIGRATION:
    case VIR_DOMAIN_PAUSED_SAVE:
      return "its state is saved or loaded";
    case VIR_DOMAIN_PAUSED_DUMP:
      return "its memory is dumped";
    case VIR_DOMAIN_PAUSED_WATCHDOG:
      return "its watchdog expired";
    default:
      return "by QEMU or a debugger";
  }
}

DomainPtr look_up(virConnectPtr connection, const std::string& name) {
  return DomainPtr(check(virDomainLookupByName(connection, name.c_str()), "looking up " + name));
}

}  // namespace

VirtError last_virt_error(std::string_view doing) {
  const virErrorPtr error = virGetLastError();
  if (error == nullptr) return VirtError(fmt::format("{}: libvirt gave no reason", doing), 0);
  return VirtError(fmt::format("{}: {}", doing, error->message ? error->message : "unknown error"),
                   error->code);
}

class VirtConnection::Events {
 public:
  Events(const std::string& uri, Listener listener)
      : listener_(std::move(listener)),
        connection_(check(virConnectOpen(uri.c_str()), "connecting to " + uri)) {
    add(VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(&Events::on_lifecycle));
    add(VIR_DOMAIN_EVENT_ID_REBOOT, VIR_DOMAIN_EVENT_CALLBACK(&Events::on_reboot));
    add(VIR_DOMAIN_EVENT_ID_WATCHDOG, VIR_DOMAIN_EVENT_CALLBACK(&Events::on_watchdog));
  }
  ~Events() {
    for (const int id : callbacks_) virConnectDomainEventDeregisterAny(connection_.get(), id);
  }
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  virConnectPtr connection() const { return connection_.get(); }

 private:
  void add(int id, virConnectDomainEventGenericCallback callback) {
    callbacks_.push_back(check(
        virConnectDomainEventRegisterAny(connection_.get(), nullptr, id, callback, this, nullptr),
        "registering for libvirt's events"));
  }

  void tell(virDomainPtr domain, MachineEvent event) {
    const char* name = virDomainGetName(domain);
    event.machine = name != nullptr ? name : "";
    listener_(uuid_of(domain), event);
  }

  static void on_lifecycle(virConnectPtr, virDomainPtr domain, int event, int detail, void* self) {
    MachineEvent told;
    if (translate(event, detail, told)) static_cast<Events*>(self)->tell(domain, told);
  }
  static void on_reboot(virConnectPtr, virDomainPtr domain, void* self) {
    static_cast<Events*>(self)->tell(
        domain, {{}, MachineEvent::Kind::reset, "the guest reset the machine"});
  }
  static void on_watchdog(virConnectPtr, virDomainPtr domain, int, void* self) {
    static_cast<Events*>(self)->tell(domain,
                                     {{}, MachineEvent::Kind::watchdog, "its watchdog expired"});
  }

  // The loop runs before the connection is opened and until after it is closed, and the listener
  // may be called as long as it runs.
  Listener listener_;
  LoopThread loop_;
  ConnectPtr connection_;
  std::vector<int> callbacks_;
};

VirtConnection::VirtConnection(const std::string& uri, Listener listener)
    : events_(std::make_unique<Events>(uri, std::move(listener))) {}

VirtConnection::~VirtConnection() = default;

void VirtConnection::start(const std::string& xml, Run run) {
  const DomainPtr domain(check(virDomainCreateXML(events_->connection(), xml.c_str(),
                                                  run == Run::paused ? VIR_DOMAIN_START_PAUSED : 0),
                               "starting the machine"));
}

void VirtConnection::pause(const std::string& name) {
  check(virDomainSuspend(look_up(events_->connection(), name).get()), "pausing " + name);
}

void VirtConnection::resume(const std::string& name) {
  check(virDomainResume(look_up(events_->connection(), name).get()), "resuming " + name);
}

Json VirtConnection::monitor(const std::string& name, const Json& command,
                             const Descriptor* file) {
  const std::string what = "asking QEMU of " + name + " for " + text_or(command, "execute", "");
  const DomainPtr domain = look_up(events_->connection(), name);
  int number = file != nullptr ? file->get() : -1;
  char* text = nullptr;
  check(virDomainQemuMonitorCommandWithFiles(domain.get(), command.dump().c_str(),
                                             file != nullptr ? 1 : 0, &number, nullptr, nullptr,
                                             &text, 0),
        what);
  const std::unique_ptr<char, decltype(&std::free)> owned(text, &std::free);
  const auto answer = parse_json(text != nullptr ? text : "");
  if (!answer || !answer->is_object()) throw VirtError(what + ": no JSON came back", 0);
  if (const auto error = answer->find("error"); error != answer->end())
    throw VirtError(what + ": " + text_or(*error, "desc", "refused"), 0);
  const auto result = answer->find("return");
  return result == answer->end() ? Json::object() : *result;
}

std::string VirtConnection::human_monitor(const std::string& name, const std::string& command) {
  const DomainPtr domain = look_up(events_->connection(), name);
  char* text = nullptr;
  check(virDomainQemuMonitorCommand(domain.get(), command.c_str(), &text,
                                    VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP),
        "asking QEMU of " + name + " for '" + command + "'");
  const std::unique_ptr<char, decltype(&std::free)> owned(text, &std::free);
  return text != nullptr ? text : "";
}

void VirtConnection::dump_memory(const std::string& name, const std::filesystem::path& file) {
  check(virDomainCoreDumpWithFormat(look_up(events_->connection(), name).get(), file.c_str(),
                                    VIR_DOMAIN_CORE_DUMP_FORMAT_KDUMP_ZLIB, VIR_DUMP_MEMORY_ONLY),
        "dumping the memory of " + name);
}

MachineState VirtConnection::state(const std::string& name) {
  using Kind = MachineState::Kind;
  const DomainPtr domain(virDomainLookupByName(events_->connection(), name.c_str()));
  if (!domain) return {};
  int state = 0;
  int reason = 0;
  check(virDomainGetState(domain.get(), &state, &reason, 0), "looking at " + name);
  if (state == VIR_DOMAIN_RUNNING) return {Kind::running, {}};
  if (state == VIR_DOMAIN_CRASHED) return {Kind::panicked, "its kernel panicked"};
  if (state != VIR_DOMAIN_PAUSED) return {};
  if (reason == VIR_DOMAIN_PAUSED_IOERROR) return {Kind::io_error, "its disk failed"};
  if (reason == VIR_DOMAIN_PAUSED_CRASHED) return {Kind::panicked, "its kernel panicked"};
  return {Kind::paused, who_paused(reason)};
}

void VirtConnection::destroy(const std::string& name) {
  try {
    check(virDomainDestroy(look_up(events_->connection(), name).get()), "destroying " + name);
  } catch (const VirtError& error) {
    // It is not there, was not running, or ended by itself between the two calls.
    if (error.code() != VIR_ERR_NO_DOMAIN && error.code() != VIR_ERR_OPERATION_INVALID) throw;
  }
}

void VirtConnection::destroy_all() noexcept {
  virDomainPtr* list = nullptr;
  const int count =
      virConnectListAllDomains(events_->connection(), &list, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
  for (int i = 0; i < count; ++i) {
    virDomainDestroy(list[i]);
    virDomainFree(list[i]);
  }
  std::free(list);
}

void VirtConnection::inject_nmi(const std::string& name) {
  check(virDomainInjectNMI(look_up(events_->connection(), name).get(), 0),
        "sending an NMI to " + name);
}

}  // namespace gridlock

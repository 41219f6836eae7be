// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/run_desk.h"

#include <fmt/format.h>

#include <utility>

#include "campaign/lab_host.h"

namespace gridlock {
namespace {

constexpr int kSchema = 1;
constexpr const char* kSocketName = "control";

}  // namespace

RunDesk::RunDesk(const LabHost& host, std::filesystem::path results,
                 std::map<std::string, std::filesystem::path> vmlinux, const HoldOptions& hold,
                 EventLoop& loop, std::function<void(const std::string&)> tell)
    : tell_(std::move(tell)),
      folder_(host.make_own_folder("desk")),
      file_(results),
      desk_({loop, host.hypervisor(), host.installation().argument(results),
             host.make_qemu_folder("gdb"), std::move(vmlinux), hold,
             [this](Desk::Client client, const Json& line) { socket_.say(client, line); }, tell_,
             [this] { write_control(); }}),
      socket_(folder_ / kSocketName, loop,
              {[this](ControlSocket::Client client, const Json& request) {
                 desk_.heard(client, request);
               },
               [this](ControlSocket::Client client) { desk_.gone(client); }}) {
  write_control();
}

RunDesk::~RunDesk() { desk_.hide(); }

/// A results folder that is full keeps nobody from the lab that is there: the rest of it works.
void RunDesk::write_control() {
  Json control{{"schema", kSchema}, {"socket", (folder_ / kSocketName).string()}};
  control.update(desk_.status());
  try {
    file_.write(control);
  } catch (const Error& error) {
    if (std::exchange(told_problem_, true)) return;
    tell_(fmt::format("warning: 'gridlock shell' and the like do not find this run: {}",
                      error.what()));
  }
}

}  // namespace gridlock

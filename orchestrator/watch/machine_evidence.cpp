// SPDX-License-Identifier: GPL-2.0-or-later
#include "watch/machine_evidence.h"

#include <fmt/format.h>

#include <memory>
#include <system_error>

#include "base/error.h"

namespace gridlock {
namespace {

constexpr Milliseconds kRungLimit{6'000};
/// The guest prints what an NMI makes it say within moments, if it can.
constexpr Milliseconds kAfterNmi{1'500};
constexpr Milliseconds kImageLimit{120'000};
constexpr std::size_t kConsoleSize = 256 << 10;

/// One question to every machine, and what it answered.
class Rung {
 public:
  using Answer = std::function<void(std::exception_ptr, const std::string&)>;
  using Ask = std::function<void(const SeenMachine&, Answer)>;

  Rung(EventLoop& loop, const std::vector<SeenMachine>& machines, std::stop_token stop)
      : loop_(loop), machines_(machines), stop_(std::move(stop)) {}

  /// Texts by node; what failed, or did not come in time, goes to `skipped` as `what` of that node.
  std::map<NodeId, std::string> climb(const std::string& what, Milliseconds limit, const Ask& ask,
                                      std::vector<std::string>& skipped) const {
    // Shared with the answers, which may come after the wait was given up.
    struct Answers {
      std::map<NodeId, std::pair<std::exception_ptr, std::string>> came;
    };
    const auto answers = std::make_shared<Answers>();
    for (const SeenMachine& machine : machines_)
      ask(machine,
          [answers, node = machine.node](std::exception_ptr error, const std::string& text) {
            answers->came[node] = {error, text};
          });
    const auto all = [&] { return answers->came.size() == machines_.size(); };
    if (loop_.run_until(all, limit, stop_) == Waited::stopped)
      throw Cancelled("looking at the machines");
    std::map<NodeId, std::string> texts;
    for (const SeenMachine& machine : machines_) {
      const auto answer = answers->came.find(machine.node);
      const std::string wrong = answer == answers->came.end()
                                    ? "no answer within " + to_string(limit)
                                    : problem(answer->second.first);
      if (wrong.empty())
        texts[machine.node] = answer->second.second;
      else
        skipped.push_back(fmt::format("{} of {}: {}", what, machine.node_name, wrong));
    }
    return texts;
  }

 private:
  static std::string problem(const std::exception_ptr& error) {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const Error& failure) {
      return failure.what();
    }
    return {};
  }

  EventLoop& loop_;
  const std::vector<SeenMachine>& machines_;
  std::stop_token stop_;
};

/// Has QEMU write the memory of every machine that shall leave an image.
void take_images(Inspection& inspection, EventLoop& loop, const std::vector<SeenMachine>& machines,
                 const std::stop_token& stop, Evidence& evidence) {
  std::vector<SeenMachine> imaged;
  for (const SeenMachine& machine : machines)
    if (!machine.image.empty()) imaged.push_back(machine);
  if (imaged.empty()) return;
  Rung(loop, imaged, stop)
      .climb(
          "the memory", kImageLimit,
          [&](const SeenMachine& machine, Rung::Answer answer) {
            std::error_code failure;
            std::filesystem::create_directories(machine.image.parent_path(), failure);
            inspection.dump_memory(
                machine.name, machine.image, kImageLimit,
                [answer = std::move(answer)](std::exception_ptr error) { answer(error, {}); });
          },
          evidence.skipped);
}

/// Sends every machine that is silent an NMI and keeps what its kernel prints because of it: that
/// it still takes interrupts, if it does. No panic is asked for: its text would wait for the end of
/// the NMI, and the machine is stopped before that, as it tells QEMU.
void prod_silent(Inspection& inspection, EventLoop& loop, const std::vector<SeenMachine>& machines,
                 const std::stop_token& stop, Evidence& evidence) {
  std::vector<SeenMachine> silent;
  std::map<NodeId, std::uint64_t> begins;
  for (const SeenMachine& machine : machines) {
    if (!machine.silent) continue;
    silent.push_back(machine);
    if (!machine.console) continue;
    machine.console->poll();
    begins[machine.node] = machine.console->reader().bytes_read();
  }
  if (silent.empty()) return;
  Rung(loop, silent, stop)
      .climb(
          "an NMI", kRungLimit,
          [&](const SeenMachine& machine, Rung::Answer answer) {
            inspection.inject_nmi(
                machine.name,
                [answer = std::move(answer)](std::exception_ptr error) { answer(error, {}); });
          },
          evidence.skipped);
  if (loop.run_until([] { return false; }, kAfterNmi, stop) == Waited::stopped)
    throw Cancelled("looking at the machines");
  for (const SeenMachine& machine : silent) {
    if (!machine.console) continue;
    machine.console->poll();
    const std::string text = machine.console->text(
        begins[machine.node], machine.console->reader().bytes_read(), kConsoleSize);
    if (!text.empty()) evidence.files.push_back({machine.node, 0, "nmi.txt", text + "\n"});
  }
}

}  // namespace

Evidence look_at_machines(Inspection& inspection, EventLoop& loop,
                          const std::vector<SeenMachine>& machines, std::stop_token stop) {
  Evidence evidence;
  const Rung all(loop, machines, stop);
  const auto keep = [&](const std::string& name, const std::map<NodeId, std::string>& texts) {
    for (const auto& [node, text] : texts)
      if (!text.empty()) evidence.files.push_back({node, 0, name, text + "\n"});
  };
  keep("machine.txt", all.climb(
                          "the machine's state", kRungLimit,
                          [&](const SeenMachine& machine, Rung::Answer answer) {
                            inspection.state(machine.name, [answer = std::move(answer)](
                                                               std::exception_ptr error,
                                                               const MachineState& state) {
                              answer(error, describe(state));
                            });
                          },
                          evidence.skipped));
  keep("registers.txt", all.climb(
                            "registers", kRungLimit,
                            [&](const SeenMachine& machine, Rung::Answer answer) {
                              inspection.registers(machine.name, std::move(answer));
                            },
                            evidence.skipped));
  take_images(inspection, loop, machines, stop, evidence);
  // Last: whatever it does to the kernel is in none of the others.
  prod_silent(inspection, loop, machines, stop, evidence);
  return evidence;
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
// What a lab costs, side by side in one run: one node's bare boot of a kernel to a trivial init, and
// a two-node lab of the same kernel from power-on to mounted; Gridlock's own CPU and memory.
//   lab_bench TOPOLOGY [ROUNDS]
// The topology's first kernel must be in the cache (gridlock prepare TOPOLOGY).
#include <fmt/format.h>
#include <unistd.h>

#include <QCoreApplication>
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "campaign/prepare.h"
#include "cli/context.h"
#include "host/files.h"
#include "host/run_directory.h"
#include "machine/libvirt_hypervisor.h"
#include "machine/tsc.h"
#include "record/run_reader.h"
#include "trial/qt_event_loop.h"
#include "watch/console_tail.h"

namespace gridlock {
namespace {

constexpr const char* kMark = "gridlock: trivial init";
constexpr Milliseconds kBootLimit{120'000};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// Boots one node to the trivial init; seconds from the call that starts it to its line.
double bare_boot(const Context& context, const Plan& plan, const Prepared& prepared,
                 const RunDirectory& directory, Hypervisor& hypervisor, const TscMeter& tsc,
                 EventLoop& loop) {
  MachineSpec machine;
  machine.name = "gl-bare";
  machine.memory = plan.nodes.front().memory;
  machine.vcpus = plan.nodes.front().vcpus;
  machine.mac = plan.nodes.front().mac;
  machine.kernel = place_file(prepared.kernels.begin()->second.image, directory.path() / "kernel");
  machine.root_disk = place_file(prepared.image.disk, directory.path() / "root.erofs");
  machine.command_line = plan.kernel_command_line + tsc.command_line();
  const std::string agent = "init=/gridlock/agent";
  const std::size_t at = machine.command_line.find(agent);
  GRIDLOCK_CHECK(at != std::string::npos, "the command line names the agent");
  machine.command_line.replace(at, agent.size(), "init=/gridlock/trivial-init");
  machine.console_log = directory.path() / "console.log";
  std::filesystem::remove(machine.console_log);
  machine.console_socket = directory.path() / "c";
  machine.agent_socket = directory.path() / "a";
  const SteadyTime begin = loop.now();
  hypervisor.start(machine, [](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
  });
  ConsoleTail tail(machine.console_log);
  const auto timer = loop.every(Milliseconds{10}, [&tail] { tail.poll(); });
  const Waited waited = loop.run_until(
      [&] { return tail.tail(5).find(kMark) != std::string::npos; }, kBootLimit, context.stop);
  const double seconds = std::chrono::duration<double>(loop.now() - begin).count();
  loop.cancel(timer);
  bool gone = false;
  hypervisor.destroy(machine.name, [&gone](std::exception_ptr) { gone = true; });
  loop.run_until([&] { return gone; }, kBootLimit, {});
  if (waited != Waited::done) throw Error("the bare node did not reach its init: " + tail.tail(3));
  return seconds;
}

/// When a step of a trial ended, in seconds since it began.
double end_of(const TrialRecord& trial, const std::string& name) {
  for (const StepRecord& step : trial.steps)
    if (step.name == name) return step.end;
  throw Error("the trial has no step " + name);
}

/// Runs the topology's first trial in a process of its own.
TrialRecord lab(const Context& context, const std::string& topology, const std::string& kernel,
                const std::string& start) {
  const TempDir results(std::filesystem::temp_directory_path());
  Command command;
  command.program = context.installation().programs.parent_path() / "gridlock";
  command.arguments = {"--quiet", "run", topology, "--kernel", kernel, "--start", start,
                       "--results", results.path()};
  command.deadline = std::chrono::minutes(20);
  context.runner->run(command, context.stop);
  const auto runs = list_runs(results.path());
  if (runs.size() != 1 || runs[0].trials.empty())
    throw Error("the lab gave no trial: " + (runs.empty() ? "" : runs[0].reason));
  if (runs[0].trials[0].outcome != Outcome::passed)
    throw Error("the lab did not pass: " + runs[0].trials[0].reason);
  return runs[0].trials[0];
}

int bench(const std::vector<std::string>& arguments) {
  if (arguments.size() < 2) throw UsageError("usage: lab_bench TOPOLOGY [ROUNDS]");
  const int rounds = arguments.size() > 2 ? std::atoi(arguments[2].c_str()) : 3;
  const Context context = make_context(arguments, {});
  const Installation installation = context.installation();
  Plan plan = context.plan(arguments[1], {});
  plan.kernels.resize(1);
  const auto progress = make_console_progress(ProgressStyle::quiet);
  const Prepared prepared =
      prepare(plan, installation, *context.runner, *progress, context.stop);
  const auto loop = make_qt_event_loop();
  const TscMeter tsc;
  const QemuUser user = qemu_user();
  const RunDirectory directory(installation.runs, user.uid, user.gid);
  // One for all rounds: a process can have one root of the embedded driver only.
  const auto hypervisor = open_libvirt_hypervisor(directory.path() / "virt", *loop,
                                                  installation.cache / "libvirt");
  std::vector<double> bare;
  std::vector<double> mounted;
  std::vector<double> ratios;
  std::vector<double> ready;            // agents of nodes from a template, to a bare boot
  std::vector<double> restored_ratios;  // mounted from a template, to a bare boot
  std::vector<double> cpu;
  double memory = 0;
  // The first start of all asks QEMU for its abilities, which takes seconds and is remembered.
  bare_boot(context, plan, prepared, directory, *hypervisor, tsc, *loop);
  for (int round = 0; round < rounds; ++round) {
    bare.push_back(bare_boot(context, plan, prepared, directory, *hypervisor, tsc, *loop));
    const TrialRecord trial = lab(context, arguments[1], plan.kernels.front().name, "boot");
    std::string steps;
    double end = 0;
    for (const StepRecord& step : trial.steps) {
      if (step.name == "work") break;
      end = step.end;
      steps += fmt::format(" {} {:.1f}", step.name, step.end - step.begin);
    }
    mounted.push_back(end);
    ratios.push_back(end / bare.back());
    cpu.push_back(100 * trial.own_cpu_seconds / trial.seconds);
    memory = std::max(memory, static_cast<double>(trial.own_memory_bytes) / (1 << 20));
    std::printf("round %d: bare boot %.2f s, start to mounted %.2f s, ratio %.2f (%s )\n",
                round + 1, bare.back(), end, ratios.back(), steps.c_str());
    const TrialRecord restored =
        lab(context, arguments[1], plan.kernels.front().name, "template");
    ready.push_back(end_of(restored, "start") / bare.back());
    restored_ratios.push_back(end_of(restored, "mount") / bare.back());
    std::printf("         from a template: all agents ready after %.2f s, ratio %.2f; mounted after "
                "%.2f s, ratio %.2f\n",
                end_of(restored, "start"), ready.back(), end_of(restored, "mount"),
                restored_ratios.back());
    std::fflush(stdout);
  }
  std::printf("median of %d: bare boot %.2f s, start to mounted %.2f s, ratio %.2f\n", rounds,
              median(bare), median(mounted), median(ratios));
  std::printf("from a template: agents ready %.2f, mounted %.2f bare boots\n", median(ready),
              median(restored_ratios));
  std::printf("gridlock itself: %.2f %% CPU of the trial's wall time, %.0f MiB at the most\n",
              median(cpu), memory);
  return 0;
}

}  // namespace
}  // namespace gridlock

int main(int argc, char** argv) {
  gridlock::keep_qt_off_glib();
  const QCoreApplication application(argc, argv);
  try {
    return gridlock::bench({argv, argv + argc});
  } catch (const gridlock::Error& error) {
    std::fprintf(stderr, "lab_bench: error: %s\n%s\n", error.what(), error.hint().c_str());
    return 3;
  }
}

// SPDX-License-Identifier: GPL-2.0-or-later
// What a lab costs, side by side in one run: one node's bare boot of a kernel to a trivial init; a
// two-node lab of the same kernel from power-on to mounted; labs of two to five nodes from a
// template to named nodes, from a formed lab to mounted ones, and to nothing; Gridlock's own CPU
// and memory.
//   lab_bench TOPOLOGY [ROUNDS]
// The topology's first kernel must be in the cache (gridlock prepare TOPOLOGY).
#include <fmt/format.h>

#include <QCoreApplication>
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "campaign/lab_host.h"
#include "campaign/prepare.h"
#include "cli/context.h"
#include "host/files.h"
#include "record/run_reader.h"
#include "topology/topology.h"
#include "trial/formed_lab.h"
#include "trial/guest_template.h"
#include "trial/qt_event_loop.h"
#include "watch/console_tail.h"

namespace gridlock {
namespace {

constexpr const char* kMark = "gridlock: trivial init";
constexpr Milliseconds kBootLimit{120'000};
constexpr int kMostNodes = 5;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// Boots one node to the trivial init; seconds from the call that starts it to its line.
double bare_boot(const LabSetting& setting, const std::filesystem::path& kernel,
                 std::stop_token stop) {
  const Plan& plan = setting.plan;
  EventLoop& loop = setting.loop;
  MachineSpec machine;
  machine.name = "gl-bare";
  machine.acceleration = setting.acceleration;
  machine.memory = plan.nodes.front().memory;
  machine.vcpus = plan.nodes.front().vcpus;
  machine.mac = plan.nodes.front().mac;
  machine.kernel = kernel;
  machine.root_disk = setting.root_disk;
  machine.command_line = plan.kernel_command_line + setting.command_line;
  const std::string agent = "init=/gridlock/agent";
  const std::size_t at = machine.command_line.find(agent);
  GRIDLOCK_CHECK(at != std::string::npos, "the command line names the agent");
  machine.command_line.replace(at, agent.size(), "init=/gridlock/trivial-init");
  machine.console_log = setting.directory / "console.log";
  std::filesystem::remove(machine.console_log);
  machine.console_socket = setting.directory / "c";
  machine.agent_socket = setting.directory / "a";
  const SteadyTime begin = loop.now();
  setting.hypervisor.start(machine, [](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
  });
  ConsoleTail tail(machine.console_log);
  const auto timer = loop.every(Milliseconds{10}, [&tail] { tail.poll(); });
  const Waited waited = loop.run_until(
      [&] { return tail.tail(5).find(kMark) != std::string::npos; }, kBootLimit, stop);
  const double seconds = std::chrono::duration<double>(loop.now() - begin).count();
  loop.cancel(timer);
  bool gone = false;
  setting.hypervisor.destroy(machine.name, [&gone](std::exception_ptr) { gone = true; });
  loop.run_until([&] { return gone; }, kBootLimit, {});
  if (waited != Waited::done) throw Error("the bare node did not reach its init: " + tail.tail(3));
  return seconds;
}

/// How long a lab took to be ready for work and to be gone, in seconds.
struct LabTimes {
  double ready = 0;
  double gone = 0;
};

/// Starts a lab from `source`: to named nodes from a template or from power-on, mounted from a
/// formed lab.
LabTimes lab_times(const LabSetting& setting, const NodeSource& source, std::stop_token stop) {
  std::vector<std::filesystem::path> consoles;
  for (const PlannedNode& node : setting.plan.nodes)
    consoles.push_back(setting.directory / (node.name + ".log"));
  const auto seconds_since = [&](SteadyTime begin) {
    return std::chrono::duration<double>(setting.loop.now() - begin).count();
  };
  LabTimes times;
  SteadyTime begin = setting.loop.now();
  Lab lab(setting, source, consoles);
  lab.start(kBootLimit, stop);
  source.start() == Start::formed ? lab.refresh(kBootLimit, stop) : lab.identify(kBootLimit, stop);
  times.ready = seconds_since(begin);
  begin = setting.loop.now();
  const std::string problem = lab.stop_machines(kBootLimit);
  if (!problem.empty()) throw Error(problem);
  times.gone = seconds_since(begin);
  return times;
}

/// When a step of a trial ended, in seconds since it began.
double end_of(const TrialRecord& trial, const std::string& name) {
  for (const StepRecord& step : trial.steps)
    if (step.name == name) return step.end;
  throw Error("the trial has no step " + name);
}

/// Runs the topology's first trial, with two nodes from power-on, in a process of its own.
TrialRecord booted_trial(const Context& context, const std::string& topology,
                         const std::string& kernel) {
  const TempDir results(std::filesystem::temp_directory_path());
  Command command;
  command.program = context.installation().programs.parent_path() / "gridlock";
  command.arguments = {"--quiet", "run",  topology,    "--kernel",    kernel,
                       "--start", "boot", "--results", results.path()};
  command.deadline = std::chrono::minutes(20);
  context.runner->run(command, context.stop);
  const auto runs = list_runs(results.path());
  if (runs.size() != 1 || runs[0].trials.empty())
    throw Error("the lab gave no trial: " + (runs.empty() ? "" : runs[0].reason));
  if (runs[0].trials[0].outcome != Outcome::passed)
    throw Error("the lab did not pass: " + runs[0].trials[0].reason);
  return runs[0].trials[0];
}

/// A lab with so many of the plan's nodes, and what it can begin from.
struct Size {
  Plan plan;
  NodeSource from_template;
  NodeSource formed;
  std::vector<double> ready;    ///< agents of nodes from a template, to the round's bare boot
  std::vector<double> mounted;  ///< from a formed lab, to the round's bare boot
  std::vector<double> gone;     ///< seconds
};

Size size_of(const Plan& whole, std::size_t nodes) {
  Size size{whole, {}, {}, {}, {}, {}};
  size.plan.nodes.resize(nodes);
  return size;
}

int bench(const std::vector<std::string>& arguments) {
  if (arguments.size() < 2) throw UsageError("usage: lab_bench TOPOLOGY [ROUNDS]");
  const int rounds = arguments.size() > 2 ? std::atoi(arguments[2].c_str()) : 3;
  const Context context = make_context(arguments, {});
  const Installation installation = context.installation();
  Topology topology = load_topology(arguments[1]);
  topology.nodes.count = kMostNodes;
  topology.nodes.names.clear();
  for (int i = 1; i <= kMostNodes; ++i) topology.nodes.names.push_back(fmt::format("node{}", i));
  const HostFacts facts = context.host_facts();
  PlanOptions options;
  options.kernels = {topology.kernels.front().name};
  const Plan plan = make_plan(topology, options, facts);
  const auto progress = make_console_progress(ProgressStyle::quiet);
  const Prepared prepared = prepare(plan, installation, *context.runner, *progress, context.stop);
  const auto loop = make_qt_event_loop();
  LabHost host(plan, prepared, installation, facts, *progress, *loop, context.stop);
  const LabHost::Place place = host.place();
  const std::string kernel = options.kernels.front();
  const SavedParts parts{kernel, prepared.kernels.at(kernel).key, prepared.image.key,
                         host.source(kernel, Start::boot).kernel, facts.qemu_version};
  SavedLabCache templates(installation.cache / "templates", *progress, *loop);
  SavedLabCache labs(installation.cache / "labs", *progress, *loop);
  std::vector<Size> sizes;
  for (std::size_t nodes = 2; nodes <= kMostNodes; ++nodes) sizes.push_back(size_of(plan, nodes));
  for (Size& size : sizes) {
    const LabSetting setting = place.setting().with_plan(size.plan);
    size.from_template = {parts.kernel, guest_template(setting, parts, templates, context.stop)};
    size.formed = {parts.kernel, formed_lab(setting, parts, labs, context.stop)};
  }
  std::vector<double> bare, booted, cpu;
  double memory = 0;
  // The first start of all asks QEMU for its abilities, which takes seconds and is remembered.
  bare_boot(place.setting(), parts.kernel, context.stop);
  for (int round = 1; round <= rounds; ++round) {
    bare.push_back(bare_boot(place.setting(), parts.kernel, context.stop));
    const double unit = bare.back();
    const TrialRecord trial = booted_trial(context, arguments[1], kernel);
    std::string steps;
    for (const StepRecord& step : trial.steps) {
      if (step.name == "work") break;
      steps += fmt::format(" {} {:.1f}", step.name, step.end - step.begin);
    }
    booted.push_back(end_of(trial, "mount") / unit);
    cpu.push_back(100 * trial.own_cpu_seconds / trial.seconds);
    memory = std::max(memory, static_cast<double>(trial.own_memory_bytes) / (1 << 20));
    std::printf("round %d: bare boot %.2f s; 2 nodes booted and mounted %.2f (%s )\n", round, unit,
                booted.back(), steps.c_str());
    for (Size& size : sizes) {
      const LabSetting setting = place.setting().with_plan(size.plan);
      const LabTimes named = lab_times(setting, size.from_template, context.stop);
      const LabTimes mounted = lab_times(setting, size.formed, context.stop);
      size.ready.push_back(named.ready / unit);
      size.mounted.push_back(mounted.ready / unit);
      size.gone.push_back(std::max(named.gone, mounted.gone));
      std::printf(
          "  %zu nodes: agents ready from a template %.2f, mounted from a formed lab %.2f; "
          "gone in %.2f s\n",
          size.plan.nodes.size(), size.ready.back(), size.mounted.back(), size.gone.back());
    }
    std::fflush(stdout);
  }
  std::printf("medians of %d, in bare boots of %.2f s: 2 nodes booted and mounted %.2f\n", rounds,
              median(bare), median(booted));
  for (const Size& size : sizes)
    std::printf(
        "  %zu nodes: ready from a template %.2f, mounted from a formed lab %.2f; gone in "
        "%.2f s\n",
        size.plan.nodes.size(), median(size.ready), median(size.mounted), median(size.gone));
  const double further = static_cast<double>(sizes.size() - 1);
  std::printf("  each further node: %.2f from a template, %.2f from a formed lab\n",
              (median(sizes.back().ready) - median(sizes.front().ready)) / further,
              (median(sizes.back().mounted) - median(sizes.front().mounted)) / further);
  std::printf("gridlock itself: %.2f %% CPU of a booted trial's wall time, %.0f MiB at the most\n",
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

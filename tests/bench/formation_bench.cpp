// SPDX-License-Identifier: GPL-2.0-or-later
// What forming a lab costs as it grows: labs of 1, 2, 4, 6 and 8 nodes from power-on to mounted and
// out again, by turns in one run. For each: the wall time of every step, the processor time that
// its QEMUs and this program took for it, how busy the host's processors were, and the memory its
// QEMUs had when it was mounted.
//   formation_bench TOPOLOGY [ROUNDS [NODES…]]
// The topology's first kernel must be in the cache (gridlock prepare TOPOLOGY).
#include <fmt/format.h>

#include <QCoreApplication>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>

#include "base/text.h"
#include "campaign/lab_host.h"
#include "campaign/prepare.h"
#include "cli/context.h"
#include "host/load.h"
#include "host/memory.h"
#include "host/own_use.h"
#include "host/processes.h"
#include "topology/topology.h"
#include "trial/qt_event_loop.h"
#include "trial/running_lab.h"

namespace gridlock {
namespace {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// User and system time of processes so far, in seconds. Source: utime and stime of proc(5).
double cpu_of(const std::vector<pid_t>& processes) {
  double ticks = 0;
  for (const pid_t pid : processes) {
    std::ifstream in(fmt::format("/proc/{}/stat", pid));
    std::string text;
    std::getline(in, text);
    // The name may hold blanks and parentheses; the state follows the last one.
    const std::size_t behind = text.rfind(')');
    if (behind == std::string::npos) continue;
    const std::vector<std::string> words = split(std::string_view(text).substr(behind + 2), ' ');
    if (words.size() > 12) ticks += std::stod(words[11]) + std::stod(words[12]);
  }
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

/// One lab, formed once.
struct Formed {
  std::map<std::string, double> steps;  ///< seconds, by step
  double wall = 0;                      ///< to mounted
  double cpu = 0;                       ///< seconds of all processors
  double busy = 0;                      ///< of the host's processors, 0 to 1, meanwhile
  double memory = 0;                    ///< bytes: PSS of the QEMUs
};

Plan plan_for(const Context& context, Topology topology, int nodes) {
  topology.nodes.count = nodes;
  topology.nodes.names.clear();
  for (int i = 1; i <= nodes; ++i) topology.nodes.names.push_back(fmt::format("node{}", i));
  PlanOptions options;
  options.kernels = {topology.kernels.front().name};
  return make_plan(topology, options, context.host_facts());
}

Formed form(const LabSetting& setting, const NodeSource& source, std::stop_token stop) {
  const Plan& plan = setting.plan;
  EventLoop& loop = setting.loop;
  std::vector<std::filesystem::path> consoles;
  for (const PlannedNode& node : plan.nodes)
    consoles.push_back(setting.directory / (node.name + ".log"));
  RunningLab lab(setting, source, 1, consoles);
  Formed formed;
  const auto step = [&](const std::string& name, const auto& body) {
    const SteadyTime begin = loop.now();
    body();
    formed.steps[name] = std::chrono::duration<double>(loop.now() - begin).count();
  };
  const SteadyTime begin = loop.now();
  const double own = own_use().cpu_seconds;
  LoadMeter load;
  step("start", [&] { lab.start(plan.deadlines.start, stop); });
  step("connect", [&] { lab.cluster()->connect(plan.deadlines.connect, stop); });
  step("form", [&] { lab.cluster()->form(plan.deadlines.form, stop); });
  step("format", [&] { lab.cluster()->format(plan.deadlines.format, stop); });
  step("mount", [&] { lab.cluster()->mount(plan.deadlines.mount, stop); });
  formed.wall = std::chrono::duration<double>(loop.now() - begin).count();
  formed.busy = load.since_last().value_or(0);
  const std::vector<pid_t> machines = qemu_processes_of(setting.directory);
  formed.cpu = cpu_of(machines) + own_use().cpu_seconds - own;
  formed.memory = static_cast<double>(proportional_memory(machines).count);
  step("leave", [&] {
    if (const std::string problem = lab.leave(plan.deadlines.stop, stop); !problem.empty())
      throw Error(problem);
  });
  step("end", [&] {
    if (const std::string problem = lab.end(plan.deadlines.stop); !problem.empty())
      throw Error(problem);
  });
  return formed;
}

void print(int nodes, const Formed& one) {
  std::string steps;
  for (const char* const name : {"start", "connect", "form", "format", "mount", "leave", "end"})
    steps += fmt::format(" {} {:.1f}", name, one.steps.at(name));
  std::printf(
      "  %d nodes: mounted after %.1f s, %.1f s of processors, %.0f %% busy, %.0f MiB (%s )\n",
      nodes, one.wall, one.cpu, 100 * one.busy, one.memory / (1 << 20), steps.c_str());
  std::fflush(stdout);
}

int bench(const std::vector<std::string>& arguments) {
  if (arguments.size() < 2) throw UsageError("usage: formation_bench TOPOLOGY [ROUNDS [NODES…]]");
  const int rounds = arguments.size() > 2 ? std::atoi(arguments[2].c_str()) : 3;
  std::vector<int> sizes;
  for (std::size_t i = 3; i < arguments.size(); ++i)
    sizes.push_back(std::atoi(arguments[i].c_str()));
  if (sizes.empty()) sizes = {1, 2, 4, 6, 8};
  const Context context = make_context(arguments, {});
  const Installation installation = context.installation();
  const Topology topology = load_topology(arguments[1]);
  const HostFacts facts = context.host_facts();
  const Plan largest = plan_for(context, topology, *std::ranges::max_element(sizes));
  const auto progress = make_console_progress(ProgressStyle::quiet);
  const Prepared prepared =
      prepare(largest, installation, *context.runner, *progress, context.stop);
  const auto loop = make_qt_event_loop();
  LabHost host(largest, prepared, installation, facts, *progress, *loop, context.stop);
  const LabHost::Place place = host.place();
  const NodeSource& source = host.source(largest.kernels.front().name, Start::boot);
  std::map<int, std::vector<Formed>> all;
  // Once uncounted: the first start of all asks QEMU for its abilities.
  for (int round = 0; round <= rounds; ++round) {
    if (round > 0) std::printf("round %d\n", round);
    for (const int nodes : sizes) {
      if (round == 0 && nodes != sizes.front()) continue;
      const Plan plan = plan_for(context, topology, nodes);
      const LabSetting setting = place.setting().with_plan(plan);
      const Formed formed = form(setting, source, context.stop);
      if (round == 0) continue;
      print(nodes, formed);
      all[nodes].push_back(formed);
    }
  }
  std::printf("medians of %d\n", rounds);
  const auto of = [&](int nodes, const auto& what) {
    std::vector<double> values;
    for (const Formed& formed : all.at(nodes)) values.push_back(what(formed));
    return median(values);
  };
  for (const int nodes : sizes) {
    Formed middle;
    for (const auto& [name, seconds] : all.at(nodes).front().steps)
      middle.steps[name] = of(nodes, [&](const Formed& one) { return one.steps.at(name); });
    middle.wall = of(nodes, [](const Formed& one) { return one.wall; });
    middle.cpu = of(nodes, [](const Formed& one) { return one.cpu; });
    middle.busy = of(nodes, [](const Formed& one) { return one.busy; });
    middle.memory = of(nodes, [](const Formed& one) { return one.memory; });
    print(nodes, middle);
  }
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
    std::fprintf(stderr, "formation_bench: error: %s\n%s\n", error.what(), error.hint().c_str());
    return 3;
  }
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan/plan_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "plan/disk.h"
#include "topology/words.h"

namespace gridlock {
namespace {

template <class T, class Width>
std::size_t widest(const std::vector<T>& items, Width width) {
  std::size_t most = 0;
  for (const T& item : items) most = std::max(most, width(item).size());
  return most;
}

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string fragments_text(const std::vector<PlannedFile>& files) {
  std::vector<std::string> names;
  for (const PlannedFile& file : files) names.push_back(printable(file.name, 200));
  return join(names, "+");
}

std::string patches_text(const std::vector<PlannedPatch>& patches) {
  std::vector<std::string> names;
  for (const PlannedPatch& patch : patches)
    names.push_back((patch.revert ? "without " : "") + printable(patch.name, 200));
  return join(names, ", ");
}

std::string source_text(const KernelSource& source) {
  if (!source.package.empty()) return source.package;
  if (!source.git.empty())
    return fmt::format("{} of {}", printable(source.ref, 200), printable(source.git.string(), 200));
  if (!source.prebuilt) return printable(source.dir.string(), 200);
  return "prebuilt " + (source.prebuilt->package.empty()
                            ? printable(source.prebuilt->image.string(), 200)
                            : source.prebuilt->package);
}

std::string kernel_text(const PlannedKernel& kernel) {
  std::string text = source_text(kernel.source);
  if (!kernel.config.empty()) text += ", config " + fragments_text(kernel.config);
  if (!kernel.patches.empty()) text += ", patches " + patches_text(kernel.patches);
  if (!kernel.from.empty()) text += fmt::format(" (from {})", kernel.from);
  return text + (kernel.perf ? ", throughput is compared" : "");
}

/// Only what is not the default: a reader knows the others.
std::string mmap_dio_text(const MmapDioSpec& spec) {
  const MmapDioSpec plain;
  std::string text = fmt::format("mmap-dio {}", word_of(spec.operation));
  if (spec.direction != plain.direction) text += " " + word_of(spec.direction);
  text += fmt::format(" with buffer {}", word_of(spec.buffer));
  const auto differing = [&](const char* name, const auto& value, const auto& usual) {
    if (value != usual) text += fmt::format(", {} {}", name, word_of(value));
  };
  differing("access", spec.access, plain.access);
  differing("mapping", spec.mapping, plain.mapping);
  differing("resident", spec.resident, plain.resident);
  differing("eviction", spec.eviction, plain.eviction);
  differing("alignment", spec.alignment, plain.alignment);
  differing("state", spec.state, plain.state);
  differing("fsync", spec.fsync, plain.fsync);
  if (spec.processes > 1 || spec.threads > 1)
    text += fmt::format(", {} processes of {} threads", spec.processes, spec.threads);
  if (!spec.disturb.empty()) text += ", disturbed by " + words_of(spec.disturb, "+");
  if (!spec.observe.empty()) text += ", observed " + words_of(spec.observe, "+");
  differing("injected fault", spec.inject, plain.inject);
  return text + fmt::format(", {} of a file of {}", to_string(spec.transfer),
                            to_string(spec.file_size));
}

/// What is told of a margin that somebody chose.
std::string margin_text(const WorkloadSpec& workload) {
  if (workload.margin == WorkloadSpec{}.margin) return {};
  return fmt::format(", margin {:.3g} %", 100 * workload.margin);
}

std::string workload_text(const WorkloadSpec& workload) {
  if (workload.mmap_dio)
    return fmt::format("{}, {}", mmap_dio_text(*workload.mmap_dio), to_string(workload.duration));
  if (const auto& spec = workload.lock_ping)
    return fmt::format("lock-ping of {} processes a node, data {}, {}", spec->processes,
                       word_of(spec->data), to_string(workload.duration));
  if (const auto& spec = workload.exec)
    return fmt::format("exec {}, at most {}", printable(join(spec->command, " "), 200),
                       to_string(workload.duration));
  std::string text = "fio";
  if (workload.fio)
    for (const auto& [key, value] : workload.fio->jobs)
      text += fmt::format(" {}={}", key, printable(value, 100));
  return fmt::format("{}, {}", text, to_string(workload.duration));
}

std::string machine_text(const PlannedNode& node) {
  return fmt::format("{} and {}", counted(static_cast<std::size_t>(node.vcpus), "processor"),
                     to_string(node.memory));
}

std::string nodes_text(const std::vector<PlannedNode>& nodes) {
  const std::string common = machine_text(nodes.front());
  const bool alike = std::ranges::all_of(
      nodes, [&](const PlannedNode& node) { return machine_text(node) == common; });
  std::string out = "  nodes       " + counted(nodes.size(), "node");
  if (alike) out += fmt::format(" with {} each", common);
  out += fmt::format(", {} with QEMU's own\n", to_string(lab_memory(nodes)));
  const auto name = [](const PlannedNode& node) -> const std::string& { return node.name; };
  for (const PlannedNode& node : nodes)
    out += fmt::format("              {:<{}}  {:<10}  {}{}{}\n", node.name,
                       std::max<std::size_t>(widest(nodes, name), 6), node.address, node.mac,
                       alike ? "" : "  " + machine_text(node),
                       node.kernel.empty() ? "" : "  kernel " + node.kernel);
  return out;
}

std::string cluster_text(const Plan& plan) {
  if (plan.cluster.stack == ClusterStack::none)
    return fmt::format("  cluster     none, mounted locally as {}\n", plan.lock_table);
  std::string out =
      fmt::format("  cluster     {}, token {}, lock table {}\n", word_of(plan.cluster.stack),
                  to_string(plan.cluster.token), plan.lock_table);
  if (plan.cluster.stack != ClusterStack::o2cb) return out;
  const O2cbTimes& times = plan.cluster.o2cb;
  return out + fmt::format(
                   "              o2cb dead threshold {}, idle timeout {}, keepalive delay {}, "
                   "reconnect delay {}\n",
                   times.dead_threshold, to_string(times.idle_timeout),
                   to_string(times.keepalive_delay), to_string(times.reconnect_delay));
}

std::string options_text(const FilesystemOptions& options) {
  std::string text;
  if (!options.mkfs.empty()) text += ", mkfs " + printable(join(options.mkfs, " "), 200);
  if (!options.mount.empty()) text += ", mounted with " + printable(options.mount, 200);
  return text;
}

/// "kill node2 at 5s", "pause node1 at 3s for 4s"
std::string fault_text(const PlannedFault& fault, const Plan& plan) {
  std::string text = fmt::format("{} {} at {}", word_of(fault.kind), plan.node(fault.node).name,
                                 to_string(fault.at));
  return fault.kind == FaultKind::kill ? text : text + " for " + to_string(fault.lasts);
}

std::string faults_text(const PlannedTrial& trial, const Plan& plan) {
  std::string text;
  for (const PlannedFault& fault : trial.faults) text += ", " + fault_text(fault, plan);
  return text;
}

std::string expectation_text(const PlannedTrial& trial) {
  if (trial.expect == Expectation::pass) return "expected to pass";
  return trial.any_of_kernel ? "expected to fail, or another trial of this kernel"
                             : "expected to fail";
}

}  // namespace

std::string plan_text(const Plan& plan) {
  std::string out = fmt::format("{}   {}   accel {}   seed {}   plan {}\n", plan.topology_name,
                                counted(plan.nodes.size(), "node"), word_of(plan.accel), plan.seed,
                                plan_hash(plan).substr(0, 12));
  for (const std::string& line : split(plan.description, '\n'))
    if (!trimmed(line).empty()) out += printable(line, 400) + "\n";

  const auto kernel_name = [](const PlannedKernel& k) -> const std::string& { return k.name; };
  out += "\nkernels\n";
  for (const PlannedKernel& kernel : plan.kernels)
    out += fmt::format("  {:<{}}  {}\n", kernel.name, widest(plan.kernels, kernel_name),
                       kernel_text(kernel) + (kernel.tested ? "" : ", for nodes only"));

  out += "\nlab\n";
  out += nodes_text(plan.nodes);
  out += fmt::format("  disk        {}, {}, {}\n", plan.disk.name, to_string(plan.disk.size),
                     transport_text(plan.disk));
  out += cluster_text(plan);
  out += fmt::format("  filesystem  {} at {}, {} of {}{}\n", word_of(plan.filesystem.type),
                     plan.filesystem.mount, counted(plan.nodes.size(), "journal"),
                     to_string(plan.filesystem.journal), options_text(plan.filesystem.options));
  out += fmt::format("  boot        {}\n", plan.kernel_command_line);

  out += "\nworkloads\n";
  const auto workload_name = [](const WorkloadSpec& w) -> const std::string& { return w.name; };
  for (const WorkloadSpec& workload : plan.workloads)
    out += fmt::format("  {:<{}}  {}\n", workload.name, widest(plan.workloads, workload_name),
                       workload_text(workload) + margin_text(workload));

  const auto shares = [](const PlannedTrial& trial) { return trial.lab == LabUse::shared; };
  out += std::ranges::any_of(plan.trials, shares)
             ? "\ntrials, in fresh labs or, one after another, in a shared one\n"
             : "\ntrials, each in a fresh lab\n";
  const auto trial_name = [](const PlannedTrial& t) -> const std::string& { return t.name; };
  for (const PlannedTrial& trial : plan.trials)
    out +=
        fmt::format("  {:>3}  {:<{}}  {:<{}}  {:<8}  {}{}{}\n", trial.number, trial.kernel,
                    widest(plan.kernels, kernel_name), trial.name, widest(plan.trials, trial_name),
                    word_of(trial.start), expectation_text(trial),
                    shares(trial) ? ", shared lab" : "", faults_text(trial, plan));

  const Deadlines& limit = plan.deadlines;
  out +=
      fmt::format("\nwatch       hung task {}, stall {}, {}lockdep {}, {}\n",
                  to_string(plan.watch.hung_task), to_string(plan.watch.stall),
                  plan.watch.checkpoint
                      ? fmt::format("checkpoint every {}, ", to_string(*plan.watch.checkpoint))
                      : "",
                  word_of(plan.watch.lockdep), counted(plan.watch.known.size(), "known finding"));
  out += fmt::format(
      "deadlines   start {}, connect {}, form {}, format {}, mount {}, work {} more than the "
      "workload, verify {}, collect {}, stop {}\n",
      to_string(limit.start), to_string(limit.connect), to_string(limit.form),
      to_string(limit.format), to_string(limit.mount), to_string(limit.work),
      to_string(limit.verify), to_string(limit.collect), to_string(limit.stop));
  return out;
}

}  // namespace gridlock

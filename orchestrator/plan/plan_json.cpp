// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/digest.h"
#include "plan/disk.h"
#include "plan/plan.h"
#include "topology/words.h"

namespace gridlock {
namespace {

/// Whether absolute paths and words for people are written, or only what makes the lab.
enum class Extent { whole, lab };

Json files_json(const std::vector<PlannedFile>& files, Extent extent) {
  Json list = Json::array();
  for (const PlannedFile& file : files) {
    Json item{{"name", file.name}};
    if (extent == Extent::whole) item["path"] = file.path.string();
    list.push_back(std::move(item));
  }
  return list;
}

Json patches_json(const std::vector<PlannedPatch>& patches, Extent extent) {
  Json list = Json::array();
  for (const PlannedPatch& patch : patches) {
    Json item{{"name", patch.name}, {"revert", patch.revert}};
    if (!patch.range.empty()) {
      item["range"] = patch.range;
    } else if (extent == Extent::whole) {
      item["path"] = patch.path.string();
    }
    list.push_back(std::move(item));
  }
  return list;
}

Json source_json(const KernelSource& source, Extent extent) {
  const auto path = [&](const std::filesystem::path& where) {
    return extent == Extent::whole ? where.string() : "";
  };
  if (!source.package.empty()) return {{"package", source.package}};
  if (!source.git.empty()) return {{"git", path(source.git)}, {"ref", source.ref}};
  if (!source.prebuilt) return {{"dir", path(source.dir)}};
  const PrebuiltKernel& prebuilt = *source.prebuilt;
  if (!prebuilt.package.empty()) return {{"prebuilt", {{"package", prebuilt.package}}}};
  return {{"prebuilt", {{"image", path(prebuilt.image)}, {"modules", path(prebuilt.modules)}}}};
}

Json kernel_json(const PlannedKernel& kernel, Extent extent) {
  return {{"name", kernel.name},
          {"from", kernel.from},
          {"source", source_json(kernel.source, extent)},
          {"config", files_json(kernel.config, extent)},
          {"patches", patches_json(kernel.patches, extent)},
          {"perf", kernel.perf},
          {"tested", kernel.tested}};
}

Json node_json(const PlannedNode& node) {
  Json json{{"id", node.id.number}, {"name", node.name},   {"address", node.address},
            {"mac", node.mac},      {"vcpus", node.vcpus}, {"memory_bytes", node.memory.count}};
  if (!node.kernel.empty()) json["kernel"] = node.kernel;
  return json;
}

Json mmap_dio_json(const MmapDioSpec& spec) {
  Json disturb = Json::array();
  for (const auto what : spec.disturb) disturb.push_back(word_of(what));
  Json observe = Json::array();
  for (const auto way : spec.observe) observe.push_back(word_of(way));
  return {{"operation", word_of(spec.operation)},  {"direction", word_of(spec.direction)},
          {"access", word_of(spec.access)},        {"buffer", word_of(spec.buffer)},
          {"mapping", word_of(spec.mapping)},      {"resident", word_of(spec.resident)},
          {"eviction", word_of(spec.eviction)},    {"alignment", word_of(spec.alignment)},
          {"state", word_of(spec.state)},          {"fsync", word_of(spec.fsync)},
          {"transfer_bytes", spec.transfer.count}, {"file_size_bytes", spec.file_size.count},
          {"processes", spec.processes},           {"threads", spec.threads},
          {"disturb", std::move(disturb)},         {"observe", std::move(observe)},
          {"inject", word_of(spec.inject)}};
}

/// `folder` is the topology's: what lies below it is the same lab on any machine.
Json exec_json(const ExecSpec& spec, const std::filesystem::path& folder, Extent extent) {
  Json files = Json::object();
  for (const ExecSpec::File& file : spec.files)
    files[file.to] =
        (extent == Extent::whole ? file.from : file.from.lexically_relative(folder)).string();
  Json environment = Json::object();
  for (const auto& [name, value] : spec.environment) environment[name] = value;
  return {{"command", spec.command},      {"prepare", spec.prepare},
          {"verify", spec.verify},        {"environment", std::move(environment)},
          {"files", std::move(files)},    {"exit", spec.success},
          {"data_bytes", spec.data.count}};
}

Json workload_json(const WorkloadSpec& workload, const std::filesystem::path& folder,
                   Extent extent) {
  Json json{{"name", workload.name}};
  const auto program = [&](const char* name, Json members) {
    json["program"] = name;
    json["duration_ms"] = workload.duration.count();
    // What is made of a lab's figures does not make it another lab.
    if (extent == Extent::whole) json["margin"] = workload.margin;
    json.update(members);
  };
  if (workload.mmap_dio) program("mmap-dio", mmap_dio_json(*workload.mmap_dio));
  if (workload.lock_ping)
    program("lock-ping", {{"locks", workload.lock_ping->locks},
                          {"data", word_of(workload.lock_ping->data)},
                          {"processes", workload.lock_ping->processes}});
  if (workload.exec) program("exec", exec_json(*workload.exec, folder, extent));
  if (workload.fio) {
    Json jobs = Json::object();
    for (const auto& [key, value] : workload.fio->jobs) jobs[key] = value;
    program("fio", {{"jobs", std::move(jobs)}});
  }
  return json;
}

Json fault_json(const PlannedFault& fault) {
  return {{"kind", word_of(fault.kind)}, {"node", fault.node.number},
          {"at_ms", fault.at.count()},   {"for_ms", fault.lasts.count()},
          {"workload", fault.workload},  {"into_ms", fault.into.count()}};
}

Json trial_json(const PlannedTrial& trial) {
  Json json{{"number", trial.number},
            {"kernel", trial.kernel},
            {"name", trial.name},
            {"workloads", trial.workloads},
            {"expect", word_of(trial.expect)},
            {"any_of_kernel", trial.any_of_kernel},
            {"start", word_of(trial.start)},
            {"lab", word_of(trial.lab)},
            {"repetition", trial.repetition},
            {"seed", trial.seed}};
  // Plans without any keep the hash they always had.
  for (const PlannedFault& fault : trial.faults) json["faults"].push_back(fault_json(fault));
  return json;
}

Json deadlines_json(const Deadlines& limit) {
  return {{"start_ms", limit.start.count()},   {"connect_ms", limit.connect.count()},
          {"form_ms", limit.form.count()},     {"format_ms", limit.format.count()},
          {"mount_ms", limit.mount.count()},   {"work_ms", limit.work.count()},
          {"verify_ms", limit.verify.count()}, {"collect_ms", limit.collect.count()},
          {"stop_ms", limit.stop.count()}};
}

Json cluster_json(const Plan& plan) {
  Json json{{"stack", word_of(plan.cluster.stack)},
            {"name", plan.cluster_name},
            {"lock_table", plan.lock_table}};
  if (plan.cluster.stack != ClusterStack::none) json["token_ms"] = plan.cluster.token.count();
  if (plan.cluster.stack != ClusterStack::o2cb) return json;
  const O2cbTimes& times = plan.cluster.o2cb;
  json["o2cb"] = {{"dead_threshold", times.dead_threshold},
                  {"idle_timeout_ms", times.idle_timeout.count()},
                  {"keepalive_delay_ms", times.keepalive_delay.count()},
                  {"reconnect_delay_ms", times.reconnect_delay.count()}};
  return json;
}

Json filesystem_json(const FilesystemSpec& filesystem) {
  return {{"type", word_of(filesystem.type)},
          {"disk", filesystem.disk},
          {"mount", filesystem.mount},
          {"journal_bytes", filesystem.journal.count},
          {"mkfs_options", filesystem.options.mkfs},
          {"mount_options", filesystem.options.mount}};
}

template <class T, class Write>
Json list_json(const std::vector<T>& items, Write write) {
  Json list = Json::array();
  for (const T& item : items) list.push_back(write(item));
  return list;
}

Json plan_json(const Plan& plan, Extent extent) {
  Json json{{"schema", kPlanSchema}};
  Json& topology = json["topology"] = Json{{"name", plan.topology_name}};
  if (extent == Extent::whole) {
    topology["description"] = plan.description;
    topology["file"] = plan.topology_file.string();
    topology["sha256"] = sha256(plan.topology_text);
  }
  json["seed"] = plan.seed;
  json["accel"] = word_of(plan.accel);
  json["kernel_command_line"] = plan.kernel_command_line;
  json["kernels"] = list_json(
      plan.kernels, [&](const PlannedKernel& kernel) { return kernel_json(kernel, extent); });
  json["nodes"] = list_json(plan.nodes, node_json);
  json["disk"] = disk_json(
      plan.disk, extent == Extent::whole ? DiskPaths::written : DiskPaths::left_out);
  json["cluster"] = cluster_json(plan);
  json["filesystem"] = filesystem_json(plan.filesystem);
  json["workloads"] = list_json(plan.workloads, [&](const WorkloadSpec& workload) {
    return workload_json(workload, plan.topology_file.parent_path(), extent);
  });
  json["trials"] = list_json(plan.trials, trial_json);
  json["watch"] = {{"hung_task_ms", plan.watch.hung_task.count()},
                   {"stall_ms", plan.watch.stall.count()},
                   {"checkpoint_ms", plan.watch.checkpoint.value_or(Milliseconds{0}).count()},
                   {"lockdep", word_of(plan.watch.lockdep)},
                   {"memory_image", word_of(plan.watch.memory_image)},
                   {"known", plan.watch.known}};
  json["deadlines"] = deadlines_json(plan.deadlines);
  return json;
}

}  // namespace

Json to_json(const Plan& plan) { return plan_json(plan, Extent::whole); }

std::string plan_hash(const Plan& plan) { return sha256(plan_json(plan, Extent::lab).dump()); }

}  // namespace gridlock

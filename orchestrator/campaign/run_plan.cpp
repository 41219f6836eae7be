// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/run_plan.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/text.h"
#include "campaign/prepare.h"
#include "campaign/verdict.h"
#include "fabric/fabric.h"
#include "host/files.h"
#include "host/processes.h"
#include "host/run_directory.h"
#include "machine/libvirt_hypervisor.h"
#include "machine/tsc.h"
#include "record/run_writer.h"
#include "report/text.h"
#include "trial/guest_template.h"
#include "trial/trial.h"

namespace gridlock {
namespace {

class Run {
 public:
  Run(const Plan& plan, const Installation& installation, const HostFacts& host,
      const std::string& command, CommandRunner& runner, Progress& progress,
      TrialObserver& observer, EventLoop& loop, std::stop_token stop)
      : plan_(plan), installation_(installation), runner_(runner), progress_(progress),
        observer_(observer), loop_(loop), stop_(std::move(stop)), begin_(loop.now()), qemu_version_(host.qemu_version),
        record_(first_record(plan, host, command)),
        writer_(installation.results, plan, record_, loop) {
    record_.id = writer_.directory().filename();
  }

  RunResult run() {
    try {
      ended_leftovers();
      keep_prepared(prepare(plan_, installation_, runner_, progress_, stop_));
      run_trials();
      judge_run(record_);
    } catch (const Cancelled& cancelled) {
      conclude(Outcome::interrupted, kExitInterrupted, cancelled.what());
    } catch (const UsageError& error) {
      conclude(Outcome::error, kExitUsage, with_hint(error));
    } catch (const Error& error) {
      conclude(Outcome::error, kExitHost, with_hint(error));
    }
    save();
    writer_.keep_report(text_report(record_, writer_.directory().string(), Colour::off));
    return {record_, writer_.directory()};
  }

 private:
  RunRecord first_record(const Plan& plan, const HostFacts& host, const std::string& command) const {
    RunRecord record;
    record.topology = plan.topology_name;
    record.plan_hash = plan_hash(plan);
    record.gridlock_version = GRIDLOCK_VERSION;
    record.started = loop_.utc();
    record.host = fmt::format("{} cpus, {}, QEMU {}", host.cpus, to_string(host.memory),
                              host.qemu_version);
    record.nodes = static_cast<int>(plan.nodes.size());
    record.seed = plan.seed;
    record.command = command;
    return record;
  }

  static std::string with_hint(const Error& error) {
    return error.hint().empty() ? error.what() : std::string(error.what()) + "\n" + error.hint();
  }

  void conclude(Outcome outcome, int code, const std::string& reason) {
    record_.outcome = outcome;
    record_.exit_code = code;
    record_.reason = reason;
  }

  void save() {
    record_.updated = loop_.utc();
    record_.seconds = std::chrono::duration<double>(loop_.now() - begin_).count();
    writer_.update(record_);
  }

  void ended_leftovers() {
    for (const std::string& what : end_leftovers(installation_.runs)) progress_.note(what);
  }

  void keep_prepared(Prepared prepared) {
    prepared_ = std::move(prepared);
    for (const PlannedKernel& planned : plan_.kernels) {
      const BuiltKernel& built = prepared_.kernels.at(planned.name);
      KernelRecord kernel;
      kernel.name = built.name;
      kernel.key = built.key;
      kernel.release = built.release;
      kernel.build_seconds = std::chrono::duration<double>(built.build_time).count();
      kernel.objects = built.objects_compiled;
      kernel.from_cache = built.from_cache;
      kernel.from = planned.from;
      kernel.perf = planned.perf;
      record_.kernels.push_back(kernel);
      writer_.keep_kernel(planned, built.directory);
    }
    save();
  }

  void run_trials() {
    const QemuUser user = qemu_user();
    const RunDirectory directory(installation_.runs, user.uid, user.gid);
    const std::unique_ptr<Fabric> fabric = make_fabric(kDlmPort);
    LabSetting setting{plan_, loop_, *make_hypervisor(directory.path()),
                       [this](const std::filesystem::path& socket) {
                         return connect_channel(socket, loop_);
                       }};
    setting.directory = directory.path();
    setting.qemu_uid = user.uid;
    setting.qemu_gid = user.gid;
    // QEMU's user may not reach the cache; a link or a copy in the run directory it does.
    setting.root_disk = place_file(prepared_.image.disk, directory.path() / "root.erofs");
    for (const PlannedNode& node : plan_.nodes) {
      setting.fabric_sockets.push_back(directory.path() / fmt::format("n{}.fab", node.id.number));
      fabric->add_port(setting.fabric_sockets.back(), user.uid);
    }
    std::map<std::string, std::filesystem::path> kernels;
    for (const auto& [name, built] : prepared_.kernels)
      kernels[name] = place_file(built.image, directory.path() / ("kernel-" + name));
    setting.acceleration = choose_acceleration(kernels.begin()->second, directory.path());
    if (setting.acceleration == Acceleration::tcg) setting.command_line = tsc_.command_line();
    std::map<std::string, NodeSource> sources;
    for (const auto& [name, kernel] : kernels) sources[name] = source_of(setting, name, kernel);
    for (const PlannedTrial& trial : plan_.trials) {
      if (stop_.stop_requested()) throw Cancelled("running the trials");
      const std::unique_ptr<TrialWriter> writer = writer_.begin_trial(trial);
      const TrialRecord record = run_trial(setting, trial, sources.at(trial.kernel), *writer,
                                           observer_, stop_);
      writer_.finish_trial(record);
      record_.trials.push_back(record);
      save();
      if (record.outcome == Outcome::interrupted) break;
    }
    hypervisor_.reset();
  }

  NodeSource source_of(const LabSetting& setting, const std::string& name,
                       const std::filesystem::path& kernel) {
    NodeSource source{kernel, {}};
    if (plan_.start != Start::from_template) return source;
    const TemplateParts parts{name, prepared_.kernels.at(name).key, prepared_.image.key, kernel};
    try {
      source.from = guest_template(setting, parts, qemu_version_, installation_.cache, progress_,
                                   stop_);
    } catch (const NoRoom& no_room) {
      progress_.note(fmt::format("warning: {}: the nodes are booted instead", no_room.what()));
    }
    return source;
  }

  Hypervisor* make_hypervisor(const std::filesystem::path& directory) {
    hypervisor_ = open_libvirt_hypervisor(directory / "virt", loop_, installation_.cache / "libvirt");
    return hypervisor_.get();
  }

  Acceleration choose_acceleration(const std::filesystem::path& kernel,
                                   const std::filesystem::path& scratch) {
    AccelerationChoice choice;
    if (plan_.accel == Accel::tcg) {
      choice = {Acceleration::tcg, "the topology asks for it"};
    } else {
      choice = prove_kvm(*hypervisor_, loop_, kernel, scratch, kKvmProofLimit, stop_);
      if (choice.acceleration != Acceleration::kvm && plan_.accel == Accel::kvm)
        throw Error("KVM is asked for and does not work here: " + choice.reason,
                    "say 'accel: auto' or 'accel: tcg' in the topology");
      if (choice.acceleration != Acceleration::kvm)
        progress_.note("warning: emulating the nodes (TCG), which is slow: " + choice.reason);
    }
    record_.accel = choice.acceleration == Acceleration::kvm ? "kvm" : "tcg";
    record_.accel_reason = choice.reason;
    save();
    return choice.acceleration;
  }

  const Plan& plan_;
  const Installation& installation_;
  CommandRunner& runner_;
  Progress& progress_;
  TrialObserver& observer_;
  EventLoop& loop_;
  std::stop_token stop_;
  SteadyTime begin_;
  TscMeter tsc_;
  std::string qemu_version_;
  RunRecord record_;
  RunWriter writer_;
  Prepared prepared_;
  std::unique_ptr<Hypervisor> hypervisor_;
};

}  // namespace

RunResult run_plan(const Plan& plan, const Installation& installation, const HostFacts& host,
                   const std::string& command, CommandRunner& runner, Progress& progress,
                   TrialObserver& observer, EventLoop& loop, std::stop_token stop) {
  return Run(plan, installation, host, command, runner, progress, observer, loop, std::move(stop))
      .run();
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/run_book.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "campaign/verdict.h"
#include "host/files.h"
#include "record/kernel_manifest.h"
#include "record/run_reader.h"
#include "report/formats.h"

namespace gridlock {
namespace {

constexpr Bytes kLargestManifest = Bytes::mib(1);

RunRecord first_record(const Plan& plan, const HostFacts& host, const std::string& command,
                       UtcTime now) {
  RunRecord record;
  record.topology = plan.topology_name;
  record.plan_hash = plan_hash(plan);
  record.gridlock_version = GRIDLOCK_VERSION;
  record.started = now;
  record.host =
      fmt::format("{} cpus, {}, QEMU {}", host.cpus, to_string(host.memory), host.qemu_version);
  record.nodes = static_cast<int>(plan.nodes.size());
  record.seed = plan.seed;
  record.command = command;
  return record;
}

std::string with_hint(const Error& error) {
  return error.hint().empty() ? error.what() : std::string(error.what()) + "\n" + error.hint();
}

}  // namespace

RunBook::RunBook(const Plan& plan, const Installation& installation, const HostFacts& host,
                 const std::string& command, EventLoop& loop)
    : loop_(loop),
      begin_(loop.now()),
      record_(first_record(plan, host, command, loop.utc())),
      writer_(installation.results, plan, record_, loop) {
  record_.id = writer_.directory().filename();
}

RunBook::RunBook(const std::filesystem::path& directory, RunRecord record, EventLoop& loop)
    : loop_(loop),
      begin_(loop.now() - std::chrono::duration_cast<SteadyTime::duration>(
                              std::chrono::duration<double>(record.seconds))),
      record_(std::move(record)),
      writer_(directory, loop) {
  record_.outcome = Outcome::running;
  record_.reason.clear();
  record_.exit_code = 0;
}

void RunBook::save() {
  record_.updated = loop_.utc();
  record_.seconds = std::chrono::duration<double>(loop_.now() - begin_).count();
  writer_.update(record_);
}

void RunBook::keep_acceleration(const AccelerationChoice& choice) {
  record_.accel = choice.acceleration == Acceleration::kvm ? "kvm" : "tcg";
  record_.accel_reason = choice.reason;
  save();
}

void RunBook::keep_prepared(const Plan& plan, const Prepared& prepared) {
  for (const PlannedKernel& planned : plan.kernels) {
    const BuiltKernel& built = prepared.kernels.at(planned.name);
    if (const auto before = std::ranges::find(record_.kernels, planned.name, &KernelRecord::name);
        before != record_.kernels.end()) {
      if (before->key != built.key)
        throw UsageError("kernel " + planned.name + " is not the one the run began with",
                         "its source, patches, config or compiler have changed; begin a new run");
      continue;
    }
    KernelRecord kernel;
    kernel.name = built.name;
    kernel.key = built.key;
    kernel.release = built.release;
    kernel.build_seconds = std::chrono::duration<double>(built.build_time).count();
    kernel.objects = built.objects_compiled;
    kernel.from_cache = built.from_cache;
    kernel.from = planned.from;
    kernel.perf = planned.perf;
    if (const auto manifest = built.directory / "manifest.json"; std::filesystem::exists(manifest))
      add_manifest(read_file(manifest, kLargestManifest), kernel);
    record_.kernels.push_back(kernel);
    writer_.keep_kernel(planned, built.directory);
  }
  save();
}

RunResult RunBook::fill(const std::function<void()>& run) {
  try {
    run();
  } catch (const Cancelled& cancelled) {
    conclude(Outcome::interrupted, kExitInterrupted, cancelled.what());
  } catch (const UsageError& error) {
    conclude(Outcome::error, kExitUsage, with_hint(error));
  } catch (const Error& error) {
    conclude(Outcome::error, kExitHost, with_hint(error));
  }
  save();
  // As it was kept, so that whoever makes a report again gets the same to the byte.
  const RunRecord kept = read_run(writer_.directory());
  for (const ReportFormat& format : report_formats())
    if (!format.file.empty())
      writer_.keep_report(format.file, format.write(kept, writer_.directory(), Colour::off));
  return {record_, writer_.directory()};
}

void RunBook::conclude(Outcome outcome, int code, const std::string& reason) {
  record_.outcome = outcome;
  record_.exit_code = code;
  record_.reason = reason;
}

}  // namespace gridlock

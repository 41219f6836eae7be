// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/prepare.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "host/files.h"
#include "kernel/modules.h"

namespace gridlock {
namespace {

/// The second of a pair reuses the first one's objects: says what that came to.
void tell_reuse(const Plan& plan, const Prepared& prepared, Progress& progress) {
  for (const PlannedKernel& kernel : plan.kernels) {
    const auto base = prepared.kernels.find(kernel.from);
    const BuiltKernel& built = prepared.kernels.at(kernel.name);
    if (base == prepared.kernels.end() || built.from_cache) continue;
    const double first = static_cast<double>(base->second.build_time.count());
    const double second = static_cast<double>(built.build_time.count());
    if (first <= 0) continue;
    progress.note(fmt::format("kernel {} reused the objects of {}: {} against {}, {:.1f} %",
                              kernel.name, kernel.from, to_string(built.build_time),
                              to_string(base->second.build_time), 100 * second / first));
  }
}

/// A kernel built without lockdep cannot give the word the topology asks for.
void require_lockdep(const BuiltKernel& kernel) {
  const std::string config = "\n" + read_file(kernel.config, Bytes::mib(4));
  if (config.find("\nCONFIG_PROVE_LOCKING=y\n") != std::string::npos) return;
  throw UsageError(
      fmt::format("the kernel '{}' has no lockdep (CONFIG_PROVE_LOCKING), which watch.lockdep "
                  "requires",
                  kernel.name),
      "add 'debug' to the kernel's config, or say 'lockdep: optional'");
}

/// What the lab needs of each kernel is built in, or goes into an initramfs.
void require_parts(const Plan& plan, Prepared& prepared, const Installation& installation,
                   CommandRunner& runner, const std::stop_token& stop) {
  const std::vector<NeededModule> needed = needed_modules(plan);
  for (const auto& [name, kernel] : prepared.kernels) {
    if (kernel.modules.empty()) {
      require_built_in(kernel, needed);
    } else if (const auto modules = find_modules(kernel, needed, runner, stop); !modules.empty()) {
      prepared.initrds[name] =
          make_initrd(installation.initramfs, modules, installation.cache, runner, stop);
    }
  }
}

}  // namespace

std::string Prepared::boot_key(const std::string& kernel) const {
  const std::string& key = kernels.at(kernel).key;
  const auto initrd = initrds.find(kernel);
  if (initrd == initrds.end()) return key;
  return Digest{}.field("kernel", key).field("initramfs", initrd->second.digest).hex();
}

Prepared prepare(const Plan& plan, const Installation& installation, CommandRunner& runner,
                 Progress& progress, std::stop_token stop) {
  Prepared prepared;
  // What is missing is said before minutes are spent.
  for (const PlannedKernel& kernel : plan.kernels) {
    require_inputs(kernel, installation.cache, runner, stop);
    if (!kernel.source.prebuilt) require_requested(kernel, needed_modules(plan));
  }
  prepared.image = build_image({installation.recipe, installation.programs}, installation.cache,
                               runner, progress, stop);
  // Those with fewer patches first: the others then reuse their objects.
  std::vector<const PlannedKernel*> order;
  for (const PlannedKernel& kernel : plan.kernels) order.push_back(&kernel);
  std::stable_sort(order.begin(), order.end(), [](const PlannedKernel* a, const PlannedKernel* b) {
    return a->patches.size() < b->patches.size();
  });
  for (const PlannedKernel* kernel : order)
    prepared.kernels[kernel->name] =
        build_kernel(*kernel, installation.cache, runner, progress, stop);
  tell_reuse(plan, prepared, progress);
  require_parts(plan, prepared, installation, runner, stop);
  if (plan.watch.lockdep == Lockdep::required)
    for (const auto& [name, kernel] : prepared.kernels) require_lockdep(kernel);
  return prepared;
}

std::map<std::string, std::filesystem::path> vmlinux_of(const Prepared& prepared) {
  std::map<std::string, std::filesystem::path> files;
  for (const auto& [name, built] : prepared.kernels)
    if (!built.vmlinux.empty()) files[name] = built.vmlinux;
  return files;
}

}  // namespace gridlock

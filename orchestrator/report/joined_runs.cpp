// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/joined_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "report/html_page.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

/// What is kept of one kernel, as a part of a page of two runs.
struct Part {
  RunRecord run;
  RunMaterial material;
  std::string kernel;
};

fs::path from_folder(const fs::path& directory, const fs::path& folder) {
  return fs::absolute(directory).lexically_normal().lexically_relative(
      fs::absolute(folder).lexically_normal());
}

/// The kernel under the name `name`, its trials numbered from `first`.
Part part_of(const KeptKernel& kept, const std::string& name, int first, const fs::path& folder) {
  Part part{kept.run, {}, name};
  std::erase_if(part.run.trials,
                [&](const TrialRecord& trial) { return trial.kernel != kept.kernel; });
  std::erase_if(part.run.kernels,
                [&](const KernelRecord& kernel) { return kernel.name != kept.kernel; });
  part.run.compare.reset();
  part.run.hunt.reset();
  RunMaterial read = read_material(part.run, kept.directory);
  std::map<int, int> numbers{{0, 0}};
  for (const TrialRecord& trial : part.run.trials) {
    const int number = first + static_cast<int>(numbers.size()) - 1;
    numbers[trial.number] = number;
  }
  for (TrialRecord& trial : part.run.trials) {
    trial.number = numbers.at(trial.number);
    trial.lab_of = numbers.contains(trial.lab_of) ? numbers.at(trial.lab_of) : 0;
    trial.kernel = name;
    if (!trial.directory.empty())
      trial.directory = (from_folder(kept.directory, folder) / trial.directory).generic_string();
  }
  for (KernelRecord& kernel : part.run.kernels) kernel.name = name;
  for (auto& [number, material] : read.trials)
    part.material.trials[numbers.at(number)] = std::move(material);
  for (auto& [identity, material] : read.findings) {
    material.trial = numbers.at(material.trial);
    part.material.findings[identity] = std::move(material);
  }
  for (auto& [kernel, material] : read.kernels) part.material.kernels[name] = std::move(material);
  part.material.topology = std::move(read.topology);
  return part;
}

/// The record of a page about both: how it was run is head's.
RunRecord joined(const Part& base, const Part& head) {
  RunRecord run = head.run;
  run.id = base.run.id + " and " + head.run.id;
  run.command = fmt::format("gridlock compare {} {}", base.run.id, head.run.id);
  run.trials.insert(run.trials.begin(), base.run.trials.begin(), base.run.trials.end());
  run.kernels.insert(run.kernels.begin(), base.run.kernels.begin(), base.run.kernels.end());
  run.started = std::min(base.run.started, head.run.started);
  run.seconds += base.run.seconds;
  return run;
}

}  // namespace

std::string html_of_runs(const KeptKernel& base, const KeptKernel& head, const fs::path& folder) {
  const bool alike = base.kernel == head.kernel;
  const auto name_of = [&](const KeptKernel& kept) {
    return alike ? kept.kernel + " of " + kept.run.id : kept.kernel;
  };
  const Part first = part_of(base, name_of(base), 1, folder);
  Part second = part_of(head, name_of(head), static_cast<int>(first.run.trials.size()) + 1, folder);
  const Comparison comparison = compare_runs(first.run, first.kernel, second.run, second.kernel);
  RunMaterial material = std::move(second.material);
  material.trials.insert(first.material.trials.begin(), first.material.trials.end());
  material.kernels.insert(first.material.kernels.begin(), first.material.kernels.end());
  material.findings.insert(first.material.findings.begin(), first.material.findings.end());
  const RunRecord run = joined(first, second);
  return html_page({run, material, &comparison, false});
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/run_material.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <system_error>

#include "base/error.h"
#include "base/text.h"
#include "host/files.h"
#include "record/file_name.h"
#include "record/kernel_manifest.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

/// Pieces of more than this many occurrences of an identity are not looked for.
constexpr int kOccurrences = 4;

/// A folder of files that were kept, from which nothing leads out.
class Keep {
 public:
  explicit Keep(const fs::path& directory) {
    std::error_code error;
    root_ = fs::canonical(directory, error);
  }

  /// The file `name` (relative), links followed; absent if it is none or lies elsewhere.
  std::optional<fs::path> find(const fs::path& name) const {
    std::error_code error;
    const fs::path file = fs::canonical(root_ / name, error);
    if (error || root_.empty() || !fs::is_regular_file(file, error)) return std::nullopt;
    const auto [end, ignored] = std::mismatch(root_.begin(), root_.end(), file.begin(), file.end());
    if (end != root_.end()) return std::nullopt;
    return file;
  }

  /// The whole of it; empty if it is missing or too large.
  std::string text(const fs::path& name, Bytes limit) const {
    const std::optional<fs::path> file = find(name);
    if (!file) return {};
    try {
      return read_file(*file, limit);
    } catch (const Error&) {
      return {};  // a page is made of what there is
    }
  }

  std::string piece(const fs::path& name, std::uint64_t begin, std::uint64_t size) const {
    const std::optional<fs::path> file = find(name);
    if (!file) return {};
    std::ifstream in(*file, std::ios::binary);
    in.seekg(static_cast<std::streamoff>(begin));
    std::string bytes(size, '\0');
    in.read(bytes.data(), static_cast<std::streamsize>(size));
    bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
    return bytes;
  }

  /// The files of a folder, by name.
  std::vector<fs::path> files(const fs::path& folder) const {
    std::vector<fs::path> names;
    std::error_code error;
    for (fs::directory_iterator it(root_ / folder, error), end; !error && it != end;
         it.increment(error))
      names.push_back(folder / it->path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  fs::path root_;
};

/// "nodes/node1/console.log:1234-5678"
struct Place {
  fs::path file;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

std::optional<Place> place_of(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const std::size_t dash = text.rfind('-');
  if (colon == std::string::npos || dash == std::string::npos || dash < colon) return std::nullopt;
  const auto begin = number<std::uint64_t>(text.substr(colon + 1, dash - colon - 1), 10);
  const auto end = number<std::uint64_t>(text.substr(dash + 1), 10);
  if (!begin || !end || *begin >= *end) return std::nullopt;
  return Place{text.substr(0, colon), *begin, *end};
}

KeptReport report_of(const Keep& keep, const TrialRecord& trial, const FindingRecord& finding,
                     Bytes limit) {
  const std::optional<Place> place = place_of(finding.console);
  if (!place || trial.directory.empty()) return {};
  const std::uint64_t size = std::min(place->end - place->begin, limit.count);
  return {keep.piece(fs::path(trial.directory) / place->file, place->begin, size),
          size < place->end - place->begin};
}

FindingMaterial explain(const Keep& keep, const TrialRecord& trial, const FindingRecord& finding,
                        const MaterialBounds& bounds) {
  FindingMaterial out;
  out.trial = trial.number;
  out.id = finding.id;
  if (trial.directory.empty()) return out;
  const fs::path folder = trial.directory;
  KeptReport report = report_of(keep, trial, finding, bounds.console);
  out.console = std::move(report.bytes);
  out.cut = report.cut;
  const fs::path evidence = folder / "evidence" / safe_file_name(finding.id);
  out.svg = keep.text(evidence / "graph.svg", bounds.picture);
  if (!out.svg.empty() || finding.kind == "deadlock")
    out.diagnosis = keep.text(evidence / "diagnosis.txt", bounds.picture);
  return out;
}

/// Whether `a` explains more than `b`.
bool says_more(const FindingMaterial& a, const FindingMaterial& b) {
  const auto worth = [](const FindingMaterial& m) {
    return (m.svg.empty() ? 0 : 2) + (m.console.empty() ? 0 : 1);
  };
  return worth(a) > worth(b);
}

void read_findings(const Keep& keep, const RunRecord& run, const MaterialBounds& bounds,
                   RunMaterial& material) {
  std::map<std::string, int> looked_at;
  for (const TrialRecord& trial : run.trials)
    for (const FindingRecord& finding : trial.findings) {
      const auto found = looked_at.find(finding.identity);
      if (found == looked_at.end() && looked_at.size() >= bounds.findings) continue;
      if (++looked_at[finding.identity] > kOccurrences) continue;
      FindingMaterial more = explain(keep, trial, finding, bounds);
      const auto [kept, is_first] = material.findings.try_emplace(finding.identity, more);
      if (!is_first && says_more(more, kept->second)) kept->second = std::move(more);
    }
}

/// Where a kernel came from, in words.
std::string source_of(const KernelRecord& kernel) {
  if (!kernel.package.empty()) return kernel.package;
  if (kernel.commit.empty()) return {};
  return (kernel.git_tree.empty() ? "a checkout of commit " : "commit ") + kernel.commit;
}

KernelMaterial read_kernel(const Keep& keep, const std::string& name,
                           const MaterialBounds& bounds) {
  KernelMaterial kernel;
  const fs::path folder = fs::path("kernels") / safe_file_name(name);
  kernel.config = keep.text(folder / "config", bounds.config);
  KernelRecord made_from;
  add_manifest(keep.text(folder / "manifest.json", bounds.config), made_from);
  kernel.prebuilt = made_from.prebuilt;
  kernel.source = source_of(made_from);
  for (const fs::path& file : keep.files(folder / "patches")) {
    if (kernel.patches.size() >= bounds.patches) break;
    std::string text = keep.piece(file, 0, bounds.patch.count + 1);
    if (text.empty()) continue;
    const bool cut = text.size() > bounds.patch.count;
    if (cut) text.resize(bounds.patch.count);
    kernel.patches.push_back({file.filename(), std::move(text), cut});
  }
  return kernel;
}

}  // namespace

KeptReport read_report(const TrialRecord& trial, const FindingRecord& finding,
                       const fs::path& directory, Bytes limit) {
  return report_of(Keep(directory), trial, finding, limit);
}

RunMaterial read_material(const RunRecord& run, const fs::path& directory,
                          const MaterialBounds& bounds) {
  RunMaterial material;
  const Keep keep(directory);
  for (const TrialRecord& trial : run.trials) {
    if (material.trials.size() >= bounds.trials) break;
    if (trial.directory.empty()) continue;
    TrialMaterial& files = material.trials[trial.number];
    const fs::path folder = trial.directory;
    files.series = parse_series(keep.text(folder / "samples.jsonl", bounds.samples));
    files.events = parse_events(keep.text(folder / "events.jsonl", bounds.samples));
  }
  read_findings(keep, run, bounds, material);
  for (const KernelRecord& kernel : run.kernels)
    material.kernels[kernel.name] = read_kernel(keep, kernel.name, bounds);
  material.topology = keep.text("topology.yaml", bounds.config);
  return material;
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan/inputs.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFragmentEnding = ".config";

class Inputs {
 public:
  Inputs(const KernelSpec& kernel, const fs::path& topology_file, const HostFacts& host)
      : kernel_(kernel), folder_(topology_file.parent_path()), host_(host) {}

  PlannedFile fragment(const std::string& written) const {
    if (fs::path(written).is_absolute()) {
      require(written, "config fragment");
      return {relative_name(written), written};
    }
    const fs::path path = host_.fragments / (written + std::string(kFragmentEnding));
    if (holds(path)) return {written, path};
    std::vector<std::string> names;
    for (const std::string& file : host_.files_in(host_.fragments))
      if (file.ends_with(kFragmentEnding))
        names.push_back(file.substr(0, file.size() - kFragmentEnding.size()));
    throw UsageError(fmt::format("kernel {}: there is no config fragment called {} in {}",
                                 kernel_.name, printable(written, 80), host_.fragments.string()),
                     suggestion_hint(written, names, "the fragments are"));
  }

  PlannedPatch patch(const PatchSpec& spec) const {
    if (!spec.range.empty()) return {spec.range, {}, spec.range, spec.revert};
    const PlannedFile found = patch_file(spec.path);
    return {found.name, found.path, {}, spec.revert};
  }

  void check_source() const {
    const KernelSource& source = kernel_.source;
    if (source.prebuilt) return check_prebuilt(*source.prebuilt);
    if (source.dir.empty() || (holds(source.dir / "Kbuild") && holds(source.dir / "Makefile")))
      return;
    throw UsageError(
        fmt::format("kernel {}: {} is not a kernel source tree: it has no Makefile and "
                    "Kbuild",
                    kernel_.name, source.dir.string()),
        "write the top folder of a kernel tree as source: {dir: …}");
  }

 private:
  PlannedFile patch_file(const fs::path& path) const {
    if (holds(path)) return {relative_name(path), path};
    if (holds(path / "series")) return {relative_name(path), path};
    if (!host_.files_in(path).empty())
      throw UsageError(fmt::format("kernel {}: the folder {} is no quilt folder: it has no file "
                                   "called series",
                                   kernel_.name, path.string()),
                       "name the patches one by one, or write their order to a file series there");
    // Next to the topology, where a bare file name ends up: then Gridlock's own patches count too.
    const fs::path own = host_.fragments / "patches" / path.filename();
    if (path.parent_path() != folder_) {
      require(path, "patch");
    } else if (!holds(own)) {
      std::vector<std::string> names = host_.files_in(folder_);
      std::erase_if(names, [](const std::string& name) { return !name.ends_with(".patch"); });
      for (const std::string& name : host_.files_in(own.parent_path())) names.push_back(name);
      throw UsageError(fmt::format("kernel {}: patch {} is neither in {} nor in {}", kernel_.name,
                                   printable(path.filename().string(), 200), folder_.string(),
                                   own.parent_path().string()),
                       suggestion_hint(path.filename().string(), names, "patches there:"));
    }
    return {path.filename().string(), own};
  }

  bool holds(const fs::path& path) const {
    const std::vector<std::string> names = host_.files_in(path.parent_path());
    return std::ranges::find(names, path.filename().string()) != names.end();
  }

  void check_prebuilt(const PrebuiltKernel& prebuilt) const {
    if (!prebuilt.package.empty()) return;
    require(prebuilt.image, "image");
    if (prebuilt.modules.empty() || holds(prebuilt.modules / "modules.dep")) return;
    throw UsageError(fmt::format("kernel {}: {} does not hold a kernel's modules: it has no "
                                 "modules.dep",
                                 kernel_.name, prebuilt.modules.string()),
                     "name the folder that `make modules_install` makes, …/lib/modules/RELEASE");
  }

  void require(const fs::path& path, std::string_view what) const {
    if (holds(path)) return;
    throw UsageError(fmt::format("kernel {}: {} {} does not exist or is not a file", kernel_.name,
                                 what, path.string()),
                     suggestion_hint(path.filename().string(), host_.files_in(path.parent_path()),
                                     "files there:"));
  }

  std::string relative_name(const fs::path& path) const {
    return path.lexically_relative(folder_).generic_string();
  }

  const KernelSpec& kernel_;
  fs::path folder_;
  const HostFacts& host_;
};

}  // namespace

std::vector<std::string> list_files(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code unreadable;
    if (at->is_regular_file(unreadable)) names.push_back(at->path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

std::string suggestion_hint(const std::string& word, const std::vector<std::string>& known,
                            const std::string& introduction) {
  constexpr std::size_t kListed = 12;
  if (known.empty()) return {};
  if (const std::string near = nearest_name(word, known); !near.empty())
    return fmt::format("did you mean {}?", near);
  const std::span<const std::string> shown(known.data(), std::min(known.size(), kListed));
  return fmt::format("{} {}{}", introduction, join(shown, ", "),
                     known.size() > kListed ? ", …" : "");
}

PlannedKernel plan_kernel(const KernelSpec& kernel, const fs::path& topology_file,
                          const HostFacts& host) {
  const Inputs inputs(kernel, topology_file, host);
  inputs.check_source();
  PlannedKernel planned;
  planned.name = kernel.name;
  planned.from = kernel.from;
  planned.source = kernel.source;
  for (const std::string& name : kernel.config) planned.config.push_back(inputs.fragment(name));
  for (const PatchSpec& patch : kernel.patches) planned.patches.push_back(inputs.patch(patch));
  const auto has = [&](std::string_view name) {
    return std::ranges::find(planned.config, name, &PlannedFile::name) != planned.config.end();
  };
  planned.perf = has("perf") && !has("debug");
  return planned;
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/builder.h"

#include <fmt/format.h>

#include <chrono>

#include "base/clock.h"
#include "base/digest.h"
#include "base/text.h"
#include "host/file_lock.h"
#include "host/files.h"
#include "host/idle_entries.h"
#include "kernel/cache_entry.h"
#include "kernel/config.h"
#include "kernel/key.h"
#include "kernel/make.h"
#include "kernel/prebuilt.h"
#include "kernel/series.h"
#include "kernel/source.h"
#include "kernel/tools.h"
#include "kernel/workspace.h"

namespace gridlock {
namespace fs = std::filesystem;
namespace {

constexpr Bytes kLargestFragment = Bytes::mib(1);
constexpr Milliseconds kLockDeadline{4 * 3'600'000};
/// Objects of Debian's 6.1 with the fragments base, cluster and debug: what a first
/// build's progress is measured by.
constexpr int kObjectsOfALab = 1'313;
/// Of a finished kernel: bzImage, vmlinux and System.map.
constexpr Bytes kRoomOfEntry = Bytes::mib(64);

std::vector<Patch> find_patches(const PlannedKernel& kernel, CommandRunner& runner,
                                const std::stop_token& stop,
                                const std::function<void(const std::string&)>& note) {
  std::optional<GitRepository> repository;
  if (!kernel.source.git.empty()) repository.emplace(kernel.source.git, runner, stop);
  return collect_patches(kernel, repository ? &*repository : nullptr, note);
}

/// What a patch is called where it is kept: as its file, or in a mailbox or repository by subject.
std::string file_name(const Patch& patch) {
  const fs::path ending = patch.path.extension();
  const bool own = ending == ".patch" || ending == ".diff";
  if (own || patch.subject.empty())
    return (patch.revert ? "revert-" : "") + patch.path.filename().string();
  std::string name = patch.revert ? "revert-" : "";
  for (const char c : patch.subject.substr(0, 60)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain) name += c;
    if (!plain && !name.ends_with('-')) name += '-';
  }
  return name + ".patch";
}

/// One call of build_kernel.
class Build {
 public:
  Build(const PlannedKernel& kernel, const fs::path& cache, CommandRunner& runner,
        Progress& progress, std::stop_token stop)
      : kernel_(kernel),
        kernels_(cache / "kernels"),
        runner_(runner),
        progress_(progress),
        stop_(std::move(stop)),
        what_("kernel " + kernel.name) {}

  BuiltKernel run() {
    progress_.begin(what_);
    identify();
    if (auto found = from_cache()) return *found;
    make_directories(kernels_ / "work");
    const fs::path folder = kernels_ / "work" / workspace_key(identity_);
    const FileLock lock =
        FileLock::take(folder.string() + ".lock", "building " + what_, kLockDeadline, stop_,
                       [this](const std::string& note) { progress_.note(what_ + ": " + note); });
    // Whoever held the lock may have built just this kernel.
    if (auto found = from_cache()) return *found;
    remove_leftovers();
    for (const RemovedTree& old :
         remove_idle({kernels_ / "work", kWorkspaceStamp}, SystemClock{}.utc()))
      progress_.note(fmt::format("removed the workspace {}, unused for two weeks ({})",
                                 old.path.string(), to_string(old.size)));
    Workspace workspace(folder);
    return build(workspace, lock);
  }

 private:
  void identify() {
    std::vector<std::vector<ConfigRequest>> fragments;
    for (const PlannedFile& fragment : kernel_.config)
      fragments.push_back(
          parse_fragment(read_file(fragment.path, kLargestFragment), fragment.path));
    patches_ = find_patches(kernel_, runner_, stop_, [this](const std::string& text) {
      progress_.note(what_ + ": " + text);
    });
    source_ = find_source(kernel_.source, kernels_ / "sources", runner_, stop_);
    for (std::vector<ConfigRequest>& fragment : fragments)
      fragment = requests_for(std::move(fragment), source_.version);
    requests_ = merge_requests(fragments);
    identity_ = {source_.identity, merged_text(requests_), compiler_identity(runner_, stop_)};
    key_ = kernel_key(identity_, patches_);
    entry_ = kernels_ / key_;
  }

  /// A damaged entry is left where it is: it is replaced by the one who has the lock.
  std::optional<BuiltKernel> from_cache() {
    EntryLook look = look_at_entry(entry_);
    if (look.state != EntryLook::State::whole) return std::nullopt;
    look.kernel.name = kernel_.name;
    look.kernel.from_cache = true;
    progress_.end(what_, "from the cache");
    return look.kernel;
  }

  void remove_leftovers() {
    const EntryLook look = look_at_entry(entry_);
    if (look.state == EntryLook::State::damaged) {
      progress_.note(fmt::format("{}: its entry in the cache is damaged ({}); building it again",
                                 what_, look.damage));
      remove_tree(entry_);
    }
    remove_tree(fresh());
  }

  BuiltKernel build(Workspace& workspace, const FileLock& lock) {
    const auto begin = std::chrono::steady_clock::now();
    const UtcTime began = SystemClock().utc();
    require_tools(source_.tree, identity_.config, runner_, stop_);
    progress_.advance(what_, 0, 0, "preparing the source");
    workspace.switch_to(source_, patches_, runner_, stop_);
    require_free_space(kernels_, kRoomOfEntry, what_);
    const int objects = compile(workspace, lock);
    const auto time =
        std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - begin);
    publish(workspace, lock, began, time, objects);
    EntryLook look = look_at_entry(entry_);
    GRIDLOCK_CHECK(look.state == EntryLook::State::whole, "just published: " + look.damage);
    look.kernel.name = kernel_.name;
    progress_.end(what_, fmt::format("built in {}, {} objects compiled", to_string(time), objects));
    return look.kernel;
  }

  int compile(Workspace& workspace, const FileLock& lock) {
    try {
      return compile_once(workspace, lock);
    } catch (const CompileError&) {
      if (!workspace.was_interrupted()) {
        workspace.end_build(Workspace::Ended::failed);
        throw;
      }
    }
    // An earlier build here was killed, and what it left may be the cause.
    progress_.note(what_ +
                   ": the build failed in a workspace left by a killed build; starting over");
    workspace.drop();
    workspace.switch_to(source_, patches_, runner_, stop_);
    return compile_once(workspace, lock);
  }

  int compile_once(Workspace& workspace, const FileLock& lock) {
    // Only a first build compiles everything; how much a later one compiles shows when it is done.
    const bool first = !workspace.built_before() && !source_.archive.empty();
    MakeJob job = job_for(workspace, lock);
    if (first) job.expected_objects = kObjectsOfALab;
    workspace.begin_build();
    if (!workspace.prepared()) {
      prepare_or_drop(workspace, job);
      workspace.set_prepared();
    }
    const int objects = make_kernel(workspace, job, runner_, progress_, stop_);
    workspace.end_build(Workspace::Ended::built);
    return objects;
  }

  /// A configuration that loses lines needs another one, and that has another workspace.
  void prepare_or_drop(Workspace& workspace, const MakeJob& job) {
    try {
      prepare_tree(workspace, requests_, job, runner_, progress_, stop_);
    } catch (const CompileError&) {
      throw;
    } catch (const HostError&) {
      workspace.drop();
      throw;
    }
  }

  MakeJob job_for(const Workspace& workspace, const FileLock& lock) const {
    return {kernel_.name, local_version(key_), lock.descriptor(), 0, version_of(workspace)};
  }

  void publish(Workspace& workspace, const FileLock& lock, UtcTime began, Milliseconds time,
               int objects) {
    const fs::path tree = workspace.tree(), to = fresh();
    remove_tree(to);
    make_directories(to / "patches");
    copy(tree / "arch" / "x86" / "boot" / "bzImage", to / "bzImage");
    copy(tree / "vmlinux", to / "vmlinux");
    copy(tree / "System.map", to / "System.map");
    copy(tree / ".config", to / "config");
    Json patches = Json::array();
    for (std::size_t i = 0; i < patches_.size(); ++i) {
      // So that their names sort as they were applied.
      const std::size_t width = std::max<std::size_t>(2, std::to_string(patches_.size()).size());
      const std::string name = fmt::format("{:0{}}-{}", i + 1, width, file_name(patches_[i]));
      write_file_atomically(to / "patches" / name, patches_[i].text);
      patches.push_back({{"file", name},
                         {"subject", patches_[i].subject},
                         {"revert", patches_[i].revert},
                         {"sha256", sha256(patches_[i].text)}});
    }
    Json config = Json::array();
    for (const PlannedFile& fragment : kernel_.config) config.push_back(fragment.name);
    const std::string release = std::string(
        trimmed(read_file(tree / "include" / "config" / "kernel.release", Bytes::kib(4))));
    std::string modules;
    if (has_modules(workspace)) {
      install_modules(workspace, job_for(workspace, lock), to, runner_, stop_);
      // Links to the tree it was built in.
      modules = "lib/modules/" + release;
      for (const char* const link : {"build", "source"}) remove_tree(to / modules / link);
    }
    publish_entry(to, entry_,
                  {{"key", key_},
                   {"release", release},
                   {"source",
                    {{"package", kernel_.source.package},
                     {"commit", source_.commit},
                     {"tree", source_.git_tree},
                     {"sha256", source_.identity}}},
                   {"modules", modules},
                   {"config_fragments", config},
                   {"config_left_out", config_losses(workspace, requests_).left_out},
                   {"patches", patches},
                   {"compiler", identity_.compiler},
                   {"build_began", rfc3339(began)},
                   {"build_ms", time.count()},
                   {"objects_compiled", objects}});
  }

  static void copy(const fs::path& from, const fs::path& to) {
    std::error_code error;
    fs::copy_file(from, to, error);
    if (error)
      throw HostError(fmt::format("copying {} to the cache: {}", from.string(), error.message()));
  }

  /// As the tree itself says, patches included.
  static std::string version_of(const Workspace& workspace) {
    return version_in_makefile(read_file(workspace.tree() / "Makefile", Bytes::mib(4)));
  }

  /// Where the entry is put together; left behind if we are killed, and removed by the next.
  fs::path fresh() const { return kernels_ / ("new-" + key_); }

  const PlannedKernel& kernel_;
  fs::path kernels_;
  CommandRunner& runner_;
  Progress& progress_;
  std::stop_token stop_;
  std::string what_;
  std::vector<ConfigRequest> requests_;
  std::vector<Patch> patches_;
  Source source_;
  KernelIdentity identity_;
  std::string key_;
  fs::path entry_;
};

}  // namespace

void require_inputs(const PlannedKernel& kernel, const fs::path& cache, CommandRunner& runner,
                    std::stop_token stop) {
  if (kernel.source.prebuilt) return;
  find_patches(kernel, runner, stop, [](const std::string&) {});
  find_source(kernel.source, cache / "kernels" / "sources", runner, stop);
}

BuiltKernel build_kernel(const PlannedKernel& kernel, const fs::path& cache, CommandRunner& runner,
                         Progress& progress, std::stop_token stop) {
  if (!kernel.source.prebuilt) return Build(kernel, cache, runner, progress, std::move(stop)).run();
  const std::string what = "kernel " + kernel.name;
  progress.begin(what);
  const fs::path kernels = cache / "kernels";
  const PrebuiltFiles files =
      find_prebuilt(*kernel.source.prebuilt, kernels / "packages", runner, progress, stop);
  BuiltKernel taken = take_prebuilt(kernel.name, files, kernels, stop);
  progress.end(what,
               fmt::format("{} as it is", files.package.empty() ? taken.release : files.package));
  return taken;
}

}  // namespace gridlock

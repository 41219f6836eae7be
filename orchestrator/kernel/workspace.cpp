// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/workspace.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/digest.h"
#include "base/json.h"
#include "host/files.h"

namespace gridlock {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kSchema = 1;
constexpr Bytes kLargestState = Bytes::mib(4);
constexpr Bytes kLargestSourceFile = Bytes::mib(64);

std::optional<std::string> content(const fs::path& file) {
  if (!fs::is_regular_file(fs::symlink_status(file))) return std::nullopt;
  return read_file(file, kLargestSourceFile);
}

void copy_with_mode(const fs::path& from, const fs::path& to) {
  make_directories(to.parent_path());
  std::error_code error;
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
  if (error) throw HostError(fmt::format("copying {}: {}", from.string(), error.message()));
}

/// Files whose change makes kbuild's own tools or the configuration stale.
bool concerns_preparation(const std::string& file) {
  const fs::path path(file);
  return path.filename().string().starts_with("Kconfig") || file.starts_with("scripts/") ||
         file.starts_with("tools/") || file.starts_with("arch/x86/tools/") || file == "Makefile";
}

}  // namespace

Workspace::Workspace(fs::path folder) : folder_(std::move(folder)) {}

void Workspace::switch_to(const Source& source, const std::vector<Patch>& patches,
                          CommandRunner& runner, std::stop_token stop) {
  if (!load()) start_over(source, runner, stop);
  was_interrupted_ = state_.building;
  // Kbuild's tools are made by rules that do not all clean up after themselves.
  if (was_interrupted_ && !state_.prepared) {
    start_over(source, runner, stop);
    was_interrupted_ = false;
  }
  if (was_interrupted_) remove_untrusted(tree());

  std::vector<std::string> digests;
  std::set<std::string> wanted;
  for (const Patch& patch : patches) {
    digests.push_back(sha256((patch.revert ? "revert " : "") + patch.text));
    wanted.merge(files_touched(patch));
  }
  // The patches are applied to copies of the files they touch: one that fails leaves the tree
  // alone.
  for (const std::string& file : wanted) keep_pristine(file);
  const TempDir patched(folder_, "patched-");
  for (const std::string& file : wanted)
    if (state_.touched.at(file)) copy_with_mode(folder_ / "pristine" / file, patched.path() / file);
  for (const Patch& patch : patches) apply_patch(patch, patched.path(), runner, stop);

  state_.patches = digests;
  if (std::ranges::any_of(state_.touched,
                          [](const auto& entry) { return concerns_preparation(entry.first); }))
    state_.prepared = false;
  save();
  for (const auto& [file, in_source] : state_.touched)
    install(file, (wanted.contains(file) ? patched.path() : folder_ / "pristine") / file);
}

void Workspace::keep_pristine(const std::string& file) {
  if (state_.touched.contains(file)) return;
  const bool in_source = fs::exists(tree() / file);
  if (in_source) copy_with_mode(tree() / file, folder_ / "pristine" / file);
  state_.touched[file] = in_source;
  save();
}

/// Makes the tree's `file` like `wanted`, or removes it if that does not exist. False if it was so.
bool Workspace::install(const std::string& file, const fs::path& wanted) {
  const fs::path there = tree() / file;
  const auto text = content(wanted);
  if (text == content(there)) return false;
  if (!text) {
    remove_tree(there);
    return true;
  }
  make_directories(there.parent_path());
  const fs::path fresh = there.string() + ".gridlock";
  write_file_atomically(fresh, *text);
  fs::permissions(fresh, fs::status(wanted).permissions());
  fs::rename(fresh, there);
  return true;
}

bool Workspace::load() {
  const fs::path file = folder_ / kWorkspaceStamp;
  if (!fs::exists(file) || !fs::is_directory(tree())) return false;
  const auto json = parse_json(read_file(file, kLargestState));
  if (!json || !json->is_object() || integer_or(*json, "schema", 0) != kSchema) return false;
  const auto patches = json->find("patches"), touched = json->find("touched");
  if (patches == json->end() || !patches->is_array() || touched == json->end() ||
      !touched->is_object())
    return false;
  State state;
  for (const Json& digest : *patches) {
    if (!digest.is_string()) return false;
    state.patches.push_back(digest.get<std::string>());
  }
  for (const auto& [name, in_source] : touched->items()) {
    if (!in_source.is_boolean()) return false;
    const bool kept = in_source.get<bool>();
    if (kept && !fs::exists(folder_ / "pristine" / name)) return false;
    state.touched[name] = kept;
  }
  state.building = flag_or(*json, "building", true);
  state.prepared = flag_or(*json, "prepared", false);
  state.built = flag_or(*json, "built", false);
  state_ = state;
  // A killed switch leaves its scratch folder; nobody else can be using it.
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_))
    if (entry.path().filename().string().starts_with("patched-")) remove_tree(entry.path());
  return true;
}

void Workspace::save() const {
  Json touched = Json::object();
  for (const auto& [file, in_source] : state_.touched) touched[file] = in_source;
  const Json json = {{"schema", kSchema},           {"patches", state_.patches},
                     {"touched", touched},          {"building", state_.building},
                     {"prepared", state_.prepared}, {"built", state_.built}};
  write_file_atomically(folder_ / kWorkspaceStamp, json.dump(2) + "\n");
}

void Workspace::start_over(const Source& source, CommandRunner& runner, std::stop_token stop) {
  drop();
  require_free_space(folder_, source.room, "building a kernel");
  make_directories(folder_);
  copy_source(source, tree(), runner, std::move(stop));
  // Only now: a tree without a state is one whose unpacking did not end.
  save();
}

void Workspace::begin_build() {
  state_.building = true;
  save();
}

void Workspace::set_prepared() {
  state_.prepared = true;
  save();
}

void Workspace::end_build(Ended how) {
  state_.building = false;
  state_.built = state_.built || how == Ended::built;
  save();
}

void Workspace::drop() {
  // The state goes first: what is half removed must not look usable.
  remove_tree(folder_ / kWorkspaceStamp);
  remove_tree(folder_);
  state_ = {};
}

int remove_untrusted(const fs::path& tree) {
  const auto modified = [](const fs::path& file) -> std::optional<timespec> {
    struct stat found {};
    if (::lstat(file.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) return std::nullopt;
    return found.st_mtim;
  };
  const auto later = [](const timespec& a, const timespec& b) {
    return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
  };
  std::vector<fs::path> untrusted;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(tree)) {
    const std::string name = entry.path().filename();
    const fs::path folder = entry.path().parent_path();
    if (name.starts_with('.') && name.ends_with(".cmd")) {
      const fs::path target = folder / name.substr(1, name.size() - 5);
      const auto made = modified(target), written = modified(entry.path());
      if (made && written && later(*made, *written)) untrusted.push_back(target);
    } else if (name.ends_with(".o") && modified(entry.path()) &&
               !modified(folder / ("." + name + ".cmd"))) {
      untrusted.push_back(entry.path());
    }
  }
  for (const fs::path& file : untrusted) remove_tree(file);
  return static_cast<int>(untrusted.size());
}

}  // namespace gridlock

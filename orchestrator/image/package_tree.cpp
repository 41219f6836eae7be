// SPDX-License-Identifier: GPL-2.0-or-later
#include "image/package_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/digest.h"
#include "base/text.h"
#include "host/draft.h"
#include "host/file_lock.h"
#include "host/files.h"
#include "image/apt_sources.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

/// Part of each key: raised when this file makes something else of the same recipe.
constexpr std::string_view kFormat = "1";
constexpr Milliseconds kUnpackDeadline{15 * 60'000};
/// Others may be unpacking the same tree; they have their own deadline.
constexpr Milliseconds kLockDeadline = kUnpackDeadline + Milliseconds{60'000};
constexpr Bytes kRoom = Bytes::mib(800);  ///< packages, their archives and lists at the same time
constexpr Bytes kTextLimit = Bytes::mib(4);
constexpr std::string_view kListing = "gridlock-archives";

std::vector<AptSourceFile> host_sources() {
  std::vector<fs::path> paths{"/etc/apt/sources.list"};
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator("/etc/apt/sources.list.d", absent))
    if (entry.path().extension() == ".list" || entry.path().extension() == ".sources")
      paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<AptSourceFile> files;
  for (const fs::path& path : paths)
    if (fs::exists(path)) files.push_back({path.filename(), read_file(path, kTextLimit)});
  return files;
}

std::string host_codename() {
  const auto name = codename_of(read_file("/etc/os-release", Bytes::kib(64)));
  if (!name)
    throw HostError("building the node image: /etc/os-release has no VERSION_CODENAME",
                    "Gridlock builds node images on Debian");
  return *name;
}

/// Counted when the tree is made and before it is used: a tree that lost something is made again.
Json count_tree(const fs::path& root) {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file() || entry.is_symlink()) continue;
    ++files;
    bytes += entry.file_size();
  }
  return {{"files", files}, {"bytes", bytes}};
}

std::optional<PackageTree> find_tree(const fs::path& folder, const std::string& key) {
  if (!fs::exists(folder / "tree.json")) return std::nullopt;
  const auto facts = parse_json(read_file(folder / "tree.json", kTextLimit));
  if (!facts || !facts->is_object() || !facts->contains("packages") ||
      !facts->contains("contents") || !fs::is_directory(folder / "root"))
    return std::nullopt;
  if ((*facts)["contents"] != count_tree(folder / "root")) return std::nullopt;
  return PackageTree{key, folder / "root", (*facts)["packages"]};
}

Command unpack_command(const Recipe& recipe, const fs::path& root, const fs::path& sources,
                       const fs::path& options) {
  Command command;
  command.program = "mmdebstrap";
  command.arguments = {
      // Unpacks as any user; as root it asks to be told that this is meant, for the maintainer
      // scripts that the variant does not run.
      "--mode=chrootless", "--skip=check/chrootless", "--variant=extract", "--format=directory",
      "--include=" + join(recipe.packages, ","), "--aptopt=" + options.string(),
      // The folder is ours alone (mode 0700), so APT's own user could not write there.
      "--aptopt=APT::Sandbox::User \"root\"", "--aptopt=APT::Install-Recommends \"false\"",
      "--aptopt=Acquire::Languages \"none\"",
      fmt::format("--extract-hook=ls -1 \"$1/var/cache/apt/archives\" > \"$1/{}\"", kListing),
      // The suite is in the sources.
      "", root.string(), sources.string()};
  command.environment = {{"LC_ALL", "C"}};
  command.deadline = kUnpackDeadline;
  return command;
}

void unpack(const Recipe& recipe, const std::string& sources, const fs::path& folder,
            CommandRunner& runner, std::stop_token stop) {
  if (!find_program("mmdebstrap"))
    throw HostError("building the node image: mmdebstrap is not installed",
                    "apt-get install mmdebstrap");
  Command dump{.program = "apt-config", .arguments = {"dump"}};
  const std::string options =
      select_apt_options(require_ok(runner.run(dump, stop), dump, "reading APT's options").output);
  write_file_atomically(folder / "host.sources", sources);
  write_file_atomically(folder / "apt.conf", options);
  const Command command =
      unpack_command(recipe, folder / "root", folder / "host.sources", folder / "apt.conf");
  CommandResult result = runner.run(command, stop);
  const std::string hint = unpacking_hint(result.errors);
  require_ok(std::move(result), command, "unpacking the node image's packages", hint);
}

PackageTree make_tree(const Recipe& recipe, const std::string& sources, const std::string& key,
                      const fs::path& trees, CommandRunner& runner, std::stop_token stop) {
  require_free_space(trees, kRoom, "the node image's packages");
  const Draft work(trees);
  unpack(recipe, sources, work.path(), runner, stop);
  const fs::path root = work.path() / "root";
  const Json packages = packages_from_archives(read_file(root / kListing, kTextLimit));
  fs::remove(root / kListing);
  for (const std::string& wanted : recipe.packages)
    if (!packages.contains(wanted))
      throw HostError(fmt::format("unpacking the node image's packages: {} did not come", wanted),
                      "does the host's mirror have a package of this name?");
  remove_matching(root, recipe.remove);
  const Json facts{{"packages", packages}, {"contents", count_tree(root)}};
  const fs::path finished = work.path() / "finished";
  fs::create_directory(finished);
  fs::rename(root, finished / "root");
  write_file_atomically(finished / "tree.json", facts.dump(1) + "\n");
  remove_tree(trees / key);
  fs::rename(finished, trees / key);
  return {key, trees / key / "root", packages};
}

}  // namespace

Json packages_from_archives(std::string_view listing) {
  Json packages = Json::object();
  for (const std::string& line : split(listing, '\n')) {
    if (!line.ends_with(".deb")) continue;
    const std::size_t name_end = line.find('_');
    const std::size_t version_end = line.rfind('_');
    if (name_end == std::string::npos || version_end <= name_end) continue;
    std::string version = line.substr(name_end + 1, version_end - name_end - 1);
    if (const std::size_t epoch = version.find("%3a"); epoch != std::string::npos)
      version.replace(epoch, 3, ":");
    packages[line.substr(0, name_end)] = version;
  }
  return packages;
}

std::string unpacking_hint(std::string_view errors) {
  struct Known {
    std::string_view words;
    std::string_view hint;
  };
  static constexpr std::array kKnown{
      Known{"No space left on device", "free some space in the cache folder and in /tmp"},
      Known{"Unable to locate package",
            "the host's mirror lacks a package of images/rootfs/packages"},
      Known{"NO_PUBKEY", "apt-get install debian-archive-keyring"},
      Known{"Could not resolve", "the mirror cannot be reached: does apt-get update work?"},
      Known{"Failed to fetch", "the mirror cannot be reached: does apt-get update work?"},
      Known{"Unable to connect", "the mirror cannot be reached: does apt-get update work?"},
  };
  for (const Known& known : kKnown)
    if (errors.find(known.words) != std::string_view::npos) return std::string(known.hint);
  return {};
}

std::string package_tree_key(const Recipe& recipe) {
  return Digest{}
      .field("format", kFormat)
      .field("suite", host_codename())
      .field("packages", join(recipe.packages, "\n"))
      .field("remove", join(recipe.remove, "\n"))
      .hex()
      .substr(0, 32);
}

PackageTree package_tree(const Recipe& recipe, const fs::path& cache, CommandRunner& runner,
                         Progress& progress, std::stop_token stop) {
  const std::string codename = host_codename();
  const std::string key = package_tree_key(recipe);
  const fs::path trees = cache / "images" / "trees";
  make_directories(trees);
  const FileLock lock =
      FileLock::take(trees / (key + ".lock"), "unpacking the node image's packages", kLockDeadline,
                     stop, [&](const std::string& text) { progress.note(text); });
  remove_dead_drafts(trees);
  if (auto found = find_tree(trees / key, key)) return *found;
  const std::string sources = select_sources(host_sources(), codename);
  if (sources.empty())
    throw HostError(
        fmt::format("building the node image: no APT source of this host is for {} main", codename),
        "add the Debian mirror to /etc/apt/sources.list.d");
  return make_tree(recipe, sources, key, trees, runner, stop);
}

}  // namespace gridlock

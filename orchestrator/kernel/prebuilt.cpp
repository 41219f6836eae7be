// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/prebuilt.h"

#include <fmt/format.h>

#include "base/digest.h"
#include "base/text.h"
#include "host/draft.h"
#include "host/file_lock.h"
#include "host/files.h"
#include "kernel/bzimage.h"
#include "kernel/cache_entry.h"

namespace gridlock {
namespace fs = std::filesystem;
namespace {

constexpr Milliseconds kDownloadDeadline{1'800'000};
constexpr Milliseconds kUnpackDeadline{900'000};
constexpr Milliseconds kLockDeadline{3'600'000};
/// A metapackage may stand for another one; more often than this it stands for itself.
constexpr int kMostSteps = 4;
/// Debian's kernel of 6.1 is a package of 70 MiB and unpacked 410 MiB.
constexpr Bytes kRoomOfPackage = Bytes::gib(1);
const std::string kPrefix = "linux-image-";

/// "6.1.0-18-amd64" of "linux-image-6.1.0-18-amd64": a package of one kernel. Empty: a metapackage.
std::string release_in_name(const std::string& package) {
  if (!package.starts_with(kPrefix)) return {};
  const std::string rest = package.substr(kPrefix.size());
  return rest.empty() || rest.front() < '0' || rest.front() > '9' ? "" : rest;
}

/// The value of a field of a Debian control file.
std::string control_field(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ':')
      return std::string(trimmed(line.substr(name.size() + 1)));
  }
  return {};
}

/// What apt-cache knows of a package, or nothing.
std::string shown(const std::string& package, CommandRunner& runner, const std::stop_token& stop) {
  const Command show{.program = "apt-cache",
                     .arguments = {"show", "--no-all-versions", package},
                     .environment = {{"LC_ALL", "C"}}};
  const CommandResult result = runner.run(show, stop);
  return result.ok() ? result.output : std::string();
}

struct RealPackage {
  std::string name, version;
};

RealPackage resolve(std::string package, CommandRunner& runner, const std::stop_token& stop) {
  const std::string asked = package;
  for (int step = 0; step < kMostSteps; ++step) {
    const std::string text = shown(package, runner, stop);
    if (text.empty())
      throw HostError(fmt::format("there is no Debian package {} in the lists of apt", package),
                      "apt-get update, or see `apt-cache search linux-image`");
    if (!release_in_name(package).empty()) return {package, control_field(text, "Version")};
    package = kernel_package_of(text);
    if (package.empty()) break;
  }
  throw HostError(fmt::format("the Debian package {} is no kernel, and depends on none", asked),
                  "name one like linux-image-amd64 or linux-image-6.1.0-18-amd64");
}

/// What a package installed on this host, or below the folder it was unpacked to.
PrebuiltFiles files_below(const fs::path& root, const std::string& release) {
  const fs::path boot = root / "boot";
  PrebuiltFiles files{boot / ("vmlinuz-" + release),
                      boot / ("config-" + release),
                      root / "lib" / "modules" / release,
                      {}};
  // With a merged /usr a package may have its modules there.
  if (!fs::exists(files.modules)) files.modules = root / "usr" / "lib" / "modules" / release;
  return files;
}

bool is_whole(const PrebuiltFiles& files) {
  return fs::exists(files.image) && fs::exists(files.config) &&
         fs::exists(files.modules / "modules.dep");
}

void download(const RealPackage& package, const std::string& release, const fs::path& target,
              CommandRunner& runner, const std::stop_token& stop) {
  require_free_space(target.parent_path(), kRoomOfPackage, "unpacking " + package.name);
  remove_dead_drafts(target.parent_path());
  const Draft scratch(target.parent_path());
  Command get{.program = "apt-get",
              .arguments = {"-q", "-o", "APT::Sandbox::User=root", "download",
                            package.name + "=" + package.version}};
  get.environment = {{"LC_ALL", "C"}};
  get.directory = scratch.path();
  get.deadline = kDownloadDeadline;
  require_ok(runner.run(get, stop), get, "downloading " + package.name,
             "apt-get update; see whether this host reaches its package servers");
  fs::path archive;
  for (const fs::directory_entry& entry : fs::directory_iterator(scratch.path()))
    if (entry.path().extension() == ".deb") archive = entry.path();
  const fs::path root = scratch.path() / "root";
  const Command unpack{.program = "dpkg-deb",
                       .arguments = {"-x", archive.string(), root.string()},
                       .deadline = kUnpackDeadline};
  require_ok(runner.run(unpack, stop), unpack, "unpacking " + package.name);
  if (!find_program("depmod"))
    throw HostError("depmod is not installed, which finds out what modules need",
                    "apt-get install kmod");
  const Command depmod{.program = "depmod",
                       .arguments = {"-b", root.string(), release},
                       .deadline = kUnpackDeadline};
  if (!fs::exists(files_below(root, release).modules / "modules.dep"))
    require_ok(runner.run(depmod, stop), depmod, "looking at the modules of " + package.name);
  fs::permissions(root, fs::perms(0755));
  remove_tree(target);
  fs::rename(root, target);
}

}  // namespace

std::string kernel_package_of(std::string_view apt_cache_show) {
  // "linux-image-6.1.0-18-amd64 (= 6.1.76-1), other | another"
  for (const std::string& alternatives : split(control_field(apt_cache_show, "Depends"), ','))
    for (const std::string& one : split(alternatives, '|')) {
      const std::string_view bare = trimmed(one);
      const std::string name(bare.substr(0, bare.find_first_of(" (:")));
      if (name.starts_with(kPrefix)) return name;
    }
  return {};
}

PrebuiltFiles find_prebuilt(const PrebuiltKernel& wanted, const fs::path& packages,
                            CommandRunner& runner, Progress& progress, std::stop_token stop) {
  if (wanted.package.empty()) return {wanted.image, {}, wanted.modules, {}};
  const RealPackage package = resolve(wanted.package, runner, stop);
  const std::string release = release_in_name(package.name);
  PrebuiltFiles files = files_below("/", release);
  files.package = package.name + ", as installed";
  if (!is_whole(files)) {
    make_directories(packages);
    const fs::path target = packages / (package.name + "_" + package.version);
    const FileLock lock =
        FileLock::take(target.string() + ".lock", "unpacking " + package.name, kLockDeadline, stop,
                       [&](const std::string& note) { progress.note(note); });
    files = files_below(target, release);
    if (!is_whole(files)) {
      progress.note(fmt::format("downloading {} {}", package.name, package.version));
      download(package, release, target, runner, stop);
      files = files_below(target, release);
    }
    if (!is_whole(files))
      throw HostError(
          fmt::format("the Debian package {} {} is not as kernels' packages are: it has "
                      "no boot/vmlinuz-{} or no modules",
                      package.name, package.version, release),
          "unpack it with dpkg-deb -x and name its image and its modules");
    files.package = package.name + " " + package.version;
  }
  return files;
}

BuiltKernel take_prebuilt(const std::string& name, const PrebuiltFiles& files,
                          const fs::path& kernels, std::stop_token stop) {
  const std::string release = release_of_image(files.image);
  if (!files.modules.empty() && files.modules.filename() != release)
    throw HostError(fmt::format("kernel {}: {} is {}, and its modules are for {}", name,
                                files.image.string(), release, files.modules.filename().string()),
                    "name the image and the modules of one build");
  const std::string config = files.config.empty()
                                 ? "# The configuration of this kernel is not known.\n"
                                 : read_file(files.config, Bytes::mib(4));
  const std::string digest = sha256_of_file(files.image);
  const std::string key = Digest{}
                              .field("prebuilt", digest)
                              .field("config", config)
                              .field("modules", files.modules.string())
                              .hex();
  const fs::path entry = kernels / key;
  make_directories(kernels);
  const FileLock lock = FileLock::take(entry.string() + ".lock", "taking kernel " + name,
                                       kLockDeadline, std::move(stop), {});
  EntryLook look = look_at_entry(entry);
  const bool from_cache = look.state == EntryLook::State::whole;
  if (!from_cache) {
    remove_tree(entry);
    const fs::path fresh = kernels / ("new-" + key);
    remove_tree(fresh);
    make_directories(fresh / "patches");
    fs::copy_file(files.image, fresh / "bzImage");
    write_file_atomically(fresh / "config", config);
    publish_entry(fresh, entry,
                  {{"key", key},
                   {"release", release},
                   {"source", {{"prebuilt", files.package}, {"sha256", digest}}},
                   {"modules", files.modules.string()},
                   {"patches", Json::array()}});
    look = look_at_entry(entry);
    GRIDLOCK_CHECK(look.state == EntryLook::State::whole, "just published: " + look.damage);
  }
  look.kernel.name = name;
  look.kernel.from_cache = from_cache;
  return look.kernel;
}

}  // namespace gridlock

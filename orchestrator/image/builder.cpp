// SPDX-License-Identifier: GPL-2.0-or-later
#include "image/builder.h"

#include <fmt/format.h>

#include <array>
#include <fstream>

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "host/draft.h"
#include "host/file_lock.h"
#include "host/files.h"
#include "image/package_tree.h"
#include "image/recipe.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFormat = "1";
constexpr std::string_view kAgent = "gridlock-agent";
constexpr std::string_view kWhat = "node image";
constexpr int kManifestVersion = 1;
constexpr Milliseconds kPackDeadline{5 * 60'000};
constexpr Milliseconds kLockDeadline{20 * 60'000};
constexpr Bytes kRoom = Bytes::mib(400);
constexpr Bytes kManifestLimit = Bytes::mib(4);
/// Nothing in the image is random.
constexpr std::string_view kUuid = "67726964-6c6f-636b-8000-6e6f64650001";
/// Source: struct erofs_super_block, fs/erofs/erofs_fs.h.
constexpr std::streamoff kSuperBlock = 1024;
constexpr std::array<unsigned char, 4> kMagic{0xe2, 0xe1, 0xf5, 0xe0};

enum Step { kUnpack, kArrange, kPack, kSteps };

/// Puts the programs where a node expects them: the agent and the trivial init beside each other,
/// workloads in bin.
void place_programs(const fs::path& programs, const fs::path& root) {
  fs::create_directories(root / "gridlock" / "bin");
  bool agent = false;
  for (const auto& entry : fs::directory_iterator(programs)) {
    if (!entry.is_regular_file()) continue;
    const std::string name = entry.path().filename();
    fs::path target = root / "gridlock" / "bin" / name;
    if (name == "trivial-init") target = root / "gridlock" / name;
    if (name == kAgent) target = root / "gridlock" / "agent";
    agent = agent || name == kAgent;
    fs::copy_file(entry.path(), target);
    fs::permissions(target, fs::perms(0755));
  }
  if (!agent)
    throw HostError(
        fmt::format("building the node image: {} is not in {}", kAgent, programs.string()),
        "build the target gridlock_node_programs");
}

void arrange(const Recipe& recipe, const PackageTree& tree, const fs::path& programs,
             const fs::path& root) {
  fs::create_directory(root);
  fs::permissions(root, fs::perms(0755));
  lay_over(tree.root, root, Transfer::share);
  for (const std::string& folder : recipe.folders) fs::create_directories(root / folder);
  if (fs::exists(recipe.files)) lay_over(recipe.files, root, Transfer::copy);
  place_programs(programs, root);
}

void pack(const fs::path& root, const fs::path& disk, CommandRunner& runner, std::stop_token stop) {
  if (!find_program("mkfs.erofs"))
    throw HostError("building the node image: mkfs.erofs is not installed",
                    "apt-get install erofs-utils");
  // Not compressed: under emulation a node spends more on unpacking than on reading from the
  // host's page cache.
  const Command command{.program = "mkfs.erofs",
                        .arguments = {"--quiet", "--all-root", "-T0", fmt::format("-U{}", kUuid),
                                      "-x-1", disk.string(), root.string()},
                        .deadline = kPackDeadline};
  CommandResult result = runner.run(command, stop);
  const std::string hint = unpacking_hint(result.errors + result.output);
  require_ok(std::move(result), command, "packing the node image", hint);
}

bool has_magic(const fs::path& disk) {
  std::ifstream file(disk, std::ios::binary);
  std::array<char, 4> found{};
  return file.seekg(kSuperBlock) && file.read(found.data(), found.size()) &&
         std::equal(found.begin(), found.end(), kMagic.begin(),
                    [](char a, unsigned char b) { return static_cast<unsigned char>(a) == b; });
}

/// An entry is good if its manifest can be read and the disk is as large as that says.
std::optional<BuiltImage> find_image(const fs::path& folder, const std::string& key) {
  BuiltImage image{key, folder / "root.erofs", folder / "manifest.json", Milliseconds{0}, true};
  if (!fs::exists(image.manifest) || !fs::exists(image.disk)) return std::nullopt;
  const auto manifest = parse_json(read_file(image.manifest, kManifestLimit));
  if (!manifest || integer_or(*manifest, "version", 0) != kManifestVersion) return std::nullopt;
  const std::int64_t size = integer_or(*manifest, "disk_bytes", -1);
  if (size < 0 || fs::file_size(image.disk) != static_cast<std::uintmax_t>(size) ||
      !has_magic(image.disk))
    return std::nullopt;
  image.build_time = Milliseconds{integer_or(*manifest, "build_ms", 0)};
  return image;
}

}  // namespace

BuiltImage build_image(const ImageSpec& spec, const fs::path& cache, CommandRunner& runner,
                       Progress& progress, std::stop_token stop) {
  const SystemClock clock;
  const SteadyTime start = clock.now();
  const std::string what(kWhat);
  const Recipe recipe = read_recipe(spec.recipe);
  if (!fs::is_directory(spec.programs))
    throw HostError(
        fmt::format("building the node image: there is no folder {}", spec.programs.string()),
        "build the target gridlock_node_programs");
  const std::string key = Digest{}
                              .field("format", kFormat)
                              .field("packages", package_tree_key(recipe))
                              .field("recipe", digest_of_tree(spec.recipe))
                              .field("programs", digest_of_tree(spec.programs))
                              .hex()
                              .substr(0, 32);
  const fs::path images = cache / "images";
  make_directories(images);
  progress.begin(what);
  const FileLock lock =
      FileLock::take(images / (key + ".lock"), "building the node image", kLockDeadline, stop,
                     [&](const std::string& text) { progress.note(text); });
  remove_dead_drafts(images);
  if (auto found = find_image(images / key, key)) {
    progress.end(what, "from the cache");
    return *found;
  }
  progress.advance(what, kUnpack, kSteps, "unpacking packages");
  const PackageTree tree = package_tree(recipe, cache, runner, progress, stop);
  require_free_space(images, kRoom, "the node image");
  progress.advance(what, kArrange, kSteps, "arranging files");
  const Draft work(images);
  arrange(recipe, tree, spec.programs, work.path() / "root");
  progress.advance(what, kPack, kSteps, "packing");
  const fs::path finished = work.path() / "finished";
  fs::create_directory(finished);
  pack(work.path() / "root", finished / "root.erofs", runner, stop);
  if (!has_magic(finished / "root.erofs"))
    throw HostError("packing the node image: mkfs.erofs left no erofs image");

  const auto build_time = std::chrono::duration_cast<Milliseconds>(clock.now() - start);
  const Json manifest{{"version", kManifestVersion},
                      {"key", key},
                      {"packages_key", tree.key},
                      {"build_ms", build_time.count()},
                      {"disk_bytes", fs::file_size(finished / "root.erofs")},
                      {"disk_sha256", sha256_of_file(finished / "root.erofs")},
                      {"packages", tree.packages}};
  write_file_atomically(finished / "manifest.json", manifest.dump(1) + "\n");
  // QEMU reads the disk as another user when Gridlock runs as root.
  fs::permissions(finished, fs::perms(0755));
  fs::permissions(finished / "root.erofs", fs::perms(0644));
  remove_tree(images / key);
  fs::rename(finished, images / key);
  progress.end(what, "built in " + to_string(build_time));
  return {key, images / key / "root.erofs", images / key / "manifest.json", build_time, false};
}

}  // namespace gridlock

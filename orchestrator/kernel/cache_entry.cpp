// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/cache_entry.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/digest.h"
#include "host/descriptor.h"
#include "host/files.h"

namespace gridlock {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kSchema = 1;
constexpr Bytes kLargestManifest = Bytes::mib(1);
/// Read completely up to this size, which takes a fraction of a second.
constexpr std::uint64_t kReadWhole = Bytes::mib(64).count;
constexpr std::uint64_t kPiece = Bytes::kib(64).count;
constexpr std::uint64_t kPieces = 512;
const char* const kManifest = "manifest.json";

void flush(const fs::path& path) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0)
    throw HostError(fmt::format("writing {} to the disk: {}", path.string(), std::strerror(errno)));
}

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files.push_back(entry.path().lexically_relative(folder));
  std::ranges::sort(files);
  return files;
}

/// A kernel that nobody built here has no vmlinux.
bool is_prebuilt(const Json& manifest) {
  const auto source = manifest.find("source");
  return source != manifest.end() && source->is_object() && source->contains("prebuilt");
}

/// Why the entry's files are not what the manifest says, or empty.
std::string damage_of(const fs::path& directory, const Json& manifest) {
  if (integer_or(manifest, "schema", 0) != kSchema) return "its manifest is of another version";
  const auto files = manifest.find("files");
  if (files == manifest.end() || !files->is_object() || files->empty())
    return "its manifest lists no files";
  for (const char* const needed : {"bzImage", "vmlinux", "config"})
    if (!files->contains(needed) &&
        !(is_prebuilt(manifest) && std::string_view(needed) == "vmlinux"))
      return fmt::format("its manifest does not list {}", needed);
  for (const auto& [name, file] : files->items()) {
    std::error_code error;
    const std::uintmax_t size = fs::file_size(directory / name, error);
    if (error) return name + " is missing";
    const std::int64_t expected = integer_or(file, "bytes", -1);
    if (expected < 0 || size != static_cast<std::uintmax_t>(expected))
      return fmt::format("{} has {} bytes instead of {}", name, size, expected);
    if (quick_digest(directory / name) != text_or(file, "digest", ""))
      return name + " has other content than was written";
  }
  return {};
}

}  // namespace

std::string quick_digest(const fs::path& file) {
  const Descriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) throw HostError(fmt::format("opening {}: {}", file.string(), std::strerror(errno)));
  const std::uint64_t size = fs::file_size(file);
  Digest digest;
  digest.field("size", std::to_string(size));
  const bool whole = size <= kReadWhole;
  const std::uint64_t pieces = whole ? (size + kPiece - 1) / kPiece : kPieces;
  std::string piece(kPiece, '\0');
  for (std::uint64_t i = 0; i < pieces; ++i) {
    const std::uint64_t at = whole ? i * kPiece : i * (size - kPiece) / (kPieces - 1);
    const std::uint64_t length = std::min(kPiece, size - at);
    std::uint64_t got = 0;
    while (got < length) {
      const ssize_t now =
          ::pread(fd.get(), piece.data() + got, length - got, static_cast<off_t>(at + got));
      if (now < 0 && errno == EINTR) continue;
      if (now <= 0)
        throw HostError(fmt::format("reading {}: {}", file.string(),
                                    now < 0 ? std::strerror(errno) : "it became shorter"));
      got += static_cast<std::uint64_t>(now);
    }
    digest.add(std::string_view(piece).substr(0, length));
  }
  return digest.hex();
}

EntryLook look_at_entry(const fs::path& directory) {
  EntryLook look;
  if (!fs::exists(directory)) return look;
  look.state = EntryLook::State::damaged;
  if (!fs::exists(directory / kManifest)) {
    look.damage = "it has no manifest";
    return look;
  }
  const auto manifest = parse_json(read_file(directory / kManifest, kLargestManifest));
  if (!manifest || !manifest->is_object()) {
    look.damage = "its manifest is not readable";
    return look;
  }
  look.damage = damage_of(directory, *manifest);
  if (!look.damage.empty()) return look;
  look.state = EntryLook::State::whole;
  BuiltKernel& kernel = look.kernel;
  kernel.key = directory.filename();
  kernel.directory = directory;
  kernel.image = directory / "bzImage";
  if (!is_prebuilt(*manifest)) kernel.vmlinux = directory / "vmlinux";
  kernel.config = directory / "config";
  kernel.release = text_or(*manifest, "release", "");
  // Of an own build they are in the entry.
  if (const std::string modules = text_or(*manifest, "modules", ""); !modules.empty())
    kernel.modules = directory / modules;
  kernel.build_time = Milliseconds(integer_or(*manifest, "build_ms", 0));
  kernel.objects_compiled = static_cast<int>(integer_or(*manifest, "objects_compiled", 0));
  return look;
}

void publish_entry(const fs::path& fresh, const fs::path& directory, Json description) {
  Json manifest = {{"schema", kSchema}};
  manifest.update(description);
  Json files = Json::object();
  for (const fs::path& file : files_below(fresh)) {
    fs::permissions(fresh / file, fs::perms(0644));
    flush(fresh / file);
    files[file.string()] = {{"bytes", fs::file_size(fresh / file)},
                            {"digest", quick_digest(fresh / file)}};
  }
  manifest["files"] = files;
  write_file_atomically(fresh / kManifest, manifest.dump(2) + "\n");
  flush(fresh);
  fs::permissions(fresh, fs::perms(0755));
  std::error_code error;
  fs::rename(fresh, directory, error);
  if (error) throw HostError(fmt::format("publishing {}: {}", directory.string(), error.message()));
  flush(directory.parent_path());
}

}  // namespace gridlock

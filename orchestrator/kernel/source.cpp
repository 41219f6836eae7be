// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>

#include "base/digest.h"
#include "base/text.h"
#include "host/descriptor.h"
#include "host/files.h"
#include "kernel/git.h"

namespace gridlock {
namespace fs = std::filesystem;
namespace {

/// Where Debian's linux-source packages put their archive.
const fs::path kArchives = "/usr/src";
/// 6.1 unpacked is 1.3 GiB; a build of a lab's size adds less than 1 GiB (measured: 1.9 GiB in
/// all).
constexpr Bytes kRoomOfArchive = Bytes::gib(3);
constexpr Bytes kRoomOfSmallBuild = Bytes::mib(64);
constexpr Bytes kLargestMakefile = Bytes::mib(4);
constexpr Milliseconds kUnpackDeadline{1'800'000};

struct stat look_at(const fs::path& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0)
    throw HostError(fmt::format("looking at {}: {}", path.string(), std::strerror(errno)));
  return found;
}

/// Changes whenever the file's content may have: also when its time was set back.
std::string signature(const fs::path& path) {
  const struct stat found = look_at(path);
  return fmt::format("{} {} {:o} {} {}.{} {}.{}\n", path.string(), found.st_ino, found.st_mode,
                     found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec,
                     found.st_ctim.tv_sec, found.st_ctim.tv_nsec);
}

void add_file(Digest& digest, const fs::path& file, std::stop_token stop) {
  const Descriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) throw HostError(fmt::format("opening {}: {}", file.string(), std::strerror(errno)));
  std::array<char, 65536> piece;
  while (true) {
    if (stop.stop_requested()) throw Cancelled("reading " + file.string());
    const ssize_t got = ::read(fd.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      throw HostError(fmt::format("reading {}: {}", file.string(), std::strerror(errno)));
    if (got == 0) return;
    digest.add({piece.data(), static_cast<std::size_t>(got)});
  }
}

/// The relative paths of a tree's own files and links, sorted.
std::vector<fs::path> files_of(const fs::path& tree) {
  std::vector<fs::path> files;
  for (fs::recursive_directory_iterator at(tree), end; at != end; ++at) {
    const fs::path relative = at->path().lexically_relative(tree);
    if (is_build_product(relative)) {
      at.disable_recursion_pending();
    } else if (at->is_symlink() || at->is_regular_file()) {
      files.push_back(relative);
    }
  }
  std::ranges::sort(files);
  return files;
}

std::string remembered(const fs::path& memory, const std::string& path,
                       const std::string& signature, const std::function<std::string()>& identify) {
  const fs::path note = memory / (sha256(path).substr(0, 32) + ".source");
  const std::string mark = sha256(signature) + " ";
  constexpr Bytes kNote = Bytes::kib(4);
  if (fs::exists(note)) {
    const std::string text = read_file(note, kNote);
    if (text.size() == 2 * mark.size() - 1 && text.starts_with(mark))
      return text.substr(mark.size());
  }
  const std::string identity = identify();
  make_directories(memory);
  write_file_atomically(note, mark + identity);
  return identity;
}

/// "6.1" of "linux-source-6.1".
std::string version_in_name(std::string_view package) {
  const std::size_t at = package.find_last_not_of("0123456789.");
  const std::string_view version = at == std::string_view::npos ? package : package.substr(at + 1);
  return std::string(version.find('.') == std::string_view::npos ? "" : version);
}

Source find_package(const std::string& package, const fs::path& memory, std::stop_token stop) {
  if (package.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.+-") != std::string::npos)
    throw UsageError("not a Debian package's name: " + printable(package, 80));
  Source source;
  source.archive = kArchives / (package + ".tar.xz");
  if (!fs::exists(source.archive))
    throw HostError(fmt::format("Debian package {} is not installed: there is no {}", package,
                                source.archive.string()),
                    "apt-get install " + package);
  source.room = kRoomOfArchive;
  source.version = version_in_name(package);
  source.identity = remembered(memory, source.archive, signature(source.archive), [&] {
    Digest digest;
    add_file(digest, source.archive, stop);
    return digest.hex();
  });
  return source;
}

void require_kernel(bool makefile, std::string_view what, std::string_view key) {
  if (makefile) return;
  throw HostError(fmt::format("{} is not a kernel's source: it has no Makefile", what),
                  fmt::format("give the top folder of a kernel source tree as '{}'", key));
}

Source find_tree(const fs::path& tree, std::vector<fs::path> files, const fs::path& memory,
                 std::stop_token stop) {
  Source source;
  source.tree = tree;
  source.files = std::move(files);
  source.version = version_in_makefile(read_file(tree / "Makefile", kLargestMakefile));
  std::string listing;
  for (const fs::path& file : source.files) {
    listing += signature(tree / file);
    source.room.count += 2 * static_cast<std::uint64_t>(look_at(tree / file).st_size);
  }
  source.room.count += kRoomOfSmallBuild.count;
  source.identity = remembered(memory, tree, listing, [&] {
    Digest digest;
    for (const fs::path& file : source.files) {
      const fs::path whole = tree / file;
      const bool link = fs::is_symlink(whole);
      const bool runnable = (look_at(whole).st_mode & S_IXUSR) != 0;
      digest.field(link ? "link" : runnable ? "program" : "file", file.string());
      Digest content;
      if (link) {
        content.add(fs::read_symlink(whole).string());
      } else {
        add_file(content, whole, stop);
      }
      digest.add(content.hex());
    }
    return digest.hex();
  });
  return source;
}

Source find_folder(const fs::path& tree, const fs::path& memory, std::stop_token stop) {
  require_kernel(fs::is_regular_file(tree / "Makefile"), tree.string(), "dir");
  return find_tree(tree, files_of(tree), memory, std::move(stop));
}

Source find_worktree(const GitRepository& repository, const fs::path& memory,
                     std::stop_token stop) {
  std::vector<fs::path> files = repository.worktree_files();
  const fs::path& tree = repository.path();
  require_kernel(fs::is_regular_file(tree / "Makefile"), tree.string(), "git");
  Source source = find_tree(tree, std::move(files), memory, std::move(stop));
  source.commit = repository.commit("HEAD");
  return source;
}

Source find_commit(const GitRepository& repository, const std::string& ref) {
  Source source;
  source.git = repository.path();
  source.commit = repository.commit(ref);
  source.git_tree = repository.tree(source.commit);
  require_kernel(repository.has_file(source.git_tree, "Makefile"),
                 printable(ref, 100) + " of " + source.git.string(), "git");
  source.version = version_in_makefile(repository.file(source.git_tree, "Makefile"));
  source.identity = sha256("git tree " + source.git_tree);
  source.room = kRoomOfArchive;
  return source;
}

}  // namespace

bool is_build_product(const fs::path& relative) {
  const std::string name = relative.filename();
  const std::string parent = relative.parent_path().filename();
  if (name == ".git") return true;
  if (parent == "include" && (name == "config" || name == "generated")) return true;
  // Kept by git although its name begins like what a build makes.
  if (name == "vmlinux.lds.S" || name == "vmlinux.lds.h") return false;
  constexpr std::array<std::string_view, 8> kNames{".config",
                                                   ".config.old",
                                                   "System.map",
                                                   "Module.symvers",
                                                   "modules.order",
                                                   "modules.builtin",
                                                   "modules.builtin.modinfo",
                                                   ".version"};
  if (std::ranges::find(kNames, name) != kNames.end()) return true;
  constexpr std::array<std::string_view, 8> kEndings{".o",     ".a",   ".ko",      ".cmd",
                                                     ".mod.c", ".mod", ".symvers", ".so.dbg"};
  return name.starts_with(".tmp_") || name == "vmlinux" || name == "bzImage" ||
         std::ranges::any_of(kEndings, [&](std::string_view end) { return name.ends_with(end); });
}

std::string version_in_makefile(std::string_view makefile) {
  std::array<std::string, 3> parts;
  constexpr std::array<std::string_view, 3> kNames{"VERSION", "PATCHLEVEL", "SUBLEVEL"};
  constexpr int kLinesAtTop = 20;
  for (int i = 0; i < kLinesAtTop && !makefile.empty(); ++i) {
    const std::vector<std::string> words = split(take_line(makefile), ' ');
    if (words.size() != 3 || words[1] != "=") continue;
    const auto name = std::ranges::find(kNames, words[0]);
    if (name != kNames.end() && number<int>(words[2], 10))
      parts.at(static_cast<std::size_t>(name - kNames.begin())) = words[2];
  }
  if (parts[0].empty() || parts[1].empty()) return {};
  return parts[0] + "." + parts[1] + (parts[2].empty() ? "" : "." + parts[2]);
}

Source find_source(const KernelSource& wanted, const fs::path& memory, CommandRunner& runner,
                   std::stop_token stop) {
  if (!wanted.package.empty()) return find_package(wanted.package, memory, std::move(stop));
  if (wanted.git.empty()) return find_folder(wanted.dir, memory, std::move(stop));
  const GitRepository repository(wanted.git, runner, stop);
  return wanted.ref == "worktree" ? find_worktree(repository, memory, std::move(stop))
                                  : find_commit(repository, wanted.ref);
}

void copy_source(const Source& source, const fs::path& target, CommandRunner& runner,
                 std::stop_token stop) {
  if (!source.archive.empty()) {
    make_directories(target);
    const Command unpack{.program = "tar",
                         .arguments = {"-xJf", source.archive.string(), "-C", target.string(),
                                       "--strip-components=1", "--no-same-owner"},
                         .deadline = kUnpackDeadline};
    require_ok(runner.run(unpack, std::move(stop)), unpack, "unpacking the kernel's source",
               "if the archive is damaged, reinstall its package");
    return;
  }
  if (!source.git.empty())
    return GitRepository(source.git, runner, std::move(stop)).export_tree(source.git_tree, target);
  for (const fs::path& file : source.files) {
    if (stop.stop_requested()) throw Cancelled("copying " + source.tree.string());
    const fs::path to = target / file;
    make_directories(to.parent_path());
    std::error_code error;
    fs::copy(source.tree / file, to, fs::copy_options::copy_symlinks, error);
    if (error) throw HostError(fmt::format("copying {}: {}", to.string(), error.message()));
  }
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/initrd.h"

#include <fmt/format.h>

#include <map>

#include "base/digest.h"
#include "host/draft.h"
#include "host/files.h"

namespace gridlock {
namespace fs = std::filesystem;
namespace {

constexpr Bytes kLargestModule = Bytes::mib(256);
constexpr Bytes kRoom = Bytes::mib(512);

/// What unpacks modules, by the end of their names. Source: scripts/Makefile.modinst.
const std::map<std::string, std::string> kUnpackers{
    {".xz", "xz"}, {".zst", "zstd"}, {".gz", "gzip"}};

/// Writes the module to `target`, unpacked.
void unpack(const fs::path& module, const fs::path& target, CommandRunner& runner,
            const std::stop_token& stop) {
  const auto unpacker = kUnpackers.find(module.extension().string());
  if (unpacker == kUnpackers.end())
    return write_file_atomically(target, read_file(module, kLargestModule));
  const Command command{.program = unpacker->second,
                        .arguments = {"-d", "-c", module.string()},
                        .output_limit = kLargestModule};
  const CommandResult result =
      require_ok(runner.run(command, stop), command, "unpacking the module " + module.string(),
                 "apt-get install xz-utils zstd");
  write_file_atomically(target, result.output);
}

/// "gfs2.ko" of "…/gfs2.ko.xz".
std::string plain_name(const fs::path& module) {
  return kUnpackers.contains(module.extension().string()) ? module.stem().string()
                                                          : module.filename().string();
}

}  // namespace

Initrd make_initrd(const fs::path& init, const std::vector<fs::path>& modules,
                   const fs::path& cache, CommandRunner& runner, std::stop_token stop) {
  if (!fs::exists(init))
    throw HostError("making an initramfs: there is no " + init.string(),
                    "build the target gridlock_node_programs");
  if (!find_program("cpio"))
    throw HostError("cpio is not installed, which makes an initramfs", "apt-get install cpio");
  Digest digest;
  digest.field("init", sha256_of_file(init));
  for (const fs::path& module : modules) digest.field(plain_name(module), sha256_of_file(module));
  Initrd made{{}, digest.hex()};
  const fs::path folder = cache / "kernels" / "initramfs";
  made.file = folder / (made.digest.substr(0, 32) + ".cpio");
  if (fs::exists(made.file)) return made;

  make_directories(folder);
  require_free_space(folder, kRoom, "an initramfs");
  remove_dead_drafts(folder);
  const Draft scratch(folder);
  const fs::path root = scratch.path() / "root";
  make_directories(root / "modules");
  fs::copy_file(init, root / "init");
  fs::permissions(root / "init", fs::perms(0755));
  std::string names = ".\ninit\nmodules\nmodules/order\n", order;
  for (const fs::path& module : modules) {
    const std::string name = plain_name(module);
    unpack(module, root / "modules" / name, runner, stop);
    order += name + "\n";
    names += "modules/" + name + "\n";
  }
  write_file_atomically(root / "modules" / "order", order);
  const fs::path file = scratch.path() / "initramfs";
  Command pack{.program = "cpio",
               .arguments = {"--quiet", "-o", "-H", "newc", "-R", "0:0", "--reproducible", "-F",
                             file.string()}};
  pack.directory = root;
  pack.input = names;
  require_ok(runner.run(pack, stop), pack, "making an initramfs");
  fs::permissions(file, fs::perms(0644));
  fs::rename(file, made.file);
  return made;
}

}  // namespace gridlock

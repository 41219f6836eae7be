// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/tools.h"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace gridlock {
namespace {

constexpr Milliseconds kDeadline{30'000};

struct Tool {
  const char* program;
  const char* package;
  std::string_view needed;  ///< by what: empty: everything, kTree: the kernel's own build system,
                            ///< else a line of the configuration
};

constexpr std::string_view kTree = "tree";

/// Source: Documentation/process/changes.rst; compressors: arch/x86/boot/compressed/Makefile.
constexpr std::array<Tool, 11> kTools{{{"make", "make", ""},
                                       {"gcc", "gcc", ""},
                                       {"ld", "binutils", ""},
                                       {"patch", "patch", ""},
                                       {"flex", "flex", kTree},
                                       {"bison", "bison", kTree},
                                       {"bc", "bc", kTree},
                                       {"gzip", "gzip", "CONFIG_KERNEL_GZIP=y"},
                                       {"lz4", "lz4", "CONFIG_KERNEL_LZ4=y"},
                                       {"lzop", "lzop", "CONFIG_KERNEL_LZO=y"},
                                       {"zstd", "zstd", "CONFIG_KERNEL_ZSTD=y"}}};

std::string first_line(const char* program, const char* package, CommandRunner& runner,
                       std::stop_token stop) {
  const Command command{.program = program, .arguments = {"--version"}, .deadline = kDeadline};
  if (!find_program(program))
    throw HostError(fmt::format("building a kernel needs {}, which is not installed", program),
                    std::string("apt-get install ") + package);
  const CommandResult result =
      require_ok(runner.run(command, std::move(stop)), command, "asking for a version");
  return split(result.output, '\n').front();
}

/// Whether the compiler finds a header; objtool needs libelf's.
bool has_header(const char* header, CommandRunner& runner, std::stop_token stop) {
  const Command command{.program = "gcc",
                        .arguments = {"-E", "-x", "c", "-"},
                        .input = fmt::format("#include <{}>\n", header),
                        .deadline = kDeadline};
  return runner.run(command, std::move(stop)).ok();
}

}  // namespace

std::string compiler_identity(CommandRunner& runner, std::stop_token stop) {
  return first_line("gcc", "gcc", runner, stop) + " | " +
         first_line("ld", "binutils", runner, stop);
}

void require_tools(const std::filesystem::path& tree, const std::string& config,
                   CommandRunner& runner, std::stop_token stop) {
  const auto in_tree = [&](const char* folder) {
    return tree.empty() || std::filesystem::exists(tree / folder);
  };
  std::vector<std::string> missing, packages;
  for (const Tool& tool : kTools) {
    const bool needed = tool.needed == kTree ? in_tree("scripts/kconfig")
                                             : config.find(tool.needed) != std::string::npos;
    if (!needed || find_program(tool.program)) continue;
    missing.emplace_back(tool.program);
    packages.emplace_back(tool.package);
  }
  if (missing.empty() && in_tree("tools/objtool") &&
      !has_header("gelf.h", runner, std::move(stop))) {
    missing.emplace_back("the header gelf.h");
    packages.emplace_back("libelf-dev");
  }
  if (missing.empty()) return;
  throw HostError(fmt::format("building a kernel needs {}: not installed", join(missing, ", ")),
                  "apt-get install " + join(packages, " "));
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/make.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <thread>

#include "base/text.h"
#include "host/files.h"
#include "kernel/make_output.h"

namespace gridlock {
namespace fs = std::filesystem;
namespace {

constexpr Milliseconds kBuildDeadline{4 * 3'600'000};
constexpr Milliseconds kConfigDeadline{900'000};
constexpr Bytes kLargestConfig = Bytes::mib(4);
/// More lost symbols than this are one mistake.
constexpr std::size_t kLostShown = 10;

Command make_command(const Workspace& workspace, const MakeJob& job,
                     std::vector<std::string> targets) {
  const std::string here = fs::absolute(workspace.tree()).string();
  Command command;
  command.program = "make";
  command.arguments = {
      "-j" + std::to_string(std::max(1U, std::thread::hardware_concurrency())),
      // The lines of one object stay together when several fail at once.
      "--output-sync=target", "ARCH=x86_64", "CROSS_COMPILE=", "LOCALVERSION=" + job.local_version,
      // Only debug information has absolute paths; nothing of this machine belongs into a kernel.
      "KCFLAGS=-fdebug-prefix-map=" + here + "=.", "KAFLAGS=-fdebug-prefix-map=" + here + "=."};
  command.arguments.insert(command.arguments.end(), targets.begin(), targets.end());
  // The same input gives the same kernel, whoever builds it and when. MAKEFLAGS: we may run under a
  // make whose job server is not ours.
  command.environment = {{"KBUILD_BUILD_TIMESTAMP", "Thu Jan  1 00:00:00 UTC 1970"},
                         {"KBUILD_BUILD_USER", "gridlock"},
                         {"KBUILD_BUILD_HOST", "gridlock"},
                         {"KBUILD_BUILD_VERSION", "1"},
                         {"KBUILD_VERBOSE", "0"},
                         {"KBUILD_OUTPUT", ""},
                         {"MAKEFLAGS", ""},
                         {"MFLAGS", ""},
                         {"LC_ALL", "C"}};
  command.directory = workspace.tree();
  command.deadline = kBuildDeadline;
  if (job.lock >= 0) command.inherited = {job.lock};
  return command;
}

[[noreturn]] void fail(const Workspace& workspace, const MakeJob& job, const Command& command,
                       const CommandResult& result) {
  const std::string log = (workspace.folder() / "build.log").string();
  if (result.kind != CommandResult::Kind::exited)
    throw HostError(fmt::format("kernel {}: make {}", job.name, describe_end(result, command)),
                    "the whole output is in " + log);
  throw CompileError(
      fmt::format("kernel {} does not compile:\n{}", job.name, essential_errors(result.errors)),
      "the whole output is in " + log);
}

/// "CONFIG_A, CONFIG_B" or the first of many lines.
std::string some_of(const std::vector<std::string>& all, std::string_view separator) {
  const std::span<const std::string> shown(all.data(), std::min(all.size(), kLostShown));
  std::string text = join(shown, separator);
  if (all.size() > kLostShown)
    text += fmt::format("{}and {} more", separator, all.size() - kLostShown);
  return text;
}

void check_config(const Workspace& workspace, const std::vector<ConfigRequest>& requests,
                  const MakeJob& job, Progress& progress) {
  const ConfigLosses losses = config_losses(workspace, requests);
  if (!losses.required.empty())
    throw HostError(fmt::format("kernel {}: Linux {} has no {}, without which a lab cannot run",
                                job.name, job.version, some_of(losses.required, ", ")),
                    "take a kernel that has it; what the lab needs is marked `Required` in the "
                    "config fragments");
  if (!losses.lost.empty())
    throw HostError(
        fmt::format("kernel {}: the configuration lost {}:\n  {}", job.name,
                    losses.lost.size() == 1 ? "a line" : "lines", some_of(losses.lost, "\n  ")),
        "add what the symbol depends on to a fragment, or take the line out");
  if (!losses.left_out.empty())
    progress.note(fmt::format("kernel {}: Linux {} does not know {}: left out", job.name,
                              job.version, some_of(losses.left_out, ", ")));
}

}  // namespace

ConfigLosses config_losses(const Workspace& workspace, const std::vector<ConfigRequest>& requests) {
  return losses_of(requests,
                   parse_final_config(read_file(workspace.tree() / ".config", kLargestConfig)),
                   [&] { return symbols_of_tree(workspace.tree()); });
}

void prepare_tree(Workspace& workspace, const std::vector<ConfigRequest>& requests,
                  const MakeJob& job, CommandRunner& runner, Progress& progress,
                  std::stop_token stop) {
  progress.advance("kernel " + job.name, 0, job.expected_objects, "configuring");
  const fs::path wanted = workspace.folder() / "wanted.config";
  write_file_atomically(wanted, merged_text(requests));
  Command configure = make_command(workspace, job, {"allnoconfig"});
  configure.arguments.push_back("KCONFIG_ALLCONFIG=" + fs::absolute(wanted).string());
  configure.deadline = kConfigDeadline;
  CommandResult result = runner.run(configure, stop);
  if (!result.ok()) {
    write_file_atomically(workspace.folder() / "build.log", result.output + result.errors);
    fail(workspace, job, configure, result);
  }
  check_config(workspace, requests, job, progress);
  const Command prepare = make_command(workspace, job, {"prepare"});
  result = runner.run(prepare, std::move(stop));
  if (result.ok()) return;
  write_file_atomically(workspace.folder() / "build.log", result.output + result.errors);
  fail(workspace, job, prepare, result);
}

int make_kernel(Workspace& workspace, const MakeJob& job, CommandRunner& runner, Progress& progress,
                std::stop_token stop) {
  std::vector<std::string> targets{"bzImage"};
  if (has_modules(workspace)) targets.push_back("modules");
  Command command = make_command(workspace, job, targets);
  int done = 0;
  const auto begin = std::chrono::steady_clock::now();
  command.on_output_line = [&](std::string_view line) {
    const auto object = compiled_object(line);
    if (!object) return;
    ++done;
    const int total = done <= job.expected_objects ? job.expected_objects : 0;
    const std::string left = time_left(
        done, total,
        std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - begin));
    progress.advance("kernel " + job.name, done, total,
                     printable(*object, 100) + (left.empty() ? "" : ", " + left));
  };
  const CommandResult result = runner.run(command, std::move(stop));
  write_file_atomically(workspace.folder() / "build.log", result.output + result.errors);
  if (!result.ok()) fail(workspace, job, command, result);
  return done;
}

bool has_modules(const Workspace& workspace) {
  const auto config = parse_final_config(read_file(workspace.tree() / ".config", kLargestConfig));
  return std::ranges::any_of(config, [](const auto& setting) { return setting.second == "m"; });
}

void install_modules(Workspace& workspace, const MakeJob& job, const fs::path& target,
                     CommandRunner& runner, std::stop_token stop) {
  Command install = make_command(workspace, job, {"modules_install"});
  install.arguments.insert(
      install.arguments.end(),
      {"INSTALL_MOD_PATH=" + fs::absolute(target).string(), "INSTALL_MOD_STRIP=1"});
  const CommandResult result = runner.run(install, std::move(stop));
  if (result.ok()) return;
  write_file_atomically(workspace.folder() / "build.log", result.output + result.errors);
  fail(workspace, job, install, result);
}

}  // namespace gridlock

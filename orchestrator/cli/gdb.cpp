// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <system_error>

#include "cli/live_choice.h"
#include "cli/verbs.h"
#include "host/command_runner.h"

namespace gridlock {
namespace {

constexpr Milliseconds kAnswerLimit{30'000};

/// Becomes gdb. The connection to the run goes along: when gdb ends, however, it does, and the run
/// lets the node go on.
[[noreturn]] void become(const std::filesystem::path& program, std::vector<std::string> arguments,
                         const Descriptor& connection) {
  ::fcntl(connection.get(), F_SETFD, 0);
  // main.cpp keeps these from its threads; gdb has its own way with them.
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  ::execv(program.c_str(), pointers.data());
  throw Error(
      fmt::format("starting {}: {}", program.string(), std::generic_category().message(errno)));
}

}  // namespace

void add_gdb(CLI::App& app, Context& context, int* exit_code) {
  auto* const verb = app.add_subcommand(
      "gdb", "gdb on a node of a lab that is held, with its kernel's symbols; -- gdb's arguments");
  auto choice = std::make_shared<LiveChoice>();
  add_live_options(*verb, *choice, NodeNeeded::yes);
  verb->callback([choice, &context, exit_code] {
    const auto gdb = find_program("gdb");
    if (!gdb) throw UsageError("gdb is not installed", "install the package gdb");
    LiveNode live = find_live(*choice, NodeNeeded::yes, context);
    // A node says which kernel it runs if that is not the one of all.
    const Json& its = live.node.contains("kernel") ? live.node : live.status;
    const std::string vmlinux = text_or(its, "vmlinux", "");
    if (vmlinux.empty() || ::access(vmlinux.c_str(), R_OK) != 0)
      throw UsageError(fmt::format("the vmlinux of the kernel {} is not there: {}",
                                   text_or(its, "kernel", ""), vmlinux),
                       "'gridlock prepare FILE' builds it again");
    const Json answer = live.client.ask({{"request", "gdb"}, {"node", live.name}}, kAnswerLimit);
    std::vector<std::string> arguments{gdb->string(), "-q", vmlinux, "-ex",
                                       "target remote " + text_or(answer, "socket", "")};
    arguments.insert(arguments.end(), context.rest.begin(), context.rest.end());
    *exit_code = 0;
    become(*gdb, std::move(arguments), live.client.descriptor());
  });
}

}  // namespace gridlock

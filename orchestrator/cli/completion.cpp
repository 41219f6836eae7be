// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/completion.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/verbs.h"
#include "topology/topology.h"

namespace gridlock {
namespace {

/// The kernels of a topology, for a shell that completes: a file that is wrong has none.
std::string kernels_of(const std::string& file) {
  std::string names;
  try {
    for (const KernelSpec& kernel : load_topology(file).kernels) names += kernel.name + "\n";
  } catch (const UsageError&) {
    return {};
  }
  return names;
}

/// The names of the runs that are kept.
std::string runs_in(const std::filesystem::path& results) {
  std::string names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(results, error))
    if (std::filesystem::exists(entry.path() / "run.json", error))
      names += entry.path().filename().string() + "\n";
  return names;
}

}  // namespace

void add_completion(CLI::App& app, Context& context, int* exit_code) {
  auto* const verb = app.add_subcommand("completion", "Print what completes gridlock in a shell");
  auto shell = std::make_shared<std::string>();
  auto kernels = std::make_shared<std::string>();
  auto runs = std::make_shared<bool>(false);
  auto* const positional =
      verb->add_option("SHELL", *shell, "Which shell")->type_name("bash|zsh|fish");
  // What the scripts ask for while a person types.
  verb->add_option("--kernels", *kernels)->group("")->excludes(positional);
  verb->add_flag("--runs", *runs)->group("")->excludes(positional);
  verb->footer(
      "For one session, or for all of one user:\n"
      "  source <(gridlock completion bash)\n"
      "  gridlock completion bash > ~/.local/share/bash-completion/completions/gridlock\n"
      "  gridlock completion zsh > ~/.zfunc/_gridlock   # a folder in $fpath\n"
      "  gridlock completion fish > ~/.config/fish/completions/gridlock.fish");
  verb->callback([shell, kernels, runs, &app, &context, exit_code] {
    std::string text;
    if (!kernels->empty()) {
      text = kernels_of(*kernels);
    } else if (*runs) {
      text = context.home.empty() ? "" : runs_in(context.home / "results");
    } else if (*shell == "bash") {
      text = bash_completion(command_text(app));
    } else if (*shell == "zsh") {
      text = zsh_completion(command_text(app));
    } else if (*shell == "fish") {
      text = fish_completion(command_text(app));
    } else {
      throw UsageError(shell->empty() ? "which shell completes is not said"
                                      : "completion is for bash, zsh and fish, not " + *shell,
                       "gridlock completion bash");
    }
    std::fputs(text.c_str(), stdout);
    *exit_code = 0;
  });
}

}  // namespace gridlock

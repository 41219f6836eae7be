// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/context.h"

#include <unistd.h>

#include <cstdlib>

#include "base/text.h"
#include "host/host_facts.h"
#include "host/paths.h"

namespace gridlock {
namespace {

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value ? value : "";
}

/// The checkout: where images/kernels is, from the program's own place upwards; empty if nowhere.
std::filesystem::path find_home() {
  if (const std::string given = environment("GRIDLOCK_HOME"); !given.empty())
    return std::filesystem::absolute(given);
  std::error_code error;
  std::filesystem::path place = std::filesystem::read_symlink("/proc/self/exe", error);
  while (!place.empty() && place != place.root_path()) {
    place = place.parent_path();
    if (std::filesystem::is_directory(place / "images" / "kernels", error)) return place;
  }
  return {};
}

const std::filesystem::path& require_home(const std::filesystem::path& home) {
  if (home.empty())
    throw UsageError("the folder with Gridlock's images/ was not found above the program",
                     "set GRIDLOCK_HOME to a checkout of Gridlock");
  return home;
}

}  // namespace

Context make_context(const std::vector<std::string>& arguments, std::stop_token stop) {
  Context context;
  context.home = find_home();
  context.stop = std::move(stop);
  context.no_colour = !environment("NO_COLOR").empty();
  context.command = join(arguments, " ");
  context.terminal = environment("TERM");
  return context;
}

Installation Context::installation() const {
  Installation installation;
  installation.recipe = require_home(home) / "images" / "rootfs";
  std::error_code error;
  // Beside the program, or one above for a measurement in tests/.
  const std::filesystem::path place =
      std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  const std::filesystem::path built =
      std::filesystem::is_directory(place / "node", error) ? place : place.parent_path();
  installation.programs = built / "node";
  installation.initramfs = built / "node-initramfs" / "gridlock-initramfs";
  installation.cache = cache_directory(environment("GRIDLOCK_CACHE"), environment("XDG_CACHE_HOME"),
                                       environment("HOME"));
  installation.runs = run_base_directory();
  installation.results = installation.usual_results = home / "results";
  return installation;
}

HostFacts Context::host_facts() const {
  return read_host_facts(*runner, require_home(home) / "images" / "kernels", stop);
}

Plan Context::plan(const std::filesystem::path& file, const PlanOptions& options) const {
  // The file's own mistakes come first: to find them takes nothing else.
  const Topology topology = load_topology(file);
  return make_plan(topology, options, host_facts());
}

ProgressStyle Context::progress_style() const {
  if (json) return ProgressStyle::json;
  if (quiet) return ProgressStyle::quiet;
  return ::isatty(STDERR_FILENO) ? ProgressStyle::terminal : ProgressStyle::log;
}

Colour Context::colour() const {
  return !no_colour && ::isatty(STDOUT_FILENO) ? Colour::on : Colour::off;
}

}  // namespace gridlock

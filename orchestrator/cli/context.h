// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "campaign/installation.h"
#include "cli/console_progress.h"
#include "host/command_runner.h"
#include "plan/plan.h"
#include "report/text.h"

namespace gridlock {

/// What every verb gets: where things are, how to talk to the person, when to stop.
struct Context {
  std::stop_token stop;
  std::string command;              ///< as typed, to repeat it
  std::vector<std::string> rest;    ///< what came after "--": words for another program
  std::string terminal;             ///< what kind it is (TERM)
  bool quiet = false;
  bool json = false;
  bool lava = false;                ///< print LAVA's signals when a run has ended
  bool no_colour = false;

  /// The checkout: images/, topologies/, results/; empty if the program belongs to none. Verbs that
  /// only read do without it.
  std::filesystem::path home;

  /// Where a verb that runs something works. Throws UsageError if there is no checkout or no place
  /// for the cache.
  Installation installation() const;
  /// Throws UsageError if there is no checkout.
  HostFacts host_facts() const;
  ProgressStyle progress_style() const;
  /// Colour for standard output: only on a terminal that does not refuse it (NO_COLOR).
  Colour colour() const;
  /// Loads and plans a topology file. Throws UsageError.
  Plan plan(const std::filesystem::path& file, const PlanOptions& options) const;
  std::unique_ptr<CommandRunner> runner = make_command_runner();
};

/// Finds the checkout the program belongs to. context.cpp is the only place that reads the
/// environment: GRIDLOCK_HOME, GRIDLOCK_CACHE, XDG_CACHE_HOME, HOME, NO_COLOR,
/// TERM.
Context make_context(const std::vector<std::string>& arguments, std::stop_token stop);

}  // namespace gridlock

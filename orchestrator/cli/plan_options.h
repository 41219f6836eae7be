// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <string>

#include "plan/plan.h"

namespace CLI {
class App;
}

namespace gridlock {

/// A topology file and what of it is wanted.
struct PlanChoice {
  std::string file;
  PlanOptions options;
};

/// Where nodes may begin, by the words of the command line.
std::map<std::string, Start> start_words();

/// FILE, --kernel, --seed: the same for every verb that plans.
void add_plan_options(CLI::App& verb, PlanChoice& choice);

}  // namespace gridlock

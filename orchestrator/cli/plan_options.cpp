// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/plan_options.h"

#include <CLI/CLI.hpp>

namespace gridlock {

std::map<std::string, Start> start_words() {
  return {{"boot", Start::boot}, {"template", Start::from_template}, {"formed", Start::formed}};
}

void add_plan_options(CLI::App& verb, PlanChoice& choice) {
  verb.add_option("FILE", choice.file, "Topology file")->type_name("TOPOLOGY")->required();
  verb.add_option("--kernel", choice.options.kernels, "Only this kernel; may be repeated")
      ->type_name("KERNEL")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb.add_option("--seed", choice.options.seed, "Seed of everything that is drawn by chance")
      ->type_name("N");
  verb.add_option("--start", choice.options.start, "Where nodes begin: boot, template or formed")
      ->type_name("boot|template|formed")
      ->transform(CLI::CheckedTransformer(start_words()));
  verb.add_option("--repeat", choice.options.repeat, "Every trial so many times, with other seeds")
      ->type_name("N")
      ->check(CLI::Range(1, 10'000));
}

}  // namespace gridlock

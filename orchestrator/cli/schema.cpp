// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology/schema.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/verbs.h"

namespace gridlock {

void add_schema(CLI::App& app, Context&, int* exit_code) {
  auto* const verb =
      app.add_subcommand("schema", "Print the JSON Schema of topology files, for editors");
  auto part = std::make_shared<bool>(false);
  verb->add_flag("--part", *part, "Of files that topologies include: nothing must be there");
  verb->footer(
      "An editor with a YAML language server checks and completes a file that says in its first "
      "line\n"
      "where the schema is:\n"
      "  gridlock schema > topology.schema.json\n"
      "  # yaml-language-server: $schema=topology.schema.json");
  verb->callback([part, exit_code] {
    const Json schema = topology_schema(*part ? SchemaOf::part : SchemaOf::topology);
    std::printf("%s\n", schema.dump(2).c_str());
    *exit_code = 0;
  });
}

}  // namespace gridlock

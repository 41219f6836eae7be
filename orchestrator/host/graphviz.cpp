// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/graphviz.h"

#include "base/text.h"

namespace gridlock {

Picture draw_graph(const std::string& graph, CommandRunner& runner, std::stop_token stop) {
  if (!find_program("dot"))
    return {std::nullopt, "no picture: the program dot is missing; install graphviz"};
  Command command;
  command.program = "dot";
  command.arguments = {"-Tsvg"};
  command.input = graph;
  command.deadline = Milliseconds{20'000};
  command.output_limit = Bytes::mib(8);
  const CommandResult result = runner.run(command, std::move(stop));
  // Output past its limit is dropped from the front, and a picture without a begin is none.
  if (result.ok() && result.output.starts_with("<?xml")) return {result.output, {}};
  const auto said = last_lines(result.errors, 1);
  std::string problem =
      "no picture: dot " + (result.ok() ? "drew more than 8 MiB" : describe_end(result, command));
  if (!said.empty()) problem += ": " + printable(said.front(), 200);
  return {std::nullopt, problem};
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "host/command_runner.h"

namespace gridlock {

/// A picture, or why there is none.
struct Picture {
  std::optional<std::string> svg;  ///< a whole file
  std::string problem;             ///< one line with what to do; empty if there is a picture
};

/// Draws a graph in Graphviz's language with its program `dot`, within 20 s and 8 MiB. A missing
/// program or one that fails is no error: a picture is an addition. Throws Cancelled if stopped.
Picture draw_graph(const std::string& graph, CommandRunner& runner, std::stop_token stop);

}  // namespace gridlock

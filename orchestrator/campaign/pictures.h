// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "host/command_runner.h"

namespace gridlock {

/// Draws the graphs in the evidence of a trial: beside every graph.dot a graph.svg. Returns why one
/// could not be drawn, or nothing: a picture is an addition. `trial` is the trial's folder. Throws
/// Cancelled if stopped.
std::string draw_pictures(const std::filesystem::path& trial, CommandRunner& runner,
                          std::stop_token stop);

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "workloads/arguments.h"

namespace gridlock::mdio {

/// What a workload program is asked to do: its command line's first word.
enum class Action { prepare, run, verify };

inline constexpr std::uint64_t kMostNodes = 64;
inline constexpr std::uint64_t kMostWorkers = 16;
inline constexpr std::uint64_t kLongestMs = std::uint64_t{7} * 24 * 3600 * 1000;

/// One option: how it is spelt, what may follow, and what it sets.
template <class Options>
struct OptionRow {
  std::string_view option;
  std::string_view values;
  std::function<void(Options&, std::string_view option, std::string_view value)> set;
};

template <class Options>
OptionRow<Options> count(std::string_view option, std::uint64_t Options::*member,
                         std::uint64_t least, std::uint64_t most) {
  return {option, "N", [=](Options& options, auto name, std::string_view value) {
            options.*member = number(name, value, least, most);
          }};
}

template <class Options>
OptionRow<Options> milliseconds(std::string_view option, std::chrono::milliseconds Options::*member,
                                std::uint64_t least, std::uint64_t most) {
  return {option, "N", [=](Options& options, auto name, std::string_view value) {
            options.*member = std::chrono::milliseconds(number(name, value, least, most));
          }};
}

template <class Options>
OptionRow<Options> text(std::string_view option, std::string_view values,
                        std::string Options::*member) {
  return {option, values,
          [member](Options& options, auto, std::string_view value) { options.*member = value; }};
}

/// One of `words`, which are in the order of the enumerators.
template <class Options, class Enum>
OptionRow<Options> choice(std::string_view option, std::string_view words, Enum Options::*member) {
  return {option, words, [words, member](Options& options, auto name, std::string_view value) {
            options.*member = static_cast<Enum>(place(name, value, words));
          }};
}

/// Any of `words`, separated by commas, or "none".
template <class Options, class Enum>
OptionRow<Options> choices(std::string_view option, std::string_view words,
                           std::vector<Enum> Options::*member) {
  return {option, words, [words, member](Options& options, auto name, std::string_view value) {
            (options.*member).clear();
            if (value == "none") return;
            for (const std::string_view word : split(value, ','))
              (options.*member).push_back(static_cast<Enum>(place(name, word, words)));
          }};
}

/// The options every workload program has. Needs members of the same names.
template <class Options>
std::vector<OptionRow<Options>> common_options() {
  return {text("--dir", "DIR", &Options::directory),
          count("--node", &Options::node, 1, kMostNodes),
          count("--nodes", &Options::nodes, 1, kMostNodes),
          count("--seed", &Options::seed, 0, ~std::uint64_t{0}),
          count("--processes", &Options::processes, 1, kMostWorkers),
          milliseconds("--duration-ms", &Options::duration, 1, kLongestMs),
          milliseconds("--sample-ms", &Options::sample, 0, 60'000)};
}

/// What can be written on the command line of `program`, for a person.
template <class Options>
std::string usage_of(std::string_view program, const std::vector<OptionRow<Options>>& rows) {
  std::string text =
      "usage: " + std::string(program) + " prepare|run|verify --dir DIR --node I --nodes N …\n";
  for (const auto& row : rows)
    text += "  " + std::string(row.option) + " " + std::string(row.values) + "\n";
  return text;
}

/// Reads a command line: an action, then options, each with a value. Throws UsageMistake naming the
/// option that is unknown, wrong or missing.
template <class Options>
Options read_command_line(int count, const char* const* arguments,
                          const std::vector<OptionRow<Options>>& rows) {
  Options options;
  options.action = static_cast<Action>(
      place("the first word", count > 1 ? arguments[1] : "", "prepare run verify"));
  for (int i = 2; i < count; i += 2) {
    const std::string_view option = arguments[i];
    const auto row = std::find_if(rows.begin(), rows.end(),
                                  [&](const auto& known) { return known.option == option; });
    if (row == rows.end()) throw UsageMistake("unknown option '" + std::string(option) + "'");
    if (i + 1 == count) throw UsageMistake(std::string(option) + ": the value is missing");
    row->set(options, option, arguments[i + 1]);
  }
  if (options.directory.empty()) throw UsageMistake("--dir is missing");
  if (options.node == 0 || options.nodes == 0) throw UsageMistake("--node or --nodes is missing");
  if (options.node > options.nodes) throw UsageMistake("--node is above --nodes");
  return options;
}

}  // namespace gridlock::mdio

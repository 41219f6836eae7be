// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <numeric>
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

/// Numbers of nodes, separated by commas.
template <class Options>
OptionRow<Options> nodes(std::string_view option, std::vector<std::uint64_t> Options::*member) {
  return {option, "I,…", [member](Options& options, auto name, std::string_view value) {
            (options.*member).clear();
            for (const std::string_view word : split(value, ','))
              (options.*member).push_back(number(name, word, 1, kMostNodes));
          }};
}

/// Who of the nodes works together.
struct Ring {
  std::uint64_t node = 0;  ///< this one, from 1
  std::uint64_t nodes = 0;
  std::vector<std::uint64_t> ring = {};    ///< those that work, in order; empty: all
  std::vector<std::uint64_t> mortal = {};  ///< lose their power meanwhile: what only they know is
                                           ///< not asserted
  std::uint64_t looks_at = 0;              ///< whose data is verified; 0: the next node's

  bool is_mortal(std::uint64_t other) const {
    return std::find(mortal.begin(), mortal.end(), other) != mortal.end();
  }
  std::vector<std::uint64_t> members() const {
    if (!ring.empty()) return ring;
    std::vector<std::uint64_t> all(nodes);
    std::iota(all.begin(), all.end(), std::uint64_t{1});
    return all;
  }
  std::uint64_t next_node() const { return at(1); }
  std::uint64_t previous_node() const { return at(members().size() - 1); }

 private:
  std::uint64_t at(std::size_t steps) const {
    const std::vector<std::uint64_t> all = members();
    const auto here =
        static_cast<std::size_t>(std::find(all.begin(), all.end(), node) - all.begin());
    return all[(here + steps) % all.size()];
  }
};

/// The options every workload program has. Needs members of the same names.
template <class Options>
std::vector<OptionRow<Options>> common_options() {
  return {text<Options>("--dir", "DIR", &Options::directory),
          count<Options>("--node", &Options::node, 1, kMostNodes),
          count<Options>("--nodes", &Options::nodes, 1, kMostNodes),
          nodes<Options>("--ring", &Options::ring),
          nodes<Options>("--mortal", &Options::mortal),
          count<Options>("--looks-at", &Options::looks_at, 1, kMostNodes),
          count<Options>("--seed", &Options::seed, 0, ~std::uint64_t{0}),
          count<Options>("--processes", &Options::processes, 1, kMostWorkers),
          milliseconds<Options>("--duration-ms", &Options::duration, 1, kLongestMs),
          milliseconds<Options>("--sample-ms", &Options::sample, 0, 60'000)};
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
  const auto ring = options.members();
  if (!std::is_sorted(ring.begin(), ring.end()) || ring.back() > options.nodes)
    throw UsageMistake("--ring is not in order, or above --nodes");
  if (!std::binary_search(ring.begin(), ring.end(), options.node))
    throw UsageMistake("--node is not in --ring");
  return options;
}

}  // namespace gridlock::mdio

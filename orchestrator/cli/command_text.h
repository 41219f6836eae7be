// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace gridlock {

/// What a value on the command line is, as far as a shell can complete it. Told by what the value
/// is called in the help.
enum class ValueKind {
  none,      ///< nothing to complete: a number, a time
  words,     ///< "a|b|c"
  topology,  ///< TOPOLOGY
  run,       ///< RUN: a run under results/
  kernel,    ///< KERNEL: of the topology on the command line
  file,      ///< FILE
  folder,    ///< DIR, FOLDER
};

/// One option, flag or positional argument.
struct ArgumentText {
  std::vector<std::string> names;  ///< "-q", "--quiet"; of a positional argument its one name
  std::string value;               ///< what its value is called; empty of a flag
  ValueKind kind = ValueKind::none;
  std::vector<std::string> words;  ///< of `words`
  std::string help;
  bool required = false;
  bool repeated = false;
};

/// The program, or one of its verbs.
struct CommandText {
  std::string name;
  std::string help;
  std::string footer;
  std::vector<ArgumentText> options;
  std::vector<ArgumentText> positionals;
  std::vector<CommandText> verbs;
};

/// What the command line takes, as it was defined: the one source of completion and manual.
CommandText command_text(const CLI::App& app);

}  // namespace gridlock

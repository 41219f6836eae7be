// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include "base/text.h"
#include "cli/completion.h"

namespace gridlock {
namespace {

/// What is there whatever the verbs are. Words of COMP_WORDS are split at "=", so that the value of
/// --option=value is a word of its own.
constexpr const char* kHead =
    R"sh(# bash completion of gridlock, made by `gridlock completion bash`.
_gridlock_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

_gridlock_folders() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -d -- "$1")
}

_gridlock_topologies() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -d -- "$1"; compgen -f -X '!*.yaml' -- "$1"; compgen -f -X '!*.yml' -- "$1")
}

_gridlock_words() {
  mapfile -t COMPREPLY < <(compgen -W "$2" -- "$1")
}

_gridlock_runs() {
  _gridlock_words "$1" "$("${COMP_WORDS[0]}" completion --runs 2>/dev/null)"
}

_gridlock_kernels() {
  local word
  for word in "${COMP_WORDS[@]:2}"; do
    case $word in
      *.yaml | *.yml)
        _gridlock_words "$1" "$("${COMP_WORDS[0]}" completion --kernels "$word" 2>/dev/null)"
        return
        ;;
    esac
  done
}

_gridlock() {
  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb='' i
  COMPREPLY=()
  if [ "$current" = '=' ]; then
    current=''
  elif [ "$before" = '=' ]; then
    before=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in
      -*) ;;
      *)
        verb=${COMP_WORDS[i]}
        break
        ;;
    esac
  done
)sh";

std::string action(const ArgumentText& argument) {
  switch (argument.kind) {
    case ValueKind::none:
      break;
    case ValueKind::words:
      return "_gridlock_words \"$current\" " + in_single_quotes(join(argument.words, " "));
    case ValueKind::topology:
      return "_gridlock_topologies \"$current\"";
    case ValueKind::run:
      return "_gridlock_runs \"$current\"";
    case ValueKind::kernel:
      return "_gridlock_kernels \"$current\"";
    case ValueKind::file:
      return "_gridlock_files \"$current\"";
    case ValueKind::folder:
      return "_gridlock_folders \"$current\"";
  }
  return ":";
}

std::string names_of(const std::vector<ArgumentText>& options) {
  std::vector<std::string> names;
  for (const ArgumentText& option : options)
    for (const std::string& name : option.names) names.push_back(name);
  return join(names, " ");
}

}  // namespace

std::string in_single_quotes(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string bash_completion(const CommandText& program) {
  std::string values, options, positionals, verbs;
  for (const CommandText& verb : program.verbs) {
    verbs += (verbs.empty() ? "" : " ") + verb.name;
    for (const ArgumentText& option : verb.options) {
      if (option.value.empty()) continue;
      std::vector<std::string> patterns;
      for (const std::string& name : option.names) patterns.push_back(verb.name + "," + name);
      values += fmt::format("    {})\n      {}\n      return\n      ;;\n", join(patterns, " | "),
                            action(option));
    }
    options +=
        fmt::format("      {}) names={} ;;\n", verb.name, in_single_quotes(names_of(verb.options)));
    if (!verb.positionals.empty())
      positionals += fmt::format("    {}) {} ;;\n", verb.name, action(verb.positionals.front()));
  }
  return fmt::format(R"sh({}  case $verb,$before in
{}  esac
  if [[ $current == -* ]]; then
    local names=''
    case $verb in
{}    esac
    _gridlock_words "$current" "$names {}"
    return
  fi
  case $verb in
    '') _gridlock_words "$current" {} ;;
{}  esac
}}

complete -F _gridlock {}
)sh",
                     kHead, values, options, names_of(program.options), in_single_quotes(verbs),
                     positionals, program.name);
}

}  // namespace gridlock

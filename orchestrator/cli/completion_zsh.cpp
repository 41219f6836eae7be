// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include "base/text.h"
#include "cli/completion.h"

namespace gridlock {
namespace {

constexpr const char* kHead = R"sh(#compdef gridlock
# zsh completion of gridlock, made by `gridlock completion zsh`.
_gridlock_runs() {
  local -a runs
  runs=(${(f)"$(gridlock completion --runs 2>/dev/null)"})
  compadd -a runs
}

_gridlock_kernels() {
  local word
  local -a kernels
  for word in $words; do
    [[ $word == *.(yaml|yml) ]] || continue
    kernels=(${(f)"$(gridlock completion --kernels $word 2>/dev/null)"})
    compadd -a kernels
    return
  done
}

_gridlock() {
  local curcontext=$curcontext state line
  local -a verbs
)sh";

/// Of a specification of _arguments: what ends a part of it, escaped.
std::string escaped(const std::string& text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string action(const ArgumentText& argument) {
  switch (argument.kind) {
    case ValueKind::none:
      break;
    case ValueKind::words:
      return "(" + join(argument.words, " ") + ")";
    case ValueKind::topology:
      return "_files -g \"*.(yaml|yml)\"";
    case ValueKind::run:
      return "_gridlock_runs";
    case ValueKind::kernel:
      return "_gridlock_kernels";
    case ValueKind::file:
      return "_files";
    case ValueKind::folder:
      return "_files -/";
  }
  return " ";
}

std::string message(const ArgumentText& argument) { return escaped(argument.value, "\\:[]"); }

void add_option(const ArgumentText& option, std::vector<std::string>& specs) {
  const std::string help = "[" + escaped(option.help, "\\:[]") + "]";
  for (const std::string& name : option.names) {
    const bool takes = !option.value.empty();
    const std::string repeated = option.repeated && takes ? "*" : "";
    const std::string equals = takes && name.starts_with("--") ? "=" : "";
    specs.push_back(in_single_quotes(
        repeated + name + equals + help +
        (takes ? fmt::format(":{}:{}", message(option), action(option)) : std::string())));
  }
}

std::string arguments(const std::vector<std::string>& specs, const std::string& indent) {
  return join(specs, " \\\n" + indent);
}

}  // namespace

std::string zsh_completion(const CommandText& program) {
  std::vector<std::string> globals, verbs;
  for (const ArgumentText& option : program.options) add_option(option, globals);
  std::string cases;
  for (const CommandText& verb : program.verbs) {
    verbs.push_back(in_single_quotes(escaped(verb.name, ":") + ":" + escaped(verb.help, "\\:")));
    std::vector<std::string> specs;
    for (const ArgumentText& option : program.options)
      if (option.names.back() != "--help" && option.names.back() != "--version")
        add_option(option, specs);
    for (const ArgumentText& option : verb.options) add_option(option, specs);
    if (!verb.positionals.empty()) {
      const ArgumentText& first = verb.positionals.front();
      specs.push_back(in_single_quotes(
          fmt::format("{}:{}:{}", first.repeated ? "*" : "1", message(first), action(first))));
    }
    cases += fmt::format("        {})\n          _arguments {}\n          ;;\n", verb.name,
                         arguments(specs, "            "));
  }
  return fmt::format(R"sh({}  verbs=(
    {}
  )
  _arguments -C {} \
    '1:verb:->verb' '*::argument:->arguments'
  case $state in
    verb) _describe verb verbs ;;
    arguments)
      case $line[1] in
{}      esac
      ;;
  esac
}}

if [ "$funcstack[1]" = _gridlock ]; then
  _gridlock "$@"
else
  compdef _gridlock gridlock
fi
)sh",
                     kHead, join(verbs, "\n    "), arguments(globals, "    "), cases);
}

}  // namespace gridlock

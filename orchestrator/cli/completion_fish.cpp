// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include "base/text.h"
#include "cli/completion.h"

namespace gridlock {
namespace {

constexpr const char* kHead =
    R"sh(# fish completion of gridlock, made by `gridlock completion fish`.
function __gridlock_kernels
    for word in (commandline -opc)
        if string match -qr '\.ya?ml$' -- $word
            gridlock completion --kernels $word 2>/dev/null
            return
        end
    end
end

complete -c gridlock -f
)sh";

/// fish knows \\ and \' between single quotes.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + "'";
}

/// The words of `complete` for a value.
std::string source(const ArgumentText& argument) {
  switch (argument.kind) {
    case ValueKind::none:
      break;
    case ValueKind::words:
      return " -a " + quoted(join(argument.words, " "));
    case ValueKind::topology:
      return " -k -a '(__fish_complete_suffix .yaml .yml)'";
    case ValueKind::run:
      return " -a '(gridlock completion --runs 2>/dev/null)'";
    case ValueKind::kernel:
      return " -a '(__gridlock_kernels)'";
    case ValueKind::file:
      return " -F";
    case ValueKind::folder:
      return " -a '(__fish_complete_directories)'";
  }
  return "";
}

std::string option_line(const ArgumentText& option, const std::string& condition) {
  std::string line = "complete -c gridlock" + condition;
  for (const std::string& name : option.names)
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (!option.value.empty())
    line += (option.kind == ValueKind::file ? " -r" : " -x") + source(option);
  return line + " -d " + quoted(option.help) + "\n";
}

}  // namespace

std::string fish_completion(const CommandText& program) {
  std::string script = kHead;
  for (const ArgumentText& option : program.options) script += option_line(option, "");
  for (const CommandText& verb : program.verbs)
    script += fmt::format("complete -c gridlock -n __fish_use_subcommand -a {} -d {}\n", verb.name,
                          quoted(verb.help));
  for (const CommandText& verb : program.verbs) {
    const std::string condition = fmt::format(" -n '__fish_seen_subcommand_from {}'", verb.name);
    for (const ArgumentText& option : verb.options)
      if (option.names.back() != "--help") script += option_line(option, condition);
    if (!verb.positionals.empty()) {
      const std::string values = source(verb.positionals.front());
      if (!values.empty()) script += "complete -c gridlock" + condition + values + "\n";
    }
  }
  return script;
}

}  // namespace gridlock

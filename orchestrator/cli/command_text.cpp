// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/command_text.h"

#include <CLI/CLI.hpp>

#include "base/text.h"

namespace gridlock {
namespace {

/// What the value is called, without what checks it, which CLI11 puts behind a colon.
std::string value_name(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  return type.substr(0, type.find(':'));
}

ValueKind kind_of(const std::string& value) {
  if (value.find('|') != std::string::npos) return ValueKind::words;
  if (value == "TOPOLOGY") return ValueKind::topology;
  if (value.starts_with("RUN") || value.starts_with("[RUN]")) return ValueKind::run;
  if (value == "KERNEL") return ValueKind::kernel;
  if (value == "FILE") return ValueKind::file;
  return value == "DIR" || value == "FOLDER" ? ValueKind::folder : ValueKind::none;
}

ArgumentText argument_text(const CLI::Option& option) {
  ArgumentText text;
  for (const std::string& name : option.get_snames()) text.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) text.names.push_back("--" + name);
  const bool positional = text.names.empty();
  if (positional) text.names.push_back(option.get_name(true));
  // A flag has a value only for CLI11.
  const bool flag = !positional && option.get_items_expected_max() == 0;
  if (!flag) text.value = value_name(option);
  if (positional && (text.value.empty() || text.value == "TEXT")) text.value = text.names.front();
  text.kind = kind_of(text.value);
  if (text.kind == ValueKind::words) text.words = split(text.value, '|');
  text.help = option.get_description();
  text.required = option.get_required();
  text.repeated = option.get_items_expected_max() > 1 ||
                  option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
  return text;
}

}  // namespace

CommandText command_text(const CLI::App& app) {
  CommandText text;
  text.name = app.get_name();
  text.help = app.get_description();
  text.footer = app.get_footer();
  for (const CLI::Option* const option : app.get_options()) {
    if (option->get_group().empty()) continue;  // hidden
    ArgumentText argument = argument_text(*option);
    const bool positional = !argument.names.front().starts_with('-');
    (positional ? text.positionals : text.options).push_back(std::move(argument));
  }
  for (const CLI::App* const verb : app.get_subcommands([](const CLI::App*) { return true; }))
    if (!verb->get_group().empty()) text.verbs.push_back(command_text(*verb));
  return text;
}

}  // namespace gridlock

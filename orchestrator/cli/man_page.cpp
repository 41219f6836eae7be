// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/man_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "campaign/verdict.h"

namespace gridlock {
namespace {

/// The character that begins at `at`, decoded; `at` goes behind it. Our own texts are valid UTF-8.
char32_t next_character(std::string_view text, std::size_t& at) {
  const auto byte = [&] { return static_cast<unsigned char>(text[at++]); };
  const unsigned char first = byte();
  if (first < 0x80) return first;
  const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  char32_t character = static_cast<char32_t>(first & (0x3f >> more));
  for (int i = 0; i < more && at < text.size(); ++i)
    character = (character << 6) | static_cast<char32_t>(byte() & 0x3f);
  return character;
}

/// `text` as it is, in the language of roff: nothing in it is a request or an escape. Source:
/// groff_char(7), man(7).
std::string literal(std::string_view text) {
  std::string out;
  bool line_begins = true;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next_character(text, at);
    if (line_begins && (c == '.' || c == '\'')) out += "\\&";
    line_begins = c == '\n';
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if (c == '\'')
      out += "\\(aq";
    else if (c == '`')
      out += "\\(ga";
    else if (c == '^')
      out += "\\(ha";
    else if (c == '~')
      out += "\\(ti";
    else if (c < 0x80)
      out += static_cast<char>(c);
    else
      out += fmt::format("\\[u{:04X}]", static_cast<std::uint32_t>(c));
  }
  return out;
}

std::string bold(const std::string& text) { return "\\fB" + literal(text) + "\\fR"; }
std::string italic(const std::string& text) { return "\\fI" + literal(text) + "\\fR"; }

std::string usage(const CommandText& program, const CommandText& verb) {
  std::string line = bold(program.name) + " " + bold(verb.name);
  if (!verb.options.empty()) line += " [" + italic("OPTION") + "]\\|.\\|.\\|.";
  for (const ArgumentText& positional : verb.positionals) {
    // What a value that is several words is called has its own brackets.
    const std::string name = positional.value.find('[') != std::string::npos
                                 ? positional.value
                                 : positional.names.front();
    std::string word = italic(name);
    if (positional.repeated && name == positional.names.front()) word += "\\|.\\|.\\|.";
    line +=
        " " + (positional.required || name != positional.names.front() ? word : "[" + word + "]");
  }
  return line;
}

std::string option_text(const ArgumentText& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.names) {
    std::string text = bold(name);
    if (option.kind == ValueKind::words)
      text += " " + literal(option.value);
    else if (!option.value.empty())
      text += " " + italic(option.value);
    names.push_back(text);
  }
  return fmt::format(".TP\n{}\n{}\n", join(names, ", "), literal(option.help));
}

/// What stands below a verb's help is set as it is.
std::string footer_text(const std::string& footer) {
  if (trimmed(footer).empty()) return "";
  return fmt::format(".PP\n.nf\n{}\n.fi\n", literal(trimmed(footer)));
}

std::string sentence(const std::string& text) {
  return text.ends_with('.') || text.ends_with("…") ? text : text + ".";
}

std::string verb_text(const CommandText& program, const CommandText& verb) {
  std::string text = fmt::format(".SS {}\n{}\n.PP\n{}\n", literal(verb.name), usage(program, verb),
                                 literal(sentence(verb.help)));
  for (const ArgumentText& positional : verb.positionals)
    text +=
        fmt::format(".TP\n{}\n{}\n", italic(positional.names.front()), literal(positional.help));
  for (const ArgumentText& option : verb.options)
    if (option.names.back() != "--help") text += option_text(option);
  return text + footer_text(verb.footer);
}

struct Row {
  std::string what;
  std::string meaning;
};

std::string rows(const std::vector<Row>& all) {
  std::string text;
  for (const Row& row : all)
    text += fmt::format(".TP\n{}\n{}\n", bold(row.what), literal(row.meaning));
  return text;
}

const std::vector<Row>& exit_rows() {
  static const std::vector<Row> kRows{
      {std::to_string(kExitPassed), "All went as the topology expects; no difference, or better."},
      {std::to_string(kExitFindings),
       "Unexpected findings, or an expected failure that did not come; worse."},
      {std::to_string(kExitUsage), "The command line or a topology is wrong."},
      {std::to_string(kExitHost), "The host or Gridlock failed: no verdict."},
      {std::to_string(kExitInconclusive), "Inconclusive."},
      {std::to_string(kExitInterrupted), "Interrupted."}};
  return kRows;
}

const std::vector<Row>& environment_rows() {
  static const std::vector<Row> kRows{
      {"GRIDLOCK_HOME", "The checkout with images/ and results/, if the program is in none."},
      {"GRIDLOCK_CACHE",
       "The folder of built kernels, images and saved labs. Default: gridlock below "
       "XDG_CACHE_HOME or ~/.cache."},
      {"NO_COLOR", "If not empty, nothing is coloured."}};
  return kRows;
}

}  // namespace

std::string man_page(const CommandText& program, const std::string& version,
                     const std::string& date) {
  std::string help(trimmed(program.help));
  if (help.ends_with('.')) help.pop_back();
  std::string capitals = program.name;
  std::ranges::transform(capitals, capitals.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  std::string page = fmt::format(".TH {} 1 {} \"{} {}\"\n", capitals, date, program.name, version);
  page += fmt::format(".SH NAME\n{} \\- {}\n", program.name, literal(help));
  page += fmt::format(".SH SYNOPSIS\n{} [{}]\\|.\\|.\\|. {} [{}]\\|.\\|.\\|.\n", bold(program.name),
                      italic("OPTION"), italic("VERB"), italic("ARGUMENT"));
  page += ".SH OPTIONS\nThese go with every verb.\n";
  for (const ArgumentText& option : program.options) page += option_text(option);
  page += ".SH VERBS\n";
  for (const CommandText& verb : program.verbs) page += verb_text(program, verb);
  page += ".SH EXIT STATUS\n" + rows(exit_rows());
  page += ".SH ENVIRONMENT\n" + rows(environment_rows());
  return page;
}

}  // namespace gridlock

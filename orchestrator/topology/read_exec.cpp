// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "topology/placeholders.h"
#include "topology/read.h"

namespace gridlock {
namespace {

constexpr std::size_t kMaxFiles = 200;
constexpr std::size_t kMaxVariables = 100;
constexpr int kMaxStatus = 255;

/// Says so if something in braces is no placeholder.
void check_placeholders(const MarkedText& text, Mistakes& mistakes) {
  try {
    fill_in(text.text, [](std::string_view) { return std::string(); });
  } catch (const UsageError& error) {
    mistakes.add(text.mark, error.what());
  }
}

std::vector<std::string> read_command(const Section& section, std::string_view key,
                                      Mistakes& mistakes) {
  std::vector<std::string> words;
  for (const MarkedText& word : section.lines(key)) {
    check_placeholders(word, mistakes);
    words.push_back(word.text);
  }
  return words;
}

/// Why a file may not be put there, or empty.
std::string place_problem(const std::string& path) {
  for (const std::string& folder : split(kFileFolders, ' '))
    if (path.starts_with(folder + "/") && path.find("//") == std::string::npos &&
        path.find("/../") == std::string::npos && !path.ends_with("/..") && !path.ends_with("/"))
      return {};
  return fmt::format("must be a path below {}", enumerate(split(kFileFolders, ' '), "or"));
}

void read_files(const DocNode& node, const std::filesystem::path& base, ExecSpec& exec,
                Mistakes& mistakes) {
  if (node.kind != DocNode::Kind::map || node.entries.size() > kMaxFiles) {
    mistakes.add(node.mark,
                 fmt::format("`files` must be a mapping of at most {} paths in the node to paths "
                             "here, such as {{/opt/test: build/test}}",
                             kMaxFiles));
    return;
  }
  for (const DocEntry& entry : node.entries) {
    if (const std::string problem = place_problem(entry.key); !problem.empty())
      mistakes.add(entry.mark, fmt::format("{} {}", in_quotes(entry.key), problem));
    if (entry.value.kind != DocNode::Kind::scalar || entry.value.text.empty()) {
      mistakes.add(entry.value.mark, "the path of a file here must be a single value");
      continue;
    }
    exec.files.push_back({(base / entry.value.text).lexically_normal(), entry.key});
  }
}

bool valid_variable(std::string_view name) {
  return !name.empty() && name.size() <= 100 && !(name[0] >= '0' && name[0] <= '9') &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '_';
         });
}

void read_environment(const DocNode& node, ExecSpec& exec, Mistakes& mistakes) {
  if (node.kind != DocNode::Kind::map || node.entries.size() > kMaxVariables) {
    mistakes.add(node.mark, fmt::format("`environment` must be a mapping of at most {} variables",
                                        kMaxVariables));
    return;
  }
  for (const DocEntry& entry : node.entries) {
    if (!valid_variable(entry.key))
      mistakes.add(entry.mark,
                   fmt::format("{} cannot be the name of a variable", in_quotes(entry.key)));
    if (entry.value.kind != DocNode::Kind::scalar) {
      mistakes.add(entry.value.mark, "a variable's value must be a single value");
      continue;
    }
    check_placeholders({entry.value.text, entry.value.mark}, mistakes);
    exec.environment[entry.key] = entry.value.text;
  }
}

void read_success(const Section& section, ExecSpec& exec, Mistakes& mistakes) {
  if (!section.find("exit")) return;
  exec.success.clear();
  for (const MarkedText& word : section.lines("exit")) {
    int status = -1;
    const char* const end = word.text.data() + word.text.size();
    const auto [rest, error] = std::from_chars(word.text.data(), end, status);
    if (error != std::errc{} || rest != end || status < 0 || status > kMaxStatus)
      mistakes.add(word.mark, fmt::format("an exit status is a whole number from 0 to {}, not {}",
                                          kMaxStatus, in_quotes(word.text)));
    else
      exec.success.push_back(status);
  }
  if (exec.success.empty())
    mistakes.add(section.mark("exit"), "`exit` needs at least one exit status");
}

}  // namespace

ExecSpec read_exec(const Section& section, const std::filesystem::path& base, Mistakes& mistakes) {
  ExecSpec exec;
  exec.command = read_command(section, "command", mistakes);
  exec.prepare = read_command(section, "prepare", mistakes);
  exec.verify = read_command(section, "verify", mistakes);
  if (section.find("command") && exec.command.empty())
    mistakes.add(section.mark("command"), "`command` needs at least the program");
  if (const DocNode* const files = section.find("files")) read_files(*files, base, exec, mistakes);
  if (const DocNode* const environment = section.find("environment"))
    read_environment(*environment, exec, mistakes);
  read_success(section, exec, mistakes);
  exec.data = section.size("data");
  return exec;
}

}  // namespace gridlock

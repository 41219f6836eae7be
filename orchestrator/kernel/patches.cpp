// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/patches.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/text.h"

namespace gridlock {
namespace {

constexpr Milliseconds kPatchDeadline{60'000};

/// "a/fs/x.c\t2026-…" to "fs/x.c"; absent for /dev/null.
std::optional<std::string> path_in(std::string_view text, const Patch& patch) {
  text = trimmed(text.substr(0, text.find('\t')));
  if (text == "/dev/null") return std::nullopt;
  const std::size_t slash = text.find('/');
  const std::filesystem::path path(slash == std::string_view::npos ? "" : text.substr(slash + 1));
  const bool escapes = std::ranges::find(path, std::filesystem::path("..")) != path.end();
  if (path.empty() || path.is_absolute() || escapes)
    throw HostError(fmt::format("patch {}: it names the file {}, which is not below a top folder",
                                patch.name, printable(text)),
                    "make it with paths like a/fs/gfs2/file.c (git diff, diff -Nurp)");
  return path.string();
}

/// Length of one side of a hunk: "12,5" is 5, "12" is 1.
int side_length(std::string_view side) {
  const std::size_t comma = side.find(',');
  if (comma == std::string_view::npos) return 1;
  int length = 0;
  const std::string_view digits = side.substr(comma + 1);
  std::from_chars(digits.data(), digits.data() + digits.size(), length);
  return length;
}

std::string_view after(std::string_view text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  return at == std::string_view::npos ? std::string_view() : text.substr(at + mark.size());
}

Command patch_command(const Patch& patch, const std::filesystem::path& tree) {
  Command command;
  command.program = "patch";
  // Unified only: what looks like a script for ed(1) would be run.
  command.arguments = {"-p1",     "--unified",       "--forward",
                       "--batch", "--reject-file=-", "--no-backup-if-mismatch"};
  if (patch.revert) command.arguments.push_back("--reverse");
  command.environment = {{"LC_ALL", "C"}};
  command.directory = tree;
  command.input = patch.text;
  command.deadline = kPatchDeadline;
  return command;
}

/// Why a patch that does not apply as it is would with these options, and what to do then.
struct Remedy {
  std::string_view options;
  const char* why;
  const char* hint;
};
constexpr std::array kRemedies{
    Remedy{"--fuzz=0 --ignore-whitespace",
           "its blanks are not those of the source: mangled whitespace, as mailers leave it",
           kHowToGetWhole},
    Remedy{"--fuzz=2",
           "only with fuzz it would: the lines around a change are not those it was made for",
           "make the patch again on this source; Gridlock does not guess where a change belongs"},
};

bool fits_with(const Remedy& remedy, const Patch& patch, const std::filesystem::path& tree,
               CommandRunner& runner, const std::stop_token& stop) {
  Command command = patch_command(patch, tree);
  command.arguments.push_back("--dry-run");
  for (const std::string& option : split(remedy.options, ' ')) command.arguments.push_back(option);
  return runner.run(command, stop).ok();
}

}  // namespace

std::optional<Hunk> hunk_in(std::string_view line) {
  if (!line.starts_with("@@ -")) return std::nullopt;
  const std::vector<std::string> words = split(line, ' ');
  if (words.size() < 4 || !words[2].starts_with('+')) return std::nullopt;
  return Hunk{side_length(words[1]), side_length(words[2])};
}

std::string called(const Patch& patch) {
  return patch.subject.empty() ? patch.name
                               : fmt::format("{} ({})", patch.name, printable(patch.subject, 200));
}

std::set<std::string> files_touched(const Patch& patch) {
  std::set<std::string> files;
  Hunk left;
  const auto add = [&](std::string_view text) {
    if (auto path = path_in(text, patch)) files.insert(*path);
  };
  const std::vector<std::string> lines = split(patch.text, '\n');
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    // Inside a hunk a line such as "--- x" is text, not a header.
    if (left.old_lines > 0 || left.new_lines > 0) {
      if (!line.starts_with('+') && !line.starts_with('\\')) --left.old_lines;
      if (!line.starts_with('-') && !line.starts_with('\\')) --left.new_lines;
    } else if (const auto hunk = hunk_in(line); hunk && !files.empty()) {
      left = *hunk;
    } else if (line.starts_with("--- ") && i + 1 < lines.size() &&
               lines[i + 1].starts_with("+++ ")) {
      add(std::string_view(line).substr(4));
      add(std::string_view(lines[i + 1]).substr(4));
    } else if (line.starts_with("rename from ") || line.starts_with("copy from ")) {
      add("a/" + line.substr(line.find(" from ") + 6));
    } else if (line.starts_with("rename to ") || line.starts_with("copy to ")) {
      add("a/" + line.substr(line.find(" to ") + 4));
    }
  }
  if (files.empty())
    throw HostError(
        fmt::format("patch {}: there is no unified diff in {}", called(patch), patch.path.string()),
        "make it with git diff, git format-patch or diff -Nurp");
  return files;
}

std::string why_not_applied(std::string_view output) {
  std::vector<std::string> reasons;
  std::string file;
  bool missing = false;  // patch(1) shows the headers of the file it does not find
  for (const std::string& line : split(output, '\n')) {
    const std::string_view bare = trimmed(line);
    if (bare.starts_with("patching file ") || bare.starts_with("checking file ")) {
      file = std::string(after(bare, " file "));
      continue;
    }
    if (bare.starts_with("Hunk #") && bare.find(" FAILED at ") != std::string_view::npos) {
      const std::string_view rest = bare.substr(6);
      const std::string_view at = after(rest, " FAILED at ");
      reasons.push_back(fmt::format("{}: hunk {} at line {} does not apply", printable(file),
                                    rest.substr(0, rest.find(' ')),
                                    at.substr(0, at.find_first_not_of("0123456789"))));
    } else if (bare.starts_with("Reversed (or previously applied)")) {
      reasons.push_back(printable(file) + ": it is applied already, or reversed");
    } else if (bare.starts_with("Unreversed patch detected")) {
      reasons.push_back(printable(file) + ": it is not applied there");
    } else if (bare.starts_with("can't find file to patch")) {
      missing = true;
    } else if (missing && bare.starts_with("|+++ ")) {
      missing = false;
      const std::string_view path = bare.substr(5, bare.find('\t') - 5);
      reasons.push_back("the source has no file " + printable(after(path, "/")));
    }
  }
  if (reasons.empty())
    for (const std::string& line : last_lines(trimmed(output), 5))
      reasons.push_back(printable(line));
  return join(reasons, "\n  ");
}

void apply_patch(const Patch& patch, const std::filesystem::path& tree, CommandRunner& runner,
                 std::stop_token stop) {
  Command command = patch_command(patch, tree);
  command.arguments.push_back("--fuzz=0");
  // What a look beforehand says is no verdict: a patch may change one file twice.
  Command look = command;
  look.arguments.push_back("--dry-run");
  const Remedy* remedy = nullptr;
  if (!runner.run(look, stop).ok())
    for (const Remedy& one : kRemedies)
      if (remedy == nullptr && fits_with(one, patch, tree, runner, stop)) remedy = &one;
  const CommandResult result = runner.run(command, std::move(stop));
  if (result.ok()) return;
  std::string reason = result.kind == CommandResult::Kind::exited
                           ? why_not_applied(result.output + result.errors)
                           : "patch " + describe_end(result, command);
  std::string hint = "the patch must fit this kernel's source without fuzz";
  if (remedy != nullptr) {
    reason += fmt::format("\n  {}", remedy->why);
    hint = remedy->hint;
  } else if (patch.flowed) {
    reason += "\n  its mail was sent as format=flowed, which wraps lines: mangled whitespace";
    hint = kHowToGetWhole;
  }
  throw HostError(fmt::format("patch {} {}: {}\n  in {}", called(patch),
                              patch.revert ? "cannot be taken back" : "does not apply", reason,
                              patch.path.string()),
                  hint);
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology/mistakes.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/text.h"

namespace gridlock {
namespace {

/// More than this many mistakes are not even kept: a file that is wrong everywhere stays cheap.
constexpr std::size_t kKept = 1000;
/// Bytes of an offending line shown before and after the mark.
constexpr std::size_t kBefore = 70;
constexpr std::size_t kAfter = 50;

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return !continues_character(c); }));
}

std::string_view line_of(std::string_view text, int number) {
  for (int line = 1; line < number; ++line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

}  // namespace

int Mistakes::add_source(std::string_view text, std::string file) {
  sources_.push_back({std::string(text), std::move(file)});
  return static_cast<int>(sources_.size()) - 1;
}

const std::string& Mistakes::file(int source) const {
  return sources_.at(static_cast<std::size_t>(source)).file;
}

void Mistakes::add(Mark mark, std::string message) {
  const auto same = [&](const Mistake& m) {
    return m.mark.line == mark.line && m.mark.column == mark.column &&
           m.mark.source == mark.source && m.message == message;
  };
  if (found_.size() < kKept && std::ranges::none_of(found_, same))
    found_.push_back({mark, std::move(message)});
}

std::string Mistakes::describe(const Mistake& mistake) const {
  const Source& source = sources_.at(static_cast<std::size_t>(mistake.mark.source));
  const std::string_view line = line_of(source.text, mistake.mark.line);
  const std::size_t at =
      std::min(static_cast<std::size_t>(std::max(mistake.mark.column, 1) - 1), line.size());
  std::size_t begin = at > kBefore ? at - kBefore : 0;
  std::size_t end = std::min(at + kAfter, line.size());
  while (begin > 0 && continues_character(line[begin])) --begin;
  while (end < line.size() && continues_character(line[end])) ++end;

  const std::string before =
      (begin > 0 ? "…" : "") + printable(line.substr(begin, at - begin), std::string::npos);
  const std::string after =
      printable(line.substr(at, end - at), std::string::npos) + (end < line.size() ? "…" : "");
  return fmt::format("{}:{}:{}: error: {}\n  {}{}\n  {}^\n", source.file, mistake.mark.line,
                     characters(line.substr(0, at)) + 1, mistake.message, before, after,
                     std::string(characters(before), ' '));
}

void Mistakes::throw_if_any() const {
  if (found_.empty()) return;
  std::vector<Mistake> sorted = found_;
  std::ranges::stable_sort(sorted, {}, [](const Mistake& mistake) {
    return std::tuple(mistake.mark.source, mistake.mark.line, mistake.mark.column);
  });
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, sorted.size()); ++i) text += describe(sorted[i]);
  if (sorted.size() > kShown) {
    const std::size_t rest = sorted.size() - kShown;
    text += fmt::format("{}: {}{} more mistake{} not shown\n", file(0), rest,
                        sorted.size() == kKept ? " or" : "", rest == 1 ? "" : "s");
  }
  throw TopologyError(text);
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/make_output.h"

#include <array>
#include <vector>

#include "base/text.h"

namespace gridlock {
namespace {

/// Below this the rate says nothing: make's start is not compiling.
constexpr Milliseconds kEarliestEstimate{5'000};
/// Source line, caret and one note after an error of the compiler.
constexpr std::size_t kLinesAfterError = 4;

bool is_error(std::string_view line) {
  constexpr std::array<std::string_view, 8> kSigns{
      " error: ",        "undefined reference", "multiple definition", "No space left on device",
      "No rule to make", "not found",           "cannot find",         "internal compiler error"};
  for (const std::string_view sign : kSigns)
    if (line.find(sign) != std::string_view::npos) return true;
  return line.starts_with("error: ");
}

bool is_from_make(std::string_view line) {
  return line.starts_with("make: ") || line.starts_with("make[");
}

}  // namespace

std::optional<std::string> compiled_object(std::string_view line) {
  if (!line.starts_with("  ")) return std::nullopt;
  line = trimmed(line);
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const std::string_view what = line.substr(0, space);
  if (what != "CC" && what != "AS") return std::nullopt;
  std::string_view object = trimmed(line.substr(space));
  if (object.starts_with("[M]")) object = trimmed(object.substr(3));
  // Objects of host tools (objtool) come with their full path.
  if (object.empty() || object.front() == '/') return std::nullopt;
  return std::string(object);
}

std::string essential_errors(std::string_view errors, std::size_t lines) {
  const std::vector<std::string> all = split(trimmed(errors), '\n');
  std::vector<std::string> chosen;
  std::size_t after = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool leads_to_error = i + 1 < all.size() && is_error(all[i + 1]) &&
                                all[i].find(": In function") != std::string::npos;
    if (is_error(all[i])) {
      after = kLinesAfterError;
      chosen.push_back(all[i]);
    } else if (leads_to_error) {
      chosen.push_back(all[i]);
    } else if (after > 0 && all[i].starts_with(' ')) {
      --after;
      chosen.push_back(all[i]);
    } else {
      after = 0;
    }
  }
  // Make's own lines say where it stopped; alone they are only worth reading if nothing else is.
  if (std::vector<std::string> others = chosen;
      std::erase_if(others, is_from_make) > 0 && !others.empty())
    chosen = std::move(others);
  if (chosen.empty()) chosen = last_lines(trimmed(errors), lines);
  if (chosen.size() > lines) chosen.resize(lines);
  for (std::string& line : chosen) line = printable(line, 400);
  return join(chosen, "\n");
}

std::string time_left(int done, int total, Milliseconds elapsed) {
  if (done <= 0 || done >= total || elapsed < kEarliestEstimate) return {};
  const auto left =
      std::chrono::duration_cast<std::chrono::seconds>(elapsed * (total - done) / done);
  if (left < std::chrono::seconds(1)) return {};
  return "about " + to_string(std::chrono::duration_cast<Milliseconds>(left)) + " left";
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/console_findings.h"

#include <fmt/format.h>

#include "base/text.h"
#include "report/columns.h"
#include "report/page.h"

namespace gridlock {
namespace {

constexpr std::size_t kValueColumn = 16;
constexpr std::size_t kLongest = 4096;  // of one line, in bytes

std::string row(std::size_t indent, std::string_view label, std::string_view value) {
  return std::string(indent, ' ') + padded(label, kValueColumn - indent - 1) + ' ' +
         printable(value, kLongest);
}

void add_detail(std::string& text, std::string_view label, std::string_view value) {
  constexpr std::size_t kIndent = 4;
  if (!value.empty()) text += row(kIndent, label, value) + '\n';
}

std::string place_of(const console::Finding& finding) {
  std::string place;
  if (finding.kernel_time) place += fmt::format("{:.6f} s, ", *finding.kernel_time);
  if (!finding.task.empty()) place += fmt::format("task {}, ", finding.task);
  if (finding.pid) place += fmt::format("pid {}, ", *finding.pid);
  if (finding.cpu) place += fmt::format("cpu {}, ", *finding.cpu);
  return place + fmt::format("bytes {}-{}", finding.begin, finding.end);
}

template <class T>
Json number_or_null(const std::optional<T>& number) {
  return number ? Json(*number) : Json();
}

}  // namespace

std::string text_of(const console::Finding& finding, Colour colour) {
  constexpr std::size_t kIndent = 2;
  const bool doubtful = finding.secondary || !finding.incomplete.empty();
  std::string text = painted(row(kIndent, printable(finding.kind, 40), finding.title),
                             doubtful ? Tone::doubtful : Tone::bad, colour) +
                     '\n';
  add_detail(text, "where", place_of(finding));
  add_detail(text, "function", finding.function);
  add_detail(text, "frames", join(finding.frames, " < "));
  add_detail(text, "incomplete", finding.incomplete);
  if (finding.secondary) add_detail(text, "secondary", "a consequence of an earlier finding");
  add_detail(text, "identity", finding.identity);
  return text;
}

Json json_of(const console::Finding& finding, const std::string& file) {
  Json stack = Json::array();
  for (const console::CodeLocation& location : finding.stack)
    stack.push_back({{"symbol", location.symbol},
                     {"offset", location.offset},
                     {"size", location.size},
                     {"module", location.module},
                     {"is_return", location.is_return}});
  Json json{{"file", file},
            {"kind", finding.kind},
            {"title", finding.title},
            {"function", finding.function},
            {"frames", finding.frames},
            {"stack", std::move(stack)},
            {"task", finding.task},
            {"pid", number_or_null(finding.pid)},
            {"cpu", number_or_null(finding.cpu)},
            {"time", number_or_null(finding.kernel_time)},
            {"begin", finding.begin},
            {"end", finding.end},
            {"secondary", finding.secondary},
            {"complete", finding.incomplete.empty()}};
  if (!finding.incomplete.empty()) json["incomplete"] = finding.incomplete;
  json["identity"] = finding.identity;
  return json;
}

std::string json_line(const Json& json) {
  return json.dump(-1, ' ', true, Json::error_handler_t::replace) + '\n';
}

}  // namespace gridlock

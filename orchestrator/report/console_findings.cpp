// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/console_findings.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "console/glock_dump.h"
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

/// The call trace in the source, a row a frame; what could not be found is said in the row.
void add_source(std::string& text, const console::Finding& finding, const SourceLookup& lookup) {
  if (!lookup) return;
  const char* label = "source";
  for (const console::CodeLocation& location : finding.stack) {
    const symbols::Resolution resolution = lookup(location);
    for (const std::string& line : symbols::describe(resolution)) {
      const bool is_doubt = line.starts_with("(");
      add_detail(text, std::exchange(label, ""), is_doubt ? location.symbol + " " + line : line);
    }
  }
}

std::string text_of(const Glock& glock) {
  std::string text = fmt::format("{} ({}) {}", to_string(glock.name),
                                 glock_type_name(glock.name.type), mode_name(glock.state));
  for (const GlockHolder& holder : glock.holders)
    text += fmt::format("; {}/{} {} {}", holder.comm, holder.pid,
                        holder.granted ? "holds" : "wants", mode_name(holder.mode));
  return text;
}

std::string_view word_of(symbols::Lack lack) {
  switch (lack) {
    case symbols::Lack::nothing:
      return "nothing";
    case symbols::Lack::lines:
      return "lines";
    case symbols::Lack::symbol:
      return "symbol";
    case symbols::Lack::size:
      return "size";
    case symbols::Lack::offset:
      return "offset";
    case symbols::Lack::module:
      return "module";
    case symbols::Lack::limit:
      return "limit";
  }
  return {};
}

Json json_of(const symbols::Resolution& resolution) {
  Json candidates = Json::array();
  for (const auto& frames : resolution.candidates) {
    Json list = Json::array();
    for (const symbols::SourceFrame& frame : frames)
      list.push_back({{"function", frame.function},
                      {"file", frame.file},
                      {"line", frame.line},
                      {"inlined", frame.inlined}});
    candidates.push_back(std::move(list));
  }
  return Json{{"candidates", std::move(candidates)},
              {"unlisted", resolution.unlisted},
              {"lack", word_of(resolution.lack)},
              {"why", resolution.why}};
}

Json json_of(const Glock& glock) {
  Json holders = Json::array();
  for (const GlockHolder& holder : glock.holders)
    holders.push_back({{"mode", mode_name(holder.mode)},
                       {"granted", holder.granted},
                       {"waiting", holder.waiting},
                       {"pid", holder.pid},
                       {"task", holder.comm}});
  return Json{{"name", to_string(glock.name)},
              {"type", glock_type_name(glock.name.type)},
              {"state", mode_name(glock.state)},
              {"holders", std::move(holders)}};
}

template <class T>
Json number_or_null(const std::optional<T>& number) {
  return number ? Json(*number) : Json();
}

}  // namespace

std::string text_of(const console::Finding& finding, Colour colour, const SourceLookup& lookup) {
  constexpr std::size_t kIndent = 2;
  const bool doubtful = finding.secondary || !finding.incomplete.empty();
  std::string text = painted(row(kIndent, printable(finding.kind, 40), finding.title),
                             doubtful ? Tone::doubtful : Tone::bad, colour) +
                     '\n';
  add_detail(text, "where", place_of(finding));
  add_detail(text, "function", finding.function);
  add_detail(text, "frames", join(finding.frames, " < "));
  add_source(text, finding, lookup);
  for (const Glock& glock : finding.glocks) add_detail(text, "glock", text_of(glock));
  add_detail(text, "incomplete", finding.incomplete);
  if (finding.replayed) add_detail(text, "replayed", "shown before, at the same kernel time");
  else if (finding.secondary) add_detail(text, "secondary", "a consequence of an earlier finding");
  add_detail(text, "identity", finding.identity);
  return text;
}

Json json_of(const console::Finding& finding, const std::string& file,
             const SourceLookup& lookup) {
  Json stack = Json::array();
  for (const console::CodeLocation& location : finding.stack) {
    stack.push_back({{"symbol", location.symbol},
                     {"offset", location.offset},
                     {"size", location.size},
                     {"module", location.module},
                     {"is_return", location.is_return}});
    if (lookup) stack.back()["source"] = json_of(lookup(location));
  }
  Json glocks = Json::array();
  for (const Glock& glock : finding.glocks) glocks.push_back(json_of(glock));
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
            {"glocks", std::move(glocks)},
            {"secondary", finding.secondary},
            {"replayed", finding.replayed},
            {"complete", finding.incomplete.empty()}};
  if (!finding.incomplete.empty()) json["incomplete"] = finding.incomplete;
  json["identity"] = finding.identity;
  return json;
}

std::string json_line(const Json& json) {
  return json.dump(-1, ' ', true, Json::error_handler_t::replace) + '\n';
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/reader.h"

#include <algorithm>
#include <charconv>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "console/identity.h"
#include "console/line.h"
#include "console/phrases.h"
#include "console/report.h"

namespace gridlock::console {
namespace {

constexpr std::size_t kMaxWriters = 64;    // with something open at the same time
constexpr std::size_t kMaxUntaken = 4096;  // findings nobody has asked for yet
constexpr std::size_t kMaxDeaths = 16;     // oopses whose consequences are looked for
constexpr std::size_t kMaxHeaders = 256;   // remembered to know them again when they are replayed
constexpr int kMaxNameLines = 16;          // a task's name has 15 bytes, all of which may be newlines
constexpr double kConsequence = 5.0;       // seconds after an oops in which its task breaks more

/// One printk caller: what it is in the middle of saying.
struct Writer {
  Preamble preamble;
  std::optional<Report> report;
  bool replayed = false;  ///< the report was found before
  /// Whose report this one's lines go to: other cpus answer an NMI within the report that sent it.
  std::optional<std::string> answers;
};

/// A hung task's header that the task's own name cut into several lines.
struct SplitHeader {
  std::string text;
  std::string caller;
  std::optional<double> time;
  std::uint64_t begin = 0;
  int lines = 0;
};

/// A task that a BUG or an oops has ended.
struct Death {
  int pid = 0;
  double time = 0;
};

/// N of `** N printk messages dropped **`.
std::optional<std::uint64_t> dropped_in(std::string_view text) {
  if (!text.starts_with("** ") || text.find(" messages dropped **") == std::string_view::npos)
    return std::nullopt;
  std::uint64_t count = 0;
  std::from_chars(text.data() + 3, text.data() + text.size(), count);
  return std::max<std::uint64_t>(count, 1);
}

/// An oops number above 1 in `Oops: 0002 [#2] SMP`.
bool is_later_oops(const Report& report) {
  if (report.phrase().shape != Shape::die) return false;
  for (const std::string& line : report.lines()) {
    const std::size_t at = line.find(" [#");
    if (at != std::string::npos && at + 4 < line.size())
      return line[at + 3] > '1' || line[at + 4] != ']';
  }
  return false;
}

bool is_consequence_panic(std::string_view header) {
  for (const std::string_view cause :
       {"Fatal exception", "hung_task: blocked tasks", "softlockup: hung tasks", "Hard LOCKUP",
        "panic_on_warn", "RCU Stall", "UBSAN: panic", "KASAN: panic"})
    if (header.find(cause) != std::string_view::npos) return true;
  return false;
}

}  // namespace

struct Reader::Machine {
  LineSplitter splitter;
  std::map<std::string, Writer, std::less<>> writers;
  std::size_t open_reports = 0;  // of the writers
  std::vector<Finding> findings;
  std::deque<Death> deaths;
  std::deque<std::pair<double, std::size_t>> headers;  ///< time and hash of the text, of this boot
  std::optional<SplitHeader> split;
  bool replay_follows = false;  // the next line repeats the last one
  std::uint64_t bytes = 0;
  std::uint64_t lines = 0;
  std::uint64_t dropped = 0;
  std::uint64_t replayed = 0;
  std::uint64_t lost = 0;
  std::string last_line;
  bool anything_found = false;  // since this boot
  bool booted = false;          // a banner, or a later line of a boot, was seen

  void on_line(const RawLine& raw);
  void on_text(const Line& line);
  /// Whether the line is a part of a header that a task's name has cut; the last part is given to
  /// on_text() together with the others.
  bool is_split(const Line& line);
  /// Whether this header, with its time, was there before: the log was printed again.
  bool is_replayed(const Line& header);
  void join_answer(const Line& line);
  /// Whether the line belongs to the writer's open report; closes the report if not.
  bool is_taken(Writer& writer, const Phrase* phrase, const Line& line);
  void on_header(Writer& writer, const Phrase& phrase, const Line& line);
  void close_silent(const Line& line);
  void on_reboot(const Line& line);
  void close(Writer& writer);
  void close_all();
  bool is_secondary(const Report& report) const;
  Writer& writer_of(const Line& line);
  void put(Finding finding);
};

void Reader::Machine::on_line(const RawLine& raw) {
  ++lines;
  const Line line = parse_line(raw);
  const std::string before_marker = line.text.starts_with("** replaying") ? last_line : "";
  const bool repeats = std::exchange(replay_follows, false) && raw.bytes == last_line;
  if (!trimmed(line.text).empty()) last_line.assign(raw.bytes);
  if (const auto count = dropped_in(line.text)) {
    dropped += *count;
    for (auto& [caller, writer] : writers)
      if (writer.report) writer.report->note_gap();
    return;
  }
  if (line.text == "** replaying previous printk message **") {
    last_line = before_marker;
    replay_follows = true;
    return;
  }
  if (repeats) {
    ++replayed;
    return;
  }
  if (line.time && line.text.starts_with("Linux version ") && *line.time < 1.0) {
    if (booted) on_reboot(line);
    booted = true;
    return;
  }
  if (line.time && *line.time > 1.0) booted = true;

  if (!is_split(line)) on_text(line);
}

bool Reader::Machine::is_split(const Line& line) {
  if (split) {
    const bool goes_on = line.caller == split->caller && line.time == split->time &&
                         ++split->lines <= kMaxNameLines;
    if (goes_on) split->text += "\n" + std::string(line.text.substr(0, 256));
    if (goes_on && match_header(split->text) == nullptr) return true;
    const SplitHeader whole = *std::exchange(split, {});
    if (!goes_on) return false;  // it was no header
    Line joined = line;
    joined.text = whole.text;
    joined.begin = whole.begin;
    on_text(joined);
    return true;
  }
  if (!line.time || !line.text.starts_with("INFO: task ") || match_header(line.text) != nullptr)
    return false;
  split = SplitHeader{std::string(line.text.substr(0, 256)), std::string(line.caller), line.time,
                      line.begin, 1};
  return true;
}

bool Reader::Machine::is_replayed(const Line& header) {
  if (!header.time) return false;
  const std::pair<double, std::size_t> mark{*header.time,
                                            std::hash<std::string_view>{}(header.text) ^
                                                std::hash<std::string_view>{}(header.caller) << 1};
  if (std::find(headers.begin(), headers.end(), mark) != headers.end()) {
    ++replayed;
    return true;
  }
  headers.push_back(mark);
  if (headers.size() > kMaxHeaders) headers.pop_front();
  return false;
}

void Reader::Machine::join_answer(const Line& line) {
  if (line.caller.empty() || !line.text.starts_with("NMI backtrace for cpu ")) return;
  for (const auto& [caller, writer] : writers)
    if (caller != line.caller && writer.report && writer.report->asked_others()) {
      Writer& answering = writer_of(line);
      if (!answering.report) answering.answers = caller;
      return;
    }
}

void Reader::Machine::on_text(const Line& line) {
  close_silent(line);
  const Phrase* phrase = match_header(line.text);
  join_answer(line);
  const auto known = writers.find(line.caller);
  if (phrase == nullptr && known == writers.end() && !Preamble::begins(line.text)) return;
  Writer& writer = known == writers.end() ? writer_of(line) : known->second;
  if (writer.answers) {
    const auto asker = writers.find(*writer.answers);
    if (phrase == nullptr && asker != writers.end() && asker->second.report) {
      if (asker->second.report->feed(line, lines) == Report::Fed::taken_and_ended)
        close(asker->second);
      return;
    }
    writer.answers.reset();
  }
  if (!is_taken(writer, phrase, line)) {
    if (phrase != nullptr)
      on_header(writer, *phrase, line);
    else
      writer.preamble.feed(line);
  }
  if (!writer.report && writer.preamble.empty() && !writer.answers) writers.erase(writers.find(line.caller));
}

bool Reader::Machine::is_taken(Writer& writer, const Phrase* phrase, const Line& line) {
  if (!writer.report) return false;
  const bool begins_another = phrase != nullptr
                                  ? !writer.report->absorbs(*phrase, line.text)
                                  : Preamble::begins(line.text) && !is_ruler(line.text);
  if (begins_another) {
    close(writer);
    return false;
  }
  switch (writer.report->feed(line, lines)) {
    case Report::Fed::taken:
    case Report::Fed::passed_by:
      return true;
    case Report::Fed::taken_and_ended:
      close(writer);
      return true;
    case Report::Fed::ended_before:
      close(writer);
      return false;
  }
  return false;
}

void Reader::Machine::close_silent(const Line& line) {
  if (open_reports == 0) return;  // writers may be left with a preamble that led to nothing
  for (auto it = writers.begin(); it != writers.end();) {
    const bool silent = it->second.report && it->second.report->is_silent_at(line, lines);
    if (silent) close(it->second);
    const bool idle = !it->second.report && it->second.preamble.empty() &&
                      (!it->second.answers || silent);
    it = idle ? writers.erase(it) : std::next(it);
  }
}

void Reader::Machine::on_header(Writer& writer, const Phrase& phrase, const Line& line) {
  writer.replayed = is_replayed(line);
  writer.report.emplace(phrase, line, lines, writer.preamble);
  ++open_reports;
  if (phrase.shape == Shape::line) close(writer);
}

void Reader::Machine::on_reboot(const Line& line) {
  close_all();
  deaths.clear();
  headers.clear();
  anything_found = false;
  Finding finding;
  finding.kind = "reboot";
  finding.title = "the kernel started again";
  finding.identity = "reboot";
  finding.kernel_time = line.time;
  finding.begin = line.begin;
  finding.end = line.end;
  put(std::move(finding));
}

void Reader::Machine::close(Writer& writer) {
  --open_reports;
  const Report& report = *writer.report;
  Finding finding = describe(report);
  finding.replayed = writer.replayed;
  finding.secondary = writer.replayed || is_secondary(report);
  anything_found = true;
  if (report.phrase().shape == Shape::die && report.pid()) {
    deaths.push_back({*report.pid(), report.time().value_or(0)});
    if (deaths.size() > kMaxDeaths) deaths.pop_front();
  }
  put(std::move(finding));
  writer.report.reset();
}

void Reader::Machine::close_all() {
  std::vector<std::map<std::string, Writer, std::less<>>::iterator> open;
  for (auto it = writers.begin(); it != writers.end(); ++it)
    if (it->second.report) open.push_back(it);
  std::sort(open.begin(), open.end(), [](const auto& a, const auto& b) {
    return a->second.report->begin() < b->second.report->begin();
  });
  for (const auto it : open) close(it->second);
  writers.clear();
}

bool Reader::Machine::is_secondary(const Report& report) const {
  if (report.tainted_by_death() || is_later_oops(report)) return true;
  if (report.phrase().shape == Shape::panic)
    return anything_found && is_consequence_panic(report.header());
  if (report.phrase().sub == "withdrawn") return anything_found;
  return report.pid() && std::any_of(deaths.begin(), deaths.end(), [&](const Death& death) {
           const double after = report.time().value_or(death.time) - death.time;
           return death.pid == *report.pid() && after >= 0 && after < kConsequence;
         });
}

Writer& Reader::Machine::writer_of(const Line& line) {
  // A preamble that led to nothing is no reason to end the reports of others.
  if (writers.size() >= kMaxWriters)
    std::erase_if(writers, [](const auto& entry) { return !entry.second.report; });
  if (writers.size() >= kMaxWriters) close_all();
  return writers[std::string(line.caller)];
}

void Reader::Machine::put(Finding finding) {
  if (findings.size() < kMaxUntaken)
    findings.push_back(std::move(finding));
  else
    ++lost;
}

Reader::Reader() : machine_(std::make_unique<Machine>()) {}
Reader::~Reader() = default;

void Reader::feed(std::string_view bytes) {
  machine_->bytes += bytes.size();
  machine_->splitter.feed(bytes, [this](const RawLine& line) { machine_->on_line(line); });
}

void Reader::finish() {
  machine_->splitter.finish([this](const RawLine& line) { machine_->on_line(line); });
  machine_->close_all();
}

std::vector<Finding> Reader::take() {
  std::vector<Finding> taken = std::exchange(machine_->findings, {});
  std::stable_sort(taken.begin(), taken.end(),
                   [](const Finding& a, const Finding& b) { return a.begin < b.begin; });
  return taken;
}

bool Reader::pending() const { return machine_->open_reports > 0; }

std::optional<std::uint64_t> Reader::open_since() const {
  std::optional<std::uint64_t> first;
  const auto begins = [&first](std::uint64_t at) { first = std::min(first.value_or(at), at); };
  for (const auto& [caller, writer] : machine_->writers) {
    if (writer.report) begins(writer.report->begin());
    if (!writer.preamble.empty()) begins(writer.preamble.begin());
  }
  if (machine_->split) begins(machine_->split->begin);
  return first;
}

std::uint64_t Reader::lost() const { return machine_->lost; }
std::uint64_t Reader::bytes_read() const { return machine_->bytes; }
std::uint64_t Reader::lines_read() const { return machine_->lines; }
std::uint64_t Reader::dropped() const { return machine_->dropped; }
std::uint64_t Reader::replayed() const { return machine_->replayed; }
std::string_view Reader::last_line() const { return machine_->last_line; }

std::optional<Finding> report_in(std::string_view bytes, std::string_view identity) {
  Reader reader;
  reader.feed(bytes);
  reader.finish();
  std::vector<Finding> found = reader.take();
  if (found.empty()) return std::nullopt;
  const auto same = std::ranges::find(found, identity, &Finding::identity);
  return same == found.end() ? std::move(found.front()) : std::move(*same);
}

}  // namespace gridlock::console

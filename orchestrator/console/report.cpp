// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/report.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.h"
#include "console/extent.h"
#include "console/mlog.h"

namespace gridlock::console {
namespace {

constexpr std::string_view kCutHere = "------------[ cut here ]------------";
constexpr std::string_view kAllLocks = "Showing all locks held in the system:";
constexpr std::size_t kMaxPreamble = 40;  // a glock's dump has a line a holder
constexpr std::size_t kMaxCutHere = 12;   // the message of a WARN
constexpr std::size_t kMaxRuler = 3;
constexpr int kMaxPassedBy = 200;

std::string kept(std::string_view text) { return std::string(text.substr(0, kMaxKeptLength)); }

/// The number right after `key` in `text`.
std::optional<int> number_after(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  int value = 0;
  const char* const begin = text.data() + at + key.size();
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), value);
  if (error != std::errc{} || end == begin || value < 0) return std::nullopt;
  return value;
}

/// Whether taint flags `G      D W` hold D: an oops or BUG came before.
bool says_died(std::string_view text) {
  if (text.find("Tainted: ") == std::string_view::npos) return false;  // find is faster than rfind
  const std::size_t at = text.rfind("Tainted: ");
  if (at == std::string_view::npos || text.find(" Not tainted ", at) != std::string_view::npos)
    return false;  // what looks like flags is a task's name
  for (const char c : text.substr(at + 9)) {
    if (c == 'D') return true;
    if (c != ' ' && (c < 'A' || c > 'Z')) break;
  }
  return false;
}

bool is_glock_line(std::string_view text) {
  return text.starts_with("gfs2: fsid=") || text.starts_with("GFS2: fsid=");
}

/// Whether so much kernel time has passed that a line does not go on with what was said before.
bool is_late(std::optional<double> now, std::optional<double> before) {
  return now && before && *now - *before > kSilence;
}

bool is_stall_of_many(Shape shape) { return shape == Shape::stall || shape == Shape::panic; }

}  // namespace

bool Preamble::begins(std::string_view text) {
  return text.find(kCutHere) != std::string_view::npos || is_ruler(text) ||
         (is_glock_line(text) && text.find(": original: ") != std::string_view::npos);
}

void Preamble::feed(const Line& line) {
  if (!lines_.empty() && is_late(line.time, last_time_)) lines_.clear();
  if (begins(line.text) && (lines_.empty() || kind_ != Kind::glock)) {
    kind_ = is_glock_line(line.text)                             ? Kind::glock
            : line.text.find(kCutHere) != std::string_view::npos ? Kind::cut_here
                                                                 : Kind::ruler;
    lines_.clear();
    begin_ = line.begin;
    last_time_.reset();
  } else if (lines_.empty()) {
    return;
  }
  if (line.time) last_time_ = line.time;
  lines_.push_back(kept(line.text));
  const std::size_t most = kind_ == Kind::glock      ? kMaxPreamble
                           : kind_ == Kind::cut_here ? kMaxCutHere
                                                     : kMaxRuler;
  if (lines_.size() > most) lines_.clear();
}

bool Preamble::leads_to(const Line& header, const Phrase& phrase) const {
  if (lines_.empty() || is_late(header.time, last_time_)) return false;
  switch (phrase.shape) {
    case Shape::die:
      return kind_ == Kind::cut_here ||
             (kind_ == Kind::glock &&
              header.text.find("fs/gfs2/glock.c") != std::string_view::npos);
    case Shape::warning:
      return kind_ == Kind::cut_here;
    case Shape::lockdep:
    case Shape::sanitizer:
      return kind_ == Kind::ruler;
    default:
      return false;
  }
}

Report::Report(const Phrase& phrase, const Line& header, std::uint64_t number, Preamble& preamble)
    : phrase_(&phrase),
      caller_(header.caller),
      time_(header.time),
      last_time_(header.time),
      begin_(header.begin),
      end_(header.end),
      last_number_(number),
      stack_may_begin_(extent_of(phrase.shape).stack_after.empty()),
      cut_(header.cut || holds_stamp(header.text)) {
  if (preamble.leads_to(header, phrase)) {
    begin_ = preamble.begin();
    lines_ = preamble.take();
    header_ = lines_.size();
  }
  preamble.clear();
  lines_.push_back(kept(header.text));
  read_who(header.text);
}

bool Report::is_further_up(std::string_view text) const {
  const auto first = parse_mlog(header()), next = parse_mlog(text);
  if (!first || !next || next->who != first->who || !is_mlog_status(next->said)) return false;
  if (is_mlog_status(first->said) && next->said != first->said) return false;
  // A function that comes again has been called again.
  return std::ranges::none_of(lines_, [&](const std::string& line) {
    const auto before = parse_mlog(line);
    return before && before->function == next->function;
  });
}

bool Report::absorbs(const Phrase& phrase, std::string_view text) const {
  const Shape shape = phrase_->shape;
  if (shape == Shape::way_up) return is_further_up(text);
  if (phrase.shape == Shape::panic)  // panic_on_warn, panic_on_oops: the same trouble's next line
    return frames_ == 0 && (shape == Shape::die || shape == Shape::warning ||
                            shape == Shape::stall || shape == Shape::sanitizer ||
                            shape == Shape::atomic_sleep);
  if (phrase.opens != Opens::alone || phrase.shape != shape) return false;
  if (phrase.kind == "ocfs2" || phrase_->kind == "ocfs2") return phrase.kind == phrase_->kind;
  if (shape == Shape::fs)  // of the same file system
    return header().substr(0, header().find(": ", 6)) == text.substr(0, text.find(": ", 6));
  return shape == Shape::stall || frames_ == 0;
}

bool Report::is_silent_at(const Line& line, std::uint64_t number) const {
  return is_late(line.time, last_time_) || number - last_number_ > kSilentLines;
}

Report::Fed Report::feed(const Line& line, std::uint64_t number) {
  if (line.time.has_value() != time_.has_value())
    return ++passed_by_ > kMaxPassedBy ? Fed::ended_before : Fed::passed_by;
  const LineRole role = role_of(line.text);
  const Fed fed = feed_own(line, role);
  if (role != LineRole::blank && fed != Fed::ended_before) last_number_ = number;
  return fed;
}

Report::Fed Report::feed_own(const Line& line, LineRole role) {
  const Extent& extent = extent_of(phrase_->shape);
  if (role == LineRole::blank) return Fed::taken;  // counts once something follows it
  if (task_closed_ && phrase_->shape == Shape::hung_task && !locks_) {
    locks_ = line.text == kAllLocks;
    if (!locks_) return Fed::ended_before;
  }
  if (locks_) {
    keep(line, role);
    return role == LineRole::ruler || is_over() ? Fed::taken_and_ended : Fed::taken;
  }
  if (role == LineRole::ruler) {
    if (!extent.ends_at_ruler) return Fed::ended_before;
    end_seen_ = true;
    keep(line, role);
    return Fed::taken_and_ended;
  }
  if (role == LineRole::other && !(phrase_->shape == Shape::way_up && is_further_up(line.text))) {
    const int patience = frames_ > 0 ? extent.patience_after : extent.patience_before;
    if (++foreign_ > patience) return Fed::ended_before;
    if (!extent.stack_after.empty() && line.text.starts_with(extent.stack_after))
      stack_may_begin_ = true;
  } else {
    foreign_ = 0;
  }
  keep(line, role);
  if (role == LineRole::task_end && extent.ends_at_task_end) return Fed::taken_and_ended;
  if (role == LineRole::end_trace && extent.ends_at_end_trace) {
    end_seen_ = true;
    return Fed::taken_and_ended;
  }
  return is_over() ? Fed::taken_and_ended : Fed::taken;
}

bool Report::is_over() const { return total_ + 1 >= extent_of(phrase_->shape).max_lines; }

void Report::keep(const Line& line, LineRole role) {
  ++total_;
  end_ = line.end;
  if (is_over()) too_long_ = true;
  if (line.cut) cut_ = true;
  if (role == LineRole::trace_begin) trace_begun_ = true;
  if (stack_may_begin_ && (trace_begun_ || !extent_of(phrase_->shape).needs_title))
    follow_trace(line.text, role);
  if (role == LineRole::task_end) task_closed_ = true;
  if (line.time) last_time_ = line.time;
  if (lines_.size() < kMaxKeptLines) lines_.push_back(kept(line.text));
  if (role == LineRole::other) read_who(line.text);
}

void Report::follow_trace(std::string_view text, LineRole role) {
  if (role == LineRole::frame) {
    const auto frame = parse_frame(text);
    if (!frame || !frame->certain || frame->inlined) return;
    ++frames_;
    bottom_reached_ = bottom_reached_ || is_bottom(plain_name(frame->location.symbol));
  } else if (role == LineRole::task_end || text.starts_with("RIP: 0033:")) {
    bottom_reached_ = true;
  }
}

void Report::read_who(std::string_view text) {
  if (says_died(text)) tainted_by_death_ = true;
  if (text.starts_with("Sending NMI from CPU ")) asked_others_ = true;
  if (text.starts_with("CPU: ") && text.find(" PID: ") != std::string_view::npos) {
    const auto pid = number_after(text, " PID: ");
    if (pid_ && pid && *pid != *pid_ && caller_.empty() && !is_stall_of_many(phrase_->shape) &&
        phrase_->shape != Shape::hung_task)
      mixed_ = true;
    if (pid_) return;
    pid_ = pid;
    cpu_ = number_after(text, "CPU: ");
    const std::size_t comm = text.find(" Comm: ");
    if (comm == std::string_view::npos) return;
    const std::string_view rest = text.substr(comm + 7);
    const std::size_t end = std::min(rest.rfind(" Not tainted"), rest.rfind(" Tainted: "));
    task_ = printable(trimmed(rest.substr(0, end)), 64);
  } else if (phrase_->shape == Shape::hung_task && text.starts_with("INFO: task ") && !pid_) {
    // A name may hold anything, a colon too: the pid is what stands before the last " blocked".
    const std::size_t end =
        std::max({text.rfind(" blocked for"), text.rfind(" blocked in"), text.rfind(" can't die")},
                 [](std::size_t a, std::size_t b) { return a + 1 < b + 1; });
    const std::string_view who = text.substr(0, end);
    const std::size_t colon = who.rfind(':');
    if (colon == std::string_view::npos || colon < 11) return;
    task_ = printable(who.substr(11, colon - 11), 64);
    pid_ = number_after(who.substr(colon), ":");
  } else if (phrase_->shape == Shape::stall && !pid_ && text.ends_with("]")) {
    cpu_ = number_after(text, "CPU#");  // watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [C:P]
    const std::size_t open = text.rfind("! [");
    const std::size_t colon = text.rfind(':');
    if (open == std::string_view::npos || colon == std::string_view::npos || colon < open) return;
    task_ = printable(text.substr(open + 3, colon - open - 3), 64);
    pid_ = number_after(text.substr(colon), ":");
  }
}

std::string Report::incomplete() const {
  const Extent& extent = extent_of(phrase_->shape);
  if (gap_) return "messages were lost inside it";
  if (mixed_) return "mixed with another report";
  if (cut_) return "a line of it is cut or holds two lines";
  if (too_long_) return "it is longer than a report can be";
  if (extent.needs_stack && frames_ == 0) return "it has no call trace";
  if (frames_ > 0 && !bottom_reached_ && !end_seen_) return "its call trace is cut off";
  return {};
}

}  // namespace gridlock::console

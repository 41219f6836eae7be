// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "console/frames.h"
#include "console/line.h"
#include "console/phrases.h"

namespace gridlock::console {

constexpr std::size_t kMaxKeptLines = 1000;   // of one report: a stack that overflowed is long
constexpr std::size_t kMaxKeptLength = 400;   // of one of its lines
constexpr double kSilence = 5.0;              // seconds of kernel time that end a report
constexpr std::uint64_t kSilentLines = 2000;  // lines of others that do, without time stamps

/// Lines that belong to a report and come before its header: the glock BUG's "original:" and
/// "new:", the message of a WARN after "cut here", the ruler above a lockdep report.
class Preamble {
 public:
  /// Takes a line outside all reports; forgets what turned out to lead to nothing.
  void feed(const Line& line);
  void clear() { lines_.clear(); }
  bool empty() const { return lines_.empty(); }
  /// Whether these lines lead to a report with this header.
  bool leads_to(const Line& header, const Phrase& phrase) const;

  std::uint64_t begin() const { return begin_; }
  std::vector<std::string> take() { return std::exchange(lines_, {}); }

  /// Whether a line begins a preamble, and so ends an open report.
  static bool begins(std::string_view text);

 private:
  enum class Kind { glock, cut_here, ruler };
  Kind kind_ = Kind::ruler;
  std::vector<std::string> lines_;
  std::uint64_t begin_ = 0;
  std::optional<double> last_time_;
};

/// A report while its lines come in. It knows when it ends; naming it is for describe().
class Report {
 public:
  Report(const Phrase& phrase, const Line& header, std::uint64_t number, Preamble& preamble);

  enum class Fed {
    taken,
    taken_and_ended,
    passed_by,     ///< a program's line between the kernel's, or the other way round
    ended_before,  ///< the line is not the report's, and it ended with the one before
  };
  /// `number` counts the console's lines.
  Fed feed(const Line& line, std::uint64_t number);
  /// Whether this line, of whichever caller, comes so late that the report must be over.
  bool is_silent_at(const Line& line, std::uint64_t number) const;

  /// Whether the line of another phrase is one of this report's own lines.
  bool absorbs(const Phrase& phrase, std::string_view text) const;
  /// Messages were lost while it was open.
  void note_gap() { gap_ = true; }

  const Phrase& phrase() const { return *phrase_; }
  const std::vector<std::string>& lines() const { return lines_; }
  std::string_view header() const { return lines_[header_]; }
  std::size_t header_index() const { return header_; }
  std::optional<double> time() const { return time_; }
  std::uint64_t begin() const { return begin_; }
  std::uint64_t end() const { return end_; }
  std::string_view caller() const { return caller_; }
  std::optional<int> pid() const { return pid_; }
  std::optional<int> cpu() const { return cpu_; }
  const std::string& task() const { return task_; }
  /// It has sent an NMI to other cpus, whose backtraces belong to it.
  bool asked_others() const { return asked_others_; }
  bool tainted_by_death() const { return tainted_by_death_; }
  /// Why it is not whole; empty if it is. For a report that has ended.
  std::string incomplete() const;

 private:
  Fed feed_own(const Line& line, LineRole role);
  void keep(const Line& line, LineRole role);
  /// Whether an error's line is the report's own, logged by a function further up.
  bool is_further_up(std::string_view text) const;
  void follow_trace(std::string_view text, LineRole role);
  void read_who(std::string_view text);
  bool is_over() const;

  const Phrase* phrase_;
  std::vector<std::string> lines_;
  std::size_t header_ = 0;
  std::string caller_;
  std::optional<double> time_;
  std::optional<double> last_time_;
  std::uint64_t begin_;
  std::uint64_t end_;
  std::uint64_t last_number_;  // of its last line

  std::string task_;
  std::optional<int> pid_;
  std::optional<int> cpu_;
  bool tainted_by_death_ = false;
  bool asked_others_ = false;

  int total_ = 0;  // lines, those not kept too
  int passed_by_ = 0;
  int foreign_ = 0;  // lines in a row that look like nothing of a report
  int frames_ = 0;   // of its call traces, those the unwinder was sure of
  bool stack_may_begin_ = true;
  bool trace_begun_ = false;
  bool bottom_reached_ = false;  // a call trace went down to where the kernel was entered
  bool task_closed_ = false;
  bool locks_ = false;  // inside "Showing all locks held"
  bool end_seen_ = false;
  bool gap_ = false;
  bool cut_ = false;
  bool mixed_ = false;
  bool too_long_ = false;
};

}  // namespace gridlock::console

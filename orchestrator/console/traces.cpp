// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/traces.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "console/frames.h"

namespace gridlock::console {
namespace {

constexpr std::size_t kMaxFrames = 1000;  // a stack that overflowed has hundreds
constexpr std::size_t kMaxLocations = 64;
constexpr std::size_t kMaxTraces = 16;
constexpr std::size_t kMaxTelling = 8;
constexpr int kMaxForeign = 4;  // lines in a row that are not of a trace and end it

/// Builds traces line by line.
class TraceReader {
 public:
  explicit TraceReader(Traces traces) : untitled_(traces == Traces::untitled) {}

  void feed(const std::string& line) {
    const LineRole role = role_of(line);
    if (role == LineRole::trace_begin) {
      close();
      open_ = true;
    } else if (auto pc = parse_pc(line)) {
      feed_pc(std::move(*pc));
    } else if (role == LineRole::frame) {
      feed_frame(line);
    } else if (role == LineRole::task_begin) {
      // "</IRQ>": what follows was interrupted
      if (trimmed(line).starts_with("</")) reach_interrupted();
    } else if (role == LineRole::task_end || role == LineRole::end_trace ||
               line.starts_with("RIP: 0033:") || (untitled_ && role != LineRole::registers)) {
      close();
    } else if (role == LineRole::other && open_ && ++foreign_ == kMaxForeign) {
      close();
    }
  }

  std::vector<Trace> take() {
    close();
    if (traces_.empty() && !trace_.rip.empty()) traces_.push_back(std::move(trace_));
    return std::move(traces_);
  }

 private:
  void feed_pc(CodeLocation pc) {
    std::string function = plain_name(pc.symbol);
    if (open_ && !trace_.frames.empty()) {
      reach_interrupted();
      add(std::move(function), std::move(pc));
    } else if (trace_.rip.empty()) {
      trace_.rip = std::move(function);
      trace_.locations.push_back(std::move(pc));
    }
  }

  void feed_frame(const std::string& line) {
    if (!open_ && !untitled_) return;
    open_ = true;
    foreign_ = 0;
    auto frame = parse_frame(line);
    if (!frame || !frame->certain || frame->inlined) return;
    const std::string function = plain_name(frame->location.symbol);
    if (trimmed(line).starts_with("<EOI>")) reach_interrupted();
    const bool entry = is_interrupt_entry(function);
    if (was_entry_ && !entry) reach_interrupted();
    was_entry_ = entry;
    reports_ = reports_ || is_stall_reporter(function);
    add(function, std::move(frame->location));
  }

  void reach_interrupted() {
    was_entry_ = false;
    if (reports_ && trace_.interrupted == 0) trace_.interrupted = trace_.frames.size();
  }

  void add(std::string function, CodeLocation location) {
    if (trace_.frames.size() == kMaxFrames) return;
    trace_.frames.push_back(std::move(function));
    if (trace_.locations.size() < kMaxLocations) trace_.locations.push_back(std::move(location));
  }

  void close() {
    open_ = was_entry_ = reports_ = false;
    foreign_ = 0;
    if (trace_.frames.empty()) return;  // an RIP belongs to the trace that follows
    if (traces_.size() < kMaxTraces) traces_.push_back(std::move(trace_));
    trace_ = {};
  }

  bool untitled_;
  bool open_ = false;
  bool was_entry_ = false;  // the last frame was an interrupt's entry
  bool reports_ = false;    // the trace begins in an interrupt that reports
  int foreign_ = 0;
  Trace trace_;
  std::vector<Trace> traces_;
};

void add_once(std::vector<std::string>& list, const std::string& function) {
  if (!function.empty() && list.size() < kMaxTelling &&
      std::find(list.begin(), list.end(), function) == list.end())
    list.push_back(function);
}

/// What a stalled cpu was doing: without the interrupt that reports it.
std::vector<std::string> busy_part(const Trace& trace) {
  std::vector<std::string> part;
  if (trace.interrupted == 0 && !trace.rip.empty()) part.push_back(trace.rip);
  for (std::size_t i = trace.interrupted; i < trace.frames.size(); ++i) {
    // Waiting for other cpus has many names and one meaning.
    const std::string& function = trace.frames[i];
    part.push_back(function.starts_with("smp_call_function") ? "smp_call_function" : function);
  }
  return part;
}

/// The functions that dispatchers called, innermost first.
std::vector<std::string> doors_in(const std::vector<std::string>& frames) {
  std::vector<std::string> doors;
  std::string last;
  for (const std::string& function : frames) {
    if (!is_dispatcher(function)) {
      last = function;
    } else if (!last.empty()) {
      doors.push_back(std::exchange(last, {}));
    }
  }
  return doors;
}

}  // namespace

std::vector<Trace> traces_in(std::span<const std::string> lines, Traces traces) {
  TraceReader reader(traces);
  for (const std::string& line : lines) reader.feed(line);
  return reader.take();
}

std::vector<std::string> telling_frames(const Trace& trace) {
  std::vector<std::string> telling;
  if (!is_primitive(trace.rip)) add_once(telling, trace.rip);
  for (const std::string& function : trace.frames)
    if (!is_primitive(function)) add_once(telling, function);
  if (!telling.empty()) return telling;
  add_once(telling, trace.rip);
  for (const std::string& function : trace.frames) add_once(telling, function);
  return telling;
}

std::string door_of(const Trace& trace) {
  const std::vector<std::string> doors = doors_in(busy_part(trace));
  return doors.empty() ? std::string() : doors.front();
}

std::vector<std::string> busy_frames(const Trace& trace) {
  const std::vector<std::string> all = busy_part(trace);
  const std::vector<std::string> doors = doors_in(all);
  std::vector<std::string> telling;
  if (!doors.empty()) add_once(telling, doors.front());
  const std::size_t own = telling.size() + 1;
  for (const std::string& function : all) {
    if (is_primitive(function) || is_dispatcher(function)) continue;
    add_once(telling, function);
    if (telling.size() == own && doors.size() > 1) add_once(telling, doors.back());
  }
  if (telling.empty())
    for (const std::string& function : all) add_once(telling, function);
  return telling;
}

}  // namespace gridlock::console

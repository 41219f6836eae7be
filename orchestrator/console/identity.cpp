// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <span>

#include "base/text.h"
#include "console/frames.h"
#include "console/gfs2_report.h"
#include "console/lockdep.h"
#include "console/mlog.h"
#include "console/traces.h"

namespace gridlock::console {
namespace {

constexpr std::size_t kMaxText = 160;  // of a message inside a title or an identity
constexpr std::size_t kMaxIdentity = 1000;
constexpr std::size_t kMaxTitle = 300;
constexpr std::size_t kMaxFrames = 8;

/// A report, read as far as most shapes need it.
struct Subject {
  const Report& report;
  std::span<const std::string> body;  ///< from the header on
  std::string_view header;
  std::vector<Trace> traces;
  Trace trace;                        ///< the one that names it
  std::vector<std::string> telling;   ///< of it
};

/// The first `count` functions from `frames`, as an identity has them: inner<outer.
std::string chain_of(const std::vector<std::string>& frames, std::size_t count) {
  return fmt::format(
      "{}",
      fmt::join(frames.begin(),
                frames.begin() + static_cast<std::ptrdiff_t>(std::min(count, frames.size())), "<"));
}

/// A text with everything that differs from boot to boot taken out: numbers, addresses, and the
/// names of tasks before a slash and a pid.
std::string masked(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size() && out.size() < kMaxText;) {
    const bool starts = i == 0 || std::isalnum(static_cast<unsigned char>(text[i - 1])) == 0;
    std::size_t end = i;
    bool digit = false;
    while (end < text.size() && std::isxdigit(static_cast<unsigned char>(text[end])) != 0)
      digit |= std::isdigit(static_cast<unsigned char>(text[end++])) != 0;
    if (text.substr(i).starts_with("0x")) {
      end = i + 2;
      while (end < text.size() && std::isxdigit(static_cast<unsigned char>(text[end])) != 0) ++end;
      digit = true;
    }
    if (starts && digit) {
      out += 'N';
      i = end;
    } else {
      out += text[i++];
    }
  }
  return printable(trimmed(out), kMaxText);
}

/// `FILE` of the `FILE:LINE` that follows `key`; empty if there is none.
std::string file_after(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + key.size());
  return printable(text.substr(0, text.find_first_of(": !,")), kMaxText);
}

std::string in_function(std::string_view what, const std::string& function) {
  return function.empty() ? std::string(what) : fmt::format("{} in {}", what, function);
}

/// What a WARN or list check said before its header.
std::string message_of(const Report& report) {
  for (std::size_t i = 0; i < report.header_index(); ++i) {
    const std::string_view text = trimmed(report.lines()[i]);
    if (text.empty() || text.starts_with("gfs2: ") || Preamble::begins(text)) continue;
    return masked(text);
  }
  return {};
}

void describe_die(const Subject& subject, Finding& finding) {
  const std::string& kind = finding.kind;
  const std::string_view sub = subject.report.phrase().sub;
  // Where a stack ends that has grown too long is chance.
  finding.frames = sub == "stack-overflow" ? busy_frames(subject.trace) : subject.telling;
  if (!finding.frames.empty()) finding.function = finding.frames.front();
  if (sub == "kernel-bug") {
    finding.title = in_function("kernel BUG", finding.function);
    const std::string file = file_after(subject.header, "kernel BUG at ");
    const std::string message = message_of(subject.report);
    finding.identity =
        fmt::format("bug:{}:{}{}{}", file, finding.function, message.empty() ? "" : ":", message);
    if (const auto recursion = glock_recursion(subject.report.lines(), finding.glocks, subject.trace)) {
      finding.identity = recursion->identity;
      finding.sentence = recursion->sentence;
      finding.frames.insert(finding.frames.begin(), recursion->frames.begin(),
                            recursion->frames.end());
      finding.function = recursion->frames.front();
    }
    return;
  }
  const std::string what = kind == "gpf" ? "general protection fault" : kind;
  finding.title = in_function(what, finding.function);
  finding.identity =
      fmt::format("{}:{}{}{}", kind, sub, sub.empty() ? "" : ":", chain_of(finding.frames, 3));
}

void describe_warning(const Subject& subject, Finding& finding) {
  finding.frames = subject.telling;
  const std::string named = plain_name(symbol_in(subject.header));
  if (!named.empty() && !is_primitive(named)) finding.frames.insert(finding.frames.begin(), named);
  if (!finding.frames.empty()) finding.function = finding.frames.front();
  finding.title = in_function("WARNING", finding.function);
  std::string file = file_after(subject.header, " at ");
  if (file.find('/') == std::string::npos) file = file_after(subject.header, "WARNING: ");
  if (file.find('/') == std::string::npos) file.clear();
  const std::string message = message_of(subject.report);
  finding.identity =
      fmt::format("warning:{}:{}{}{}", file, finding.function, message.empty() ? "" : ":", message);
}

/// The lines from the one that holds `text` on; none if there is none.
std::span<const std::string> from_line(std::span<const std::string> lines, std::string_view text) {
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (lines[i].find(text) != std::string::npos) return lines.subspan(i);
  return {};
}

/// The telling frames of the first trace in `lines`; none if nothing of it tells anything.
std::vector<std::string> first_telling(std::span<const std::string> lines) {
  const std::vector<Trace> traces = traces_in(lines, Traces::untitled);
  if (traces.empty()) return {};
  std::vector<std::string> telling = telling_frames(traces.front());
  if (std::all_of(telling.begin(), telling.end(), is_primitive)) telling.clear();
  return telling;
}

/// Who was to take the lock: on the line after "is trying to acquire lock:"; empty if that is a
/// primitive.
std::string acquirer_in(std::span<const std::string> lines) {
  const auto from = from_line(lines, " is trying to ");
  const auto line = from.empty() ? from_line(lines, "] takes:") : from;
  if (line.size() < 2) return {};
  const std::size_t at = line[1].find(" at: ");
  if (at == std::string::npos) return {};
  const std::string symbol = plain_name(symbol_in(std::string_view(line[1]).substr(at)));
  return is_primitive(symbol) ? std::string() : symbol;
}

/// Frames of a lockdep report, best first: who was to take the lock, then the stack printed last
/// or, where that one ends in a work or timer of which nothing is left, the first of the chain. An
/// order report is about whoever takes the lock in an interrupt.
std::vector<std::string> lockdep_frames(const Subject& subject) {
  if (subject.report.phrase().sub.ends_with("order"))
    if (auto frames = first_telling(from_line(subject.body, "which became ")); !frames.empty())
      return frames;
  std::vector<std::string> frames = subject.telling;
  if (std::all_of(frames.begin(), frames.end(), is_primitive))
    if (auto chain = first_telling(from_line(subject.body, "-> #")); !chain.empty())
      frames = std::move(chain);
  if (std::string acquirer = acquirer_in(subject.body); !acquirer.empty())
    frames.insert(frames.begin(), std::move(acquirer));
  return frames;
}

void describe_lockdep(const Subject& subject, Finding& finding) {
  const std::string sub(subject.report.phrase().sub);
  finding.frames = lockdep_frames(subject);
  if (!finding.frames.empty()) finding.function = finding.frames.front();

  if (sub == "circular") {
    std::vector<std::string> cycle = lock_cycle(subject.body);
    const bool whole = !cycle.empty();
    if (!whole) {
      cycle = lock_classes(subject.body, 2);
      if (finding.incomplete.empty()) finding.incomplete = "its chain of locks is not whole";
    }
    finding.identity =
        fmt::format("lockdep:circular:{}{}", fmt::join(cycle, ">"), whole ? "" : ":partial");
    finding.title = fmt::format("lockdep: {}", fmt::join(cycle, " / "));
    return;
  }
  if (sub == "rcu-usage") {
    for (const std::string& line : subject.body.subspan(1)) {
      if (line.find(" suspicious ") == std::string::npos) continue;
      finding.identity =
          fmt::format("lockdep:rcu-usage:{}:{}:{}", file_after(line, ""), finding.function,
                      masked(std::string_view(line).substr(line.find(' '))));
      break;
    }
    if (finding.identity.empty())
      finding.identity = fmt::format("lockdep:rcu-usage:{}", finding.function);
    finding.title = in_function("lockdep: suspicious RCU usage", finding.function);
    return;
  }
  const bool two = sub.ends_with("order") || sub == "irq-inversion";
  const std::vector<std::string> classes = lock_classes(subject.body, two ? 2 : 1);
  std::string detail;
  if (sub == "inconsistent")
    for (const std::string& line : subject.body)
      if (line.starts_with("inconsistent {")) detail = ":" + masked(line.substr(13));
  const bool by_class = two || sub == "recursive" || sub == "inconsistent";
  finding.identity = fmt::format("lockdep:{}:{}{}{}", sub, fmt::join(classes, ">"), detail,
                                 by_class ? "" : ":" + finding.function);
  finding.title = classes.empty() ? in_function("lockdep: " + sub, finding.function)
                                  : fmt::format("lockdep: {} {}", sub, fmt::join(classes, " / "));
}

/// The grace period a task waits for; empty if it waits for something else. Such a task is never the
/// guilty one: RCU does not get on.
std::string grace_period(const std::vector<std::string>& frames) {
  for (const std::string& function : frames)
    for (const std::string_view wait : {"synchronize_rcu", "synchronize_srcu"})
      if (function.find(wait) != std::string::npos) return std::string(wait);
  return {};
}

void describe_hung_task(const Subject& subject, Finding& finding) {
  if (std::string wait = grace_period(subject.trace.frames); !wait.empty())
    finding.frames.push_back(std::move(wait));
  for (const std::string& function : subject.trace.frames) {
    if (is_primitive(function) || is_glock_wait(function)) continue;
    if (!finding.frames.empty() && (is_plumbing(function) || finding.frames.back() == function))
      continue;
    finding.frames.push_back(function);
    if (finding.frames.size() == kMaxFrames) break;
  }
  if (finding.frames.empty()) finding.frames = subject.telling;
  if (!finding.frames.empty()) finding.function = finding.frames.front();
  finding.title = in_function("hung task", finding.function);
  finding.identity = "hung:" + (finding.frames.empty() ? "unknown" : chain_of(finding.frames, 3));
}

void describe_stall(const Subject& subject, Finding& finding) {
  finding.frames = busy_frames(subject.trace);
  if (finding.kind == "wq_lockup")
    for (const std::string& line : subject.body) {
      const std::size_t at = line.find("in-flight: ");
      const std::size_t colon = at == std::string::npos ? at : line.find(':', at + 11);
      if (colon == std::string::npos) continue;
      const std::string name =
          line.substr(colon + 1, line.find_first_of(" ,", colon + 1) - colon - 1);
      finding.frames.insert(finding.frames.begin(), printable(name, 64));
      break;
    }
  if (!finding.frames.empty()) finding.function = finding.frames.front();
  std::string what = finding.kind;
  std::replace(what.begin(), what.end(), '_', ' ');
  finding.title = in_function(what, finding.function);
  // Where a busy cpu was found is chance; the door it came through, if there is one, is not.
  if (const std::string door = door_of(subject.trace); !door.empty()) {
    finding.identity = fmt::format("{}:{}", finding.kind, door);
    return;
  }
  const auto most = static_cast<std::ptrdiff_t>(std::min<std::size_t>(5, finding.frames.size()));
  const std::set<std::string> top(finding.frames.begin(), finding.frames.begin() + most);
  finding.identity = fmt::format("{}:{}", finding.kind, fmt::join(top, ","));
}

/// The functions a sanitizer names: "in F+0x10/0x20", KCSAN's "in F / G".
std::vector<std::string> named_functions(std::string_view header) {
  const std::size_t at = header.find(" in ");
  if (at == std::string_view::npos) return {};
  std::vector<std::string> names;
  for (std::string_view rest = header.substr(at + 4); !rest.empty() && names.size() < 2;) {
    const std::string_view word = rest.substr(0, rest.find_first_of(" +"));
    if (!word.empty() && word.find('/') == std::string_view::npos &&
        word.find(':') == std::string_view::npos)
      names.push_back(plain_name(printable(word, 128)));
    const std::size_t next = rest.find(" / ");
    rest = next == std::string_view::npos ? std::string_view() : rest.substr(next + 3);
  }
  return names;
}

void describe_sanitizer(const Subject& subject, Finding& finding) {
  std::vector<std::string> named = named_functions(subject.header);
  std::erase_if(named, [](const std::string& function) {
    return is_primitive(function) || function.starts_with("_copy_") ||
           function.starts_with("copy_");
  });
  finding.frames = std::move(named);
  finding.frames.insert(finding.frames.end(), subject.telling.begin(), subject.telling.end());
  if (!finding.frames.empty()) finding.function = finding.frames.front();
  // "BUG: KASAN: use-after-free in F+0x…", "UBSAN: shift-out-of-bounds in FILE:LINE:COL"
  const bool ubsan = finding.kind == "ubsan";
  std::string_view type = subject.header;
  const std::string_view start = subject.report.phrase().start;
  type.remove_prefix(std::min(type.size(), type.find(start) + start.size()));
  const std::string what = masked(type.substr(0, type.find(" in ")));
  std::string name = finding.kind;
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  finding.title = in_function(name + ": " + what, finding.function);
  finding.identity = ubsan
                         ? fmt::format("ubsan:{}:{}:{}", what, file_after(subject.header, " in "),
                                       finding.function)
                         : fmt::format("{}:{}:{}", finding.kind, what, chain_of(finding.frames, 3));
}

void describe_atomic_sleep(const Subject& subject, Finding& finding) {
  finding.frames = subject.telling;
  if (!finding.frames.empty()) finding.function = finding.frames.front();
  finding.title = in_function("sleeping in atomic context", finding.function);
  finding.identity =
      fmt::format("atomic_sleep:{}:{}", subject.report.phrase().sub, chain_of(finding.frames, 2));
}

void describe_other_bug(const Subject& subject, Finding& finding) {
  finding.frames = subject.telling;
  if (!finding.frames.empty()) finding.function = finding.frames.front();
  const std::string text = masked(subject.header);
  finding.title = text;
  finding.identity = fmt::format("bug:{}:{}", text, finding.function);
}

void describe_panic(const Subject& subject, Finding& finding) {
  const bool overflow = subject.header.find("corrupted stack end") != std::string_view::npos;
  finding.frames = overflow ? busy_frames(subject.trace) : subject.telling;
  if (subject.header.find(" is corrupted in: ") != std::string_view::npos)
    if (std::string named = plain_name(symbol_in(subject.header)); !named.empty())
      finding.frames.insert(finding.frames.begin(), std::move(named));
  if (!finding.frames.empty()) finding.function = finding.frames.front();
  const std::string_view phrase = subject.report.phrase().start;
  const std::size_t at = subject.header.find(phrase);
  std::string_view text = subject.header.substr(at + phrase.size());
  if (text.starts_with(": ")) text.remove_prefix(2);
  finding.title = fmt::format("kernel panic: {}", masked(text));
  finding.identity = fmt::format("panic:{}:{}", masked(text), finding.function);
}

/// "OCFS2: ERROR (device sdb): FUNCTION: TEXT". Source: __ocfs2_error() in fs/ocfs2/super.c.
void describe_ocfs2(const Subject& subject, Finding& finding) {
  const std::string_view sub = subject.report.phrase().sub;
  std::string_view text = subject.header;
  if (sub == "error" || sub == "abort") {
    const std::size_t close = text.find("): ");
    text.remove_prefix(close == std::string_view::npos ? 0 : close + 3);
    if (const std::size_t colon = text.find(": "); colon != std::string_view::npos) {
      finding.function = plain_name(printable(text.substr(0, colon), 64));
      text.remove_prefix(colon + 2);
    }
  }
  const std::string reason = masked(text);
  finding.title = in_function("OCFS2: " + reason, finding.function);
  finding.identity = fmt::format("ocfs2:{}:{}:{}", sub, reason, finding.function);
}

/// The function that met the error first; it is logged again on its way up. The error number of
/// "status = -5" is kept, since another one is another failure.
void describe_way_up(const Subject& subject, Finding& finding) {
  const Mlog first = parse_mlog(subject.header).value_or(Mlog{});
  finding.function = plain_name(printable(first.function, 64));
  const std::string reason =
      is_mlog_status(first.said) ? std::string(first.said) : masked(first.said);
  finding.title = in_function("OCFS2: " + reason, finding.function);
  finding.identity = fmt::format("ocfs2:mlog:{}:{}", finding.function, reason);
}

void describe_fs(const Subject& subject, Finding& finding) {
  finding.frames = subject.telling;
  if (finding.kind == "ocfs2") return describe_ocfs2(subject, finding);
  const FsError error = fs_error(subject.body);
  if (!error.function.empty())
    finding.function = error.function;
  else if (!finding.frames.empty())
    finding.function = finding.frames.front();
  const std::string reason = masked(error.reason);
  finding.title = in_function("GFS2: " + reason, finding.function);
  finding.identity =
      fmt::format("gfs2:{}:{}:{}", subject.report.phrase().sub, reason, finding.function);
}

void describe_leak(const Subject& subject, Finding& finding) {
  finding.frames = subject.telling;
  if (!finding.frames.empty()) finding.function = finding.frames.front();
  finding.title = in_function("memory leak", finding.function);
  finding.identity = fmt::format("memory_leak:{}", chain_of(finding.frames, 3));
}

void describe_line(const Subject& subject, Finding& finding) {
  const std::string_view sub = subject.report.phrase().sub;
  finding.title = masked(subject.header);
  if (finding.kind == "lockdep_off") {
    // "BUG: MAX_LOCKDEP_CHAINS too low!": the limit is the identity
    const std::size_t at = subject.header.find("MAX_");
    const std::string limit(subject.header.substr(at, subject.header.find(' ', at) - at));
    finding.title = "lockdep turned itself off: " + printable(limit, 64) + " too low";
    finding.identity = "lockdep_off:" + printable(limit, 64);
    return;
  }
  finding.identity = sub.empty() ? fmt::format("{}:{}", finding.kind, finding.title)
                                 : fmt::format("{}:{}", finding.kind, sub);
}

/// Whether a trace is of a thread that a stall report shows as a bystander: RCU's own, or an idle
/// cpu's.
bool is_bystander(const Trace& trace) {
  return std::any_of(trace.frames.begin(), trace.frames.end(), [](const std::string& function) {
    return function == "rcu_gp_kthread" || function == "do_idle" ||
           function.starts_with("cpu_idle") || function == "default_idle_call";
  });
}

/// The first trace that tells anything.
Trace naming_trace(const std::vector<Trace>& traces) {
  for (const bool strict : {true, false})
    for (const Trace& trace : traces)
      if (!strict || (!is_bystander(trace) && !std::all_of(trace.frames.begin(), trace.frames.end(),
                                                           is_primitive)))
        return trace;
  return {};
}

using Describe = void (*)(const Subject&, Finding&);

// In the order of Shape.
constexpr std::array<Describe, 13> kDescribe{
    describe_die,    describe_warning,   describe_lockdep,      describe_hung_task,
    describe_stall,  describe_sanitizer, describe_atomic_sleep, describe_other_bug,
    describe_panic,  describe_leak,      describe_fs,           describe_line,
    describe_way_up,
};

}  // namespace

Finding describe(const Report& report) {
  Finding finding;
  finding.kind = report.phrase().kind;
  finding.variant = report.phrase().sub;
  finding.task = report.task();
  finding.pid = report.pid();
  finding.cpu = report.cpu();
  finding.kernel_time = report.time();
  finding.begin = report.begin();
  finding.end = report.end();
  finding.incomplete = report.incomplete();

  const std::span<const std::string> lines(report.lines());
  const auto body = lines.subspan(report.header_index());
  Subject subject{report, body, report.header(), {}, {}, {}};
  const Shape shape = report.phrase().shape;
  const bool untitled = shape == Shape::sanitizer || shape == Shape::leak;
  subject.traces = traces_in(shape == Shape::lockdep ? from_line(body, "stack backtrace:") : body,
                             untitled ? Traces::untitled : Traces::titled);
  subject.trace = naming_trace(subject.traces);
  subject.telling = telling_frames(subject.trace);
  finding.stack = subject.trace.locations;
  finding.glocks = glocks_in(lines);
  kDescribe.at(static_cast<std::size_t>(report.phrase().shape))(subject, finding);

  std::set<std::string> seen;
  std::erase_if(finding.frames, [&](const std::string& f) { return !seen.insert(f).second; });
  if (finding.frames.size() > kMaxFrames) finding.frames.resize(kMaxFrames);
  finding.identity = printable(finding.identity, kMaxIdentity);
  finding.title = printable(finding.title, kMaxTitle);
  return finding;
}

}  // namespace gridlock::console

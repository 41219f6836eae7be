// SPDX-License-Identifier: GPL-2.0-or-later
#include "watch/self_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gridlock {
namespace {

/// The kernel's name for what a report is counted as; null: the kernel does not count it.
const char* counter_of(const console::Finding& finding) {
  const std::string& kind = finding.kind;
  // A WARN; and what calls check_panic_on_warn() besides. Not lockdep's "WARNING: possible …".
  static const std::set<std::string> kWarns{"kasan", "kfence", "kcsan", "kmsan", "ubsan"};
  if (kind == "warning") return finding.variant == "unwinder" ? nullptr : "warnings";
  if (kWarns.contains(kind)) return "warnings";
  if (kind == "atomic_sleep") return finding.variant == "scheduling" ? "warnings" : nullptr;
  // Of the many things called BUG those that end a task.
  if (kind == "bug" && (finding.variant == "kernel-bug" || finding.variant == "invalid-opcode"))
    return "oopses";
  if (kind == "oops" || kind == "gpf") return "oopses";
  if (kind == "hung_task") return "hung_tasks";
  if (kind == "soft_lockup") return "soft_lockups";
  if (kind == "hard_lockup") return "hard_lockups";
  if (kind == "rcu_stall") return "rcu_stalls";
  return nullptr;
}

/// A counter, and what one and several of its reports are called.
struct Counter {
  const char* name;
  const char* one;
  const char* several;
  /// Whether every report is counted: a stall's can be several, and its end is counted too.
  bool exact;
};
constexpr std::array<Counter, 6> kCounters{{
    {"warnings", "warning", "warnings", true},
    {"oopses", "oops", "oopses", true},
    {"hung_tasks", "hung task", "hung tasks", true},
    {"soft_lockups", "soft lockup", "soft lockups", false},
    {"hard_lockups", "hard lockup", "hard lockups", false},
    {"rcu_stalls", "RCU stall", "RCU stalls", false},
}};

/// Bits of the taint mask. Source: include/linux/panic.h.
constexpr std::uint64_t kDied = 1 << 7;
constexpr std::uint64_t kWarned = 1 << 9;
constexpr std::uint64_t kSoftLockup = 1 << 14;
/// With these lockdep goes off (LOCKDEP_NOW_UNRELIABLE): a module of an unknown or forced kind, a
/// machine check, a bad page, a death.
constexpr std::uint64_t kEndsLockdep = 1 << 0 | 1 << 1 | 1 << 3 | 1 << 4 | 1 << 5 | kDied;

class Comparison {
 public:
  explicit Comparison(const ConsoleAndKernel& node) : node_(node) {}

  std::vector<Disagreement> run() {
    for (const Counter& counter : kCounters) compare(counter);
    compare_taint();
    compare_lockdep();
    return std::move(found_);
  }

 private:
  void claim(const std::string& about, std::string text) {
    found_.push_back({about, std::move(text)});
  }

  /// How far the kernel counted in between; absent: it does not say.
  std::optional<std::uint64_t> counted(const std::string& name) const {
    const auto after = node_.after.counts.find(name);
    if (after == node_.after.counts.end()) return std::nullopt;
    if (!node_.before) return after->second;
    const auto before = node_.before->counts.find(name);
    if (before == node_.before->counts.end() || after->second < before->second) return std::nullopt;
    return after->second - before->second;
  }

  void compare(const Counter& counter) {
    const auto kernel = counted(counter.name);
    const std::uint64_t console = node_.console.counted(counter.name);
    const std::uint64_t least =
        counter.exact ? console - node_.console.perhaps_counted(counter.name) : 0;
    if (!kernel || (*kernel >= least && *kernel <= console)) return;
    // The kernel goes on counting when it reports no more.
    if (std::string(counter.name) == "hung_tasks" && node_.after.hung_task_reports_left == 0)
      return;
    claim(counter.name, fmt::format("the console shows {} {}, the kernel counted {}", console,
                                    console == 1 ? counter.one : counter.several, *kernel));
  }

  void compare_bit(std::uint64_t bit, const char* letter, bool shown, const std::string& reports) {
    const bool new_bit = (*node_.after.taint & ~taint_before() & bit) != 0;
    if (new_bit && !shown)
      claim("taint",
            fmt::format("the kernel is tainted {}, the console shows no {}", letter, reports));
  }

  void compare_taint() {
    if (!node_.after.taint || (node_.before && !node_.before->taint)) return;
    const bool died = node_.console.counted("oopses") > 0;
    const bool locked = node_.console.has("soft_lockup");
    compare_bit(kDied, "D", died, "oops");
    compare_bit(kWarned, "W", node_.console.has("warning") || node_.console.has("atomic_sleep"),
                "warning");
    compare_bit(kSoftLockup, "L", locked, "soft lockup");
    if (died && (*node_.after.taint & kDied) == 0)
      claim("taint", "the console shows an oops, the kernel is not tainted D");
    if (locked && (*node_.after.taint & kSoftLockup) == 0)
      claim("taint", "the console shows a soft lockup, the kernel is not tainted L");
  }

  void compare_lockdep() {
    if (!node_.after.lockdep.alive) return;
    if (*node_.after.lockdep.alive) {
      if (node_.console.ended_lockdep())
        claim("lockdep", "the console shows a lockdep report, the kernel has lockdep still on");
      return;
    }
    if (node_.before && node_.before->lockdep.alive != true) return;
    const std::uint64_t taint = node_.after.taint.value_or(0) & ~taint_before();
    // Its own checks of itself are WARNs.
    static const std::set<std::string> kEnds{"lockdep", "lockdep_off", "bug",   "oops",
                                             "gpf",     "panic",       "kasan", "warning"};
    const bool shown = std::any_of(kEnds.begin(), kEnds.end(), [this](const std::string& kind) {
      return node_.console.has(kind);
    });
    if (!shown && (taint & kEndsLockdep) == 0)
      claim("lockdep", "the kernel has switched lockdep off, the console does not show why");
  }

  std::uint64_t taint_before() const { return node_.before ? node_.before->taint.value_or(0) : 0; }

  const ConsoleAndKernel& node_;
  std::vector<Disagreement> found_;
};

}  // namespace

void ConsoleTally::add(const console::Finding& finding) {
  if (finding.replayed) return;
  kinds_.insert(finding.kind);
  static const std::set<std::string> kPerhaps{"kasan", "kcsan", "kmsan"};
  if (const char* const counter = counter_of(finding)) {
    ++counted_[counter];
    if (kPerhaps.contains(finding.kind)) ++perhaps_counted_[counter];
  }
  // All begin with debug_locks_off(); not RCU's, which have a switch of their own.
  static const std::set<std::string> kEndsLockdep{
      "circular", "recursive",    "irq-inversion",  "hardirq-order", "softirq-order",
      "order",    "inconsistent", "unlock-balance", "held-freed"};
  if (finding.kind == "lockdep" && kEndsLockdep.contains(finding.variant)) ended_lockdep_ = true;
}

std::uint64_t ConsoleTally::counted(const std::string& name) const {
  const auto found = counted_.find(name);
  return found == counted_.end() ? 0 : found->second;
}

std::uint64_t ConsoleTally::perhaps_counted(const std::string& name) const {
  const auto found = perhaps_counted_.find(name);
  return found == perhaps_counted_.end() ? 0 : found->second;
}

SelfCheck check_console(const ConsoleAndKernel& node) {
  if (node.dropped > 0)
    return {fmt::format("the kernel dropped {} of its messages", node.dropped), {}};
  if (node.lost > 0) return {fmt::format("{} findings were too many to keep", node.lost), {}};
  if (node.console.has("reboot")) return {"the kernel started again", {}};
  return {"", Comparison(node).run()};
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "watch/kernel_counters.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/text.h"
#include "watch/lock_files.h"

namespace gridlock {
namespace {

/// One answer of the agent, so that a file is read at one moment: /proc/lock_stat is sorted anew
/// each time it is opened.
constexpr std::size_t kFileSize = 128 << 10;
constexpr std::size_t kMostClasses = 4096;
/// The kernel prints at most 42 characters of a class's name.
constexpr std::size_t kLongestName = 80;

void add(std::uint64_t& sum, std::uint64_t value) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  sum = value > kMost - sum ? kMost : sum + value;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words = split(text, ' ');
  std::erase(words, std::string());
  return words;
}

/// The sum of a line's columns, one a processor; absent if one is no number.
std::optional<std::uint64_t> sum_of(std::string_view columns) {
  std::uint64_t sum = 0;
  const std::vector<std::string> words = words_of(columns);
  for (const std::string& word : words) {
    const auto value = number<std::uint64_t>(word, 10);
    if (!value) return std::nullopt;
    add(sum, *value);
  }
  return words.empty() ? std::nullopt : std::optional(sum);
}

/// "1234.56", as snprint_time() writes it: cut to 14 characters if it is longer.
std::optional<double> microseconds(std::string_view text) {
  constexpr std::size_t kLongest = 14;
  if (text.size() > kLongest) return std::nullopt;
  const std::size_t point = std::min(text.find('.'), text.size());
  const auto whole = number<std::uint64_t>(text.substr(0, point), 10);
  if (!whole) return std::nullopt;
  const std::string_view part = text.substr(std::min(point + 1, text.size()));
  if (part.size() != 2) return static_cast<double>(*whole);
  const auto hundredths = number<unsigned>(part, 10);
  if (!hundredths) return std::nullopt;
  return static_cast<double>(*whole) + *hundredths / 100.0;
}

/// A line of a class: "name:", "name-W:" or "name-R:" and twelve columns. Others, which say where a
/// lock was waited for, have no colon or other columns.
std::optional<std::pair<std::string, LockClass>> class_of(std::string_view line) {
  constexpr std::size_t kColumns = 12;
  constexpr std::size_t kContentions = 1;
  constexpr std::size_t kWaitTotal = 4;
  constexpr std::size_t kAcquisitions = 7;
  const std::size_t colon = line.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::vector<std::string> columns = words_of(line.substr(colon + 1));
  if (columns.size() != kColumns) return std::nullopt;
  const auto contentions = number<std::uint64_t>(columns[kContentions], 10);
  const auto wait = microseconds(columns[kWaitTotal]);
  const auto acquisitions = number<std::uint64_t>(columns[kAcquisitions], 10);
  std::string_view name = trimmed(line.substr(0, colon));
  if (name.ends_with("-W") || name.ends_with("-R")) name.remove_suffix(2);
  if (!contentions || !wait || !acquisitions || name.empty()) return std::nullopt;
  return std::pair(printable(name, kLongestName), LockClass{*contentions, *acquisitions, *wait});
}

/// Adds `after - before` to `sum`; forgets it for good if that is less than nothing.
void add_change(std::optional<double>& sum, double before, double after) {
  if (!sum) return;
  if (after < before)
    sum.reset();
  else
    *sum += after - before;
}

void put(std::map<std::string, double>& counts, const char* name, std::optional<double> value) {
  if (value) counts[name] = *value;
}

using Pairs = std::vector<std::pair<const KernelCounters::Node*, const KernelCounters::Node*>>;

void compare_glocks(const Pairs& nodes, KernelChange& change) {
  std::optional<double> requests = 0;
  std::optional<double> queued = 0;
  for (const auto& [before, after] : nodes) {
    if (!before->glocks || !after->glocks) return;
    add_change(requests, static_cast<double>(before->glocks->dlm_requests),
               static_cast<double>(after->glocks->dlm_requests));
    add_change(queued, static_cast<double>(before->glocks->holders_queued),
               static_cast<double>(after->glocks->holders_queued));
  }
  put(change.counts, "dlm_requests", requests);
  put(change.counts, "holders_queued", queued);
}

/// What a class that `list` lacks had, if that is known.
std::optional<LockClass> missing_from(const LockStat& list) {
  const bool reached_the_idle =
      std::any_of(list.classes.begin(), list.classes.end(),
                  [](const auto& entry) { return entry.second.contentions == 0; });
  return !list.cut || reached_the_idle ? std::optional(LockClass{}) : std::nullopt;
}

void compare_locks(const Pairs& nodes, KernelChange& change) {
  std::map<std::string, LockWait> waits;
  std::optional<double> contentions = 0;
  std::optional<double> acquisitions = 0;
  std::optional<double> waited = 0;
  bool cut = false;
  for (const auto& [before, after] : nodes) {
    if (!before->locks || !after->locks) return;
    cut = cut || before->locks->cut || after->locks->cut;
    const std::optional<LockClass> missing = missing_from(*before->locks);
    for (const auto& [name, now] : after->locks->classes) {
      const auto found = before->locks->classes.find(name);
      const bool listed = found != before->locks->classes.end();
      if (!listed && !missing) continue;
      const LockClass& then = listed ? found->second : *missing;
      add_change(contentions, static_cast<double>(then.contentions),
                 static_cast<double>(now.contentions));
      add_change(acquisitions, static_cast<double>(then.acquisitions),
                 static_cast<double>(now.acquisitions));
      add_change(waited, then.wait_us, now.wait_us);
      if (now.wait_us <= then.wait_us || now.contentions < then.contentions) continue;
      LockWait& wait = waits[name];
      wait.contentions += static_cast<double>(now.contentions - then.contentions);
      wait.wait_us += now.wait_us - then.wait_us;
    }
  }
  put(change.counts, "lock_contentions", contentions);
  // The classes that a cut list lacks are taken often, only never waited for.
  if (!cut) put(change.counts, "lock_acquisitions", acquisitions);
  put(change.counts, "lock_wait_us", waited);
  if (cut) change.counts["lock_stat_cut"] = 1;
  for (auto& [name, wait] : waits) {
    change.waits.push_back(wait);
    change.waits.back().lock_class = name;
  }
  std::stable_sort(change.waits.begin(), change.waits.end(),
                   [](const LockWait& a, const LockWait& b) { return a.wait_us > b.wait_us; });
  if (change.waits.size() > KernelChange::kWaits) change.waits.resize(KernelChange::kWaits);
}

}  // namespace

std::optional<GlockCounts> parse_sbstats(std::string_view text) {
  std::optional<GlockCounts> counts;
  while (!text.empty()) {
    const bool whole = text.find('\n') != std::string_view::npos;
    const std::string_view line = take_line(text);
    const std::size_t colon = line.find(':');
    if (!whole || colon == std::string_view::npos) continue;
    const std::vector<std::string> names = words_of(line.substr(0, colon));
    if (names.size() != 2 || (names[1] != "dlm" && names[1] != "queue")) continue;
    const auto sum = sum_of(line.substr(colon + 1));
    if (!sum) continue;
    if (!counts) counts.emplace();
    add(names[1] == "dlm" ? counts->dlm_requests : counts->holders_queued, *sum);
  }
  return counts;
}

std::optional<LockStat> parse_lock_stat(std::string_view text) {
  if (!text.starts_with("lock_stat version ")) return std::nullopt;
  // The line behind the version, when lockdep has switched itself off.
  if (text.substr(0, text.find("\n--")).find("lock debugging disabled") != std::string_view::npos)
    return std::nullopt;
  LockStat stat;
  const std::size_t end = text.rfind('\n');
  stat.cut = end != text.size() - 1;
  text = text.substr(0, end == std::string_view::npos ? 0 : end + 1);
  while (!text.empty()) {
    auto entry = class_of(take_line(text));
    if (!entry) continue;
    const auto& [name, counts] = *entry;
    if (stat.classes.size() >= kMostClasses && !stat.classes.contains(name)) {
      stat.cut = true;
      break;
    }
    LockClass& sum = stat.classes[name];
    add(sum.contentions, counts.contentions);
    add(sum.acquisitions, counts.acquisitions);
    sum.wait_us += counts.wait_us;
  }
  return stat;
}

KernelCounters read_kernel_counters(const Plan& plan, const Crew& crew, const Fabric* fabric,
                                    Milliseconds limit, std::stop_token stop) {
  const SteadyTime end = crew.loop().now() + limit;
  const auto get = [&](const std::string& path) {
    const auto left = std::chrono::duration_cast<Milliseconds>(end - crew.loop().now());
    return crew.get_all(path, kFileSize, std::max(left, Milliseconds{0}), stop);
  };
  const std::string sbstats = lock_files(plan).sbstats;
  const std::vector<Reply> glocks = sbstats.empty() ? std::vector<Reply>{} : get(sbstats);
  const std::vector<Reply> locks = get("/proc/lock_stat");
  KernelCounters counters;
  for (std::size_t i = 0; i < crew.members().size(); ++i) {
    KernelCounters::Node& node = counters.nodes[crew.members()[i].id];
    if (!glocks.empty() && glocks[i].ok()) node.glocks = parse_sbstats(glocks[i].data);
    if (locks[i].ok()) node.locks = parse_lock_stat(locks[i].data);
    if (node.locks && locks[i].data.size() >= kFileSize) node.locks->cut = true;
  }
  if (fabric != nullptr) counters.dlm = fabric->dlm_traffic();
  return counters;
}

KernelChange difference(const KernelCounters& before, const KernelCounters& after) {
  KernelChange change;
  Pairs nodes;
  for (const auto& [node, counters] : after.nodes) {
    const auto found = before.nodes.find(node);
    if (found != before.nodes.end()) nodes.emplace_back(&found->second, &counters);
  }
  if (!nodes.empty() && nodes.size() == before.nodes.size() &&
      nodes.size() == after.nodes.size()) {
    compare_glocks(nodes, change);
    compare_locks(nodes, change);
  }
  if (before.dlm && after.dlm) {
    std::optional<double> frames = 0;
    std::optional<double> bytes = 0;
    add_change(frames, static_cast<double>(before.dlm->frames),
               static_cast<double>(after.dlm->frames));
    add_change(bytes, static_cast<double>(before.dlm->bytes),
               static_cast<double>(after.dlm->bytes));
    put(change.counts, "dlm_frames", frames);
    put(change.counts, "dlm_bytes", bytes);
  }
  return change;
}

}  // namespace gridlock

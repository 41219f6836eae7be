// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "record/run_record.h"

namespace gridlock {
namespace {

/// Beyond this neither seconds nor bytes a second were measured.
constexpr double kLargestNumber = 1e21;
constexpr std::uint64_t kLargestInteger = std::numeric_limits<std::int64_t>::max();
/// No lab is near it.
constexpr int kMostNodes = 1'000'000;
/// rfc3339 writes four digits for a year.
constexpr int kLastYear = 9999;

/// One object and where it stands in the document, so that an error can name the member.
class Members {
 public:
  Members(const Json& object, std::string path) : object_(object), path_(std::move(path)) {
    if (!object_.is_object()) wrong("", "is not an object");
  }

  const Json& at(std::string_view key) const {
    const auto it = object_.find(key);
    if (it == object_.end()) wrong(key, "is missing");
    return *it;
  }
  bool has(std::string_view key) const { return object_.contains(key); }

  void read(std::string_view key, std::string& to) const {
    if (!at(key).is_string()) wrong(key, "is not a text");
    to = at(key).get<std::string>();
  }
  void read(std::string_view key, bool& to) const {
    if (!at(key).is_boolean()) wrong(key, "is neither true nor false");
    to = at(key).get<bool>();
  }
  void read(std::string_view key, double& to) const {
    if (!at(key).is_number()) wrong(key, "is not a number");
    to = at(key).get<double>();
    if (!(std::abs(to) <= kLargestNumber)) wrong(key, "is out of range");
  }
  void read(std::string_view key, std::uint64_t& to) const {
    if (!at(key).is_number_unsigned()) wrong(key, "is not a whole number of at least 0");
    to = at(key).get<std::uint64_t>();
  }
  void read(std::string_view key, std::int64_t& to) const {
    // What does not fit is unsigned there.
    if (!at(key).is_number_integer() || (at(key).is_number_unsigned() && at(key) > kLargestInteger))
      wrong(key, "is not a whole number that fits");
    to = at(key).get<std::int64_t>();
  }
  void read(std::string_view key, int& to) const {
    if (!at(key).is_number_integer()) wrong(key, "is not a whole number");
    const std::int64_t value = integer_or(object_, key, std::numeric_limits<std::int64_t>::max());
    if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max())
      wrong(key, "is out of range");
    to = static_cast<int>(value);
  }
  template <class Value>
  void read(std::string_view key, std::optional<Value>& to) const {
    if (!has(key)) return;
    Value value{};
    read(key, value);
    to = value;
  }
  void read(std::string_view key, Outcome& to) const {
    std::string text;
    read(key, text);
    const std::optional<Outcome> outcome = parse_outcome(text);
    if (!outcome) wrong(key, "is no outcome");
    to = *outcome;
  }
  void read(std::string_view key, Expectation& to) const {
    std::string text;
    read(key, text);
    if (text != "pass" && text != "fail") wrong(key, "is neither \"pass\" nor \"fail\"");
    to = text == "fail" ? Expectation::fail : Expectation::pass;
  }
  void read(std::string_view key, UtcTime& to) const;
  void read(std::string_view key, std::vector<std::string>& to) const {
    for (const Json& item : array(key)) {
      if (!item.is_string()) wrong(key, "has an element that is not a text");
      to.push_back(item.get<std::string>());
    }
  }
  void read(std::string_view key, std::vector<int>& to) const {
    for (const Json& item : array(key)) {
      if (!item.is_number_integer() || item < 0 || item > kMostNodes)
        wrong(key, "has an element that is no number of a node");
      to.push_back(item.get<int>());
    }
  }
  void read(std::string_view key, std::map<std::string, std::string>& to) const {
    const Members members(at(key), inner(key));
    for (const auto& item : members.object_.items()) members.read(item.key(), to[item.key()]);
  }
  void read(std::string_view key, std::map<std::string, std::uint64_t>& to) const {
    const Members members(at(key), inner(key));
    for (const auto& item : members.object_.items()) members.read(item.key(), to[item.key()]);
  }
  void read(std::string_view key, std::map<std::string, double>& to) const {
    const Members members(at(key), inner(key));
    for (const auto& item : members.object_.items()) members.read(item.key(), to[item.key()]);
  }
  void read(std::string_view key, Notes& to) const {
    const Members members(at(key), inner(key));
    for (const auto& item : members.object_.items()) {
      if (item.value().is_string())
        to[item.key()] = item.value().get<std::string>();
      else
        members.read(item.key(), to[item.key()].emplace<double>());
    }
  }
  template <class Value>
  void read(std::string_view key, std::optional<Value>& to,
            Value (*convert)(const Members&)) const {
    if (has(key)) to = convert(Members(at(key), inner(key)));
  }
  template <class Value>
  void read(std::string_view key, std::vector<Value>& to, Value (*convert)(const Members&)) const {
    for (const Json& item : array(key))
      to.push_back(convert(Members(item, fmt::format("{}[{}]", inner(key), to.size()))));
  }
  template <class Value>
  void read(std::string_view key, std::map<std::string, Value>& to,
            Value (*convert)(const Members&)) const {
    const Members members(at(key), inner(key));
    for (const auto& item : members.object_.items())
      to[item.key()] = convert(Members(item.value(), members.inner(item.key())));
  }

  [[noreturn]] void wrong(std::string_view key, std::string_view how) const {
    const std::string name = inner(key);
    throw Error(fmt::format("{} {}", name.empty() ? "the document" : "'" + name + "'", how));
  }

  std::string inner(std::string_view key) const {
    const std::string name = printable(key, 60);
    return path_.empty() || name.empty() ? path_ + name : path_ + "." + name;
  }

 private:
  const Json& array(std::string_view key) const {
    if (!at(key).is_array()) wrong(key, "is not a list");
    return at(key);
  }

  const Json& object_;
  std::string path_;
};

/// The number `digits` is, all of it; -1 if it is none.
int whole_number(std::string_view digits) {
  int value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

/// Reads exactly what rfc3339() writes: "2026-11-22T22:30:05.123Z".
std::optional<UtcTime> parse_rfc3339(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00.000Z";
  if (text.size() != kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < kShape.size(); ++i)
    if (kShape[i] != '0' && kShape[i] != text[i]) return std::nullopt;
  const auto part = [&](std::size_t begin, std::size_t length) {
    return whole_number(text.substr(begin, length));
  };
  const int year = part(0, 4), month = part(5, 2), day = part(8, 2);
  const int hour = part(11, 2), minute = part(14, 2), second = part(17, 2), ms = part(20, 3);
  if (std::min({year, month, day, hour, minute, second, ms}) < 0 || hour > 23 || minute > 59 ||
      second > 59 || year > kLastYear)
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return UtcTime{std::chrono::sys_days(date)} + std::chrono::hours(hour) +
         std::chrono::minutes(minute) + std::chrono::seconds(second) + Milliseconds(ms);
}

void Members::read(std::string_view key, UtcTime& to) const {
  std::string text;
  read(key, text);
  const std::optional<UtcTime> time = parse_rfc3339(text);
  if (!time) wrong(key, "is no time like 2026-11-22T22:30:05.123Z");
  to = *time;
}

FindingRecord read_finding(const Members& from) {
  FindingRecord finding;
  from.read("id", finding.id);
  from.read("kind", finding.kind);
  from.read("title", finding.title);
  from.read("identity", finding.identity);
  from.read("function", finding.function);
  from.read("nodes", finding.nodes);
  from.read("count", finding.count);
  from.read("step", finding.step);
  from.read("at_seconds", finding.at);
  from.read("known", finding.known);
  from.read("secondary", finding.secondary);
  from.read("incomplete", finding.incomplete);
  from.read("excerpt", finding.excerpt);
  from.read("console", finding.console);
  return finding;
}

LatencyRecord read_latency(const Members& from) {
  LatencyRecord latency;
  from.read("p50_us", latency.p50_us);
  from.read("p90_us", latency.p90_us);
  from.read("p99_us", latency.p99_us);
  from.read("p999_us", latency.p999_us);
  from.read("max_us", latency.max_us);
  return latency;
}

SteadyRecord read_steady(const Members& from) {
  SteadyRecord steady;
  from.read("operations_per_second", steady.operations_per_second);
  from.read("bytes_per_second", steady.bytes_per_second);
  if (from.has("latency"))
    steady.latency = read_latency(Members(from.at("latency"), from.inner("latency")));
  return steady;
}

/// Operations by worker.
std::map<std::string, std::uint64_t> read_workers(const Members& from, const Json& object) {
  std::map<std::string, std::uint64_t> workers;
  for (const auto& [name, count] : object.items()) from.read(name, workers[name]);
  return workers;
}

WorkloadCounters read_counters(const Members& from) {
  WorkloadCounters counters;
  from.read("operations", counters.operations);
  from.read("bytes", counters.bytes);
  from.read("short_transfers", counters.short_transfers);
  from.read("errors", counters.errors);
  from.read("bad_blocks", counters.bad_blocks);
  // Runs from before these were counted have none of them.
  if (from.has("retries")) from.read("retries", counters.retries);
  if (from.has("latency"))
    counters.latency = read_latency(Members(from.at("latency"), from.inner("latency")));
  if (from.has("steady"))
    counters.steady = read_steady(Members(from.at("steady"), from.inner("steady")));
  if (from.has("workers"))
    counters.workers =
        read_workers(Members(from.at("workers"), from.inner("workers")), from.at("workers"));
  if (from.has("notes")) from.read("notes", counters.notes);
  from.read("samples", counters.samples);
  from.read("read_bytes_per_second", counters.read_bytes_per_second);
  from.read("write_bytes_per_second", counters.write_bytes_per_second);
  return counters;
}

LockWaitRecord read_lock_wait(const Members& from) {
  LockWaitRecord wait;
  from.read("class", wait.lock_class);
  from.read("contentions", wait.contentions);
  from.read("wait_us", wait.wait_us);
  return wait;
}

WorkloadRecord read_workload(const Members& from) {
  WorkloadRecord workload;
  from.read("name", workload.name);
  from.read("program", workload.program);
  from.read("operation", workload.operation);
  from.read("outcome", workload.outcome);
  from.read("detail", workload.detail);
  from.read("seconds", workload.seconds);
  if (from.has("steady_begin_seconds")) {
    from.read("steady_begin_seconds", workload.steady_begin);
    from.read("steady_end_seconds", workload.steady_end);
    from.read("not_steady", workload.not_steady);
  }
  workload.total = read_counters(Members(from.at("total"), from.inner("total")));
  from.read("nodes", workload.nodes, read_counters);
  if (from.has("kernel")) from.read("kernel", workload.kernel);
  if (from.has("lock_waits")) from.read("lock_waits", workload.lock_waits, read_lock_wait);
  return workload;
}

TableRecord read_table(const Members& from) {
  TableRecord table;
  from.read("used", table.used);
  from.read("max", table.most);
  return table;
}

OracleRecord read_oracle(const Members& from) {
  OracleRecord oracle;
  from.read("lockdep_alive", oracle.lockdep_alive);
  from.read("taint", oracle.taint);
  from.read("dropped_lines", oracle.dropped_lines);
  from.read("console_bytes", oracle.console_bytes);
  // Schema 1 had no more.
  if (!from.has("self_check")) return oracle;
  from.read("lockdep_tables", oracle.lockdep_tables, read_table);
  from.read("taint_before", oracle.taint_before);
  from.read("counts", oracle.counts);
  from.read("counts_before", oracle.counts_before);
  from.read("hung_task_reports_left", oracle.hung_task_reports_left);
  from.read("gfs2_withdrawn", oracle.gfs2_withdrawn);
  from.read("dlm_recovering", oracle.dlm_recovering);
  from.read("dlm_members", oracle.dlm_members);
  from.read("unread", oracle.unread);
  from.read("self_check", oracle.self_check);
  return oracle;
}

StepRecord read_step(const Members& from) {
  StepRecord step;
  from.read("name", step.name);
  from.read("begin_seconds", step.begin);
  from.read("end_seconds", step.end);
  from.read("problem", step.problem);
  return step;
}

KernelRecord read_kernel(const Members& from) {
  KernelRecord kernel;
  from.read("name", kernel.name);
  from.read("from", kernel.from);
  from.read("key", kernel.key);
  from.read("release", kernel.release);
  from.read("build_seconds", kernel.build_seconds);
  from.read("objects", kernel.objects);
  from.read("from_cache", kernel.from_cache);
  from.read("perf", kernel.perf);
  return kernel;
}

TrialRecord read_trial(const Members& from) {
  TrialRecord trial;
  from.read("number", trial.number);
  from.read("kernel", trial.kernel);
  from.read("name", trial.name);
  from.read("directory", trial.directory);
  // Older runs do not say them.
  if (from.has("start")) from.read("start", trial.start);
  if (from.has("lab_of")) from.read("lab_of", trial.lab_of);
  if (from.has("seed")) from.read("seed", trial.seed);
  from.read("outcome", trial.outcome);
  from.read("expect", trial.expect);
  from.read("any_of_kernel", trial.any_of_kernel);
  from.read("expected", trial.expected);
  from.read("reason", trial.reason);
  from.read("started", trial.started);
  from.read("seconds", trial.seconds);
  from.read("steps", trial.steps, read_step);
  from.read("workloads", trial.workloads, read_workload);
  from.read("findings", trial.findings, read_finding);
  from.read("oracles", trial.oracles, read_oracle);
  from.read("kernel_releases", trial.kernel_releases);
  from.read("own_cpu_seconds", trial.own_cpu_seconds);
  from.read("own_memory_bytes", trial.own_memory_bytes);
  return trial;
}

HuntRecord read_hunt(const Members& from) {
  HuntRecord hunt;
  from.read("began", hunt.began);
  from.read("seconds", hunt.seconds);
  from.read("limit_seconds", hunt.limit_seconds);
  from.read("until", hunt.until);
  from.read("labs", hunt.labs);
  return hunt;
}

}  // namespace

RunRecord run_record_from_json(const Json& json) {
  const Members from(json, "");
  std::string format;
  from.read("format", format);
  if (format != RunRecord::kFormat) from.wrong("format", "is not \"gridlock-run\"");
  int schema = 0;
  from.read("schema", schema);
  if (schema < 1 || schema > RunRecord::kSchema)
    throw Error(
        fmt::format("'schema' is {}, this Gridlock reads 1 to {}", schema, RunRecord::kSchema),
        "read it with the Gridlock that wrote it");
  RunRecord run;
  from.read("id", run.id);
  from.read("topology", run.topology);
  from.read("plan_hash", run.plan_hash);
  from.read("gridlock_version", run.gridlock_version);
  from.read("outcome", run.outcome);
  from.read("reason", run.reason);
  from.read("exit_code", run.exit_code);
  from.read("started", run.started);
  from.read("updated", run.updated);
  from.read("seconds", run.seconds);
  from.read("accel", run.accel);
  from.read("accel_reason", run.accel_reason);
  from.read("host", run.host);
  from.read("nodes", run.nodes);
  from.read("seed", run.seed);
  from.read("command", run.command);
  from.read("kernels", run.kernels, read_kernel);
  from.read("trials", run.trials, read_trial);
  from.read("hunt", run.hunt, read_hunt);
  return run;
}

}  // namespace gridlock

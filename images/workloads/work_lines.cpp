// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/work_lines.h"

#include <unistd.h>

#include <cerrno>

namespace gridlock::mdio {
namespace {

constexpr std::string_view kMark = "gridlock ";

std::string field(std::string_view name, std::uint64_t value) {
  return "\"" + std::string(name) + "\":" + std::to_string(value);
}

/// What is worth a word only if it happened.
std::string unless_zero(std::string_view name, std::uint64_t value) {
  return value == 0 ? "" : "," + field(name, value);
}

}  // namespace

void print_line(std::string_view line) {
  std::string rest = std::string(line) + "\n";
  std::string_view left = rest;
  while (!left.empty()) {
    const ssize_t count = ::write(STDOUT_FILENO, left.data(), left.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    left.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    // Whatever else JSON forbids in a string is of no use to a reader either.
    out += static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e ? '?' : c;
  }
  return out + "\"";
}

void WorkLines::sample(std::chrono::milliseconds since_start) {
  for (const WorkerCounters& worker : board_.workers) {
    if (worker.name[0] == '\0') break;
    Seen& seen = seen_[&worker];
    const std::uint64_t operations = worker.operations;
    const std::uint64_t checked = worker.checked;
    const std::uint64_t errors = worker.errors;
    // A worker that stands still is told to be there all the same: that it does not move is news.
    const bool moved =
        operations != seen.operations || checked != seen.checked || errors != seen.errors;
    std::string line =
        std::string(kMark) + "{" + field("t_ms", static_cast<std::uint64_t>(since_start.count())) +
        ",\"worker\":\"" + worker.name.data() + "\"," + field("operations", operations) + "," +
        field("bytes", worker.bytes) + unless_zero("short", worker.short_transfers) +
        unless_zero("errors", errors) + unless_zero("bad", worker.bad) +
        unless_zero("retries", worker.retries) + unless_zero("checked", checked);
    if (worker.ended) line += ",\"ended\":true";
    if (moved) line += latency_since(worker, seen);
    print_line(line + "}");
    seen.operations = operations;
    seen.checked = checked;
    seen.errors = errors;
  }
}

std::string WorkLines::latency_since(const WorkerCounters& worker, Seen& seen) const {
  seen.latency.resize(histogram::kBuckets);
  std::string buckets;
  for (std::size_t i = 0; i < histogram::kBuckets; ++i) {
    const std::uint64_t now = worker.latency[i];
    if (now == seen.latency[i]) continue;
    buckets += (buckets.empty() ? "[" : ",[") + std::to_string(i) + "," +
               std::to_string(now - seen.latency[i]) + "]";
    seen.latency[i] = now;
  }
  return buckets.empty() ? "" : ",\"latency\":[" + buckets + "]";
}

void WorkLines::result() {
  std::uint64_t operations = 0, bytes = 0, shorts = 0, errors = 0, bad = 0, retries = 0;
  std::uint64_t checked = 0, nonresident = 0, resident = 0, torn = 0, lost = 0;
  std::string first_bad;
  std::string first_error;
  for (const WorkerCounters& worker : board_.workers) {
    if (worker.name[0] == '\0') break;
    if (worker.transfers()) {
      operations += worker.operations;
      bytes += worker.bytes;
    }
    shorts += worker.short_transfers;
    errors += worker.errors;
    bad += worker.bad;
    retries += worker.retries;
    checked += worker.checked;
    nonresident += worker.nonresident;
    resident += worker.resident;
    torn += worker.torn;
    lost += worker.lost;
    if (first_bad.empty()) first_bad = worker.first_bad.get();
    if (first_error.empty()) first_error = worker.first_error.get();
  }
  print_line(std::string(kMark) + "{\"result\":{" + field("operations", operations) + "," +
             field("bytes", bytes) + "," + field("short", shorts) + "," + field("errors", errors) +
             "," + field("bad", bad) + "," + field("retries", retries) + ",\"first_bad\":" +
             (first_bad.empty() ? "null" : first_bad) + ",\"first_error\":" + quoted(first_error) +
             ",\"notes\":{" + field("checked", checked) + "," + field("nonresident", nonresident) +
             "," + field("resident", resident) + "," + field("torn", torn) + "," +
             field("lost", lost) + "}}}");
}

}  // namespace gridlock::mdio

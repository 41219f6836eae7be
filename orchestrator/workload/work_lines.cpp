// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/work_lines.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace gridlock {
namespace {

constexpr std::string_view kMark = "gridlock ";
constexpr std::size_t kLongestLine = 128 << 10;
constexpr std::size_t kMostWorkers = 1024;
constexpr std::size_t kLongestName = 40;
constexpr std::size_t kMostNotes = 32;
constexpr std::size_t kLongestNote = 200;
/// Up to here a double holds every whole number.
constexpr double kLargestNote = 9e15;
/// A year: no program's clock is right beyond it.
constexpr std::int64_t kLatest = std::int64_t{365} * 24 * 3600 * 1000;

std::uint64_t count(const Json& object, std::string_view key) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, integer_or(object, key, 0)));
}

/// Totals never go back, whatever a node says.
void raise(std::uint64_t& value, std::uint64_t said) { value = std::max(value, said); }

void raise_all(Counters& counters, const Json& said) {
  raise(counters.operations, count(said, "operations"));
  raise(counters.bytes, count(said, "bytes"));
  raise(counters.short_transfers, count(said, "short"));
  raise(counters.errors, count(said, "errors"));
  raise(counters.bad_blocks, count(said, "bad"));
  raise(counters.retries, count(said, "retries"));
}

void add(Counters& sum, const Counters& one) {
  sum.short_transfers += one.short_transfers;
  sum.errors += one.errors;
  sum.bad_blocks += one.bad_blocks;
  sum.retries += one.retries;
}

std::vector<std::pair<std::size_t, std::uint64_t>> latency_of(const Json& values) {
  std::vector<std::pair<std::size_t, std::uint64_t>> latency;
  const auto found = values.find("latency");
  if (found == values.end() || !found->is_array() || found->size() > histogram::kBuckets) return {};
  for (const Json& entry : *found) {
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_number_unsigned() ||
        !entry[1].is_number_unsigned())
      return {};
    const auto bucket = entry[0].get<std::uint64_t>();
    if (bucket >= histogram::kBuckets) return {};
    latency.emplace_back(static_cast<std::size_t>(bucket), entry[1].get<std::uint64_t>());
  }
  return latency;
}

std::optional<BadData> bad_data_of(const Json& result) {
  const auto found = result.find("first_bad");
  if (found == result.end() || !found->is_object()) return std::nullopt;
  const auto text = [&](std::string_view key) { return printable(text_or(*found, key, ""), 300); };
  return BadData{text("file"),  count(*found, "offset"), text("what"),  text("expected"),
                 text("found"), text("writer"),          text("reader")};
}

Notes notes_of(const Json& result) {
  const auto found = result.find("notes");
  if (found == result.end() || !found->is_object()) return {};
  Notes notes;
  for (const auto& item : found->items()) {
    if (notes.size() == kMostNotes) break;
    const std::string name = printable(item.key(), kLongestName);
    const Json& value = item.value();
    if (value.is_string())
      notes[name] = printable(value.get<std::string>(), kLongestNote);
    else if (value.is_number() && std::abs(value.get<double>()) <= kLargestNote)
      notes[name] = value.get<double>();
  }
  return notes;
}

}  // namespace

bool does_operations(std::string_view worker) {
  return !worker.empty() && worker.front() >= '0' && worker.front() <= '9';
}

std::string describe(const BadData& bad) {
  std::string text = bad.file + " at " + std::to_string(bad.offset) + ": " + bad.what;
  if (!bad.expected.empty()) text += "\nexpected " + bad.expected;
  if (!bad.found.empty()) text += "\nfound    " + bad.found;
  if (!bad.writer.empty()) text += "\nwritten by " + bad.writer;
  if (!bad.reader.empty()) text += "\nread by " + bad.reader;
  return text;
}

void WorkLineReader::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    if (!skipping_) partial_ += part;
    if (partial_.size() > kLongestLine) {
      ++garbage_;
      partial_.clear();
      skipping_ = true;
    }
    if (end == std::string_view::npos) return;
    if (!skipping_) line(partial_);
    partial_.clear();
    skipping_ = false;
    bytes.remove_prefix(end + 1);
  }
}

void WorkLineReader::program_ended(bool /*ok*/) {
  if (!partial_.empty()) line(partial_);
  partial_.clear();
}

void WorkLineReader::line(std::string_view text) {
  if (!text.starts_with(kMark)) {
    if (on_other_) on_other_(text);
    return;
  }
  const std::optional<Json> parsed = parse_json(text.substr(kMark.size()), 8);
  if (!parsed || !parsed->is_object()) {
    ++garbage_;
    return;
  }
  const auto found = parsed->find("result");
  const bool final = found != parsed->end() && found->is_object();
  const Json& values = final ? *found : *parsed;
  // Behind its result a program has nothing more to say.
  if (!values.contains("operations") || !values["operations"].is_number_integer() || has_result_) {
    ++garbage_;
    return;
  }
  final ? result(values) : sample(values);
}

void WorkLineReader::sample(const Json& values) {
  const std::string name = printable(text_or(values, "worker", "1"), kLongestName);
  if (!workers_.contains(name) && workers_.size() >= kMostWorkers) {
    ++garbage_;
    return;
  }
  WorkerState& worker = workers_[name];
  raise_all(worker.counters, values);
  ++worker.counters.samples;
  const auto ended = values.find("ended");
  worker.ended = ended != values.end() && ended->is_boolean() && ended->get<bool>();
  const std::int64_t at = std::clamp<std::int64_t>(integer_or(values, "t_ms", 0), 0, kLatest);
  worker.sample = {std::max(worker.sample.at, Milliseconds{at}), worker.counters.operations,
                   worker.counters.bytes, latency_of(values)};
  add_up();
  if (on_sample_) on_sample_(name, worker);
}

void WorkLineReader::add_up() {
  const std::uint64_t samples = counters_.samples + 1;
  Counters sum;
  for (const auto& [name, worker] : workers_) {
    add(sum, worker.counters);
    if (!does_operations(name)) continue;
    sum.operations += worker.counters.operations;
    sum.bytes += worker.counters.bytes;
  }
  sum.samples = samples;
  counters_ = sum;
}

void WorkLineReader::result(const Json& values) {
  raise_all(counters_, values);
  counters_.first_error = printable(text_or(values, "first_error", ""), 300);
  counters_.first_bad = bad_data_of(values);
  counters_.notes = notes_of(values);
  has_result_ = true;
}

}  // namespace gridlock

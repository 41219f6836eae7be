// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/fio_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/text.h"

namespace gridlock {
namespace {

constexpr std::size_t kLongestObject = 1 << 20;
/// A year: no job runs longer.
constexpr std::int64_t kLatestRuntime = std::int64_t{365} * 24 * 3600 * 1000;

std::uint64_t count(const Json& object, std::string_view key) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, integer_or(object, key, 0)));
}

/// Of two directions the longer time is kept: their percentiles cannot be merged.
void take_worst(LatencyFigures& latency, const Json& part) {
  const auto completion = part.find("clat_ns");
  if (completion == part.end() || !completion->is_object()) return;
  const auto percentiles = completion->find("percentile");
  const auto raise = [](double& value, double nanoseconds) {
    value = std::max(value, nanoseconds / 1000);
  };
  raise(latency.max_us, number_or(*completion, "max", 0));
  if (percentiles == completion->end() || !percentiles->is_object()) return;
  raise(latency.p50_us, number_or(*percentiles, "50.000000", 0));
  raise(latency.p90_us, number_or(*percentiles, "90.000000", 0));
  raise(latency.p99_us, number_or(*percentiles, "99.000000", 0));
  raise(latency.p999_us, number_or(*percentiles, "99.900000", 0));
}

}  // namespace

void FioReader::feed(std::string_view bytes) {
  for (const char c : bytes) {
    if (depth_ == 0 && c != '{') continue;  // notes between the objects
    partial_ += c;
    if (escaped_) {
      escaped_ = false;
    } else if (quoted_) {
      if (c == '\\') escaped_ = true;
      if (c == '"') quoted_ = false;
    } else if (c == '"') {
      quoted_ = true;
    } else if (c == '{') {
      ++depth_;
    } else if (c == '}' && --depth_ == 0) {
      object(partial_);
      partial_.clear();
    }
    if (partial_.size() > kLongestObject) {
      partial_.clear();
      depth_ = 0;
      quoted_ = escaped_ = false;
      ++garbage_;
    }
  }
}

void FioReader::object(std::string_view text) {
  const std::optional<Json> parsed = parse_json(text, 32);
  if (!parsed || !parsed->contains("jobs") || !(*parsed)["jobs"].is_array()) {
    ++garbage_;
    return;
  }
  Counters now;
  now.samples = counters_.samples + 1;
  double read_rate = 0;
  double write_rate = 0;
  Milliseconds time{0};
  Bins bins;
  LatencyFigures latency;
  for (const Json& job : (*parsed)["jobs"]) {
    if (!job.is_object()) continue;
    for (const auto* const way : {"read", "write"}) {
      const auto part = job.find(way);
      if (part == job.end() || !part->is_object()) continue;
      now.operations += count(*part, "total_ios");
      now.bytes += count(*part, "io_bytes");
      now.short_transfers += count(*part, "short_ios");
      (*way == 'r' ? read_rate : write_rate) += number_or(*part, "bw_bytes", 0);
      take_worst(latency, *part);
      add_bins(bins, *part);
      // Not job_runtime: it is the sum over the jobs that are reported together, and in the first
      // object counts from before the files were laid out.
      time = std::max(time, Milliseconds{std::clamp<std::int64_t>(integer_or(*part, "runtime", 0),
                                                                  0, kLatestRuntime)});
    }
    const std::int64_t error = integer_or(job, "error", 0);
    now.errors += count(job, "total_err");
    if (error != 0 && now.first_error.empty()) {
      now.errors = std::max<std::uint64_t>(now.errors, 1);
      now.first_error =
          fmt::format("fio job {}: error {}", printable(text_or(job, "jobname", "?"), 60), error);
    }
  }
  now.read_rate = read_rate;
  now.write_rate = write_rate;
  if (latency.max_us > 0) now.latency = latency;
  counters_ = now;
  last_object_ = text;
  sample({time, now.operations, now.bytes}, std::move(bins));
}

void FioReader::add_bins(Bins& bins, const Json& part) {
  const auto completion = part.find("clat_ns");
  if (completion == part.end() || !completion->is_object()) return;
  const auto found = completion->find("bins");
  if (found == completion->end() || !found->is_object()) return;
  for (const auto& bin : found->items()) {
    const auto nanoseconds = number<std::uint64_t>(bin.key(), 10);
    if (nanoseconds && bin.value().is_number_unsigned())
      bins[*nanoseconds] += bin.value().get<std::uint64_t>();
  }
}

void FioReader::sample(const Done& done, Bins bins) {
  if (done.operations < last_.operations || done.time < last_.time) {
    before_.time += last_.time;
    before_.operations += last_.operations;
    before_.bytes += last_.bytes;
    last_bins_.clear();
  }
  WorkerState& worker = workers_["1"];
  worker.counters = counters_;
  worker.sample = {before_.time + done.time,
                   before_.operations + done.operations,
                   before_.bytes + done.bytes,
                   {}};
  for (const auto& [nanoseconds, count] : bins) {
    const auto before = last_bins_.find(nanoseconds);
    const std::uint64_t known = before == last_bins_.end() ? 0 : before->second;
    // fio's buckets are as wide as ours, and it gives their middle.
    if (count > known)
      worker.sample.latency.emplace_back(histogram::bucket_of(nanoseconds), count - known);
  }
  last_ = done;
  last_bins_ = std::move(bins);
  if (on_sample_) on_sample_("1", worker);
}

}  // namespace gridlock

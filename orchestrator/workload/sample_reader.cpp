// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/sample_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"

namespace gridlock {
namespace {

constexpr std::size_t kLongestLine = 64 << 10;
constexpr std::size_t kLongestObject = 1 << 20;

std::uint64_t count(const Json& object, std::string_view key) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, integer_or(object, key, 0)));
}

}  // namespace

void MmapDioReader::feed(std::string_view bytes) {
  partial_ += bytes;
  std::size_t start = 0;
  for (std::size_t end = partial_.find('\n'); end != std::string::npos;
       end = partial_.find('\n', start)) {
    line(std::string_view(partial_).substr(start, end - start));
    start = end + 1;
  }
  partial_.erase(0, start);
  if (partial_.size() > kLongestLine) {
    partial_.clear();
    ++garbage_;
  }
}

void MmapDioReader::line(std::string_view text) {
  if (trimmed(text).empty()) return;
  const std::optional<Json> parsed = parse_json(text, 8);
  if (!parsed || !parsed->is_object()) {
    ++garbage_;
    return;
  }
  const auto result = parsed->find("result");
  const bool final = result != parsed->end() && result->is_object();
  const Json& values = final ? *result : *parsed;
  if (!values.contains("operations")) {
    ++garbage_;
    return;
  }
  counters_.operations = count(values, "operations");
  counters_.bytes = count(values, "bytes");
  counters_.short_transfers = count(values, "short");
  counters_.errors = count(values, "errors");
  counters_.bad_blocks = count(values, "bad");
  if (counters_.first_error.empty())
    counters_.first_error = printable(text_or(values, "first_error", ""), 200);
  if (counters_.first_bad.empty())
    counters_.first_bad = printable(text_or(values, "first_bad", ""), 400);
  if (final)
    has_result_ = true;
  else
    ++counters_.samples;
}

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
  for (const Json& job : (*parsed)["jobs"]) {
    if (!job.is_object()) continue;
    for (const auto* const way : {"read", "write"}) {
      const auto part = job.find(way);
      if (part == job.end() || !part->is_object()) continue;
      now.operations += count(*part, "total_ios");
      now.bytes += count(*part, "io_bytes");
      now.short_transfers += count(*part, "short_ios");
      (*way == 'r' ? read_rate : write_rate) += number_or(*part, "bw_bytes", 0);
    }
    const std::int64_t error = integer_or(job, "error", 0);
    now.errors += count(job, "total_err");
    if (error != 0 && now.first_error.empty()) {
      now.errors = std::max<std::uint64_t>(now.errors, 1);
      now.first_error = fmt::format("fio job {}: error {}",
                                    printable(text_or(job, "jobname", "?"), 60), error);
    }
  }
  now.read_rate = read_rate;
  now.write_rate = write_rate;
  counters_ = now;
}

}  // namespace gridlock

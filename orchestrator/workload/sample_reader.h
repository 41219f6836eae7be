// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "workload/counters.h"

namespace gridlock {

/// Reads what a workload program prints on a node while it works, piece by piece. The node is not
/// trusted: a text that is too long or cannot be understood is counted and skipped.
class SampleReader {
 public:
  virtual ~SampleReader() = default;
  virtual void feed(std::string_view bytes) = 0;
  /// The program has ended; `ok`: with status 0.
  virtual void program_ended(bool /*ok*/) {}
  const Counters& counters() const { return counters_; }
  /// Whether the program printed its final result.
  bool has_result() const { return has_result_; }
  std::uint64_t garbage() const { return garbage_; }

 protected:
  Counters counters_;
  bool has_result_ = false;
  std::uint64_t garbage_ = 0;
};

/// mmap-dio: one JSON object a line, the last one {"result": {…}} (images/workloads/mmap-dio).
class MmapDioReader final : public SampleReader {
 public:
  void feed(std::string_view bytes) override;

 private:
  void line(std::string_view text);
  std::string partial_;
};

/// fio with --output-format=json --status-interval: whole JSON objects one after another, each with
/// the totals so far. The one after which fio ended is the result.
class FioReader final : public SampleReader {
 public:
  void feed(std::string_view bytes) override;
  void program_ended(bool ok) override { has_result_ = ok && counters_.samples > 0; }

 private:
  void object(std::string_view text);
  std::string partial_;
  int depth_ = 0;
  bool quoted_ = false;
  bool escaped_ = false;
};

}  // namespace gridlock

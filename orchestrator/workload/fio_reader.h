// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/json.h"
#include "workload/sample_reader.h"

namespace gridlock {

/// fio with --output-format=json+ --status-interval: whole JSON objects one after another, each
/// with the totals so far, which are the samples of one worker. The one after which fio ended is
/// the result. What its members mean is seen with fio 3.33, Debian 12's.
class FioReader final : public SampleReader {
 public:
  void feed(std::string_view bytes) override;
  void program_ended(bool ok) override { has_result_ = ok && counters_.samples > 0; }
  std::string own_result() const override { return last_object_; }

 private:
  /// How many operations took how long: by fio's nanoseconds, since the job began.
  using Bins = std::map<std::uint64_t, std::uint64_t>;

  /// What was done since the program's start. A job with `ramp_time` begins to count anew behind
  /// it.
  struct Done {
    Milliseconds time{0};
    std::uint64_t operations = 0;
    std::uint64_t bytes = 0;
  };

  void object(std::string_view text);
  void sample(const Done& done, Bins bins);
  static void add_bins(Bins& bins, const Json& part);

  std::string partial_;
  std::string last_object_;
  int depth_ = 0;
  bool quoted_ = false;
  bool escaped_ = false;
  Done before_;  ///< of what was counted before the job began anew
  Done last_;    ///< since then
  Bins last_bins_;
};

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "workload/sample_reader.h"

namespace gridlock {

/// fio with --output-format=json --status-interval: whole JSON objects one after another, each with
/// the totals so far, which are the samples of one worker. The one after which fio ended is the
/// result.
class FioReader final : public SampleReader {
 public:
  void feed(std::string_view bytes) override;
  void program_ended(bool ok) override { has_result_ = ok && counters_.samples > 0; }
  std::string own_result() const override { return last_object_; }

 private:
  void object(std::string_view text);
  std::string partial_;
  std::string last_object_;
  int depth_ = 0;
  bool quoted_ = false;
  bool escaped_ = false;
};

}  // namespace gridlock

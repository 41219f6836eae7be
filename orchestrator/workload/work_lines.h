// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "workload/sample_reader.h"

namespace gridlock {

/// Reads work lines: "gridlock " and a JSON object, as mmap-dio, lock-ping and whoever wants to
/// print them (docs/topology.md, "Work lines"). All other lines are the program's ordinary output.
class WorkLineReader final : public SampleReader {
 public:
  void feed(std::string_view bytes) override;
  void program_ended(bool ok) override;

 private:
  void line(std::string_view text);
  void sample(const Json& values);
  void result(const Json& values);
  void add_up();

  std::string partial_;
  bool skipping_ = false;  ///< the rest of a line that was too long
};

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "workload/fio_reader.h"
#include "workload/work_lines.h"

namespace gridlock {

/// What a reader made of some bytes.
struct ReadOutcome {
  std::uint64_t operations = 0, bytes = 0, bad = 0, samples = 0, garbage = 0;
  std::size_t workers = 0;
  bool result = false;
  bool operator==(const ReadOutcome&) const = default;
};

template <class Reader>
ReadOutcome read_in_pieces(std::string_view bytes, std::size_t piece) {
  Reader reader;
  std::uint64_t last = 0;
  reader.on_sample([&](const std::string&, const WorkerState& state) {
    // Nothing a node says can be larger than the reader keeps.
    if (state.sample.latency.size() > histogram::kBuckets) std::abort();
  });
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    reader.feed(bytes.substr(at, piece));
    if (reader.workers().size() > 1024) std::abort();
    if constexpr (std::is_same_v<Reader, WorkLineReader>) {
      if (reader.counters().operations < last) std::abort();
      last = reader.counters().operations;
    }
  }
  reader.program_ended(true);
  const Counters& counters = reader.counters();
  return {counters.operations, counters.bytes,          counters.bad_blocks, counters.samples,
          reader.garbage(),    reader.workers().size(), reader.has_result()};
}

/// What must hold for whatever a workload prints; aborts where it does not. Shared by the fuzz
/// target and the test that replays its seeds.
inline void check_work_lines(std::string_view bytes) {
  const std::size_t whole = bytes.empty() ? 1 : bytes.size();
  const auto lines = read_in_pieces<WorkLineReader>(bytes, whole);
  const auto fio = read_in_pieces<FioReader>(bytes, whole);
  for (const std::size_t piece : {1U, 7U, 4096U}) {
    if (read_in_pieces<WorkLineReader>(bytes, piece) != lines) std::abort();
    if (read_in_pieces<FioReader>(bytes, piece) != fio) std::abort();
  }
  // After any garbage the next line is understood, unless a result has said the last word.
  const std::string after = std::string(bytes) + "\ngridlock {\"worker\":\"1\",\"operations\":1}\n";
  WorkLineReader reader;
  reader.feed(after);
  if (!reader.has_result() && reader.workers().size() < 1024 && !reader.workers().contains("1"))
    std::abort();
}

}  // namespace gridlock

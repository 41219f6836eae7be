// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gridlock {

/// How fast one node's workloads went, bin by bin; NaN: nobody reported then.
struct NodeSeries {
  std::string node;
  std::vector<double> operations_per_second;
  std::vector<double> bytes_per_second;
};

/// The samples of a trial, thinned to bins of equal length.
struct TrialSeries {
  double begin = 0;               ///< of the first bin, seconds since the trial's start
  double step = 0;                ///< length of a bin, s; 0: there are no samples
  std::vector<NodeSeries> nodes;  ///< by name
  std::size_t lines = 0;          ///< of samples.jsonl
  std::size_t unreadable = 0;     ///< of them: not a sample
};

/// Bounds of what is taken from a samples.jsonl, whatever it holds.
struct SeriesBounds {
  std::size_t bins = 120;
  std::size_t nodes = 64;      ///< further nodes are left out
  std::size_t workers = 4096;  ///< of all nodes and workloads; further ones are left out
};

/// The series in the text of a samples.jsonl (docs/results.md). Counters are summed over the
/// workers and workloads of a node and taken as straight lines between reports. A cut last line,
/// and lines that are no samples, are counted and passed over; so is a counter that goes back.
TrialSeries parse_series(std::string_view text, const SeriesBounds& bounds = {});

}  // namespace gridlock

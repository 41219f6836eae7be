// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "record/run_record.h"

namespace gridlock {

/// A pair that is to be run.
struct NextPair {
  std::string trial;
  int number = 1;
  bool head_first = false;
  bool same = false;  ///< of base against itself
};

/// A pair that was run again so often, one time after another, is given up: the host is not fit to
/// compare on.
constexpr int kMostRepeats = 3;

/// Which pairs a comparison runs, and in which order. A function of what has run, so that one that
/// was interrupted goes on where it was.
class Pairs {
 public:
  /// `trials` are the names, in the plan's order; `most` pairs of each are run, of base against
  /// itself the first `same`.
  Pairs(std::vector<std::string> trials, int most, int same, std::uint64_t order_seed);

  /// The first pair that is missing in `done`: all trials have their first pair before one has its
  /// second, and base against itself comes behind base against head. Nothing: all have run. A pair
  /// counts if both of its trials ran and nothing spoilt it.
  std::optional<NextPair> next(const CompareRecord& done) const;

  /// How many pairs all trials have by now.
  int complete(const CompareRecord& done) const;

 private:
  bool head_first(std::size_t trial, int number, bool same) const;

  std::vector<std::string> trials_;
  int most_;
  int same_;
  std::uint64_t seed_;
};

/// The pairs that are left unfinished by an interruption are spoilt by it.
void close_interrupted(CompareRecord& record);

}  // namespace gridlock

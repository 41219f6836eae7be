// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <string>

namespace gridlock {

/// How often a simulation repeats: `usual` times what GRIDLOCK_SIMULATIONS says, which is how the
/// figures in docs/comparison.md were made. With it set, every simulation prints what it found.
inline int repetitions(int usual) {
  const char* const more = ::getenv("GRIDLOCK_SIMULATIONS");
  return more == nullptr ? usual : usual * std::max(1, ::atoi(more));
}

/// In how many of so many repetitions something happened, from 0 to 1.
template <class Happened>
double share_of(int times, Happened happened) {
  int count = 0;
  for (int i = 0; i < times; ++i) count += happened(i) ? 1 : 0;
  return static_cast<double>(count) / times;
}

/// Passes `value` through.
inline double found(const std::string& what, double value) {
  if (::getenv("GRIDLOCK_SIMULATIONS") != nullptr) ::printf("    %s: %.4f\n", what.c_str(), value);
  return value;
}

/// How much single runs of one kernel differ, in units of about one standard deviation.
enum class Family {
  normal,
  student3,       ///< Student's t of three degrees: heavy tails
  slow_outliers,  ///< normal, but one run in ten is slower by five deviations
  lognormal       ///< skewed: e to the half of a normal
};

/// Random numbers that are the same with every standard library.
class Noise {
 public:
  explicit Noise(std::uint64_t seed) : random_(seed) {}

  /// Above 0, below 1.
  double uniform() { return (static_cast<double>(random_() >> 11) + 0.5) * 0x1p-53; }

  double normal() {
    if (spare_is_there_) {
      spare_is_there_ = false;
      return spare_;
    }
    const double radius = std::sqrt(-2 * std::log(uniform()));
    const double angle = 2 * std::numbers::pi * uniform();
    spare_ = radius * std::sin(angle);
    spare_is_there_ = true;
    return radius * std::cos(angle);
  }

  double of(Family family) {
    switch (family) {
      case Family::normal:
        return normal();
      case Family::student3: {
        double squares = 0;
        for (int i = 0; i < 3; ++i) {
          const double x = normal();
          squares += x * x;
        }
        return normal() / std::sqrt(squares / 3);
      }
      case Family::slow_outliers:
        return normal() - (uniform() < 0.1 ? 5 : 0);
      case Family::lognormal:
        return std::exp(normal() / 2);
    }
    return 0;
  }

  std::uint64_t number() { return random_(); }

 private:
  std::mt19937_64 random_;
  double spare_ = 0;
  bool spare_is_there_ = false;
};

}  // namespace gridlock

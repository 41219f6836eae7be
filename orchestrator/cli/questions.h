// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <stop_token>
#include <string>
#include <vector>

namespace gridlock {

/// Asks a person at a terminal: questions on standard error, answers line by line from standard
/// input.
class Questions {
 public:
  explicit Questions(std::stop_token stop) : stop_(std::move(stop)) {}

  /// What was typed, without blanks around it, or `fallback` if that is nothing. Throws Cancelled
  /// if the program is to stop or the input has ended.
  std::string ask(const std::string& question, const std::string& fallback);
  /// Asks again until it is one of `words`.
  std::string choose(const std::string& question, const std::vector<std::string>& words,
                     const std::string& fallback);
  /// Asks again until it is a whole number from `low` to `high`.
  int number(const std::string& question, int low, int high, int fallback);

 private:
  std::string line();

  std::stop_token stop_;
  std::string unread_;
};

}  // namespace gridlock

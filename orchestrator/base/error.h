// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <stdexcept>
#include <string>

namespace gridlock {

/// Gridlock, the host or the user's input failed. Never used for what a tested kernel does: that
/// is a value. `what()` says what failed and why in one line; `hint()` says what to do, or is empty.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& what, std::string hint = {})
      : std::runtime_error(what), hint_(std::move(hint)) {}
  const std::string& hint() const noexcept { return hint_; }

 private:
  std::string hint_;
};

/// The user's input (command line, topology) is wrong: exit code 2.
class UsageError : public Error {
  using Error::Error;
};

/// A wait or a command was given up because the user asked to stop: exit code 130.
class Cancelled : public Error {
 public:
  explicit Cancelled(const std::string& doing) : Error("interrupted while " + doing) {}
};

/// Thrown by GRIDLOCK_CHECK: a bug in Gridlock itself.
class InternalError : public Error {
  using Error::Error;
};

[[noreturn]] void check_failed(const char* condition, const std::string& why, const char* file,
                               int line);

}  // namespace gridlock

/// Checks what must hold if Gridlock itself is right; stays on in release builds.
#define GRIDLOCK_CHECK(condition, why)                                                        \
  do {                                                                                        \
    if (!(condition))                                                                         \
      ::gridlock::check_failed(#condition, (why), __FILE__, __LINE__);                        \
  } while (false)

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <exception>
#include <string>

#include "base/error.h"
#include "machine/hypervisor.h"

namespace gridlock {

/// A base for hypervisors of tests that do not look into their machines: every look fails at once.
class BlindHypervisor : public Hypervisor {
 public:
  void state(const std::string&, StateAnswer answer) override { answer(blind(), {}); }
  void registers(const std::string&, TextAnswer answer) override { answer(blind(), {}); }
  void thread_times(const std::string&, TimesAnswer answer) override { answer(blind(), {}); }
  void dump_memory(const std::string&, const std::filesystem::path&, Milliseconds,
                   Done done) override {
    done(blind());
  }
  void serve_gdb(const std::string&, const std::filesystem::path&, Done done) override {
    done(blind());
  }
  void stop_gdb(const std::string&, Done done) override { done(blind()); }

 private:
  static std::exception_ptr blind() {
    return std::make_exception_ptr(Error("this test's machines cannot be looked into"));
  }
};

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>

namespace gridlock {

/// An x86-64 processor as it stood at one moment, and what was on its stack.
struct StoppedProcessor {
  /// In DWARF's order: rax rdx rcx rbx rsi rdi rbp rsp r8 … r15. Source: System V ABI, AMD64
  /// supplement, "DWARF Register Number Mapping".
  std::array<std::uint64_t, 16> registers{};
  static constexpr std::size_t kStackPointer = 7;
  std::uint64_t instruction = 0;  ///< RIP
  bool in_kernel = false;         ///< privilege level 0
  std::map<std::uint64_t, std::uint64_t> stack;  ///< words by their addresses

  std::uint64_t stack_pointer() const { return registers[kStackPointer]; }
};

}  // namespace gridlock

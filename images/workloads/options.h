// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace gridlock::mdio {

enum class Action { prepare, run, verify };
enum class Operation { read, write };
enum class Buffer { same_file, next_node, anonymous };

struct Options {
  Action action = Action::run;
  std::string directory;
  std::uint64_t node = 0;  ///< from 1
  std::uint64_t nodes = 0;
  Operation operation = Operation::read;
  Buffer buffer = Buffer::same_file;
  std::uint64_t transfer = 1 << 20;   ///< bytes, a multiple of the page
  std::uint64_t file_size = 8 << 20;  ///< bytes, a multiple of the transfer, at least two of them
  std::chrono::milliseconds duration{10'000};
  std::chrono::milliseconds sample{200};
  std::uint64_t seed = 1;

  std::uint64_t transfers() const { return file_size / transfer; }
  std::uint64_t next_node() const { return node % nodes + 1; }
  std::string file_of(std::uint64_t which) const {
    return directory + "/mdio-" + std::to_string(which);
  }
};

struct UsageMistake : std::runtime_error {
  using std::runtime_error::runtime_error;
};

extern const char kUsage[];

/// Throws UsageMistake naming the option.
Options read_options(int count, const char* const* arguments);

}  // namespace gridlock::mdio

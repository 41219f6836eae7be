// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace gridlock::mdio {

/// What the command line says is not what the program takes.
struct UsageMistake : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The parts of `text` between the characters `at`; one part if there is none.
std::vector<std::string_view> split(std::string_view text, char at);

/// The number `text`, from `least` to `most`. Throws UsageMistake naming the option.
std::uint64_t number(std::string_view option, std::string_view text, std::uint64_t least,
                     std::uint64_t most);

/// The place of `word` among `words`, which are separated by spaces. Throws UsageMistake naming the
/// option.
std::size_t place(std::string_view option, std::string_view word, std::string_view words);

}  // namespace gridlock::mdio

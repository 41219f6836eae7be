// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/text.h"

namespace gridlock {

/// Every work line of `text`; fails the test at one that is none.
inline std::vector<Json> lines_of(const std::string& text) {
  std::vector<Json> out;
  for (const std::string& line : last_lines(text, 1'000'000)) {
    EXPECT_TRUE(line.starts_with("gridlock ")) << line;
    const auto json =
        parse_json(std::string_view(line).substr(std::min<std::size_t>(9, line.size())));
    EXPECT_TRUE(json) << line;
    if (json) out.push_back(*json);
  }
  return out;
}

/// The words of an options' line.
inline std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  for (const std::string& word : split(text, ' '))
    if (!word.empty()) words.push_back(word);
  return words;
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace gridlock {

/// Compares `text` with tests/testdata/<name>; GRIDLOCK_UPDATE_GOLDEN=1 rewrites that file instead.
inline void expect_golden(const std::string& text, const std::string& name) {
  const std::filesystem::path file =
      std::filesystem::path(GRIDLOCK_SOURCE_DIR) / "tests" / "testdata" / name;
  if (const char* const update = ::getenv("GRIDLOCK_UPDATE_GOLDEN"); update && *update == '1') {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return;
  }
  std::ifstream in(file, std::ios::binary);
  ASSERT_TRUE(in) << file << " is missing; GRIDLOCK_UPDATE_GOLDEN=1 writes it";
  const std::string golden{std::istreambuf_iterator<char>(in), {}};
  ASSERT_FALSE(golden.empty()) << file;
  EXPECT_EQ(text, golden) << "differs from " << file;
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
// Every file in testdata/topology/bad is refused with exactly the text in its .txt.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include "support/golden.h"
#include "topology/topology.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

fs::path bad_folder() {
  return fs::path(GRIDLOCK_SOURCE_DIR) / "tests" / "testdata" / "topology" / "bad";
}

std::vector<std::string> bad_files() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(bad_folder()))
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  std::ranges::sort(names);
  return names;
}

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// What read_topology complains about; empty if it does not.
std::string complaint(const std::string& text, const std::string& file) {
  try {
    static_cast<void>(read_topology(text, file));
  } catch (const TopologyError& error) {
    return error.what();
  }
  return {};
}

class BadTopology : public testing::TestWithParam<std::string> {};

TEST_P(BadTopology, IsRefusedWithThisText) {
  const std::string text = complaint(read(bad_folder() / (GetParam() + ".yaml")), "lab.yaml");
  ASSERT_FALSE(text.empty()) << "was accepted";
  expect_golden(text, "topology/bad/" + GetParam() + ".txt");
}

INSTANTIATE_TEST_SUITE_P(Topology, BadTopology, testing::ValuesIn(bad_files()),
                         [](const auto& file) { return file.param; });

TEST(TopologyErrors, EachMistakeIsPlaceLineAndCaret) {
  const std::vector<std::string> files = bad_files();
  ASSERT_GT(files.size(), 40u);
  for (const std::string& file : files) {
    std::istringstream lines(complaint(read(bad_folder() / (file + ".yaml")), "lab.yaml"));
    int mistakes = 0;
    for (std::string place, shown, caret; std::getline(lines, place);) {
      if (place.ends_with("not shown")) continue;
      ASSERT_TRUE(std::getline(lines, shown) && std::getline(lines, caret))
          << file << ": " << place;
      EXPECT_EQ(place.rfind("lab.yaml:", 0), 0u) << file << ": " << place;
      EXPECT_NE(place.find(": error: "), std::string::npos) << file << ": " << place;
      EXPECT_EQ(caret.find_first_not_of(' '), caret.size() - 1) << file << ": " << caret;
      EXPECT_EQ(caret.back(), '^') << file;
      ++mistakes;
    }
    EXPECT_GE(mistakes, 1) << file;
    EXPECT_LE(mistakes, 20) << file;
  }
}

TEST(TopologyErrors, RefusesTextAboveOneMebibyte) {
  const std::string text = "name: a # " + std::string(1 << 20, 'x');
  EXPECT_NE(complaint(text, "big.yaml")
                .find("big.yaml:1:1: error: the file is 1 MiB; a topology is "
                      "at most 1 MiB"),
            std::string::npos);
}

TEST(TopologyErrors, EndsOnMuchOfAnything) {
  for (const std::string piece :
       {"[",   "{",     "- ",    "a: ",  "? ",     "[a, ",     "&a ", "*a ", "\"", "!",
        "|\n", "---\n", "...\n", "%a\n", "a: 1\n", "{a: b}, ", "\n",  " ",   "#",  ","}) {
    std::string text;
    while (text.size() + piece.size() <= (256u << 10)) text += piece;
    EXPECT_NE(complaint(text, "f"), "") << piece;
  }
}

}  // namespace
}  // namespace gridlock

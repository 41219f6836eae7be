// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

#include "host/command_runner.h"
#include "support/work_lines.h"

namespace gridlock {

/// A wrong command line, and a part of what is said about it.
using UsageMistakeCase = std::pair<std::string, std::string>;

/// What every workload program says to a wrong action, node or option.
inline std::vector<UsageMistakeCase> common_usage_mistakes() {
  return {{"", "first word"},
          {"walk", "none of prepare run verify"},
          {"run --node 1 --nodes 2", "--dir is missing"},
          {"run --dir /x --nodes 2", "--node or --nodes is missing"},
          {"run --dir", "the value is missing"},
          {"run --colour red", "unknown option '--colour'"},
          {"run --dir /x --node 3 --nodes 2", "--node is above --nodes"},
          {"run --dir /x --node 1 --nodes 2 --processes 17", "not a number from 1 to 16"}};
}

/// Of a program in build/node: what is common to all, and `cases`, end with status 2, an
/// explanation and the usage.
inline void expect_usage_mistakes(const std::string& program,
                                  const std::vector<UsageMistakeCase>& cases) {
  std::vector<UsageMistakeCase> all = common_usage_mistakes();
  all.insert(all.end(), cases.begin(), cases.end());
  for (const auto& [arguments, text] : all) {
    const CommandResult result = make_command_runner()->run(
        {.program = GRIDLOCK_BINARY_DIR "/node/" + program, .arguments = words_of(arguments)}, {});
    EXPECT_EQ(result.value, 2) << arguments;
    EXPECT_THAT(result.errors, testing::HasSubstr(text)) << arguments;
    EXPECT_THAT(result.errors, testing::HasSubstr("usage: " + program)) << arguments;
  }
}

}  // namespace gridlock

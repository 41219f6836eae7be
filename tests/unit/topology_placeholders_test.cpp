// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology/placeholders.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace gridlock {
namespace {

using testing::HasSubstr;

std::string filled(std::string_view text) {
  return fill_in(text, [](std::string_view name) { return "<" + std::string(name) + ">"; });
}

std::string problem(std::string_view text) {
  try {
    filled(text);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(Placeholders, EveryNameIsReplacedWhereverItStands) {
  for (const std::string& name : placeholder_names()) {
    EXPECT_EQ(filled("{" + name + "}"), "<" + name + ">");
    EXPECT_EQ(filled("a{" + name + "}{" + name + "}b"), "a<" + name + "><" + name + ">b");
  }
}

TEST(Placeholders, DoubledBracesAreBraces) {
  EXPECT_EQ(filled("{{node}}"), "{node}");
  EXPECT_EQ(filled("{{{node}}}"), "{<node>}");
  EXPECT_EQ(filled("awk '{{ print }}'"), "awk '{ print }'");
}

TEST(Placeholders, WhatIsPutInIsNotLookedAtAgain) {
  EXPECT_EQ(fill_in("{dir}", [](std::string_view) { return std::string("{node}"); }), "{node}");
}

TEST(Placeholders, AnUnknownNameIsRefusedWithTheNearest) {
  EXPECT_THAT(problem("--dir={dri}"), HasSubstr("there is no {dri}; did you mean {dir}?"));
  EXPECT_THAT(problem("{}"), HasSubstr("there is no {}; there are {node}, {nodes}"));
}

TEST(Placeholders, ABraceWithoutItsOtherIsRefused) {
  EXPECT_THAT(problem("a{node"), HasSubstr("a { without its }"));
  EXPECT_THAT(problem("node}"), HasSubstr("a } without its {"));
}

}  // namespace
}  // namespace gridlock

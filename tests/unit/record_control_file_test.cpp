// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/control_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <optional>

#include "base/error.h"
#include "support/temp_dir.h"

namespace gridlock {
namespace {

using testing::HasSubstr;

class ControlFiles : public testing::Test {
 protected:
  std::filesystem::path make_run(const std::string& name) {
    const auto run = temp_.path() / name;
    std::filesystem::create_directory(run);
    std::ofstream(run / "run.json") << "{}";
    return run;
  }
  std::string refusal(const std::string& name) {
    try {
      find_live_run(temp_.path(), name);
    } catch (const UsageError& error) {
      return std::string(error.what()) + " / " + error.hint();
    }
    return "was found";
  }
  TempDir temp_;
};

TEST_F(ControlFiles, ARunIsFoundWhileItLivesAndNotAfterIt) {
  const auto run = make_run("20260101T000000Z-a-0001");
  {
    const WritingLock lock(run);
    ControlFile file(run);
    EXPECT_THAT(refusal("0001"), HasSubstr("does not live / 'gridlock run --hold"));
    file.write({{"socket", "/run/x/control"}, {"held", true}});
    for (const char* const name : {"0001", ""}) {
      const LiveRun found = find_live_run(temp_.path(), name);
      EXPECT_EQ(found.directory, run);
      EXPECT_EQ(found.socket, "/run/x/control");
      EXPECT_TRUE(flag_or(found.control, "held", false));
    }
  }
  EXPECT_FALSE(std::filesystem::exists(run / "control.json"));
  EXPECT_THAT(refusal(""), HasSubstr("no run below"));
}

TEST_F(ControlFiles, WhatAKilledGridlockLeftIsSaidToBeThat) {
  const auto run = make_run("20260101T000000Z-a-0001");
  std::ofstream(run / "control.json") << R"({"socket":"/run/x/control"})";
  EXPECT_THAT(refusal("0001"), HasSubstr("was killed"));
  EXPECT_THAT(refusal("0001"), HasSubstr("gridlock clean"));
  EXPECT_THAT(refusal(""), HasSubstr("no run below"));
  EXPECT_THAT(refusal(""), HasSubstr("gridlock clean"));
}

TEST_F(ControlFiles, TheNewestThatLivesIsMeantByNone) {
  const auto old_run = make_run("20260101T000000Z-a-0001");
  const auto new_run = make_run("20260102T000000Z-a-0002");
  const auto dead_run = make_run("20260103T000000Z-a-0003");
  std::ofstream(dead_run / "control.json") << R"({"socket":"/dead"})";
  const WritingLock first(old_run);
  const WritingLock second(new_run);
  ControlFile old_file(old_run);
  ControlFile new_file(new_run);
  new_file.write({{"socket", "/new"}});
  old_file.write({{"socket", "/old"}});
  // Said something last: a rewound run is older by its name.
  std::filesystem::last_write_time(
      new_run / "control.json",
      std::filesystem::last_write_time(old_run / "control.json") - std::chrono::seconds(10));
  EXPECT_EQ(find_live_run(temp_.path(), "").socket, "/old");
  EXPECT_EQ(find_live_run(temp_.path(), "0002").socket, "/new");
}

TEST_F(ControlFiles, ADamagedOneIsAnError) {
  const auto run = make_run("20260101T000000Z-a-0001");
  const WritingLock lock(run);
  for (const char* const text : {"", "[]", "{\"socket\":7}", "{\"socket\":\"/x\""}) {
    std::ofstream(run / "control.json") << text;
    EXPECT_THROW(find_live_run(temp_.path(), "0001"), Error) << text;
  }
}

}  // namespace
}  // namespace gridlock

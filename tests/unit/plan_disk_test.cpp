// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/disk.h"
#include "plan/plan.h"
#include "plan/plan_text.h"

namespace gridlock {
namespace {

using testing::HasSubstr;
using testing::Not;

HostFacts host() {
  HostFacts facts;
  facts.memory = Bytes::gib(64);
  facts.fragments = "/fragments";
  facts.files_in = [](const std::filesystem::path& folder) {
    if (folder == "/fragments")
      return std::vector<std::string>{"base.config", "cluster.config", "debug.config"};
    if (folder == "/labs") return std::vector<std::string>{"secret"};
    return std::vector<std::string>{};
  };
  return facts;
}

Plan plan(const std::string& text, const PlanOptions& options = {}) {
  return make_plan(read_topology("kernels: {mine: {source: {package: linux-source-6.1}}}\n"
                                 "workloads: {w: {program: mmap-dio}}\n" +
                                     text,
                                 "/labs/lab.yaml"),
                   options, host());
}

std::string complaint(const std::string& text, const PlanOptions& options = {}) {
  try {
    static_cast<void>(plan(text, options));
  } catch (const UsageError& error) {
    return error.what();
  }
  return {};
}

constexpr const char* kTarget =
    "disks: {d: {transport: iscsi, target: {portal: storage, iqn: iqn.x, chap: {user: lab, "
    "secret_file: secret}}}}\n";

TEST(PlanDisk, SaysHowItReachesTheNodes) {
  EXPECT_EQ(to_json(plan("")).at("disk").count("via"), 0U);
  const Plan own = plan("disks: {d: {transport: iscsi, via: guest}}");
  EXPECT_EQ(to_json(own).at("disk").at("via").get<std::string>(), "guest");
  EXPECT_THAT(plan_text(own), HasSubstr("d, 2 GiB, iscsi via guest\n"));
  const Plan existing = plan(kTarget);
  const Json target = to_json(existing).at("disk").at("target");
  EXPECT_EQ(target.at("portal").get<std::string>(), "storage");
  EXPECT_EQ(target.at("user").get<std::string>(), "lab");
  EXPECT_EQ(target.at("secret_file").get<std::string>(), "/labs/secret");
  EXPECT_THAT(plan_text(existing),
              HasSubstr("d, 2 GiB, iscsi via host, LUN 1 of iqn.x at storage, user lab\n"));
  EXPECT_EQ(disk_json(existing.disk, DiskPaths::left_out).at("target").count("secret_file"), 0U);
}

TEST(PlanDisk, NeedsTheFileWithTheSecret) {
  EXPECT_THAT(complaint("disks: {d: {transport: iscsi, target: {portal: a, iqn: iqn.x, chap: "
                        "{user: u, secret_file: other}}}}"),
              HasSubstr("there is no file /labs/other with the target's secret"));
}

TEST(PlanDisk, OfGridlocksOwnTargetAndQemuIsSavedWithItsLab) {
  PlanOptions formed;
  formed.start = Start::formed;
  EXPECT_EQ(complaint("disks: {d: {transport: iscsi}}\nwatch: {checkpoint: 10s}", formed), "");
}

TEST(PlanDisk, IsNotSavedWhereItCouldNotComeBack) {
  PlanOptions formed;
  formed.start = Start::formed;
  for (const std::string& text : {std::string(kTarget),
                                  std::string("disks: {d: {transport: iscsi, via: guest}}\n")}) {
    EXPECT_THAT(complaint(text, formed), HasSubstr("trial w cannot begin with a formed lab"));
    EXPECT_THAT(complaint(text + "watch: {checkpoint: 10s}"),
                HasSubstr("watch.checkpoint saves the lab, and this one cannot be"));
    EXPECT_THAT(complaint(text + "start: formed"), HasSubstr("cannot begin with a formed lab"));
    EXPECT_EQ(complaint(text + "start: template"), "");
  }
}

}  // namespace
}  // namespace gridlock

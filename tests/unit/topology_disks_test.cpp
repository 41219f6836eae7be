// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "topology/portal.h"
#include "topology/topology.h"
#include "topology/words.h"

namespace gridlock {
namespace {

using testing::HasSubstr;

DiskSpec disk(const std::string& text) {
  return read_topology(
             "kernels: {mine: {source: {dir: linux}}}\n"
             "workloads: {w: {program: mmap-dio}}\n" +
                 text,
             "/labs/lab.yaml")
      .disks.front();
}

std::string complaint(const std::string& text) {
  try {
    static_cast<void>(disk(text));
  } catch (const TopologyError& error) {
    return error.what();
  }
  return {};
}

TEST(TopologyDisks, AreVirtioUnlessTheySayIscsi) {
  EXPECT_EQ(disk("").transport, Transport::virtio);
  const DiskSpec by_host = disk("disks: {d: {transport: iscsi}}");
  EXPECT_EQ(by_host.transport, Transport::iscsi);
  EXPECT_EQ(by_host.via, IscsiVia::host);
  EXPECT_FALSE(by_host.target);
  EXPECT_EQ(disk("disks: {d: {transport: iscsi, via: guest}}").via, IscsiVia::guest);
  EXPECT_EQ(word_of(IscsiVia::guest), "guest");
}

TEST(TopologyDisks, MayBeThoseOfATargetThatExists) {
  const DiskSpec spec = disk(R"(
disks:
  d:
    transport: iscsi
    target:
      portal: '[fd00::1]:3261'
      iqn: iqn.2003-01.org.linux-iscsi.storage:shared
      lun: 0
      chap: {user: lab, secret_file: ../secrets/storage}
)");
  ASSERT_TRUE(spec.target);
  EXPECT_EQ(spec.target->portal, "[fd00::1]:3261");
  EXPECT_EQ(spec.target->iqn, "iqn.2003-01.org.linux-iscsi.storage:shared");
  EXPECT_EQ(spec.target->lun, 0);
  ASSERT_TRUE(spec.target->chap);
  EXPECT_EQ(spec.target->chap->user, "lab");
  EXPECT_EQ(spec.target->chap->secret_file, "/secrets/storage");
}

TEST(TopologyDisks, RefuseWhatIsOfIscsiWithoutIt) {
  EXPECT_THAT(complaint("disks: {d: {via: guest}}"),
              HasSubstr("lab.yaml:3:13: error: `via` is of iSCSI: it needs `transport: iscsi`"));
  EXPECT_THAT(complaint("disks: {d: {target: {portal: a, iqn: iqn.x}}}"),
              HasSubstr("`target` is of iSCSI"));
}

TEST(TopologyDisks, RefuseATargetThatCannotBe) {
  const auto target = [](const std::string& text) {
    return complaint("disks: {d: {transport: iscsi, target: {" + text + "}}}");
  };
  EXPECT_THAT(target("portal: a"), HasSubstr("`iqn`"));
  EXPECT_THAT(target("iqn: iqn.x"), HasSubstr("`portal`"));
  EXPECT_THAT(target("portal: 'a:b', iqn: iqn.x"), HasSubstr("`portal` must be HOST"));
  EXPECT_THAT(target("portal: a, iqn: shared"), HasSubstr("`iqn` must be the name of a target"));
  EXPECT_THAT(target("portal: a, iqn: iqn.x/1"), HasSubstr("`iqn` must be the name of a target"));
  EXPECT_THAT(target("portal: a, iqn: iqn.x, lun: 256"), HasSubstr("from 0 to 255"));
  EXPECT_THAT(target("portal: a, iqn: iqn.x, chap: {user: u}"), HasSubstr("`secret_file`"));
  EXPECT_THAT(target("portal: a, iqn: iqn.x, chap: {user: 'a b', secret_file: s}"),
              HasSubstr("`user` must be"));
  EXPECT_THAT(target("portal: a, iqn: iqn.x, chap: {user: u, secret: s3cr3t}"),
              HasSubstr("unknown key `secret`"));
}

TEST(Portal, IsAHostWithOrWithoutAPort) {
  const auto read = [](std::string_view text) {
    const auto portal = read_portal(text);
    return portal ? portal->host + " " + std::to_string(portal->port) : std::string("none");
  };
  EXPECT_EQ(read("storage"), "storage 3260");
  EXPECT_EQ(read("storage.example:1"), "storage.example 1");
  EXPECT_EQ(read("127.0.0.1:65535"), "127.0.0.1 65535");
  EXPECT_EQ(read("[::1]"), "::1 3260");
  EXPECT_EQ(read("[fe80::1]:860"), "fe80::1 860");
  for (const char* const wrong :
       {"", ":", ":3260", "a:", "a:0", "a:65536", "a:-1", "a:+1", "a:1x", "a:1:2", "::1", "[::1",
        "[]", "[a]", "[::1]x", "[::1]3260", "[::1]:", "a b", "a/b", "-a", ".a", "user@a", "a,b"})
    EXPECT_EQ(read(wrong), "none") << wrong;
}

}  // namespace
}  // namespace gridlock

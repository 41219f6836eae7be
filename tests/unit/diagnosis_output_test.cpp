// SPDX-License-Identifier: GPL-2.0-or-later
// The diagnosis as JSON and as a graph, whatever tasks and files are called.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "diagnosis/diagnosis_json.h"
#include "diagnosis/dot_writer.h"
#include "diagnosis/picture.h"
#include "support/lock_dumps.h"

namespace gridlock::diagnosis {
namespace {

using testing::HasSubstr;
using testing::Not;

Diagnosis abba_diagnosis(const KnownFiles& files = {}) { return diagnose(abba(), abba(), files); }

TEST(DiagnosisJson, HoldsTheGraph) {
  const Json json = json_of(abba_diagnosis({{{0x4249, "x"}}}));
  EXPECT_EQ(json.at("schema"), 1);
  EXPECT_EQ(json.at("kind"), "cycle");
  EXPECT_EQ(json.at("identity"), "deadlock:gfs2:2nodes:[DF>SH inode]x2");
  ASSERT_EQ(json.at("waits").size(), 2u);
  const Json& wait = json.at("waits")[1];
  EXPECT_EQ(wait.at("from"), Json({{"kind", "task"}, {"node", "node2"}, {"pid", 117}}));
  EXPECT_EQ(wait.at("lock"), Json({{"kind", "glock"},
                                   {"name", "2/4249"},
                                   {"type", "inode"},
                                   {"inode", 0x4249},
                                   {"file", "x"}}));
  EXPECT_EQ(wait.at("wanted"), "SH");
  EXPECT_EQ(wait.at("has"), "DF");
  EXPECT_EQ(wait.at("on_path"), true);
  ASSERT_EQ(json.at("tasks").size(), 2u);
  EXPECT_EQ(json.at("tasks")[0].at("name"), "mdio");
  EXPECT_EQ(json_of(diagnose({}, {}, {})).at("kind"), "nothing");
}

TEST(DiagnosisJson, IsValidWhateverNamesHold) {
  Look look = abba();
  for (NodeLook& node : look) {
    replace(node.glocks, "[mdio]", "[\xff\"\x1b]");
    node.node += "\xfe\"</script>";
  }
  const Json json = json_of(diagnose(look, look, {{{0x4249, "\x80\"\n"}}}));
  EXPECT_EQ(json.at("kind"), "cycle");
  EXPECT_NO_THROW((void)json.dump());
}

TEST(DotWriter, TextStaysText) {
  DotWriter dot({}, {}, {});
  dot.node("a\"];b", {{"label", DotWriter::label({"x\\N \"quoted\" &lt;", "</script>\n"})}});
  EXPECT_THAT(dot.take(), HasSubstr("  \"a\\\"];b\" [label=\"x\\\\N \\\"quoted\\\" &amp;lt;\\n"
                                    "</script> \"];\n"));
}

TEST(DotWriter, ABackslashBeforeAQuoteEndsNothing) {
  DotWriter dot({}, {}, {});
  dot.edge("a\\", "b", {{"label", DotWriter::label({"c\\"})}});
  // An identifier that ends in a backslash would take the quote behind it along.
  EXPECT_THAT(dot.take(), HasSubstr("\"a\\\\\" -> \"b\" [label=\"c\\\\\"];"));
}

TEST(Picture, ShowsNodesTasksLocksAndTheCycleStrong) {
  const std::string dot = dot_of(abba_diagnosis({{{0x4249, "x"}}}));
  EXPECT_THAT(dot, HasSubstr("\"cluster_node1\""));
  EXPECT_THAT(dot, HasSubstr("mdio/108"));
  EXPECT_THAT(dot, HasSubstr("glock 2/4249\\nfile x"));
  EXPECT_THAT(dot, HasSubstr("wants SH"));
  EXPECT_THAT(dot, HasSubstr("held in DF"));
  EXPECT_THAT(dot, HasSubstr("penwidth"));
  EXPECT_THAT(dot, Not(HasSubstr("not drawn")));
}

TEST(Picture, SaysWhatIsLeftOut) {
  std::string glocks;
  for (int i = 1; i < 200; ++i)
    glocks += glock("2/" + std::to_string(i), "EX", {holds(i, "EX"), wants(1000 + i, "EX")});
  NodeLook node{.node = "node1", .dlm_id = 1};
  node.glocks = glocks;
  const std::string dot = dot_of(diagnose({node}, {node}, {}));
  EXPECT_THAT(dot, HasSubstr("151 more waits are not drawn"));
  EXPECT_LT(dot.size(), 40000u);
}

}  // namespace
}  // namespace gridlock::diagnosis

// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/error.h"
#include "report/config_diff.h"
#include "report/html_graph.h"
#include "report/html_writer.h"

namespace gridlock {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const std::string kDoctype = "<!DOCTYPE html>";

std::string written(const std::function<void(HtmlWriter&)>& write) {
  HtmlWriter html;
  write(html);
  return html.page().substr(kDoctype.size());
}

TEST(HtmlWriter, NestsElementsByScope) {
  EXPECT_EQ(written([](HtmlWriter& html) {
              const auto outer = html.in("span", {{"class", "a"}});
              html.text("x").leaf("b", "y").text("z");
            }),
            "<span class=\"a\">x<b>y</b>z</span>");
}

TEST(HtmlWriter, LeavesVoidElementsOpen) {
  EXPECT_EQ(written([](HtmlWriter& html) { html.leaf("br", HtmlAttributes{}).text("x"); }), "<br>x");
}

TEST(HtmlWriter, KeepsMarkupText) {
  const std::string hostile = "</script><img src=x onerror=alert(1)>&amp;\"'";
  EXPECT_EQ(written([&](HtmlWriter& html) {
              html.leaf("b", {{"title", hostile}}, hostile);
            }),
            "<b title=\"&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&amp;amp;&quot;&#39;\">"
            "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&amp;amp;&quot;&#39;</b>");
}

TEST(HtmlWriter, ShowsControlBytesAndBrokenUtf8) {
  EXPECT_EQ(written([](HtmlWriter& html) {
              html.text(std::string_view("a\0b\x1b[31m\xff\xc3(\n\xe2\x80\xae ü", 18));
            }),
            "a\\x00b\\x1b[31m\\xff\\xc3(\n\\xe2\\x80\\xae ü");
}

TEST(HtmlWriter, RefusesLinksThatLeadElsewhere) {
  for (const char* const link :
       {"javascript:alert(1)", "http://x/", "//x/", "file:///etc", " #a", ""}) {
    HtmlWriter html;
    EXPECT_THROW(html.leaf("a", {{"href", link}}, "x"), InternalError) << link;
  }
  HtmlWriter html;
  EXPECT_NO_THROW(html.leaf("a", {{"href", "#x"}}, "x").leaf("a", {{"href", "./x"}}, "x"));
}

TEST(HtmlWriter, HoldsJsonThatCannotEndItsScript) {
  const std::string page = written([](HtmlWriter& html) {
    html.data("d", {{"text", "</script><!--<script>\xff&"}});
  });
  EXPECT_EQ(
      page,
      "\n<script type=\"application/json\" id=\"d\">{\"text\":\"\\u003c/script\\u003e\\u003c!--"
      "\\u003cscript\\u003e\\ufffd\\u0026\"}</script>");
  const std::size_t begin = page.find('{');
  const Json json = Json::parse(page.substr(begin, page.rfind('}') + 1 - begin));
  EXPECT_EQ(json["text"], "</script><!--<script>\xef\xbf\xbd&");
}

TEST(HtmlWriter, RefusesAScriptThatEndsItsElement) {
  HtmlWriter html;
  EXPECT_THROW(html.script("x = '</script>'"), InternalError);
  EXPECT_THROW(html.script("x = '<!--'"), InternalError);
  EXPECT_THROW(html.style("a::before { content: '</style>' }"), InternalError);
}

TEST(HtmlWriter, RefusesElementsThatABrowserWouldMove) {
  HtmlWriter html;
  const auto table = html.in("table");
  EXPECT_THROW(html.leaf("p", "x"), InternalError);
  EXPECT_THROW(html.leaf("tr", "x"), InternalError);
  const auto body = html.in("tbody");
  EXPECT_THROW(html.leaf("td", "x"), InternalError);
}

TEST(HtmlWriter, GivesNoPageWithOpenElements) {
  HtmlWriter html;
  const auto open = html.in("p");
  EXPECT_THROW(html.page(), InternalError);
}

TEST(RelativeLink, EncodesWhatIsNotPlain) {
  EXPECT_EQ(relative_link("trials/01-a/"), "./trials/01-a/");
  EXPECT_EQ(relative_link("javascript:x"), "./javascript%3Ax");
  EXPECT_EQ(relative_link("a b?c#d%\"\xff"), "./a%20b%3Fc%23d%25%22%FF");
}

TEST(Anchor, IsTheNameWhereItCan) {
  EXPECT_EQ(anchor_of("workload", "self-read"), "workload-self-read");
}

TEST(Anchor, KeepsDifferentNamesApart) {
  const std::string space = anchor_of("workload", "a b");
  EXPECT_THAT(space, testing::StartsWith("workload-a_b-"));
  EXPECT_NE(space, anchor_of("workload", "a_b"));
  EXPECT_NE(anchor_of("w", std::string(100, 'a')), anchor_of("w", std::string(101, 'a')));
  EXPECT_THAT(anchor_of("w", std::string(1000, '<')), SizeIs(testing::Lt(80u)));
}

const char* const kPicture = R"svg(<?xml version="1.0"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg width="9pt" height="8pt" viewBox="0 0 9 8" xmlns="http://www.w3.org/2000/svg">
<g id="graph0" transform="scale(1 1)"><title>a</title>
<path fill="white" d="M0,0 1,1"/><text x="1" font-family="x">node1 &lt;-&gt; node2</text></g></svg>)svg";

TEST(Graph, KeepsShapesAndTexts) {
  const std::string page =
      written([](HtmlWriter& html) { EXPECT_TRUE(add_graph(html, kPicture, "who waits")); });
  EXPECT_EQ(page,
            "<svg width=\"9pt\" height=\"8pt\" viewBox=\"0 0 9 8\" role=\"img\" aria-label=\"who "
            "waits\" class=\"graph\"><g transform=\"scale(1 1)\"><path fill=\"white\" d=\"M0,0 "
            "1,1\"></path><text x=\"1\">node1 &lt;-&gt; node2</text></g></svg>");
}

TEST(Graph, LeavesOutWhatRunsLinksOrLoads) {
  const std::string page = written([](HtmlWriter& html) {
    EXPECT_TRUE(add_graph(
        html,
        R"svg(<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" onload="alert(1)">
<script>alert(2)</script><style>* { fill: red }</style><image href="http://x/"/>
<foreignObject><body onload="alert(3)">hi</body></foreignObject><use xlink:href="#x"/>
<a xlink:href="javascript:alert(4)"><text>in a link</text></a><text fill="url(#x)" style="x">kept</text>
<animate attributeName="x"/><ellipse rx="1"/></svg>)svg",
        "x"));
  });
  EXPECT_THAT(page, HasSubstr("<text>kept</text>"));
  for (const char* const gone :
       {"alert", "script", "style", "image", "href", "url", "foreign", "use", "animate"})
    EXPECT_THAT(page, Not(HasSubstr(gone)));
}

TEST(Graph, IsNothingOfADamagedPicture) {
  std::string entities = "<!DOCTYPE svg [<!ENTITY a \"aaaaaaaaaa\">";
  for (char c = 'b'; c < 'k'; ++c) {
    entities += std::string("<!ENTITY ") + c + " \"";
    for (int i = 0; i < 10; ++i) entities += std::string("&") + static_cast<char>(c - 1) + ";";
    entities += "\">";
  }
  entities += "]><svg><text>&j;</text></svg>";
  std::string deep, many = "<svg>";
  for (int i = 0; i < 100; ++i) deep += i == 0 ? "<svg>" : "<g>";
  for (int i = 0; i < 10'000; ++i) many += "<g/>";
  const std::string cut = std::string(kPicture).substr(0, 300);
  for (const std::string& bad : {std::string(), std::string("no picture"), std::string("<html/>"),
                                 cut, entities, deep, many + "</svg>", std::string("<svg/><svg/>"),
                                 std::string("<svg><polygon/><text>no waits</text></svg>")}) {
    HtmlWriter html;
    EXPECT_FALSE(add_graph(html, bad, "x")) << bad.substr(0, 60);
    EXPECT_EQ(html.page(), kDoctype);
  }
}

TEST(ConfigDifference, IsWhatTwoKernelsDoNotShare) {
  const std::string base =
      "# Linux\nCONFIG_A=y\nCONFIG_B=m\nCONFIG_C=\"x y\"\n# CONFIG_D is not set\n";
  const std::string head = "CONFIG_A=y\nCONFIG_C=\"z\"\nCONFIG_E=4\n";
  const std::vector<ConfigDifference> differences = config_difference(base, head);
  ASSERT_THAT(differences, SizeIs(3));
  EXPECT_EQ(differences[0].option + differences[0].base + differences[0].head, "Bmn");
  EXPECT_EQ(differences[1].option + differences[1].base + differences[1].head, "C\"x y\"\"z\"");
  EXPECT_EQ(differences[2].option + differences[2].base + differences[2].head, "En4");
  EXPECT_THAT(config_difference(base, base), IsEmpty());
}

}  // namespace
}  // namespace gridlock

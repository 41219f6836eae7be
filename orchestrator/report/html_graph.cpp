// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/html_graph.h"

#include <QByteArray>
#include <QXmlStreamReader>
#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

namespace gridlock {
namespace {

/// A graph of a lab has some hundred; what is larger does not help a reader.
constexpr std::size_t kMostShapes = 5000;
constexpr std::size_t kDeepest = 16;
constexpr std::size_t kLongestValue = 16 * 1024;

/// What Graphviz draws with, less what a page takes no part of: links, pictures, styles, scripts.
constexpr std::array<HtmlName, 7> kElements{"svg",     "g",    "polygon", "polyline",
                                            "ellipse", "path", "text"};
constexpr std::array<HtmlName, 19> kAttributes{
    "viewBox",     "transform", "points",       "d",
    "x",           "y",         "cx",           "cy",
    "rx",          "ry",        "width",        "height",
    "fill",        "stroke",    "stroke-width", "stroke-dasharray",
    "text-anchor", "font-size", "font-weight"};

template <std::size_t N>
std::optional<HtmlName> known(const std::array<HtmlName, N>& names, QStringView name) {
  const QByteArray bytes = name.toUtf8();
  for (const HtmlName known_name : names)
    if (known_name.text() ==
        std::string_view(bytes.constData(), static_cast<std::size_t>(bytes.size())))
      return known_name;
  return std::nullopt;
}

std::string text_of(QStringView text) { return text.toUtf8().toStdString(); }

/// Numbers, names of colours, paths of curves: nothing that names something elsewhere.
bool is_plain(const std::string& value) {
  if (value.size() > kLongestValue) return false;
  for (const char c : value) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == ' ' || c == '.' || c == ',' || c == '-' || c == '+' || c == '#' ||
                       c == '(' || c == ')' || c == '%';
    if (!plain) return false;
  }
  return value.find("url") == std::string::npos;
}

struct Piece {
  enum class Kind { begin, end, text } kind;
  std::optional<HtmlName> name;
  HtmlAttributes attributes;
  std::string text;
};

HtmlAttributes attributes_of(const QXmlStreamReader& xml) {
  HtmlAttributes out;
  for (const QXmlStreamAttribute& attribute : xml.attributes()) {
    const std::optional<HtmlName> name = known(kAttributes, attribute.qualifiedName());
    std::string value = text_of(attribute.value());
    if (name && is_plain(value)) out.push_back({*name, std::move(value)});
  }
  return out;
}

/// Graphviz draws a graph of nothing as a white polygon with a title.
bool has_shapes(const std::vector<Piece>& pieces) {
  return std::any_of(pieces.begin(), pieces.end(), [](const Piece& piece) {
    return piece.kind == Piece::Kind::begin &&
           (piece.name->text() == "path" || piece.name->text() == "ellipse");
  });
}

/// The shapes and texts of a picture; empty if it is none, is damaged or too large.
std::vector<Piece> pieces_of(std::string_view svg) {
  QXmlStreamReader xml(QByteArray(svg.data(), static_cast<qsizetype>(svg.size())));
  std::vector<Piece> pieces;
  std::size_t depth = 0;
  bool in_text = false;
  while (!xml.atEnd()) {
    switch (xml.readNext()) {
      case QXmlStreamReader::StartElement: {
        const std::optional<HtmlName> name = known(kElements, xml.name());
        const bool is_root = depth == 0;
        if (is_root != (name && name->text() == "svg") || depth >= kDeepest) return {};
        if (!name) {
          // Tooltips, and whatever has no place in a picture, with all that is inside.
          xml.skipCurrentElement();
          break;
        }
        ++depth;
        in_text = name->text() == "text";
        pieces.push_back({Piece::Kind::begin, name, attributes_of(xml), {}});
        break;
      }
      case QXmlStreamReader::EndElement:
        --depth;
        in_text = false;
        pieces.push_back({Piece::Kind::end, std::nullopt, {}, {}});
        break;
      case QXmlStreamReader::Characters:
        if (in_text) pieces.push_back({Piece::Kind::text, std::nullopt, {}, text_of(xml.text())});
        break;
      default:
        break;
    }
    if (pieces.size() > kMostShapes) return {};
  }
  return xml.hasError() || !has_shapes(pieces) ? std::vector<Piece>{} : pieces;
}

void write(HtmlWriter& html, const std::vector<Piece>& pieces, std::size_t& at) {
  const Piece& begin = pieces[at++];
  const auto element = html.in(*begin.name, begin.attributes);
  for (; pieces[at].kind != Piece::Kind::end;) {
    if (pieces[at].kind == Piece::Kind::begin)
      write(html, pieces, at);
    else
      html.text(pieces[at++].text);
  }
  ++at;
}

}  // namespace

bool add_graph(HtmlWriter& html, std::string_view svg, const std::string& label) {
  std::vector<Piece> pieces = pieces_of(svg);
  if (pieces.empty()) return false;
  pieces.front().attributes.push_back({"role", "img"});
  pieces.front().attributes.push_back({"aria-label", label});
  pieces.front().attributes.push_back({"class", "graph"});
  std::size_t at = 0;
  write(html, pieces, at);
  return true;
}

}  // namespace gridlock

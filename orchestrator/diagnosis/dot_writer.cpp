// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnosis/dot_writer.h"

namespace gridlock::diagnosis {
namespace {

/// Inside quotes only the quote itself has to be escaped; a backslash means something to labels,
/// and those have doubled theirs.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '\\';
    out += c == '\n' || c == '\r' || c == '\0' ? ' ' : c;
  }
  return out + '"';
}

/// The lexer takes a backslash for itself unless a quote follows: an identifier that ends in one
/// would take its closing quote along.
std::string quoted_id(std::string_view id) {
  std::string doubled;
  for (const char c : id) doubled += c == '\\' ? "\\\\" : std::string(1, c);
  return quoted(doubled);
}

}  // namespace

DotWriter::DotWriter(const Attributes& graph, const Attributes& nodes, const Attributes& edges)
    : text_("digraph {\n") {
  line("graph" + list(graph) + ";");
  line("node" + list(nodes) + ";");
  line("edge" + list(edges) + ";");
}

void DotWriter::begin_cluster(std::string_view id, const Attributes& attributes) {
  // A name that begins so makes the layout draw a box.
  line("subgraph " + quoted_id("cluster_" + std::string(id)) + " {");
  ++depth_;
  line("graph" + list(attributes) + ";");
}

void DotWriter::end_cluster() {
  --depth_;
  line("}");
}

void DotWriter::node(std::string_view id, const Attributes& attributes) {
  line(quoted_id(id) + list(attributes) + ";");
}

void DotWriter::edge(std::string_view from, std::string_view to, const Attributes& attributes) {
  line(quoted_id(from) + " -> " + quoted_id(to) + list(attributes) + ";");
}

std::string DotWriter::take() { return std::move(text_) + "}\n"; }

std::string DotWriter::label(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& each : lines) {
    if (&each != &lines.front()) out += "\\n";
    for (const char c : each) {
      if (c == '\\') out += '\\';
      // An ampersand begins an entity such as &lt; in every label.
      out += c == '&' ? "&amp;" : std::string(1, c);
    }
  }
  return out;
}

void DotWriter::line(std::string_view text) {
  text_ += std::string(2 * depth_, ' ');
  text_ += text;
  text_ += '\n';
}

std::string DotWriter::list(const Attributes& attributes) {
  std::string out = " [";
  for (const auto& [key, value] : attributes) {
    if (out.size() > 2) out += ", ";
    out += std::string(key) + "=" + quoted(value);
  }
  return out + "]";
}

}  // namespace gridlock::diagnosis

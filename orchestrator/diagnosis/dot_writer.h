// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gridlock::diagnosis {

/// Writes Graphviz's language. Every identifier and value is quoted, so that text stays text.
/// Source: https://graphviz.org/doc/info/lang.html, and its escString for labels.
class DotWriter {
 public:
  using Attributes = std::vector<std::pair<std::string_view, std::string>>;

  /// Begins a directed graph with attributes of its own, its nodes and its edges.
  DotWriter(const Attributes& graph, const Attributes& nodes, const Attributes& edges);

  void begin_cluster(std::string_view id, const Attributes& attributes);
  void end_cluster();
  void node(std::string_view id, const Attributes& attributes);
  void edge(std::string_view from, std::string_view to, const Attributes& attributes);

  /// Ends the graph; the writer is used up.
  std::string take();

  /// A label of these lines, each of which is shown as it is.
  static std::string label(const std::vector<std::string>& lines);

 private:
  void line(std::string_view text);
  static std::string list(const Attributes& attributes);

  std::string text_;
  std::size_t depth_ = 1;
};

}  // namespace gridlock::diagnosis

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "report/html_writer.h"

namespace gridlock {

/// Puts a picture drawn by Graphviz (a whole SVG file) into a page: its shapes and texts, nothing
/// that runs, links or loads. `label` is its alternative in words. Writes nothing and returns false
/// if it is no SVG or has too many shapes.
bool add_graph(HtmlWriter& html, std::string_view svg, const std::string& label);

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <string>

#include "base/json.h"
#include "console/finding.h"
#include "report/text.h"
#include "symbols/source_frame.h"

namespace gridlock {

/// Where in the source a line of a call trace is; empty: nobody asked.
using SourceLookup = std::function<symbols::Resolution(const console::CodeLocation&)>;

/// A finding as a block of lines for a person. Nothing in it steers a terminal.
std::string text_of(const console::Finding& finding, Colour colour, const SourceLookup& lookup = {});

/// A finding as docs/scan.md describes it; `file` is where it was found.
Json json_of(const console::Finding& finding, const std::string& file,
             const SourceLookup& lookup = {});

/// `json` as one line of ASCII with its line end, valid whatever bytes its strings are of.
std::string json_line(const Json& json);

}  // namespace gridlock

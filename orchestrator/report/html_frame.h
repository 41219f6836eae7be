// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "report/html_writer.h"

namespace gridlock {

/// The head of a page that needs nothing but itself, with its style and a policy that lets only its
/// own scripts run. `version` is of the Gridlock whose texts it shows.
void add_page_head(HtmlWriter& html, const std::string& title, const std::string& version);

/// What draws its charts; the last of its body.
void add_page_scripts(HtmlWriter& html);

}  // namespace gridlock

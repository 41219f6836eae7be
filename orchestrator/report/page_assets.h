// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

namespace gridlock {

/// What a page is made of beside its words, put into the program when it is built (assets/, and
/// Chart.js of Debian's libjs-chart.js, MIT license). Each lives as long as the program.
std::string_view page_style();
std::string_view page_script();
std::string_view chart_library();

}  // namespace gridlock

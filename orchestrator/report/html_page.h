// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "report/html_sections.h"

namespace gridlock {

/// A run as one page that needs nothing else: report.html. Whatever the run's texts hold stays
/// text.
std::string html_page(const PageInput& input);

/// The same of a run and the files it left under `directory`; compares its kernels if it has two.
std::string html_report(const RunRecord& run, const std::filesystem::path& directory);

}  // namespace gridlock

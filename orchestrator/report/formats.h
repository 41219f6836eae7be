// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "record/run_record.h"
#include "report/text.h"

namespace gridlock {

/// A way to tell what a run came to. Each is a function of what the run left, and of nothing else.
struct ReportFormat {
  std::string_view name;  ///< as a caller asks for it: "junit"
  std::string_view
      file;  ///< in the run's directory, written when the run ends; empty: only if asked
  /// The text. `directory` is the run's, for paths that are printed and for what is read of it
  /// beside `run`; `colour` is for text on a terminal only.
  std::string (*write)(const RunRecord& run, const std::filesystem::path& directory, Colour colour);
};

/// All of them, the one for people first.
std::span<const ReportFormat> report_formats();

/// The format called `name`. Throws UsageError with the names there are.
const ReportFormat& report_format(std::string_view name);

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "console/finding.h"
#include "report/console_findings.h"
#include "report/text.h"

namespace gridlock {

/// What is known of a console when its last byte was read.
struct ConsoleTotals {
  std::uint64_t bytes = 0;
  std::uint64_t lines = 0;
  std::uint64_t findings = 0;
  std::uint64_t dropped = 0;  ///< messages the kernel said it dropped
};

/// Says what consoles hold, while they are read, one file after another. `file` is the name as
/// given, "-" for standard input.
class ScanReport {
 public:
  virtual ~ScanReport() = default;
  virtual void finding(const std::string& file, const console::Finding& finding) = 0;
  /// The file was read to its end.
  virtual void end(const std::string& file, const ConsoleTotals& totals) = 0;
  /// The file could not be read, or not to its end. People are told elsewhere.
  virtual void unreadable(const std::string& file, const std::string& error) = 0;
  /// After the last file, or when reading was given up.
  virtual void finish() = 0;
};

/// A file's name for a person: "standard input" for "-", nothing that steers a terminal.
std::string shown_name(const std::string& file);

/// Takes the text of a report, piece by piece, whole lines each.
using WriteText = std::function<void(std::string_view)>;

enum class Verbosity { usual, quiet };  ///< quiet: nothing on files without findings

std::unique_ptr<ScanReport> make_text_scan_report(WriteText write, Colour colour,
                                                  Verbosity verbosity, SourceLookup lookup = {});
std::unique_ptr<ScanReport> make_json_scan_report(WriteText write, SourceLookup lookup = {});

}  // namespace gridlock

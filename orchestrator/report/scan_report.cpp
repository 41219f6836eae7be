// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/scan_report.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/text.h"
#include "report/console_findings.h"
#include "report/page.h"

namespace gridlock {
namespace {

class TextScanReport final : public ScanReport {
 public:
  TextScanReport(WriteText write, Colour colour, Verbosity verbosity, SourceLookup lookup)
      : write_(std::move(write)),
        colour_(colour),
        verbosity_(verbosity),
        lookup_(std::move(lookup)) {}

  void finding(const std::string& file, const console::Finding& finding) override {
    std::string text = between_blocks();
    if (!open_) text += painted(shown_name(file), Tone::heading, colour_) + '\n';
    open_ = block_ = true;
    write_(text + text_of(finding, colour_, lookup_));
  }

  void end(const std::string& file, const ConsoleTotals& totals) override {
    const std::string dropped =
        totals.dropped == 0 ? ""
                            : fmt::format("the kernel dropped {}: reports may be missing or cut",
                                          counted(totals.dropped, "message"));
    if (open_) {
      if (!dropped.empty()) write_("\n  " + dropped + '\n');
    } else if (verbosity_ == Verbosity::usual || !dropped.empty()) {
      write_(between_blocks() + shown_name(file) + ": no findings in " +
             counted(totals.lines, "line") + ", " + to_string(Bytes{totals.bytes}) +
             (dropped.empty() ? "" : "; " + dropped) + '\n');
      block_ = false;
    }
    open_ = false;
  }

  void unreadable(const std::string&, const std::string&) override { open_ = false; }
  void finish() override {}

 private:
  std::string between_blocks() const { return block_ ? "\n" : ""; }

  WriteText write_;
  Colour colour_;
  Verbosity verbosity_;
  SourceLookup lookup_;
  bool open_ = false;   // the file's name was said
  bool block_ = false;  // a finding was the last thing said
};

class JsonScanReport final : public ScanReport {
 public:
  JsonScanReport(WriteText write, SourceLookup lookup)
      : write_(std::move(write)), lookup_(std::move(lookup)) {}

  void finding(const std::string& file, const console::Finding& finding) override {
    write_(json_line(json_of(finding, file, lookup_)));
  }
  void end(const std::string& file, const ConsoleTotals& totals) override {
    if (totals.findings > 0 && totals.dropped == 0) return;
    Json line{{"file", file}, {"findings", totals.findings}};
    if (totals.dropped > 0) line["dropped"] = totals.dropped;
    write_(json_line(line));
  }
  void unreadable(const std::string& file, const std::string& error) override {
    write_(json_line({{"file", file}, {"error", error}}));
  }
  void finish() override {}

 private:
  WriteText write_;
  SourceLookup lookup_;
};

}  // namespace

std::string shown_name(const std::string& file) {
  constexpr std::size_t kLongest = 4096;  // PATH_MAX
  return file == "-" ? "standard input" : printable(file, kLongest);
}

std::unique_ptr<ScanReport> make_text_scan_report(WriteText write, Colour colour,
                                                  Verbosity verbosity, SourceLookup lookup) {
  return std::make_unique<TextScanReport>(std::move(write), colour, verbosity, std::move(lookup));
}

std::unique_ptr<ScanReport> make_json_scan_report(WriteText write, SourceLookup lookup) {
  return std::make_unique<JsonScanReport>(std::move(write), std::move(lookup));
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "campaign/verdict.h"
#include "cli/console_scan.h"
#include "cli/verbs.h"
#include "host/byte_source.h"
#include "host/unpack.h"
#include "report/scan_summary.h"
#include "symbols/symbolizer.h"

namespace gridlock {
namespace {

// As long as the silence, in kernel time, that ends a report for the console's reader.
constexpr Milliseconds kSilence{5'000};

/// The findings cannot be written: no matter of the file they are from.
class OutputError : public Error {
  using Error::Error;
};

/// At once, since somebody may be waiting for it at the other end of a pipe.
void write_out(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    throw OutputError(std::string("writing to standard output: ") + std::strerror(errno));
}

struct ScanOptions {
  std::vector<std::string> files;
  bool summary = false;
  std::string vmlinux;
  std::string modules;
};

/// Finds call traces in the source of the kernel given; empty if none is.
SourceLookup source_lookup(const ScanOptions& options) {
  if (options.vmlinux.empty()) return {};
  std::optional<std::filesystem::path> modules;
  if (!options.modules.empty()) modules = options.modules;
  // Shared, since a function that is copied must not copy what it has looked up.
  return [symbolizer = std::make_shared<symbols::Symbolizer>(options.vmlinux, modules)](
             const console::CodeLocation& location) { return symbolizer->resolve(location); };
}

std::unique_ptr<ScanReport> make_report(const Context& context, const ScanOptions& options) {
  if (options.summary)
    return make_scan_summary(write_out, context.json ? SummaryForm::json : SummaryForm::text);
  if (context.json) return make_json_scan_report(write_out, source_lookup(options));
  return make_text_scan_report(write_out, context.colour(),
                               context.quiet ? Verbosity::quiet : Verbosity::usual,
                               source_lookup(options));
}

std::unique_ptr<ByteSource> open_console(const std::string& file, const std::stop_token& stop) {
  if (file == "-") return unpacked(standard_input_bytes(stop), shown_name(file));
  return unpacked(open_bytes(file, stop), shown_name(file));
}

/// Feeds `scan` the whole file; false if it was asked to stop before the end.
bool read_whole(const std::string& file, const std::stop_token& stop, ConsoleScan& scan) {
  const auto source = open_console(file, stop);
  while (true) {
    const ByteSource::Piece piece = source->next(kSilence);
    switch (piece.kind) {
      case ByteSource::Piece::Kind::bytes:
        scan.feed(piece.bytes);
        break;
      case ByteSource::Piece::Kind::quiet:
        scan.fall_silent();
        break;
      case ByteSource::Piece::Kind::end:
        return true;
      case ByteSource::Piece::Kind::stopped:
        return false;
    }
  }
}

/// One file into `report`; returns its exit code.
int scan_file(const std::string& file, const std::stop_token& stop, ScanReport& report) {
  ConsoleScan scan(file, report);
  try {
    const bool whole = read_whole(file, stop, scan);
    scan.finish();
    if (!whole) return kExitInterrupted;
    report.end(file, scan.totals());
    return scan.totals().findings > 0 ? kExitFindings : kExitPassed;
  } catch (const OutputError&) {
    throw;
  } catch (const Error& error) {
    scan.finish();
    report.unreadable(file, error.what());
    std::fprintf(stderr, "gridlock: error: %s\n", error.what());
    if (!error.hint().empty()) std::fprintf(stderr, "hint: %s\n", error.hint().c_str());
    return kExitHost;
  }
}

int scan_files(const std::vector<std::string>& files, const std::stop_token& stop,
               ScanReport& report) {
  int worst = kExitPassed;
  for (const std::string& file : files) {
    worst = std::max(worst, scan_file(file, stop, report));
    if (worst == kExitInterrupted) break;
  }
  report.finish();
  return worst;
}

}  // namespace

void add_scan(CLI::App& app, Context& context, int* exit_code) {
  auto* const verb = app.add_subcommand(
      "scan",
      "Say what kernel consoles hold: BUGs, oopses, lockdep reports, hung tasks, stalls, …");
  auto options = std::make_shared<ScanOptions>();
  verb->add_option("FILE", options->files, "Consoles: plain, gzip or zstd; '-' or none: standard input")
      ->type_name("");
  verb->add_flag("--summary,-s", options->summary, "Count findings by identity over all files");
  auto* const vmlinux =
      verb->add_option("--vmlinux", options->vmlinux,
                       "The kernel that printed it, with symbols: names file and line of every frame")
          ->type_name("FILE");
  verb->add_option("--modules", options->modules, "A folder with its modules (.ko), at any depth")
      ->type_name("FOLDER")
      ->needs(vmlinux);
  verb->footer(
      "Any kernel's console will do: a serial log, dmesg, journalctl -k -o cat. Findings are\n"
      "written as soon as they are whole:\n"
      "  gridlock scan console.log old/*.log.gz\n"
      "  dmesg -w | gridlock scan\n"
      "  gridlock scan --summary --json nightly/*/console.zst\n"
      "Exit code: 0 no findings, 1 findings, 2 bad usage, 3 a file could not be read to its end,\n"
      "130 interrupted. Every field of --json is described in docs/scan.md.");
  verb->callback([options, &context, exit_code] {
    std::vector<std::string>& files = options->files;
    if (files.empty()) files.push_back("-");
    if (std::count(files.begin(), files.end(), "-") > 1)
      throw UsageError("standard input can be read only once", "name '-' once");
    // A reader of ours that goes away, such as `head`, ends us as it does other filters.
    ::signal(SIGPIPE, SIG_DFL);
    if (files.front() == "-" && !context.quiet && ::isatty(STDIN_FILENO))
      std::fprintf(stderr, "gridlock: reading standard input\n");
    const auto report = make_report(context, *options);
    *exit_code = scan_files(files, context.stop, *report);
  });
}

}  // namespace gridlock

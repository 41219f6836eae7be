// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/trace_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "console/frames.h"
#include "console/reader.h"
#include "host/files.h"
#include "machine/registers_text.h"
#include "record/file_name.h"
#include "record/run_material.h"
#include "report/page.h"
#include "report/trace_text.h"
#include "symbols/symbolizer.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

/// A report of which more was printed has its call trace at its begin.
constexpr Bytes kMostOfAReport = Bytes::kib(48);
/// As much as is kept of them.
constexpr Bytes kMostRegisters = Bytes::mib(1);
/// Of one trial. A kernel that prints hundreds of different reports is explained by its first.
constexpr int kMostFindings = 64;
/// Of one trial. Opening a vmlinux of 170 MB with DWARF and looking up a trace take less than a
/// second; a host that needs this long has no time for it.
constexpr Milliseconds kLimit{10'000};

/// A place that several functions or builds could be is none: a wrong line is worse than no line.
std::vector<SourcePlace> places_of(const symbols::Resolution& resolution) {
  if (resolution.candidates.size() != 1 || resolution.unlisted > 0) return {};
  const symbols::Resolution::Frames& frames = resolution.candidates.front();
  if (std::ranges::all_of(frames, &std::string::empty, &symbols::SourceFrame::file)) return {};
  std::vector<SourcePlace> places;
  for (const symbols::SourceFrame& frame : frames)
    places.push_back(
        {printable(frame.function, 200), printable(frame.file, 300), frame.line, frame.inlined});
  return places;
}

/// The kernel of the node whose console has the report.
const std::string& kernel_of(const TrialRecord& trial, const FindingRecord& finding) {
  for (const auto& [node, kernel] : trial.node_kernels)
    if (finding.console.find("nodes/" + safe_file_name(node) + "/") != std::string::npos)
      return kernel;
  return trial.kernel;
}

const std::string& kernel_of(const TrialRecord& trial, const std::string& node) {
  const auto own = trial.node_kernels.find(node);
  return own == trial.node_kernels.end() ? trial.kernel : own->second;
}

/// Whether a kernel that printed nothing is to blame, and where its processors are says why.
bool is_of_a_processor(const FindingRecord& finding) { return finding.kind == "silent"; }

/// Whether a processor had nothing to do. Source: kernel/sched/idle.c.
bool is_idle(const std::vector<TraceStep>& trace) {
  return std::ranges::any_of(trace, [](const TraceStep& step) {
    return step.location.starts_with("do_idle+");
  });
}

bool has_trace(const FindingRecord& finding) {
  return !finding.console.empty() || is_of_a_processor(finding);
}

/// "__gfs2_log_flush < gfs2_logd < kthread".
std::string functions_of(const std::vector<TraceStep>& trace) {
  std::vector<std::string> functions;
  for (const TraceStep& step : trace)
    functions.push_back(step.location.substr(0, step.location.find('+')));
  return join(functions, " < ");
}

}  // namespace

class TraceDecoder::Impl {
 public:
  Impl(const std::map<std::string, BuiltKernel>& kernels, const Clock& clock,
       std::function<void(const std::string&)> note)
      : clock_(clock), note_(std::move(note)) {
    for (const auto& [name, kernel] : kernels)
      if (!kernel.vmlinux.empty()) symbols_[name] = {kernel.vmlinux, kernel.modules, {}};
  }

  void decode(TrialRecord& trial, const fs::path& run) {
    const SteadyTime deadline = clock_.now() + kLimit;
    int asked = 0;
    std::size_t late = 0;
    for (const bool secondary : {false, true})
      for (FindingRecord& finding : trial.findings) {
        if (finding.secondary != secondary || !has_trace(finding)) continue;
        if (++asked > kMostFindings) return;
        if (clock_.now() >= deadline)
          ++late;
        else if (is_of_a_processor(finding))
          decode_processors(finding, trial, run);
        else
          decode(finding, trial, run);
      }
    if (late > 0)
      note_(fmt::format("trial {}: the call traces of {} were not decoded within {}", trial.number,
                        counted(late, "finding"), gridlock::to_string(kLimit)));
  }

 private:
  struct Symbols {
    fs::path vmlinux;
    fs::path modules;  ///< empty: it has none
    std::unique_ptr<symbols::Symbolizer> opened;
  };

  void decode(FindingRecord& finding, const TrialRecord& trial, const fs::path& run) {
    symbols::Symbolizer* const symbols = symbols_of(kernel_of(trial, finding));
    if (symbols == nullptr) return;
    const KeptReport report = read_report(trial, finding, run, kMostOfAReport);
    const auto printed = console::report_in(report.bytes, finding.identity);
    if (!printed) return;
    std::vector<TraceStep> trace;
    for (const console::CodeLocation& location : printed->stack)
      trace.push_back({printable(console::to_string(location), 300), places(*symbols, location)});
    if (std::ranges::all_of(trace, &std::vector<SourcePlace>::empty, &TraceStep::source)) return;
    finding.trace = std::move(trace);
    keep(evidence_of(finding, trial, run), trace_text(finding.trace));
  }

  /// The stacks of the processors of the nodes that are to blame, as QEMU showed them; the
  /// finding's is the first that was in the kernel.
  void decode_processors(FindingRecord& finding, const TrialRecord& trial, const fs::path& run) {
    const fs::path evidence = evidence_of(finding, trial, run);
    std::string text;
    for (const std::string& node : finding.nodes) {
      const fs::path file = evidence / safe_file_name(node) / "registers.txt";
      std::error_code unknown;
      if (!fs::exists(file, unknown)) continue;
      symbols::Symbolizer* const symbols = symbols_of(kernel_of(trial, node));
      if (symbols == nullptr) continue;
      int number = -1;
      for (const StoppedProcessor& processor : processors_in(read_file(file, kMostRegisters))) {
        ++number;
        if (!processor.in_kernel) continue;
        std::vector<TraceStep> trace;
        for (const auto& [location, source] : symbols->backtrace(processor))
          trace.push_back({printable(console::to_string(location), 300), places_of(source)});
        if (trace.empty()) continue;
        text += fmt::format("{}, processor {}\n{}", node, number, trace_text(trace));
        finding.excerpt +=
            fmt::format("\nprocessor {} of {} was in {}", number, node, functions_of(trace));
        if (finding.trace.empty() && !is_idle(trace)) finding.trace = std::move(trace);
      }
    }
    if (!text.empty()) keep(evidence, text);
  }

  static fs::path evidence_of(const FindingRecord& finding, const TrialRecord& trial,
                              const fs::path& run) {
    return run / trial.directory / "evidence" / safe_file_name(finding.id);
  }

  static void keep(const fs::path& evidence, const std::string& text) {
    make_directories(evidence);
    write_file_atomically(evidence / "trace.txt", text);
  }

  std::vector<SourcePlace> places(symbols::Symbolizer& symbols,
                                  const console::CodeLocation& location) {
    try {
      return places_of(symbols.resolve(location));
    } catch (const Error& error) {
      tell_once(error.what());
      return {};
    }
  }

  /// Null: the kernel has none that can be read.
  symbols::Symbolizer* symbols_of(const std::string& kernel) {
    const auto found = symbols_.find(kernel);
    if (found == symbols_.end()) return nullptr;
    Symbols& of = found->second;
    if (of.opened) return of.opened.get();
    try {
      of.opened = std::make_unique<symbols::Symbolizer>(
          of.vmlinux, of.modules.empty() ? std::nullopt : std::optional(of.modules));
      return of.opened.get();
    } catch (const Error& error) {
      tell_once(fmt::format("call traces of {} are not decoded: {}", kernel, error.what()));
      symbols_.erase(found);
      return nullptr;
    }
  }

  void tell_once(const std::string& what) {
    if (std::exchange(told_, what) != what) note_(what);
  }

  const Clock& clock_;
  std::function<void(const std::string&)> note_;
  std::map<std::string, Symbols> symbols_;  ///< by kernel
  std::string told_;
};

TraceDecoder::TraceDecoder(const std::map<std::string, BuiltKernel>& kernels, const Clock& clock,
                           std::function<void(const std::string&)> note)
    : impl_(std::make_unique<Impl>(kernels, clock, std::move(note))) {}
TraceDecoder::~TraceDecoder() = default;

void TraceDecoder::decode(TrialRecord& trial, const fs::path& run) { impl_->decode(trial, run); }

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "base/stopped_processor.h"
#include "console/finding.h"
#include "symbols/source_frame.h"

namespace gridlock::symbols {

/// Turns `symbol+0xOFFSET/0xSIZE [module]` of a call trace into functions and lines of the source.
/// Where the kernel was loaded (KASLR) does not matter: the address is the symbol's in the file,
/// plus the offset.
///
/// Names are looked up as printed, with .cold, .isra.0 and so on; those that repeat are told apart
/// by size. A return address points behind its call, into the next line or even the next function,
/// so the byte before it is looked up.
///
/// Modules' files are listed and opened when they are first asked for. A console is hostile: at
/// most kMaxAddresses different addresses and kMaxModules modules are looked up in one Symbolizer's
/// life, and a name has at most SymbolTable::kMaxCandidates candidates.
///
/// Not for use by two threads at once.
class Symbolizer {
 public:
  /// `vmlinux`: the kernel's ELF file. `modules`: a folder with its modules' .ko files at any depth
  /// (also .ko.debug, .ko.gz, .ko.xz and, where elfutils can, .ko.zst). Throws Error that says what
  /// was given instead of a vmlinux with symbols. One without debug information will do: only
  /// functions are found then.
  explicit Symbolizer(const std::filesystem::path& vmlinux,
                      std::optional<std::filesystem::path> modules = std::nullopt);
  Symbolizer(Symbolizer&&) noexcept;
  Symbolizer& operator=(Symbolizer&&) noexcept;
  ~Symbolizer();

  /// Never throws for what the location or a module's file holds: the answer says what lacks.
  /// Throws Error if the modules' folder cannot be read.
  Resolution resolve(const console::CodeLocation& location);

  /// Where a processor that stood in the kernel was, and who called whom to get there, innermost
  /// first: what a kernel would have printed, and the source. Of addresses in no function of the
  /// vmlinux, such as a module's, nothing: there it ends. A kernel that was moved (KASLR) has none.
  struct Step {
    console::CodeLocation location;
    Resolution source;
  };
  std::vector<Step> backtrace(const StoppedProcessor& processor);

  /// Far above what real consoles have: some thousand code locations, some dozen modules.
  static constexpr std::size_t kMaxAddresses = 16'384;
  static constexpr std::size_t kMaxModules = 128;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gridlock::symbols

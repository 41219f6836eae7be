// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "base/stopped_processor.h"
#include "symbols/source_frame.h"
#include "symbols/symbol_table.h"

namespace gridlock::symbols {

enum class FileKind { kernel, module };

/// A vmlinux or a module's .ko, opened through elfutils' libdwfl: it gives each section of a
/// relocatable file an address of its own (.text, .text.unlikely and .init.text all begin at 0 in
/// the file), applies the relocations to the debug information and unpacks what gzip, bzip2, xz
/// and, where it was built so (Debian 12's 0.188 is not), zstd packed. Nothing but the file is
/// read: no separate debug files, no debuginfod server.
class DebugFile {
 public:
  /// Throws Error that says what the file is if it is not one of that kind with symbols.
  DebugFile(const std::filesystem::path& file, FileKind kind);
  DebugFile(DebugFile&&) noexcept;
  DebugFile& operator=(DebugFile&&) noexcept;
  ~DebugFile();

  const std::filesystem::path& path() const;
  const SymbolTable& symbols() const;

  /// Whether the file has DWARF for any of its code.
  bool has_debug_information();

  /// Where a processor is and who called whom to get there, innermost first: its instruction, then
  /// return addresses, as far as the file's call frame information and the words of the stack lead.
  /// At most 64. x86-64 files only; empty if the instruction is in none of the file's functions.
  std::vector<std::uint64_t> unwind(const StoppedProcessor& processor);

  /// What the DWARF has for the instruction at `address` in the symbol that begins at `symbol`,
  /// both as symbols() has them. Empty if it has nothing there; one frame without a function where
  /// only a line is known, as for assembly.
  Resolution::Frames frames_at(std::uint64_t address, std::uint64_t symbol);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// `path` of a compilation in the folder `compiled_in`, both as DWARF has them: relative to that
/// folder where it lies there. A kernel is compiled in its source tree, or names files from there.
std::string source_path(const std::string& path, const std::string& compiled_in);

}  // namespace gridlock::symbols

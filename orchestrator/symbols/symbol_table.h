// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gridlock::symbols {

/// A name in a section that is executed.
struct CodeSymbol {
  std::string_view name;          ///< borrowed from the file
  std::uint64_t address = 0;      ///< in the file's own layout
  std::uint64_t size = 0;         ///< as the ELF file has it; 0 for labels of assembly
  std::uint64_t section_end = 0;  ///< of the section it lies in
  bool function = true;           ///< false: a label
};

/// The functions of one kernel or module, found by what the kernel prints of them.
class SymbolTable {
 public:
  explicit SymbolTable(std::vector<CodeSymbol> symbols);

  /// Functions of one name; several addresses if sources share a name.
  struct Match {
    std::vector<std::uint64_t> addresses;  ///< ascending; at most `kMaxCandidates`
    std::size_t unlisted = 0;              ///< how many more there are
    bool name_known = false;
    std::uint64_t size_here = 0;  ///< what a kernel of this file would print; of the first
  };

  /// `size` as printed. The kernel knows no sizes: it prints the distance to the next symbol
  /// (kernel/kallsyms.c get_symbol_pos, kernel/module/kallsyms.c find_kallsyms_symbol), which is
  /// the ELF size and the padding behind it; behind a section's last function, up to the next
  /// section or the end of the page. So those count whose distance is `size`, else those whose ELF
  /// size it is, else those that `size` reaches the end of without reaching another function.
  Match find(std::string_view name, std::uint64_t size) const;

  /// The symbol that an address lies in, also a label of assembly, and what a kernel would print of
  /// it; absent: none.
  struct Place {
    std::string_view name;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;  ///< the distance to the next symbol
  };
  std::optional<Place> at(std::uint64_t address) const;

  bool empty() const { return symbols_.empty(); }

  static constexpr std::size_t kMaxCandidates = 8;  ///< more tell a reader nothing

 private:
  std::uint64_t distance_to_next(std::size_t index) const;
  bool may_print(std::size_t index, std::uint64_t size) const;

  std::vector<CodeSymbol> symbols_;  ///< by address
  std::unordered_multimap<std::string_view, std::size_t> by_name_;
};

}  // namespace gridlock::symbols

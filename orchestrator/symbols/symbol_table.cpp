// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbols/symbol_table.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace gridlock::symbols {
namespace {

/// A module's text is padded to whole pages; the largest that kernels use.
constexpr std::uint64_t kPage = 65536;

}  // namespace

SymbolTable::SymbolTable(std::vector<CodeSymbol> symbols) : symbols_(std::move(symbols)) {
  std::ranges::stable_sort(symbols_, {}, &CodeSymbol::address);
  by_name_.reserve(symbols_.size());
  for (std::size_t i = 0; i < symbols_.size(); ++i) by_name_.emplace(symbols_[i].name, i);
}

std::uint64_t SymbolTable::distance_to_next(std::size_t index) const {
  const CodeSymbol& symbol = symbols_[index];
  const auto next = std::ranges::upper_bound(symbols_, symbol.address, {}, &CodeSymbol::address);
  return (next == symbols_.end() ? symbol.section_end : next->address) - symbol.address;
}

bool SymbolTable::may_print(std::size_t index, std::uint64_t size) const {
  const CodeSymbol& symbol = symbols_[index];
  if (size < symbol.size) return false;
  auto next = std::ranges::upper_bound(symbols_, symbol.address, {}, &CodeSymbol::address);
  while (next != symbols_.end() && next->address < symbol.section_end && !next->function) ++next;
  if (next != symbols_.end() && next->address < symbol.section_end)
    return size <= next->address - symbol.address;
  return size <= symbol.section_end - symbol.address + kPage;
}

std::optional<SymbolTable::Place> SymbolTable::at(std::uint64_t address) const {
  const auto after = std::ranges::upper_bound(symbols_, address, {}, &CodeSymbol::address);
  if (after == symbols_.begin()) return std::nullopt;
  const auto symbol = std::prev(after);
  if (address >= symbol->section_end) return std::nullopt;
  return Place{symbol->name, address - symbol->address,
               distance_to_next(static_cast<std::size_t>(symbol - symbols_.begin()))};
}

SymbolTable::Match SymbolTable::find(std::string_view name, std::uint64_t size) const {
  std::vector<std::size_t> named;
  const auto [first, last] = by_name_.equal_range(name);
  for (auto it = first; it != last; ++it) named.push_back(it->second);
  std::ranges::sort(named);

  Match match;
  if (named.empty()) return match;
  match.name_known = true;
  match.size_here = distance_to_next(named.front());
  const auto keep = [&](const auto& fits) {
    std::vector<std::uint64_t> addresses;
    for (const std::size_t index : named)
      if (fits(index)) addresses.push_back(symbols_[index].address);
    addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
    match.unlisted = addresses.size() - std::min(addresses.size(), kMaxCandidates);
    addresses.resize(addresses.size() - match.unlisted);
    match.addresses = std::move(addresses);
    return !match.addresses.empty();
  };
  keep([&](std::size_t index) { return distance_to_next(index) == size; }) ||
      keep([&](std::size_t index) { return symbols_[index].size == size; }) ||
      keep([&](std::size_t index) { return may_print(index, size); });
  return match;
}

}  // namespace gridlock::symbols

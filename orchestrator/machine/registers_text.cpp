// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/registers_text.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <optional>

#include "base/text.h"

namespace gridlock {
namespace {

/// As QEMU writes them, in DWARF's order. Source: target/i386/cpu-dump.c.
constexpr std::array<std::string_view, 16> kNames{"RAX=", "RDX=", "RCX=", "RBX=", "RSI=", "RDI=",
                                                  "RBP=", "RSP=", "R8 =", "R9 =", "R10=", "R11=",
                                                  "R12=", "R13=", "R14=", "R15="};
constexpr std::uint64_t kStackSize = 16 << 10;
constexpr std::uint64_t kKernelHalf = 0xffff800000000000;
/// A machine has few, and a text may say anything.
constexpr std::size_t kMostProcessors = 64;
constexpr std::size_t kMostWords = kMostProcessors * kStackSize / sizeof(std::uint64_t);

using Words = std::map<std::uint64_t, std::uint64_t>;

/// A 64-bit register is written with all its digits.
constexpr std::size_t kDigits = 16;

/// The hexadecimal number of so many digits behind `name`, which begins a line or follows a blank.
std::optional<std::uint64_t> value_of(std::string_view text, std::string_view name,
                                      std::size_t digits) {
  for (std::size_t at = text.find(name); at != std::string_view::npos;
       at = text.find(name, at + 1)) {
    if (at > 0 && text[at - 1] != ' ' && text[at - 1] != '\n') continue;
    const std::string_view value = text.substr(at + name.size(), digits);
    return value.size() == digits ? number<std::uint64_t>(value, 16) : std::nullopt;
  }
  return std::nullopt;
}

/// The words of a line "ffff88800759bdb8: 0xffff888005276fe0 0x…".
void add_words(Words& words, std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  const std::size_t colon = line.find(": 0x");
  if (colon == std::string_view::npos) return;
  auto address = number<std::uint64_t>(line.substr(0, colon), 16);
  if (!address) return;
  for (std::string_view rest = line.substr(colon + 2); rest.starts_with("0x");) {
    const std::size_t end = rest.find(' ');
    const auto word = number<std::uint64_t>(rest.substr(2, end == rest.npos ? end : end - 2), 16);
    if (!word || words.size() >= kMostWords) return;
    words[*address] = *word;
    *address += sizeof(std::uint64_t);
    rest = end == rest.npos ? std::string_view() : rest.substr(end + 1);
  }
}

std::optional<StoppedProcessor> processor_in(std::string_view text) {
  StoppedProcessor processor;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    const auto value = value_of(text, kNames[i], kDigits);
    if (!value) return std::nullopt;
    processor.registers[i] = *value;
  }
  const auto instruction = value_of(text, "RIP=", kDigits);
  if (!instruction) return std::nullopt;
  processor.instruction = *instruction;
  processor.in_kernel = value_of(text, "CPL=", 1) == 0;
  return processor;
}

/// From the stack pointer to the end of the stack it is in.
std::uint64_t stack_size(const StoppedProcessor& processor) {
  return kStackSize - processor.stack_pointer() % kStackSize;
}

}  // namespace

std::vector<StoppedProcessor> processors_in(std::string_view text) {
  constexpr std::string_view kBegin = "CPU#";
  Words words;
  for (const std::string& line : split(text, '\n')) add_words(words, line);
  std::vector<StoppedProcessor> all;
  for (std::size_t begin = text.find(kBegin); begin != std::string_view::npos;) {
    const std::size_t end = text.find(kBegin, begin + kBegin.size());
    if (auto processor = processor_in(text.substr(begin, end - begin))) {
      const std::uint64_t top = processor->stack_pointer() + (stack_size(*processor) - 1);
      processor->stack = {words.lower_bound(processor->stack_pointer()), words.upper_bound(top)};
      all.push_back(std::move(*processor));
    }
    if (all.size() == kMostProcessors) break;
    begin = end;
  }
  return all;
}

std::vector<std::string> kernel_stack_commands(std::string_view text) {
  std::vector<std::string> commands;
  for (const StoppedProcessor& processor : processors_in(text)) {
    const std::uint64_t begin = processor.stack_pointer();
    if (!processor.in_kernel || begin < kKernelHalf || begin % sizeof(std::uint64_t) != 0) continue;
    commands.push_back(
        fmt::format("x/{}gx {:#x}", stack_size(processor) / sizeof(std::uint64_t), begin));
  }
  return commands;
}

}  // namespace gridlock

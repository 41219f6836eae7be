// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/frames.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <vector>

#include "base/text.h"
#include "console/skip_lists.h"

namespace gridlock::console {
namespace {

constexpr std::size_t kMaxModule = 64;
constexpr std::size_t kMaxSymbol = 128;

/// The bytes symbols are made of.
constexpr std::array<bool, 256> kSymbolBytes = [] {
  std::array<bool, 256> bytes{};
  for (const char c : std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789_.$"))
    bytes[static_cast<unsigned char>(c)] = true;
  return bytes;
}();

bool is_symbol_char(char c) { return kSymbolBytes[static_cast<unsigned char>(c)]; }

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

/// Length of `0x1f` at the start of `text`; 0 if it is none.
std::size_t hex_length(std::string_view text) {
  if (!text.starts_with("0x")) return 0;
  std::size_t at = 2;
  while (at < text.size() && is_hex(text[at])) ++at;
  return at > 2 ? at : 0;
}

/// Whether `+0xOFFSET/0xSIZE` starts `text`.
bool is_offset(std::string_view text) {
  if (!text.starts_with('+')) return false;
  const std::size_t offset = hex_length(text.substr(1));
  if (offset == 0 || 1 + offset >= text.size() || text[1 + offset] != '/') return false;
  return hex_length(text.substr(2 + offset)) != 0;
}

std::uint64_t hex_value(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data() + 2, text.data() + text.size(), value, 16);
  return value;
}

/// Takes off what stands before a frame's symbol: `<IRQ>`, a second time stamp, addresses.
std::string_view bare_frame(std::string_view text) {
  text = trimmed(text);
  for (int i = 0; i < 6 && !text.empty(); ++i) {
    std::size_t close = std::string_view::npos;
    if (text.starts_with("<")) {
      close = text.find("> ");
    } else if (text.starts_with("[")) {  // an address: [<ffffffff81400659>], [c000000000b3a0b8]
      close = text.find("] ");
      const std::string_view inside = text.substr(1, close - 1);
      if (inside.find_first_not_of("<>0123456789abcdef. ") != std::string_view::npos) break;
    }
    if (close == std::string_view::npos) break;
    text = trimmed(text.substr(close + 2));
  }
  return text;
}

bool is_kernel_rip(std::string_view text) {
  return text.starts_with("RIP: ") && !text.starts_with("RIP: 0033:") &&
         !text.starts_with("RIP: 0023:");
}

bool names_pc(std::string_view text) {
  return is_kernel_rip(text) || text.starts_with("pc : ") || text.starts_with("PC is at ") ||
         text.starts_with("NIP [") || text.starts_with("epc : ");
}

/// A list of names, where a `*` at the end stands for any ending and one at the start for any
/// beginning, sorted for looking up.
class Names {
 public:
  explicit Names(std::span<const std::string_view> list) {
    for (std::string_view name : list) {
      if (name.starts_with('*')) {
        inner_.push_back(name.substr(1));
        continue;
      }
      const bool open = name.ends_with('*');
      if (open) name.remove_suffix(1);
      names_.push_back({name, open});
      begins_.at(static_cast<unsigned char>(name.front())) = true;
    }
    // Open names first among equals, so that what they cover comes right behind them and goes.
    // Then the last name not behind a text is the only one that can match it.
    std::sort(names_.begin(), names_.end(), [](const Name& a, const Name& b) {
      return a.text != b.text ? a.text < b.text : a.open && !b.open;
    });
    std::vector<Name> needed;
    for (const Name& name : names_)
      if (needed.empty() || !needed.back().matches(name.text)) needed.push_back(name);
    names_ = std::move(needed);
  }

  bool have(std::string_view text) const {
    if (text.empty()) return false;
    if (std::any_of(inner_.begin(), inner_.end(), [text](std::string_view pattern) {
          const bool open = pattern.ends_with('*');
          if (open) pattern.remove_suffix(1);
          return open ? text.find(pattern) != text.npos : text.ends_with(pattern);
        }))
      return true;
    if (!begins_[static_cast<unsigned char>(text.front())]) return false;
    const auto behind =
        std::upper_bound(names_.begin(), names_.end(), text,
                         [](std::string_view t, const Name& name) { return t < name.text; });
    return behind != names_.begin() && std::prev(behind)->matches(text);
  }

 private:
  struct Name {
    std::string_view text;
    bool open;
    bool matches(std::string_view other) const {
      return open ? other.starts_with(text) : other == text;
    }
  };
  std::vector<Name> names_;
  std::array<bool, 256> begins_{};       // first bytes of names
  std::vector<std::string_view> inner_;  // without their first `*`; few
};

/// Whether `text` is one of a list of skip_lists.h.
template <const auto& kList>
bool is_in(std::string_view text) {
  static const Names names(kList);
  return names.have(text);
}

/// A line of a call trace, cut up.
struct Cut {
  std::string_view symbol;
  std::string_view offset;  ///< from `+0x` on; empty for an inlined function
  bool certain = true;
};

/// `symbol+0xOFFSET/0xSIZE` at the start of `text`.
std::optional<Cut> cut_symbol(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && is_symbol_char(text[end])) ++end;
  if (end == 0 || end > kMaxSymbol || !is_offset(text.substr(end))) return std::nullopt;
  return Cut{text.substr(0, end), text.substr(end), true};
}

std::optional<Cut> cut_frame(std::string_view text) {
  const bool inlined = text.ends_with(" [inline]");
  if (!inlined && text.find("+0x") == std::string_view::npos) return std::nullopt;
  text = bare_frame(text);
  const bool certain = !text.starts_with("? ");
  if (!certain) text = trimmed(text.substr(2));
  // ARM: "[<82715620>] (dump_backtrace) from [<82715894>] (show_stack+0x18/0x1c)", later without
  // addresses and brackets.
  if (const std::size_t from = text.find(" from "); from != std::string_view::npos) {
    text = bare_frame(text.substr(from + 6));
    if (text.starts_with('(')) text.remove_prefix(1);
  }
  auto cut = cut_symbol(text);
  if (!cut) {
    const std::size_t end = text.find(' ');
    const std::string_view symbol = text.substr(0, end);
    if (!inlined || end == std::string_view::npos || symbol.empty() || symbol.size() > kMaxSymbol ||
        !std::all_of(symbol.begin(), symbol.end(), is_symbol_char))
      return std::nullopt;
    cut = Cut{symbol, {}, true};
  }
  cut->certain = certain;
  return cut;
}

CodeLocation location_of(const Cut& cut) {
  CodeLocation location;
  location.symbol = cut.symbol;
  if (cut.offset.empty()) return location;
  const std::string_view offset = cut.offset.substr(1);
  location.offset = hex_value(offset);
  const std::string_view size = offset.substr(hex_length(offset) + 1);
  location.size = hex_value(size);
  std::string_view rest = size.substr(hex_length(size));
  if (rest.starts_with(" [")) {
    rest = rest.substr(2, rest.find_first_of(" ]", 2) - 2);
    if (rest != "inline") location.module = printable(rest.substr(0, kMaxModule));
  }
  return location;
}

}  // namespace

std::string symbol_in(std::string_view text) {
  for (std::size_t at = text.find("+0x"); at != std::string_view::npos;
       at = text.find("+0x", at + 1)) {
    std::size_t begin = at;
    while (begin > 0 && is_symbol_char(text[begin - 1])) --begin;
    if (begin < at && at - begin <= kMaxSymbol && is_offset(text.substr(at)))
      return std::string(text.substr(begin, at - begin));
  }
  return {};
}

std::optional<Frame> parse_frame(std::string_view text) {
  const auto cut = cut_frame(text);
  if (!cut) return std::nullopt;
  return Frame{location_of(*cut), cut->certain, cut->offset.empty()};
}

std::string to_string(const CodeLocation& location) {
  return fmt::format("{}+{:#x}/{:#x}{}", location.symbol, location.offset, location.size,
                     location.module.empty() ? "" : " [" + location.module + "]");
}

std::optional<CodeLocation> parse_pc(std::string_view text) {
  if (!names_pc(text)) return std::nullopt;
  const std::string symbol = symbol_in(text);
  if (symbol.empty()) return std::nullopt;
  const auto cut = cut_symbol(text.substr(text.find(symbol + "+0x")));
  if (!cut) return std::nullopt;
  CodeLocation location = location_of(*cut);
  location.is_return = false;
  return location;
}

std::string plain_name(std::string_view symbol) {
  for (const std::string_view suffix : {".cold", ".isra.", ".constprop.", ".part.", ".llvm."})
    symbol = symbol.substr(0, symbol.find(suffix));
  for (const std::string_view layer : {"__x64_sys_", "__ia32_sys_", "__arm64_sys_", "__se_sys_",
                                       "__do_sys_", "SyS_", "SYSC_", "ksys_"})
    if (symbol.starts_with(layer)) return "sys_" + std::string(symbol.substr(layer.size()));
  return std::string(symbol);
}

bool is_primitive(std::string_view function) { return is_in<kPrimitives>(function); }
bool is_glock_wait(std::string_view function) { return is_in<kGlockWaits>(function); }
bool is_plumbing(std::string_view function) { return is_in<kPlumbing>(function); }

bool is_dispatcher(std::string_view function) { return is_in<kDispatchers>(function); }
bool is_bottom(std::string_view function) { return is_in<kBottoms>(function); }
bool is_interrupt_entry(std::string_view function) { return is_in<kInterruptEntries>(function); }
bool is_stall_reporter(std::string_view function) { return is_in<kStallReporters>(function); }

bool is_ruler(std::string_view text) {
  const std::string_view bare = trimmed(text);
  return bare.size() >= 20 && bare.find_first_not_of('=') == std::string_view::npos;
}

LineRole role_of(std::string_view text) {
  const std::string_view bare = trimmed(text);
  if (bare.empty()) return LineRole::blank;
  if (bare == "<TASK>" || bare == "<IRQ>" || bare == "<NMI>" || bare == "</IRQ>" ||
      bare == "</NMI>")
    return LineRole::task_begin;
  if (bare == "</TASK>") return LineRole::task_end;
  if (bare.starts_with("---[ end ") || bare.starts_with("Rebooting in "))
    return LineRole::end_trace;
  if (bare.starts_with("Call Trace:") || bare.starts_with("Call trace:") ||
      bare.starts_with("Backtrace:") || bare.starts_with("backtrace:") ||
      bare.starts_with("backtrace (crc "))
    return LineRole::trace_begin;
  if (is_ruler(bare)) return LineRole::ruler;
  if (is_in<kRegisterLines>(bare)) return LineRole::registers;
  if (cut_frame(bare)) return LineRole::frame;
  return LineRole::other;
}

}  // namespace gridlock::console

// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/frames.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "console/skip_lists.h"

namespace gridlock::console {
namespace {

constexpr std::size_t kMaxFrames = 64;
constexpr std::size_t kMaxTelling = 8;
constexpr std::size_t kMaxSymbol = 128;
constexpr int kMaxForeign = 4;  // lines in a row that are not of a trace and end it

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

bool is_kernel_rip(std::string_view text) {
  return text.starts_with("RIP: ") && !text.starts_with("RIP: 0033:") &&
         !text.starts_with("RIP: 0023:");
}

bool names_pc(std::string_view text) {
  return is_kernel_rip(text) || text.starts_with("pc : ") || text.starts_with("PC is at ") ||
         text.starts_with("NIP [") || text.starts_with("epc : ");
}

/// A list of names, where a `*` at the end stands for any ending, sorted for looking up.
class Names {
 public:
  explicit Names(std::span<const std::string_view> list) {
    for (std::string_view name : list) {
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
    if (text.empty() || !begins_[static_cast<unsigned char>(text.front())]) return false;
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
  std::array<bool, 256> begins_{};  // first bytes of names
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
  bool certain = true;
};

std::optional<Cut> cut_frame(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with("[<")) {  // kernels before 4.10 print the address first
    const std::size_t close = text.find(">]");
    if (close == std::string_view::npos) return std::nullopt;
    text = trimmed(text.substr(close + 2));
  }
  Cut cut;
  if (text.starts_with("? ")) {
    cut.certain = false;
    text = trimmed(text.substr(2));
  }
  std::size_t end = 0;
  while (end < text.size() && is_symbol_char(text[end])) ++end;
  if (end == 0 || end > kMaxSymbol) return std::nullopt;
  const bool inlined = text.ends_with(" [inline]") && text[end] == ' ';
  if (!inlined && !is_offset(text.substr(end))) return std::nullopt;
  cut.symbol = text.substr(0, end);
  return cut;
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
  return Frame{plain_name(cut->symbol), cut->certain};
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

Stack stack_in(std::span<const std::string> lines) {
  Stack stack;
  bool inside = false;
  int foreign = 0;
  for (const std::string& line : lines) {
    const LineRole role = role_of(line);
    if (role == LineRole::trace_begin) {
      if (inside && !stack.frames.empty()) break;
      inside = true;
      continue;
    }
    if (names_pc(line)) {
      const std::string function = plain_name(symbol_in(line));
      if (function.empty()) continue;
      if (inside && !stack.frames.empty())
        stack.frames.push_back(function);  // the trace goes on below an exception
      else if (stack.rip.empty())
        stack.rip = function;
      continue;
    }
    if (!inside) continue;
    if (role == LineRole::task_end || role == LineRole::end_trace || line.starts_with("RIP: 0033:"))
      break;
    if (const auto frame = parse_frame(line)) {
      foreign = 0;
      if (frame->certain) stack.frames.push_back(frame->function);
    } else if (role == LineRole::other && ++foreign == kMaxForeign) {
      break;
    }
    if (stack.frames.size() == kMaxFrames) break;
  }
  return stack;
}

std::vector<std::string> telling_frames(const Stack& stack) {
  std::vector<std::string> telling;
  const auto add = [&](const std::string& function) {
    if (!function.empty() && telling.size() < kMaxTelling &&
        std::find(telling.begin(), telling.end(), function) == telling.end())
      telling.push_back(function);
  };
  if (!is_primitive(stack.rip)) add(stack.rip);
  for (const std::string& function : stack.frames)
    if (!is_primitive(function)) add(function);
  if (!telling.empty()) return telling;
  add(stack.rip);
  for (const std::string& function : stack.frames) add(function);
  return telling;
}

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
  if (bare.starts_with("Call Trace:") || bare.starts_with("Call trace:"))
    return LineRole::trace_begin;
  if (is_ruler(bare)) return LineRole::ruler;
  if (is_in<kRegisterLines>(bare)) return LineRole::registers;
  if (cut_frame(bare)) return LineRole::frame;
  return LineRole::other;
}

}  // namespace gridlock::console

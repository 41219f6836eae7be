// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology/section.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/share.h"
#include "base/text.h"

namespace gridlock {
namespace {

constexpr std::size_t kMaxNameBytes = 41;
constexpr std::size_t kMaxLineBytes = 500;
constexpr std::size_t kMaxProseBytes = 4000;
/// Suggestions beyond this many known words are a list nobody reads.
constexpr std::size_t kMaxListed = 20;

bool alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/// Why `text` cannot be one line of text, or empty.
std::string line_problem(std::string_view text) {
  if (trimmed(text).empty()) return "must not be empty";
  if (text.find_first_of("\r\n") != std::string_view::npos) return "must be one line";
  if (text.size() > kMaxLineBytes) return fmt::format("is longer than {} bytes", kMaxLineBytes);
  return {};
}

std::string_view kind_name(DocNode::Kind kind) {
  switch (kind) {
    case DocNode::Kind::nothing:
      return "nothing";
    case DocNode::Kind::scalar:
      return "a single value";
    case DocNode::Kind::list:
      return "a list";
    case DocNode::Kind::map:
      return "a mapping";
  }
  return {};
}

}  // namespace

bool valid_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNameBytes && alphanumeric(text[0]) &&
         std::ranges::all_of(
             text, [](char c) { return alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

void check_name(std::string_view text, Mark mark, std::string_view what, Mistakes& mistakes) {
  if (valid_name(text)) return;
  mistakes.add(mark,
               fmt::format("{} must be letters, digits, dots, dashes and underscores, at most "
                           "{}, beginning with a letter or digit; not {}",
                           what, kMaxNameBytes, in_quotes(text)));
}

std::string in_quotes(std::string_view text) { return fmt::format("`{}`", printable(text, 80)); }

std::string enumerate(const std::vector<std::string>& words, std::string_view last) {
  std::string out;
  const std::size_t count = std::min(words.size(), kMaxListed);
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) out += i + 1 == words.size() ? fmt::format(" {} ", last) : ", ";
    out += words[i];
  }
  return words.size() > count ? out + ", …" : out;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
  if (known.empty()) return {};
  const std::string near = nearest_name(printable(word, 80), known);
  if (!near.empty()) return fmt::format("; did you mean `{}`?", near);
  return fmt::format("; known {} {}", known.size() == 1 ? "is" : "are", enumerate(known, "and"));
}

void for_each_named(const DocNode& node, std::string_view what, std::size_t limit,
                    Mistakes& mistakes, const std::function<void(const DocEntry&)>& read) {
  if (node.kind != DocNode::Kind::map && node.kind != DocNode::Kind::nothing) {
    mistakes.add(node.mark, fmt::format("expected a mapping with a name for each, not {}",
                                        kind_name(node.kind)));
    return;
  }
  if (node.entries.empty())
    mistakes.add(node.mark, fmt::format("there must be at least one: {} with its name", what));
  if (node.entries.size() > limit)
    mistakes.add(node.mark,
                 fmt::format("{} is too many; {} is the most", node.entries.size(), limit));
  for (const DocEntry& entry : node.entries) {
    check_name(entry.key, entry.mark, fmt::format("the name of {}", what), mistakes);
    read(entry);
  }
}

Section::Section(const DocNode* node, Mark mark, const KeyTable& table, Mistakes& mistakes)
    : node_(node), mark_(mark), table_(table), mistakes_(mistakes) {
  if (node_ && node_->kind != DocNode::Kind::map) {
    // What is written as `nodes:` with nothing behind it leaves every key at its default.
    if (node_->kind != DocNode::Kind::nothing) {
      mistakes_.add(node_->mark, fmt::format("{} must be a mapping, not {}", table_.what,
                                             kind_name(node_->kind)));
      node_ = nullptr;
      return;
    }
    node_ = nullptr;
  }
  check_keys();
}

void Section::check_keys() {
  std::vector<std::string> known;
  for (const Key& key : table_.keys) known.emplace_back(key.name);
  if (node_) {
    for (const DocEntry& entry : node_->entries) {
      const auto row = std::ranges::find(table_.keys, std::string_view(entry.key), &Key::name);
      if (row == table_.keys.end())
        mistakes_.add(entry.mark, fmt::format("unknown key {} in {}{}", in_quotes(entry.key),
                                              table_.what, suggestion(entry.key, known)));
    }
  }
  for (const Key& key : table_.keys)
    if (key.required && !entry(key.name))
      mistakes_.add(mark_, fmt::format("{} needs `{}`: {}", table_.what, key.name, key.meaning));
}

const DocEntry* Section::entry(std::string_view key) const {
  if (!node_) return nullptr;
  const auto found = std::ranges::find(node_->entries, key, &DocEntry::key);
  return found == node_->entries.end() ? nullptr : &*found;
}

const DocNode* Section::find(std::string_view key) const {
  const DocEntry* const found = entry(key);
  return found ? &found->value : nullptr;
}

Mark Section::mark(std::string_view key) const {
  const DocNode* const found = find(key);
  return found ? found->mark : mark_;
}

Mark Section::key_mark(std::string_view key) const {
  const DocEntry* const found = entry(key);
  return found ? found->mark : mark_;
}

const Key& Section::row(std::string_view key, ValueType type) const {
  const auto found = std::ranges::find(table_.keys, key, &Key::name);
  GRIDLOCK_CHECK(found != table_.keys.end() && found->type == type,
                 fmt::format("no key {} of this type in the table of {}", key, table_.what));
  return *found;
}

bool Section::holds_scalar(std::string_view key) const {
  const DocNode* const value = find(key);
  return value && value->kind == DocNode::Kind::scalar;
}

MarkedText Section::scalar(const Key& key) const {
  const DocNode* const value = find(key.name);
  if (value && value->kind == DocNode::Kind::scalar) return {value->text, value->mark};
  if (value) {
    mistakes_.add(value->mark, fmt::format("`{}` must be a single value, not {}", key.name,
                                           kind_name(value->kind)));
  }
  return {std::string(key.fallback), mark(key.name)};
}

void Section::check(std::string_view name) const {
  const auto row = std::ranges::find(table_.keys, name, &Key::name);
  switch (row->type) {
    case ValueType::name:
    case ValueType::line:
    case ValueType::prose:
      static_cast<void>(text(name));
      break;
    case ValueType::integer:
      static_cast<void>(integer(name));
      break;
    case ValueType::size:
      static_cast<void>(size(name));
      break;
    case ValueType::duration:
      static_cast<void>(duration(name));
      break;
    case ValueType::choice:
      static_cast<void>(chosen(name));
      break;
    case ValueType::choices:
      static_cast<void>(all_chosen(name));
      break;
    case ValueType::lines:
      static_cast<void>(lines(name));
      break;
    case ValueType::share:
      static_cast<void>(share(name));
      break;
    case ValueType::section:
    case ValueType::special:
      break;
  }
}

std::string Section::text(std::string_view name) const {
  const auto found = std::ranges::find(table_.keys, name, &Key::name);
  GRIDLOCK_CHECK(found != table_.keys.end(), "no such key in the table");
  const MarkedText value = scalar(*found);
  if (value.text.empty() && !holds_scalar(name)) return {};
  if (found->type == ValueType::name) {
    check_name(value.text, value.mark, fmt::format("`{}`", name), mistakes_);
  } else if (found->type == ValueType::prose) {
    if (value.text.size() > kMaxProseBytes)
      mistakes_.add(value.mark, fmt::format("`{}` is longer than {} bytes", name, kMaxProseBytes));
  } else if (const std::string problem = line_problem(value.text); !problem.empty()) {
    mistakes_.add(value.mark, fmt::format("`{}` {}", name, problem));
  }
  return value.text;
}

int Section::integer(std::string_view name) const {
  const Key& key = row(name, ValueType::integer);
  const auto read = [&](std::string_view text) -> std::optional<int> {
    std::uint64_t number = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
    if (number < key.low || number > key.high) return std::nullopt;
    return static_cast<int>(number);
  };
  const MarkedText value = scalar(key);
  if (const auto number = read(value.text)) return *number;
  mistakes_.add(value.mark, fmt::format("`{}` must be a whole number from {} to {}, not {}", name,
                                        key.low, key.high, in_quotes(value.text)));
  return read(key.fallback).value_or(static_cast<int>(key.low));
}

Bytes Section::size(std::string_view name) const {
  const Key& key = row(name, ValueType::size);
  const MarkedText value = scalar(key);
  if (value.text.empty() && !holds_scalar(name)) return {};
  const auto bytes = parse_bytes(value.text);
  const bool bare =
      !value.text.empty() && value.text.find_first_not_of("0123456789") == std::string::npos;
  if (!bytes) {
    mistakes_.add(value.mark, fmt::format("`{}` must be a whole number with a unit, such as 64KiB, "
                                          "768MiB or 2GiB, not {}",
                                          name, in_quotes(value.text)));
  } else if (bytes->count < key.low || bytes->count > key.high) {
    mistakes_.add(value.mark, fmt::format("`{}` must be from {} to {}, not {}{}", name,
                                          to_string(Bytes{key.low}), to_string(Bytes{key.high}),
                                          in_quotes(value.text), bare ? " (bytes)" : ""));
  } else if (bytes->count % key.step != 0) {
    mistakes_.add(value.mark, fmt::format("`{}` must be a multiple of {}, not {}", name,
                                          to_string(Bytes{key.step}), in_quotes(value.text)));
  } else {
    return *bytes;
  }
  return parse_bytes(key.fallback).value_or(Bytes{});
}

Milliseconds Section::duration(std::string_view name) const {
  const Key& key = row(name, ValueType::duration);
  const MarkedText value = scalar(key);
  const auto time = parse_duration(value.text);
  const auto ms = [](std::uint64_t count) {
    return to_string(Milliseconds{static_cast<std::int64_t>(count)});
  };
  const auto count = time ? static_cast<std::uint64_t>(time->count()) : 0;
  if (!time) {
    mistakes_.add(value.mark,
                  fmt::format("`{}` must be a duration with a unit, such as 500ms, 10s or 1m30s, "
                              "not {}",
                              name, in_quotes(value.text)));
  } else if (count < key.low || count > key.high) {
    mistakes_.add(value.mark, fmt::format("`{}` must be from {} to {}, not {}", name, ms(key.low),
                                          ms(key.high), in_quotes(value.text)));
  } else if (count % key.step != 0) {
    mistakes_.add(value.mark,
                  fmt::format("`{}` must be whole seconds, not {}", name, in_quotes(value.text)));
  } else {
    return *time;
  }
  return parse_duration(key.fallback).value_or(Milliseconds{0});
}

double Section::share(std::string_view name) const {
  const Key& key = row(name, ValueType::share);
  const MarkedText value = scalar(key);
  if (const auto share = parse_share(value.text)) return *share;
  mistakes_.add(value.mark, fmt::format("`{}` must be above 0% and below 100%, such as 5% or 0.05, "
                                        "not {}",
                                        name, in_quotes(value.text)));
  return parse_share(key.fallback).value_or(0);
}

std::vector<MarkedText> Section::lines(std::string_view name) const {
  return lines_of(row(name, ValueType::lines));
}

std::vector<MarkedText> Section::lines_of(const Key& key) const {
  const std::string_view name = key.name;
  const DocNode* const value = find(name);
  if (!value) return {};
  std::vector<MarkedText> found;
  const auto add = [&](const DocNode& item) {
    if (item.kind != DocNode::Kind::scalar) {
      mistakes_.add(item.mark, fmt::format("an item of `{}` must be a single value, not {}", name,
                                           kind_name(item.kind)));
    } else if (const std::string problem = line_problem(item.text); !problem.empty()) {
      mistakes_.add(item.mark, fmt::format("an item of `{}` {}", name, problem));
    } else {
      found.push_back({item.text, item.mark});
    }
  };
  if (value->kind == DocNode::Kind::scalar) {
    add(*value);
  } else if (value->kind == DocNode::Kind::list) {
    if (value->items.size() > key.high)
      mistakes_.add(value->mark, fmt::format("`{}` holds {} items; {} is the most", name,
                                             value->items.size(), key.high));
    for (const DocNode& item : value->items) add(item);
  } else {
    mistakes_.add(value->mark,
                  fmt::format("`{}` must be a list, not {}", name, kind_name(value->kind)));
  }
  return found;
}

int Section::chosen(std::string_view name) const {
  const Key& key = row(name, ValueType::choice);
  const std::vector<std::string> words = split(key.words, ' ');
  const MarkedText value = scalar(key);
  const auto index = [&](std::string_view word) {
    const auto found = std::ranges::find(words, word);
    return found == words.end() ? -1 : static_cast<int>(found - words.begin());
  };
  if (const int at = index(value.text); at >= 0) return at;
  if (holds_scalar(name)) {
    const std::string near = nearest_name(printable(value.text, 80), words);
    mistakes_.add(
        value.mark,
        fmt::format(
            "`{}` must be {}, not {}{}", name, enumerate(words, "or"), in_quotes(value.text),
            near.empty() || words.size() == 1 ? "" : fmt::format("; did you mean `{}`?", near)));
  }
  return std::max(index(key.fallback), 0);
}

std::vector<int> Section::all_chosen(std::string_view name) const {
  Key key = row(name, ValueType::choices);
  const std::vector<std::string> words = split(key.words, ' ');
  key.high = words.size();
  std::vector<int> all;
  for (const MarkedText& value : lines_of(key)) {
    const auto found = std::ranges::find(words, value.text);
    const int at = static_cast<int>(found - words.begin());
    if (found == words.end()) {
      const std::string near = nearest_name(printable(value.text, 80), words);
      mistakes_.add(value.mark,
                    fmt::format("`{}` takes {}, not {}{}", name, enumerate(words, "and"),
                                in_quotes(value.text),
                                near.empty() ? "" : fmt::format("; did you mean `{}`?", near)));
    } else if (std::ranges::find(all, at) != all.end()) {
      mistakes_.add(value.mark, fmt::format("`{}` is in `{}` already", value.text, name));
    } else {
      all.push_back(at);
    }
  }
  return all;
}

}  // namespace gridlock

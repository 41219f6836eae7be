// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/duration.h"
#include "topology/document.h"
#include "topology/keys.h"
#include "topology/mistakes.h"

namespace gridlock {

/// A value and where it stands.
struct MarkedText {
  std::string text;
  Mark mark;
};

/// One mapping of the file, read as its key table says. A value that is absent is the table's
/// default; one that is wrong is added to the mistakes and read as the default.
class Section {
 public:
  /// `node` may be null or hold nothing: then every key has its default. `mark` is where messages
  /// about the mapping as a whole point.
  Section(const DocNode* node, Mark mark, const KeyTable& table, Mistakes& mistakes);

  /// The value written for `key`, or null.
  const DocNode* find(std::string_view key) const;
  /// Where `key`'s value stands, or else the mapping itself.
  Mark mark(std::string_view key) const;
  /// Where `key` itself stands, or else the mapping.
  Mark key_mark(std::string_view key) const;

  std::string text(std::string_view key) const;
  int integer(std::string_view key) const;
  Bytes size(std::string_view key) const;
  Milliseconds duration(std::string_view key) const;
  double share(std::string_view key) const;
  std::vector<MarkedText> lines(std::string_view key) const;
  /// Reads `key` as its type says, for its mistakes alone; not what has a reader of its own.
  void check(std::string_view key) const;
  /// The choice as an enumerator; the table's words are in the enumerators' order.
  template <class Enum>
  Enum choice(std::string_view key) const {
    return static_cast<Enum>(chosen(key));
  }
  /// Several words, each once, in the order written.
  template <class Enum>
  std::vector<Enum> choices(std::string_view key) const {
    std::vector<Enum> all;
    for (const int at : all_chosen(key)) all.push_back(static_cast<Enum>(at));
    return all;
  }

 private:
  const Key& row(std::string_view key, ValueType type) const;
  const DocEntry* entry(std::string_view key) const;
  bool holds_scalar(std::string_view key) const;
  /// The scalar written for the key, or its default; the latter too if it is not a scalar.
  MarkedText scalar(const Key& key) const;
  std::vector<MarkedText> lines_of(const Key& key) const;
  int chosen(std::string_view key) const;
  std::vector<int> all_chosen(std::string_view key) const;
  void check_keys();

  const DocNode* node_;
  Mark mark_;
  const KeyTable& table_;
  Mistakes& mistakes_;
};

/// Whether `text` can be a name: [A-Za-z0-9][A-Za-z0-9._-]{0,40}.
bool valid_name(std::string_view text);

/// Adds a mistake if `text` cannot be a name. `what`: "the name of a kernel".
void check_name(std::string_view text, Mark mark, std::string_view what, Mistakes& mistakes);

/// Calls `read` for each entry of a mapping of names; says so if there are more than `limit` or
/// none. `what` is one of them: "a kernel".
void for_each_named(const DocNode& node, std::string_view what, std::size_t limit,
                    Mistakes& mistakes, const std::function<void(const DocEntry&)>& read);

/// "; did you mean `near`?" or, if nothing is near, "; known are a, b and c".
std::string suggestion(std::string_view word, const std::vector<std::string>& known);

/// "a, b and c", with `last` for "and".
std::string enumerate(const std::vector<std::string>& words, std::string_view last);

/// "`text`", cut and made printable.
std::string in_quotes(std::string_view text);

}  // namespace gridlock

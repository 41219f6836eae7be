// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace gridlock::console {

/// How a report of a kind goes on after its header, and so how it is read and named. What a shape
/// means stands in extent.cpp (where it ends) and identity.cpp (title, function, identity).
enum class Shape {
  die,
  warning,
  lockdep,
  hung_task,
  stall,
  sanitizer,
  atomic_sleep,
  other_bug,
  panic,
  leak,
  fs,
  line,
  way_up  ///< an error that each function on its way up to the system call logs again
};

/// Whether a header may stand inside a report of another header.
enum class Opens {
  always,
  alone,  ///< inside a report it is one of its lines: "Oops: 0002 [#2]" after "BUG: unable to …"
};

/// One way in which the kernel begins a report. To teach the reader a new kind, add a row here.
struct Phrase {
  std::string_view kind;   ///< Finding::kind
  std::string_view sub;    ///< a finer name, part of the identity; no digits
  std::string_view start;  ///< text at the start of a word
  std::string_view then;   ///< text that must follow somewhere after it on the line; may be empty
  Shape shape;
  Opens opens = Opens::always;
  bool at_start = false;  ///< only at the very start of a line's text
  bool (*holds)(std::string_view text) = nullptr;  ///< what else must be true of the line's text
};

/// The phrase that begins a report on this line, if one does.
/// Sources: format strings of Linux 6.1; older and newer forms as the kernel's history has them.
const Phrase* match_header(std::string_view text);

/// Every `start` of the table, each once: a line without any of them begins no report.
std::vector<std::string_view> trigger_phrases();

}  // namespace gridlock::console

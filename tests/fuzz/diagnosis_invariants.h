// SPDX-License-Identifier: GPL-2.0-or-later
// What must hold for a diagnosis whatever nodes say of themselves. Shared by the fuzz target and
// the unit test that replays its seeds.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "base/text.h"
#include "diagnosis/diagnose.h"
#include "diagnosis/diagnosis_json.h"
#include "diagnosis/dlm_ids.h"
#include "diagnosis/picture.h"

namespace gridlock::fuzz {

/// Two nodes' texts out of one: a line "=== NAME" begins the text NAME of the first node, "=== NAME
/// 2" that of the second. Lines before it belong to no text.
inline diagnosis::Look look_of(std::string_view bytes) {
  diagnosis::Look look{{.node = "node1", .dlm_id = 1}, {.node = "node2"}};
  std::string* text = nullptr;
  while (!bytes.empty()) {
    const std::string_view line = take_line(bytes);
    if (!line.starts_with("=== ")) {
      if (text != nullptr) (*text += line) += '\n';
      continue;
    }
    diagnosis::NodeLook& node = line.ends_with(" 2") ? look[1] : look[0];
    const std::string_view name = line.substr(4, line.find(' ', 4) - 4);
    text = name == "glocks"        ? &node.glocks
           : name == "dlm_locks"   ? &node.dlm_locks
           : name == "dlm_waiters" ? &node.dlm_waiters
           : name == "ocfs2_locks" ? &node.ocfs2_locks
           : name == "tasks"       ? &node.tasks
           : name == "console"     ? &node.console
                                   : nullptr;
  }
  return look;
}

/// The number of lasting waits; throws what does not hold.
inline std::size_t check_diagnosis(std::string_view bytes) {
  using namespace diagnosis;
  const auto require = [](bool holds, const char* what) {
    if (!holds) throw std::logic_error(what);
  };
  Look look = look_of(bytes);
  find_dlm_ids(look);
  const Diagnosis found = diagnose(look, look, {{{0x4249, "x\x1b"}}});
  for (const std::string& text : {found.identity, found.title, found.sentence})
    require(text == printable(text, text.size()), "text can be shown");
  require(found.waits.size() <= 65536, "waits are bounded");
  require((found.kind == Diagnosis::Kind::nothing) == found.waits.empty(), "waits make a chain");
  require(found.end.has_value() == (found.kind == Diagnosis::Kind::chain), "a chain has an end");
  for (std::size_t i = 0; i + 1 < found.path.size(); ++i)
    require(found.path[i].to == found.path[i + 1].from, "a path has no gap");
  if (found.kind == Diagnosis::Kind::cycle)
    require(found.path.back().to == found.path.front().from, "a cycle is closed");
  (void)json_of(found).dump();
  require(dot_of(found).size() < 200'000, "a picture is bounded");
  const Diagnosis moved = diagnose(look, {}, {});
  require(moved.kind == Diagnosis::Kind::nothing, "what is not seen twice is no wait");
  return found.waits.size();
}

}  // namespace gridlock::fuzz

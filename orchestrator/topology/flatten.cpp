// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology/flatten.h"

#include <fmt/format.h>
#include <yaml-cpp/emitter.h>
#include <yaml-cpp/emittermanip.h>

#include "base/error.h"
#include "base/text.h"
#include "topology/emit_text.h"

namespace gridlock {
namespace {

void emit(YAML::Emitter& out, const DocNode& node) {
  switch (node.kind) {
    case DocNode::Kind::nothing:
      out << YAML::Null;
      break;
    case DocNode::Kind::scalar:
      emit_text(out, node.text);
      break;
    case DocNode::Kind::list:
      out << YAML::BeginSeq;
      for (const DocNode& item : node.items) emit(out, item);
      out << YAML::EndSeq;
      break;
    case DocNode::Kind::map:
      out << YAML::BeginMap;
      for (const DocEntry& entry : node.entries) {
        out << YAML::Key;
        emit_text(out, entry.key);
        out << YAML::Value;
        emit(out, entry.value);
      }
      out << YAML::EndMap;
      break;
  }
}

}  // namespace

std::string flattened(const DocNode& root, const std::vector<std::string>& files) {
  YAML::Emitter out;
  emit(out, root);
  GRIDLOCK_CHECK(out.good(), "a topology could not be written: " + out.GetLastError());
  std::string names;
  for (const std::string& file : files) names += "\n#   " + printable(file);
  return fmt::format(
      "# Made by Gridlock of these files, the ones that include others first:{}\n{}\n", names,
      out.c_str());
}

}  // namespace gridlock

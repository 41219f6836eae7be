// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology/emit_text.h"

#include <yaml-cpp/emitter.h>
#include <yaml-cpp/emittermanip.h>

#include <algorithm>
#include <string_view>

namespace gridlock {
namespace {

/// Whether the text can stand without quotes wherever a value can. What YAML takes for null cannot.
bool plain(std::string_view text) {
  const auto word = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           c == '.' || c == '/' || c == '+' || c == '-';
  };
  const bool path = text.starts_with("./") || text.starts_with("../");
  return !text.empty() && std::ranges::all_of(text, word) && text[0] != '-' &&
         (text[0] != '.' || path) && text.size() <= 100 && text != "null" && text != "Null" &&
         text != "NULL";
}

}  // namespace

void emit_text(YAML::Emitter& out, const std::string& text) {
  if (!plain(text)) out << YAML::DoubleQuoted;
  out << text;
}

}  // namespace gridlock

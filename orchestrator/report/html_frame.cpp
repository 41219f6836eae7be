// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/html_frame.h"

#include <fmt/format.h>

#include <string_view>

#include "base/digest.h"
#include "report/page_assets.h"

namespace gridlock {
namespace {

int digit_of(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

/// Base64 (RFC 4648) of the bytes that `hex` spells.
std::string base64_of_hex(std::string_view hex) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  int held = 0;
  const auto put = [&](unsigned value) { out += kLetters[value & 63u]; };
  for (const char c : hex) {
    bits = bits << 4 | static_cast<unsigned>(digit_of(c));
    held += 4;
    if (held >= 6) put(bits >> (held -= 6));
    bits &= 63u;
  }
  if (held > 0) put(bits << (6 - held));
  while (out.size() % 4 != 0) out += '=';
  return out;
}

std::string source_of(std::string_view script) {
  return "'sha256-" + base64_of_hex(sha256(script)) + "'";
}

/// Only the two scripts of the page run, and nothing is loaded: see Content Security Policy
/// Level 3.
std::string policy() {
  return fmt::format(
      "default-src 'none'; script-src {} {}; style-src 'unsafe-inline'; img-src data:; base-uri "
      "'none'; form-action 'none'",
      source_of(chart_library()), source_of(page_script()));
}

}  // namespace

void add_page_head(HtmlWriter& html, const std::string& title, const std::string& version) {
  const auto head = html.in("head");
  html.leaf("meta", {{"charset", "utf-8"}});
  html.leaf("meta", {{"http-equiv", "Content-Security-Policy"}, {"content", policy()}});
  html.leaf("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  html.leaf("meta", {{"name", "color-scheme"}, {"content", "light dark"}});
  html.leaf("meta", {{"name", "generator"}, {"content", "Gridlock " + version}});
  html.leaf("title", title);
  html.style(page_style());
}

void add_page_scripts(HtmlWriter& html) {
  html.script(chart_library());
  html.script(page_script());
}

}  // namespace gridlock

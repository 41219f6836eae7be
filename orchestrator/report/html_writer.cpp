// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/html_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"

namespace gridlock {
namespace {

constexpr std::array<std::string_view, 8> kVoid{"br",    "col",  "hr",   "img",
                                                "input", "link", "meta", "wbr"};
/// Written on a line of their own, so that two pages can be compared line by line.
constexpr std::array<std::string_view, 31> kBlocks{
    "article", "aside",   "body",   "caption", "dd",    "details", "div", "dl",
    "dt",      "figure",  "footer", "form",    "h1",    "h2",      "h3",  "h4",
    "head",    "header",  "html",   "li",      "main",  "meta",    "nav", "ol",
    "p",       "section", "table",  "tbody",   "thead", "tr",      "ul"};

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_void(std::string_view name) { return is_one_of(kVoid, name); }

/// Text without control characters other than line ends, as valid UTF-8.
std::string shown(std::string_view text) {
  constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
  const bool plain = std::all_of(text.begin(), text.end(),
                                 [](char c) { return (c >= 0x20 && c < 0x7f) || c == '\n'; });
  if (plain) return std::string(text);
  std::string out;
  while (true) {
    const std::size_t end = text.find('\n');
    out += printable(text.substr(0, end), kNoLimit);
    if (end == std::string_view::npos) return out;
    out += '\n';
    text.remove_prefix(end + 1);
  }
}

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : shown(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
}

/// Links lead into the page, to files beside it, or hold a picture; never to a scheme that runs.
bool is_harmless_link(std::string_view value) {
  return value.starts_with('#') || value.starts_with("./");
}

/// Whether a browser leaves `child` where it was written. Other children of a table, say, are moved
/// before it. Source: "The elements of HTML" in the HTML standard.
bool may_hold(std::string_view parent, std::string_view child) {
  if (parent == "table") return child == "caption" || child == "thead" || child == "tbody";
  if (parent == "thead" || parent == "tbody") return child == "tr";
  if (parent == "tr") return child == "th" || child == "td";
  if (parent == "ul" || parent == "ol") return child == "li";
  if (parent == "dl") return child == "dt" || child == "dd";
  if (parent == "p" || parent == "span" || parent == "summary") return !is_one_of(kBlocks, child);
  return true;
}

}  // namespace

HtmlWriter::HtmlWriter() : page_("<!DOCTYPE html>") {}

HtmlWriter::Scope HtmlWriter::in(HtmlName name, const HtmlAttributes& attributes) {
  open(name, attributes);
  return Scope(*this);
}

void HtmlWriter::open(HtmlName name, const HtmlAttributes& attributes) {
  GRIDLOCK_CHECK(open_.empty() || may_hold(open_.back(), name.text()),
                 "an element stands where a browser would move it");
  if (is_one_of(kBlocks, name.text())) page_ += '\n';
  page_ += '<';
  page_ += name.text();
  for (const HtmlAttribute& attribute : attributes) {
    const std::string_view key = attribute.name.text();
    if (key == "href" || key == "src")
      GRIDLOCK_CHECK(is_harmless_link(attribute.value),
                     "a link in a page leads into it or beside it");
    page_ += ' ';
    page_ += key;
    page_ += "=\"";
    append_escaped(page_, attribute.value);
    page_ += '"';
  }
  page_ += '>';
  if (!is_void(name.text())) open_.push_back(name.text());
}

void HtmlWriter::close() {
  page_ += "</";
  page_ += open_.back();
  page_ += '>';
  open_.pop_back();
}

HtmlWriter& HtmlWriter::leaf(HtmlName name, const HtmlAttributes& attributes,
                             std::string_view text) {
  open(name, attributes);
  if (is_void(name.text())) return *this;
  append_escaped(page_, text);
  close();
  return *this;
}

HtmlWriter& HtmlWriter::text(std::string_view text) {
  append_escaped(page_, text);
  return *this;
}

HtmlWriter& HtmlWriter::style(std::string_view trusted) {
  GRIDLOCK_CHECK(trusted.find("</") == std::string_view::npos, "a style sheet ends its element");
  open("style", {});
  page_ += trusted;
  close();
  return *this;
}

HtmlWriter& HtmlWriter::script(std::string_view trusted) {
  // "<!--" changes what ends a script; see "Restrictions for contents of script elements" of HTML.
  GRIDLOCK_CHECK(trusted.find("</script") == std::string_view::npos &&
                     trusted.find("<!--") == std::string_view::npos,
                 "a script ends its element");
  page_ += '\n';
  open("script", {});
  page_ += trusted;
  close();
  return *this;
}

HtmlWriter& HtmlWriter::data(const std::string& id, const Json& json) {
  page_ += '\n';
  open("script", {{"type", "application/json"}, {"id", id}});
  for (const char c : json.dump(-1, ' ', true, Json::error_handler_t::replace)) {
    // Nothing in a JSON text that ends a script element or begins a comment in it.
    if (c == '<')
      page_ += "\\u003c";
    else if (c == '>')
      page_ += "\\u003e";
    else if (c == '&')
      page_ += "\\u0026";
    else
      page_ += c;
  }
  close();
  return *this;
}

const std::string& HtmlWriter::page() const {
  GRIDLOCK_CHECK(open_.empty(), "a page is read before it is complete");
  return page_;
}

std::string relative_link(std::string_view path) {
  std::string out = "./";
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '/';
    if (plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string anchor_of(std::string_view prefix, std::string_view text) {
  constexpr std::size_t kDigits = 12;
  constexpr std::size_t kLongest = 40;
  std::string out(prefix);
  out += '-';
  bool changed = text.empty() || text.size() > kLongest;
  for (const char c : text.substr(0, kLongest)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
    changed = changed || !plain;
    out += plain ? c : '_';
  }
  if (changed) out += "-" + sha256(text).substr(0, kDigits);
  return out;
}

}  // namespace gridlock

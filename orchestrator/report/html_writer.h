// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"

namespace gridlock {

/// The name of an element or attribute of HTML or SVG. It is part of the program's text, so nothing
/// a node said can become one, and attributes that hold scripts ("onclick") do not compile.
class HtmlName {
 public:
  template <std::size_t N>
  // NOLINTNEXTLINE(google-explicit-constructor): names are written as literals
  consteval HtmlName(const char (&text)[N]) : text_(text, N - 1) {
    if (N < 2 || (N > 3 && text[0] == 'o' && text[1] == 'n')) throw "not a name for markup";
    for (const char c : text_)
      if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'))
        throw "not a name for markup";
  }
  constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

struct HtmlAttribute {
  HtmlName name;
  std::string value;
};
using HtmlAttributes = std::vector<HtmlAttribute>;

/// Writes a page of HTML: elements, attributes and text, and nothing else. Whatever a text holds
/// stays text: markup, control characters and bytes that are no UTF-8 are shown, not obeyed. What
/// is no literal can only become text, the value of an attribute, or JSON.
class HtmlWriter {
 public:
  /// An element that is open until its scope ends.
  class Scope {
   public:
    explicit Scope(HtmlWriter& writer) : writer_(writer) {}
    ~Scope() { writer_.close(); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    HtmlWriter& writer_;
  };

  HtmlWriter();

  /// Throws InternalError where the element may not stand in the one around it, as a paragraph in a
  /// table.
  [[nodiscard]] Scope in(HtmlName name, const HtmlAttributes& attributes = {});
  /// An element that holds `text` only. Void elements ("meta") take none.
  HtmlWriter& leaf(HtmlName name, const HtmlAttributes& attributes, std::string_view text = {});
  HtmlWriter& leaf(HtmlName name, std::string_view text) { return leaf(name, {}, text); }
  HtmlWriter& text(std::string_view text);
  /// A style sheet or script that is part of Gridlock. Throws InternalError if it could end its
  /// element.
  HtmlWriter& style(std::string_view trusted);
  HtmlWriter& script(std::string_view trusted);
  /// <script type="application/json" id="…">, which a script of the page reads.
  HtmlWriter& data(const std::string& id, const Json& json);

  /// The page. Every element must have been closed.
  const std::string& page() const;

 private:
  void open(HtmlName name, const HtmlAttributes& attributes);
  void close();

  std::string page_;
  std::vector<std::string_view> open_;
};

/// `path` (with '/') as a link to a file beside the page: "./trials/01-a/console.log", with every
/// byte that is not plain encoded, so that it can be no other kind of link.
std::string relative_link(std::string_view path);

/// Something that can follow '#' and be an id: letters, digits and '-' stay, the rest is replaced,
/// and a digest keeps different texts apart.
std::string anchor_of(std::string_view prefix, std::string_view text);

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/mail_codes.h"

#include <iconv.h>

#include <array>
#include <memory>
#include <optional>
#include <type_traits>

#include "base/text.h"

namespace gridlock {
namespace {

std::optional<char> hex_pair(std::string_view text, std::size_t at) {
  if (at + 2 > text.size()) return std::nullopt;
  const auto value = number<unsigned char>(text.substr(at, 2), 16);
  if (!value) return std::nullopt;
  return static_cast<char>(*value);
}

int base64_value(char c) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t at = kDigits.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

struct CloseIconv {
  void operator()(void* handle) const noexcept { ::iconv_close(handle); }
};
using IconvPtr = std::unique_ptr<std::remove_pointer_t<iconv_t>, CloseIconv>;

/// One "=?charset?q?text?=" at the begin of `text`; how long it is, and what it says.
struct EncodedWord {
  std::size_t length = 0;
  std::string text;
};

std::optional<EncodedWord> encoded_word(std::string_view text) {
  if (!text.starts_with("=?")) return std::nullopt;
  const std::size_t kind = text.find('?', 2);
  if (kind == std::string_view::npos || kind + 3 > text.size() || text[kind + 2] != '?')
    return std::nullopt;
  const std::size_t end = text.find("?=", kind + 3);
  if (end == std::string_view::npos) return std::nullopt;
  std::string charset(text.substr(2, kind - 2));
  charset = charset.substr(0, charset.find('*'));  // RFC 2231: a language may follow
  std::string inner(text.substr(kind + 3, end - kind - 3));
  EncodedWord word;
  word.length = end + 2;
  switch (text[kind + 1]) {
    case 'b':
    case 'B':
      word.text = to_utf8(decode_base64(inner), charset);
      return word;
    case 'q':
    case 'Q':
      for (char& c : inner)
        if (c == '_') c = ' ';
      word.text = to_utf8(decode_quoted_printable(inner), charset);
      return word;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::string decode_quoted_printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '=') {
      out += text[i];
      continue;
    }
    // "=" at a line's end, with blanks that were added on the way: the line goes on.
    std::size_t end = i + 1;
    while (end < text.size() && (text[end] == ' ' || text[end] == '\t' || text[end] == '\r')) ++end;
    if (end == text.size() || text[end] == '\n') {
      i = end;
    } else if (const auto byte = hex_pair(text, i + 1)) {
      out += *byte;
      i += 2;
    } else {
      out += '=';
    }
  }
  return out;
}

std::string decode_base64(std::string_view text) {
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') {  // padding: what follows begins anew
      bits = 0;
      count = 0;
      continue;
    }
    const int value = base64_value(c);
    if (value < 0) continue;
    bits = (bits << 6 | static_cast<unsigned>(value)) & 0xffffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(static_cast<unsigned char>(bits >> count & 0xff));
  }
  return out;
}

std::string decode_words(std::string_view text) {
  std::string out;
  std::string blanks;  // between two encoded words they do not count
  bool after_word = false;
  while (!text.empty()) {
    if (const auto word = encoded_word(text)) {
      if (!after_word) out += blanks;
      out += word->text;
      text.remove_prefix(word->length);
      blanks.clear();
      after_word = true;
    } else if (text.front() == ' ' || text.front() == '\t') {
      blanks += text.front();
      text.remove_prefix(1);
    } else {
      out += blanks;
      out += text.front();
      blanks.clear();
      text.remove_prefix(1);
      after_word = false;
    }
  }
  return out + blanks;
}

std::string to_utf8(const std::string& text, const std::string& charset) {
  if (charset.empty() || charset.size() > 40) return text;
  // iconv_open takes "//TRANSLIT" and the like; a mail shall not.
  if (charset.find('/') != std::string::npos) return text;
  const iconv_t opened = ::iconv_open("UTF-8", charset.c_str());
  // iconv(3) says with (iconv_t)-1 that it does not know the character set.
  if (opened == reinterpret_cast<iconv_t>(-1)) return text;
  const IconvPtr handle(opened);
  std::string in = text, out;
  char* from = in.data();
  std::size_t left = in.size();
  std::array<char, 4096> piece;
  while (left > 0) {
    char* to = piece.data();
    std::size_t room = piece.size();
    const std::size_t before = left;
    const std::size_t done = ::iconv(opened, &from, &left, &to, &room);
    out.append(piece.data(), piece.size() - room);
    const bool full = done == static_cast<std::size_t>(-1) && room < piece.size() && left < before;
    if (done == static_cast<std::size_t>(-1) && !full) return text;
  }
  return out;
}

}  // namespace gridlock

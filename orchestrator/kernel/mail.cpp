// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/mail.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/text.h"
#include "kernel/mail_codes.h"

namespace gridlock {
namespace {

/// Messages in messages in messages: deeper ones are somebody's joke.
constexpr int kDeepest = 8;
constexpr std::size_t kMostParts = 1000;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lowered(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

std::string_view without_return(std::string_view line) {
  return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

/// "Subject: x" has the name "Subject"; a line that is none has no name.
std::string_view field_name(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon > 100) return {};
  const std::string_view name = line.substr(0, colon);
  const auto fits = [](char c) { return c > ' ' && c < 0x7f; };
  return std::ranges::all_of(name, fits) ? name : std::string_view();
}

/// "From someone@example.org Mon Sep 17 00:00:00 2001".
bool begins_message(std::string_view line) {
  if (!line.starts_with("From ")) return false;
  for (std::size_t at = line.find(':'); at != std::string_view::npos; at = line.find(':', at + 1)) {
    const auto digit = [&](std::size_t i) {
      return i < line.size() && line[i] >= '0' && line[i] <= '9';
    };
    if (at >= 2 && digit(at - 2) && digit(at - 1) && digit(at + 1) && digit(at + 2)) return true;
  }
  return false;
}

/// The fields of a message or of a part of one, by name in lower case; the first of each counts.
using Fields = std::map<std::string, std::string>;

/// Takes the fields and the empty line behind them off `text`.
Fields take_fields(std::string_view& text) {
  Fields fields;
  std::string* last = nullptr;
  while (!text.empty()) {
    std::string_view rest = text;
    const std::string_view line = without_return(take_line(rest));
    if (line.empty()) {
      text = rest;
      break;
    }
    if (line.front() == ' ' || line.front() == '\t') {
      if (last != nullptr) last->append(" ").append(trimmed(line));
    } else if (const std::string_view name = field_name(line); !name.empty()) {
      const auto [at, fresh] =
          fields.try_emplace(lowered(name), trimmed(line.substr(name.size() + 1)));
      last = fresh ? &at->second : nullptr;
    } else if (!begins_message(line) && !line.starts_with(">From ")) {
      break;  // no field: the text begins without an empty line
    }
    text = rest;
  }
  return fields;
}

std::string field(const Fields& fields, const std::string& name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string() : found->second;
}

/// "text/plain; charset=utf-8; format=flowed".
struct ContentType {
  std::string type;  ///< in lower case
  std::map<std::string, std::string> parameters;
};

ContentType content_type(std::string_view written) {
  ContentType content;
  std::size_t end = std::min(written.find(';'), written.size());
  content.type = lowered(trimmed(written.substr(0, end)));
  while (end < written.size()) {
    const std::size_t equals = written.find('=', end);
    if (equals == std::string_view::npos) break;
    const std::string name = lowered(trimmed(written.substr(end + 1, equals - end - 1)));
    std::string_view rest = written.substr(equals + 1);
    std::string value;
    if (rest.starts_with('"')) {
      const std::size_t close = std::min(rest.find('"', 1), rest.size());
      value = std::string(rest.substr(1, close - 1));
      end = std::min(written.find(';', equals + 1 + close), written.size());
    } else {
      end = std::min(written.find(';', equals), written.size());
      value = std::string(trimmed(written.substr(equals + 1, end - equals - 1)));
    }
    content.parameters.try_emplace(name, value);
  }
  return content;
}

std::string parameter(const ContentType& content, const std::string& name) {
  const auto found = content.parameters.find(name);
  return found == content.parameters.end() ? std::string() : found->second;
}

class Reader {
 public:
  explicit Reader(Mail& mail) : mail_(mail) {}

  void read(const Fields& fields, std::string_view body, int depth) {
    if (++parts_ > kMostParts) return;
    const ContentType content = content_type(field(fields, "content-type"));
    if (content.type.starts_with("multipart/")) {
      const std::string boundary = parameter(content, "boundary");
      if (!boundary.empty() && depth < kDeepest) read_parts(body, "--" + boundary, depth);
      return;
    }
    const ContentType kept = content_type(field(fields, "content-disposition"));
    std::string file = parameter(kept, "filename");
    if (file.empty()) file = parameter(content, "name");
    const bool patch = file.ends_with(".patch") || file.ends_with(".diff");
    if (!content.type.empty() && !patch &&
        (!content.type.starts_with("text/") || content.type == "text/html"))
      return;
    const std::string code = lowered(field(fields, "content-transfer-encoding"));
    std::string text = code == "quoted-printable" ? decode_quoted_printable(body)
                       : code == "base64"         ? decode_base64(body)
                                                  : std::string(body);
    text = with_plain_line_ends(to_utf8(text, parameter(content, "charset")));
    if (lowered(parameter(content, "format")) == "flowed") mail_.flowed = true;
    if (!mail_.text.empty() && !mail_.text.ends_with('\n')) mail_.text += '\n';
    mail_.text += text;
  }

 private:
  void read_parts(std::string_view body, const std::string& delimiter, int depth) {
    std::string_view part;
    bool inside = false;
    const auto finish = [&](const char* end) {
      if (!inside) return;
      part = {part.data(), static_cast<std::size_t>(end - part.data())};
      // The line end before the delimiter is the delimiter's.
      if (part.ends_with('\n')) part.remove_suffix(1);
      if (part.ends_with('\r')) part.remove_suffix(1);
      Fields fields = take_fields(part);
      read(fields, part, depth + 1);
    };
    while (!body.empty()) {
      const char* const begin = body.data();
      const std::string_view line = trimmed(take_line(body));
      if (line != delimiter && line != delimiter + "--") continue;
      finish(begin);
      inside = line == delimiter;
      part = body;
    }
    finish(body.data() + body.size());
  }

  Mail& mail_;
  std::size_t parts_ = 0;
};

}  // namespace

bool is_mail(std::string_view text) {
  std::string_view rest = text;
  const std::string_view first = without_return(take_line(rest));
  if (begins_message(first)) return true;
  if (field_name(first).empty()) return false;
  const Fields fields = take_fields(text);
  return fields.contains("subject") || fields.contains("from");
}

std::vector<std::string_view> split_mailbox(std::string_view text) {
  std::vector<std::string_view> messages;
  std::size_t begin = 0;
  bool after_empty = true;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t at = text.size() - rest.size();
    const std::string_view line = without_return(take_line(rest));
    if (after_empty && begins_message(line)) {
      std::string_view next = rest;
      const std::string_view following = take_line(next);
      if (at > begin && (!field_name(following).empty() || following.starts_with(">From "))) {
        messages.push_back(text.substr(begin, at - begin));
        begin = at;
      }
    }
    after_empty = line.empty();
  }
  if (begin < text.size()) messages.push_back(text.substr(begin));
  return messages;
}

Mail read_mail(std::string_view message) {
  Mail mail;
  if (!is_mail(message)) {
    mail.text = with_plain_line_ends(message);
    return mail;
  }
  const Fields fields = take_fields(message);
  mail.subject = printable(decode_words(field(fields, "subject")), 1000);
  mail.id = field(fields, "message-id");
  Reader(mail).read(fields, message, 0);
  return mail;
}

std::string with_plain_line_ends(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  std::string_view rest = text;
  while (!rest.empty()) {
    const bool last = rest.find('\n') == std::string_view::npos;
    const std::string_view line = take_line(rest);
    if (!last && !line.ends_with('\r')) return std::string(text);
    plain += without_return(line);
    if (!last) plain += '\n';
  }
  return plain;
}

}  // namespace gridlock

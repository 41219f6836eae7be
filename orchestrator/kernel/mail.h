// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gridlock {

/// A message, decoded. Source of the formats: RFC 5322, 2045, 2047 and 3676; mbox(5).
struct Mail {
  std::string subject;  ///< in one line, UTF-8
  std::string id;       ///< of the message, as written, or empty
  std::string text;     ///< what it says, with attached patches, in UTF-8; lines end with \n
  bool flowed = false;  ///< its mailer says that it may have wrapped lines (format=flowed)
};

/// Whether `text` begins like a message or a mailbox, as opposed to a bare patch.
bool is_mail(std::string_view text);

/// The messages of a mailbox, each with the line "From …" that begins it; a message without such a
/// line is one. Source of what separates them: mbox(5), and what git and public-inbox write.
std::vector<std::string_view> split_mailbox(std::string_view text);

/// Takes anything: what is no message comes out as text.
Mail read_mail(std::string_view message);

/// `text` with \n for \r\n if all its lines end so; some patches are for files that have both.
std::string with_plain_line_ends(std::string_view text);

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
// What must hold for patches from a mailbox, whatever is in it. Shared by the fuzz target and the
// unit test that replays its seeds.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "kernel/mail.h"
#include "kernel/mail_codes.h"
#include "kernel/series.h"

namespace gridlock::fuzz {

/// The patches of the mailbox `bytes`, or why there are none; throws what does not hold.
inline std::vector<Patch> check_mail(std::string_view bytes, std::string* why_none = nullptr) {
  const auto require = [](bool holds, const char* what) {
    if (!holds) throw std::logic_error(what);
  };
  const std::vector<std::string_view> messages = split_mailbox(bytes);
  std::size_t size = 0;
  std::vector<Mail> mails;
  for (const std::string_view message : messages) {
    require(!message.empty(), "no message is empty");
    size += message.size();
    mails.push_back(read_mail(message));
    const Mail& mail = mails.back();
    require(mail.subject == printable(mail.subject, 1000), "a subject can be shown");
    // A byte of a character set becomes at most four of UTF-8.
    require(mail.text.size() <= 4 * message.size() + 4096, "text does not grow");
    require(read_subject(mail.subject).title.size() <= mail.subject.size(), "a title is a part");
  }
  require(size == bytes.size(), "messages are all there is");
  (void)why_mangled(bytes);
  try {
    const std::vector<Patch> patches =
        patches_of_mailbox(mails, "box", "box.mbox", [](const std::string&) {});
    require(!patches.empty() && patches.size() <= mails.size(), "a patch is a mail");
    for (const Patch& patch : patches) {
      (void)why_mangled(patch.text);
      try {
        require(!files_touched(patch).empty(), "a patch touches a file");
      } catch (const HostError&) {
        // It names a file outside the tree, or none.
      }
    }
    return patches;
  } catch (const HostError& none) {
    if (why_none) *why_none = none.what();
    return {};
  }
}

}  // namespace gridlock::fuzz

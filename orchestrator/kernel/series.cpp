// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/series.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "host/files.h"

namespace gridlock {
namespace fs = std::filesystem;
namespace {

constexpr Bytes kLargestPatch = Bytes::mib(64);
/// As many as a topology may list.
constexpr std::size_t kMostPatches = 1000;
constexpr int kLargestNumber = 9999;

bool is_word(std::string_view text, std::string_view word) {
  return std::ranges::equal(text, word, {}, [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
}

/// "Re: ", "AW: Fwd: " off the front; whether there was one.
bool take_reply(std::string_view& subject) {
  bool reply = false;
  while (true) {
    const std::size_t colon = subject.find(':');
    const std::string_view word = trimmed(subject.substr(0, colon));
    const auto is = [&](std::string_view known) { return is_word(word, known); };
    if (colon == std::string_view::npos || !(is("re") || is("fwd") || is("fw") || is("aw")))
      return reply;
    reply = true;
    subject = trimmed(subject.substr(colon + 1));
  }
}

/// "3/5" or "03/12" to number and total.
void read_count(std::string_view word, SubjectTag& tag) {
  const std::size_t slash = word.find('/');
  if (slash == std::string_view::npos) return;
  const auto n = number<int>(word.substr(0, slash), 10);
  const auto m = number<int>(word.substr(slash + 1), 10);
  if (!n || !m || *n < 0 || *n > *m || *m > kLargestNumber) return;
  tag.number = n;
  tag.total = *m;
}

/// "PATCH v3 net-next 2/5".
void read_bracket(std::string_view inner, SubjectTag& tag) {
  for (const std::string& word : split(inner, ' ')) {
    if (is_word(word, "patch")) tag.patch = true;
    if (word.size() > 1 && (word[0] == 'v' || word[0] == 'V'))
      if (const auto version = number<int>(std::string_view(word).substr(1), 10);
          version && *version >= 0)
        tag.version = *version;
    // Some write "PATCHv3".
    if (word.size() > 6 && is_word(std::string_view(word).substr(0, 6), "patchv"))
      if (const auto version = number<int>(std::string_view(word).substr(6), 10);
          version && *version >= 0) {
        tag.patch = true;
        tag.version = *version;
      }
    read_count(word, tag);
  }
}

bool has_diff(std::string_view text) {
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = take_line(rest);
    if (line.starts_with("@@ -") || line.starts_with("diff --git ") ||
        (line.starts_with("--- ") && rest.starts_with("+++ ")))
      return true;
  }
  return false;
}

/// A mail as a patch: what people read of it, then what is applied.
std::string text_of(const Mail& mail) {
  return mail.subject.empty() ? mail.text
                              : fmt::format("Subject: {}\n\n{}", mail.subject, mail.text);
}

struct Numbered {
  SubjectTag tag;
  const Mail* mail;
};

[[noreturn]] void fail(const std::string& name, const std::string& why, const std::string& hint) {
  throw HostError(fmt::format("the patches of {}: {}", name, why), hint);
}

/// One series from the mails that have numbers: complete, in order.
std::vector<const Mail*> in_order(std::vector<Numbered> numbered, const std::string& name,
                                  const std::function<void(const std::string&)>& note) {
  int newest = 0, oldest = numbered.front().tag.version;
  for (const Numbered& one : numbered) {
    newest = std::max(newest, one.tag.version);
    oldest = std::min(oldest, one.tag.version);
  }
  if (newest != oldest)
    note(fmt::format("{} has more than one version of its series; version {} is taken", name,
                     newest));
  std::erase_if(numbered, [&](const Numbered& one) { return one.tag.version != newest; });
  const int total = numbered.front().tag.total;
  std::vector<const Mail*> order(static_cast<std::size_t>(total), nullptr);
  for (const Numbered& one : numbered) {
    if (one.tag.total != total)
      fail(
          name,
          fmt::format("it holds two series, one of {} and one of {} patches", total, one.tag.total),
          "save each thread to a file of its own and list both");
    if (*one.tag.number == 0) continue;
    const Mail*& place = order.at(static_cast<std::size_t>(*one.tag.number - 1));
    if (place != nullptr && place->text != one.mail->text)
      fail(name,
           fmt::format("two mails are number {}/{} and differ: {} and {}", *one.tag.number, total,
                       printable(place->subject, 120), printable(one.mail->subject, 120)),
           "take out the one that is not meant");
    if (place == nullptr) place = one.mail;
  }
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < order.size(); ++i)
    if (order[i] == nullptr) missing.push_back(fmt::format("{}/{}", i + 1, total));
  if (!missing.empty())
    fail(name,
         fmt::format("{} missing: {}", missing.size() == 1 ? "a part is" : "parts are",
                     join(missing, ", ")),
         "save the whole thread again, for example with `b4 am MESSAGE-ID` or from "
         "https://lore.kernel.org/MESSAGE-ID/t.mbox.gz");
  return order;
}

Patch patch_of(const Mail& mail, const std::string& name, const fs::path& file) {
  Patch patch;
  patch.name = name;
  patch.path = file;
  patch.text = text_of(mail);
  patch.subject = read_subject(mail.subject).title;
  patch.flowed = mail.flowed;
  return patch;
}

/// A file that a topology or a quilt folder lists as one patch, or as a mailbox.
std::vector<Patch> patches_of_file(const std::string& name, const fs::path& file,
                                   const std::function<void(const std::string&)>& note) {
  const std::string text = read_file(file, kLargestPatch);
  std::vector<Mail> mails;
  for (const std::string_view message : split_mailbox(text)) mails.push_back(read_mail(message));
  if (mails.size() > 1 || file.extension() == ".mbox" || file.extension() == ".mbx")
    return patches_of_mailbox(mails, name, file, note);
  Patch patch = patch_of(mails.empty() ? Mail{} : mails.front(), name, file);
  // As it was written, if patch(1) can read that.
  if (!mails.empty() && text.ends_with(mails.front().text)) patch.text = text;
  return {patch};
}

std::vector<Patch> patches_of_quilt(const PlannedPatch& planned,
                                    const std::function<void(const std::string&)>& note) {
  std::vector<Patch> patches;
  for (const std::string& line : split(read_file(planned.path / "series", kLargestPatch), '\n')) {
    const auto listed = read_quilt_line(line, planned.name);
    if (!listed) continue;
    const fs::path file = planned.path / listed->file;
    if (!fs::is_regular_file(file))
      fail(planned.name, fmt::format("its series lists {}, which is not there", listed->file),
           "take the line out, or add the patch");
    for (Patch& patch : patches_of_file(planned.name + "/" + listed->file, file, note)) {
      patch.revert = listed->revert;
      patches.push_back(std::move(patch));
    }
  }
  if (patches.empty()) fail(planned.name, "its series lists none", "list them, one a line");
  return patches;
}

std::vector<Patch> patches_of_range(const PlannedPatch& planned, const GitRepository& repository) {
  std::vector<Patch> patches;
  for (GitRepository::Change& change : repository.changes(planned.range)) {
    Patch patch;
    patch.name = fmt::format("{} of {}", change.commit.substr(0, 12), planned.range);
    patch.path = repository.path();
    patch.text = fmt::format("commit {}\nSubject: {}\n\n{}", change.commit,
                             printable(change.subject, 1000), change.diff);
    patch.subject = printable(change.subject, 1000);
    patches.push_back(std::move(patch));
  }
  return patches;
}

/// What no tree is needed for to say.
void require_whole(const Patch& patch) {
  if (const auto why = why_mangled(patch.text))
    throw HostError(fmt::format("patch {} was mangled by a mailer: {}\n  in {}", called(patch),
                                *why, patch.path.string()),
                    kHowToGetWhole);
  if (patch.text.find("\nGIT binary patch\n") != std::string::npos ||
      patch.text.find("\nBinary files ") != std::string::npos)
    throw HostError(
        fmt::format("patch {} changes a binary file, which patch(1) cannot", called(patch)),
        "commit it to a git repository and name that as source: {git: …}");
}

}  // namespace

SubjectTag read_subject(std::string_view subject) {
  SubjectTag tag;
  std::string_view rest = trimmed(subject);
  while (true) {
    if (take_reply(rest)) tag.reply = true;
    if (!rest.starts_with('[')) break;
    const std::size_t close = rest.find(']');
    if (close == std::string_view::npos) break;
    read_bracket(rest.substr(1, close - 1), tag);
    rest = trimmed(rest.substr(close + 1));
  }
  tag.title = std::string(rest);
  return tag;
}

std::optional<std::string> why_mangled(std::string_view text) {
  int old_lines = 0, new_lines = 0, number = 0;
  std::string hunk;
  bool in_file = false;  // what looks like a hunk before any file is somebody's words
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = take_line(rest);
    ++number;
    if (old_lines <= 0 && new_lines <= 0) {
      if (line.starts_with("--- ") && rest.starts_with("+++ ")) in_file = true;
      if (const auto found = hunk_in(line); found && in_file) {
        hunk = printable(line.substr(0, line.find("@@", 3) + 2), 80);
        old_lines = found->old_lines;
        new_lines = found->new_lines;
      }
      continue;
    }
    const char first = line.empty() ? ' ' : line.front();
    if (first != ' ' && first != '+' && first != '-' && first != '\\' && line != "\r")
      return fmt::format(
          "its line {} belongs to the hunk {} and begins neither with a blank nor with + or -: {}",
          number, hunk,
          first == '\t' ? "the blank before the tab is gone"
                        : "a long line was wrapped (" + printable(line, 60) + ")");
    if (first != '+' && first != '\\') --old_lines;
    if (first != '-' && first != '\\') --new_lines;
  }
  if (old_lines > 0 || new_lines > 0) return fmt::format("its last hunk, {}, ends too early", hunk);
  return std::nullopt;
}

std::vector<Patch> patches_of_mailbox(const std::vector<Mail>& mails, const std::string& name,
                                      const fs::path& file,
                                      const std::function<void(const std::string&)>& note) {
  std::vector<Numbered> numbered, others;
  std::set<std::string> ids;
  for (const Mail& mail : mails) {
    if (!mail.id.empty() && !ids.insert(mail.id).second) continue;
    SubjectTag tag = read_subject(mail.subject);
    if (tag.reply) continue;
    const bool diff = has_diff(mail.text);
    if (tag.number && (diff || *tag.number == 0)) {
      numbered.push_back({std::move(tag), &mail});
    } else if (diff) {
      others.push_back({std::move(tag), &mail});
    }
  }
  std::vector<const Mail*> order;
  if (!numbered.empty()) {
    order = in_order(std::move(numbered), name, note);
    for (const Numbered& other : others)
      note(fmt::format("{}: left out the mail {}, which is not numbered like the others", name,
                       printable(other.mail->subject, 120)));
  } else {
    for (const Numbered& other : others) order.push_back(other.mail);
  }
  if (order.empty())
    fail(name, "no mail in it has a patch", "save the mails with the patches, not their replies");
  std::vector<Patch> patches;
  for (const Mail* const mail : order) patches.push_back(patch_of(*mail, name, file));
  return patches;
}

std::optional<QuiltLine> read_quilt_line(std::string_view line, const std::string& name) {
  QuiltLine found;
  for (const std::string& word : split(line.substr(0, line.find('#')), ' ')) {
    const std::string_view bare = trimmed(word);
    if (bare.empty()) continue;
    if (found.file.empty()) {
      found.file = std::string(bare);
      const fs::path path(found.file);
      if (path.is_absolute() || std::ranges::find(path, fs::path("..")) != path.end())
        fail(name, fmt::format("its series lists {}, outside the folder", printable(bare, 200)),
             {});
    } else if (bare == "-R") {
      found.revert = true;
    } else if (bare != "-p1") {
      fail(
          name,
          fmt::format("its series says {} for {}", printable(bare, 80), printable(found.file, 200)),
          "only -p1 and -R are known: refresh the patch with quilt refresh -p1");
    }
  }
  if (found.file.empty()) return std::nullopt;
  return found;
}

std::vector<Patch> collect_patches(const PlannedKernel& kernel, const GitRepository* repository,
                                   const std::function<void(const std::string&)>& note) {
  std::vector<Patch> all;
  for (const PlannedPatch& planned : kernel.patches) {
    std::vector<Patch> patches;
    if (!planned.range.empty()) {
      GRIDLOCK_CHECK(repository != nullptr, "a range without a repository: " + planned.range);
      patches = patches_of_range(planned, *repository);
    } else if (fs::is_directory(planned.path)) {
      patches = patches_of_quilt(planned, note);
    } else {
      patches = patches_of_file(planned.name, planned.path, note);
    }
    if (planned.revert) {
      std::ranges::reverse(patches);
      for (Patch& patch : patches) patch.revert = !patch.revert;
    }
    for (Patch& patch : patches) {
      require_whole(patch);
      all.push_back(std::move(patch));
    }
  }
  if (all.size() > kMostPatches)
    throw HostError(fmt::format("kernel {} has more than {} patches", kernel.name, kMostPatches),
                    "commit them to a git repository and name that as source: {git: …}");
  return all;
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "console/reader.h"

namespace gridlock::fuzz {

/// The findings of `bytes` fed in pieces of `piece` bytes, in order of their begin.
inline std::vector<console::Finding> console_findings(std::string_view bytes, std::size_t piece) {
  console::Reader reader;
  for (std::size_t at = 0; at < bytes.size(); at += piece) reader.feed(bytes.substr(at, piece));
  reader.finish();
  GRIDLOCK_CHECK(!reader.pending(), "a report is open after the end");
  GRIDLOCK_CHECK(reader.bytes_read() == bytes.size(), "bytes were not counted");
  return reader.take();
}

inline bool same_finding(const console::Finding& a, const console::Finding& b) {
  return a.kind == b.kind && a.title == b.title && a.function == b.function &&
         a.frames == b.frames && a.stack == b.stack && a.glocks == b.glocks && a.task == b.task && a.pid == b.pid && a.cpu == b.cpu &&
         a.kernel_time == b.kernel_time && a.begin == b.begin && a.end == b.end &&
         a.secondary == b.secondary && a.replayed == b.replayed && a.incomplete == b.incomplete && a.identity == b.identity;
}

inline void check_console_finding(const console::Finding& finding, std::size_t size) {
  GRIDLOCK_CHECK(finding.begin < finding.end && finding.end <= size, "range outside the input");
  GRIDLOCK_CHECK(!finding.kind.empty() && !finding.title.empty(), "a finding without a name");
  GRIDLOCK_CHECK(!finding.identity.empty(), "a finding without an identity: " + finding.title);
  GRIDLOCK_CHECK(finding.frames.size() <= 8, "too many frames");
  GRIDLOCK_CHECK(finding.title.size() <= 1024 && finding.identity.size() <= 1024 &&
                     finding.task.size() <= 256 && finding.function.size() <= 256,
                 "a text is too long: " + finding.title);
  for (const std::string* text :
       {&finding.title, &finding.identity, &finding.task, &finding.function, &finding.incomplete})
    GRIDLOCK_CHECK(printable(*text, 4096) == *text, "unprintable bytes in: " + printable(*text));
}

/// What must hold for the findings of any bytes. Returns how many there are.
inline std::size_t check_console_bytes(std::string_view bytes) {
  const std::vector<console::Finding> findings =
      console_findings(bytes, std::max<std::size_t>(bytes.size(), 1));
  for (std::size_t i = 0; i < findings.size(); ++i) {
    check_console_finding(findings[i], bytes.size());
    GRIDLOCK_CHECK(i == 0 || findings[i - 1].begin <= findings[i].begin, "out of order");
  }
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{64}}) {
    const auto cut = console_findings(bytes, piece);
    GRIDLOCK_CHECK(
        std::equal(cut.begin(), cut.end(), findings.begin(), findings.end(), same_finding),
        "other findings in pieces of " + std::to_string(piece));
  }
  // A flood of findings is cut off by the reader's bounds, which count from its start.
  constexpr std::size_t kFlood = 24;
  if (findings.size() > kFlood) return findings.size();
  for (const console::Finding& finding : findings) {
    if (finding.kind == "reboot") continue;  // needs the boot before it
    const auto again = console_findings(bytes.substr(finding.begin), bytes.size());
    const auto it =
        std::find_if(again.begin(), again.end(), [](const auto& f) { return f.begin == 0; });
    GRIDLOCK_CHECK(it != again.end(), "not found again from its start: " + finding.title);
    GRIDLOCK_CHECK(it->kind == finding.kind && it->identity == finding.identity,
                   "another identity from its start: " + finding.identity + " / " + it->identity);
  }
  return findings.size();
}

}  // namespace gridlock::fuzz

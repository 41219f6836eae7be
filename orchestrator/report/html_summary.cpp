// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include "base/text.h"
#include "report/html_parts.h"
#include "report/html_sections.h"
#include "report/html_summary_parts.h"
#include "report/html_trust.h"

namespace gridlock {
namespace {

constexpr std::size_t kLongestSentence = 300;

void add_phrase(HtmlWriter& html, const Phrase& phrase, std::size_t room) {
  const std::string text = clipped_text(phrase.text, room);
  switch (phrase.tone) {
    case Tone::good:
      html.leaf("strong", {{"class", "said-good"}}, text);
      break;
    case Tone::bad:
      html.leaf("strong", {{"class", "said-bad"}}, text);
      break;
    case Tone::doubtful:
      html.leaf("strong", {{"class", "said-doubt"}}, text);
      break;
    case Tone::heading:
      html.leaf("strong", text);
      break;
    case Tone::plain:
      html.text(text);
      break;
  }
}

void add_sentence(HtmlWriter& html, const PageInput& input) {
  const auto sentence = html.in("p", {{"class", "sentence"}});
  if (!input.comparison) {
    html.text(clipped_text(plain_sentence(input.run), kLongestSentence));
    return;
  }
  const Comparison& comparison = *input.comparison;
  html.text(comparison.base == comparison.head
                ? printable(comparison.base, kLongestSummaryName) + " against itself: "
                : printable(comparison.head, kLongestSummaryName) + " against " +
                      printable(comparison.base, kLongestSummaryName) + ": ");
  std::size_t room = kLongestSentence;
  for (const Phrase& phrase : comparison.phrases) {
    if (&phrase != &comparison.phrases.front()) html.text("; ");
    if (room < phrase.text.size() && room < kLongestSentence) {
      html.leaf("a", {{"href", "#workloads"}}, "and more below");
      break;
    }
    add_phrase(html, phrase, room);
    room -= std::min(room, phrase.text.size());
  }
  html.text(".");
}

}  // namespace

void add_summary(HtmlWriter& html, const PageInput& input) {
  const auto section = html.in("section", {{"id", "summary"}, {"aria-label", "Summary"}});
  add_sentence(html, input);
  if (input.comparison)
    add_verdict_table(html, *input.comparison);
  else
    add_trial_table(html, input.run);
  const auto columns = html.in("div", {{"class", "columns"}});
  add_found_box(html, input);
  add_trust_box(html, input);
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "record/run_record.h"
#include "report/comparison.h"
#include "report/html_writer.h"

namespace gridlock {

/// How a word is coloured. Each has a sign of its own too, so that colour is never the only
/// carrier.
enum class Tag { plain, same, good, bad, doubt };

/// A word in a coloured box.
void add_tag(HtmlWriter& html, std::string_view word, Tag tag);
void add_tag(HtmlWriter& html, Outcome outcome);

/// What is said of a finding of a comparison.
std::string finding_word(const JudgedFinding& finding);
Tag finding_tag(const JudgedFinding& finding);

/// What is said of how often trials failed.
std::string failure_word(const FailureComparison& failures);
Tag failure_tag(const FailureComparison& failures);
Tag effect_tag(EffectVerdict verdict);

/// The result of a run that compares nothing, in one sentence.
std::string plain_sentence(const RunRecord& run);

/// `text` on one line, printable, in at most `limit` bytes.
std::string clipped_text(std::string_view text, std::size_t limit);
/// A line with a link to where the rest is.
void more_link(HtmlWriter& html, const std::string& anchor, const std::string& text);

/// A name and a text of a list of facts (<dl class="facts">).
void add_fact(HtmlWriter& html, std::string_view name, std::string_view text);

/// The head of a table: column names; those that begin with '#' are of numbers.
void add_columns(HtmlWriter& html, const std::vector<std::string>& names);
/// A cell of a number, or of text.
void add_number(HtmlWriter& html, std::string_view text);
void add_cell(HtmlWriter& html, std::string_view text);

/// A figure that a script draws on: `chart` is the name of its maker in page.js, `source` the id of
/// its data, `label` its alternative in words, `caption` what a reader sees below it.
void add_chart(HtmlWriter& html, std::string_view chart, const std::string& source,
               const std::string& label, const std::string& caption);

std::string trial_anchor(int number);
std::string finding_anchor(std::string_view identity);
/// A link to a trial, "trial 7".
void add_trial_link(HtmlWriter& html, int number);

/// "412 /s", "103.0 MB/s", "2.1 ms".
std::string per_second_text(double rate);
std::string megabytes_text(double bytes_per_second);
std::string latency_text(double us);
/// Seconds with one digit behind the point.
std::string seconds_text(double seconds);
/// So many digits behind the point that charts need, and no more.
double rounded(double value, double unit = 1e-3);

}  // namespace gridlock

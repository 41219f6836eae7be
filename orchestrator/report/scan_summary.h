// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>

#include "report/scan_report.h"

namespace gridlock {

enum class SummaryForm { text, json };

/// Findings counted by identity over all files, told at the end: the most frequent first, equally
/// frequent ones by identity. Keeps the first `max_identities` it meets and only counts the
/// findings of others.
std::unique_ptr<ScanReport> make_scan_summary(WriteText write, SummaryForm form,
                                              std::size_t max_identities = 8192);

}  // namespace gridlock

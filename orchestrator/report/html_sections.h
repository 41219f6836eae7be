// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "record/run_material.h"
#include "record/run_record.h"
#include "report/comparison.h"
#include "report/html_writer.h"

namespace gridlock {

/// What a page is written of.
struct PageInput {
  const RunRecord& run;
  const RunMaterial& material;
  const Comparison* comparison = nullptr;  ///< null: the run compares nothing
  bool lies_with_run = true;  ///< the page is in the run's directory, beside run.json
};

/// The first screen: one sentence, the workloads, the findings and why to believe it. No script.
void add_summary(HtmlWriter& html, const PageInput& input);
/// Pairs and curves of a comparison; nothing of other runs.
void add_comparison_charts(HtmlWriter& html, const PageInput& input);

/// Every trial: its course node by node, its throughput, steps, workloads, findings and files.
void add_trials(HtmlWriter& html, const PageInput& input);
/// Every finding by identity: where it was seen, its graph, its trace beside the raw text.
void add_finding_details(HtmlWriter& html, const PageInput& input);
/// What the kernels were built from, and where they differ.
void add_kernel_details(HtmlWriter& html, const PageInput& input);
/// How to run it again, on what it ran, and the files it left.
void add_repeat(HtmlWriter& html, const PageInput& input);

}  // namespace gridlock

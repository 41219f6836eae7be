// SPDX-License-Identifier: GPL-2.0-or-later
#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/text.h"
#include "cli/verbs.h"
#include "host/files.h"
#include "record/run_reader.h"
#include "report/formats.h"
#include "report/lava.h"
#include "report/run_index.h"
#include "report/text.h"

namespace gridlock {

void add_report(CLI::App& app, Context& context, int* exit_code) {
  auto* const verb = app.add_subcommand("report", "Print what a run that was kept came to");
  auto name = std::make_shared<std::string>("latest");
  verb->add_option("RUN", *name, "A run's folder, its name or the end of it, or 'latest'");
  std::vector<std::string> formats;
  for (const ReportFormat& format : report_formats()) formats.emplace_back(format.name);
  auto asked = std::make_shared<std::string>("text");
  verb->add_option("--format", *asked, "How it is written")
      ->type_name(join(formats, "|"))
      ->capture_default_str();
  verb->callback([name, asked, &context, exit_code] {
    const ReportFormat& format = report_format(*asked);
    const std::filesystem::path directory = find_run(context.installation().results, *name);
    const RunRecord run = read_run(directory);
    const std::string text = context.json ? to_json(run).dump(2) + "\n"
                                          : format.write(run, directory, context.colour());
    std::fwrite(text.data(), 1, text.size(), stdout);
    if (context.lava && !context.json) std::fputs(lava_signals(run).c_str(), stdout);
    *exit_code = run.exit_code;
  });
}

namespace {

/// The path of the run's own page from `folder`; empty: it has none.
std::string page_of(const std::filesystem::path& run, const std::filesystem::path& folder) {
  const std::filesystem::path page = run / "report.html";
  std::error_code error;
  if (!std::filesystem::is_regular_file(page, error)) return {};
  return std::filesystem::absolute(page)
      .lexically_normal()
      .lexically_relative(std::filesystem::absolute(folder).lexically_normal())
      .generic_string();
}

void write_index(const std::filesystem::path& results, const std::filesystem::path& file) {
  std::vector<IndexedRun> runs;
  const std::filesystem::path folder = std::filesystem::absolute(file).parent_path();
  for_each_run(results, [&](RunRecord&& run) {
    runs.push_back(index_run(run));
    runs.back().page = page_of(results / run.id, folder);
  });
  write_file_atomically(file, index_page(runs));
}

}  // namespace

void add_list(CLI::App& app, Context& context, int* exit_code) {
  auto* const verb = app.add_subcommand("list", "List the runs that were kept, oldest first");
  struct ListChoice {
    std::filesystem::path results;
    std::filesystem::path page;
  };
  auto choice = std::make_shared<ListChoice>();
  verb->add_option("--html", choice->page,
                   "Write a page of them to this file instead, with links to their own pages")
      ->type_name("FILE");
  verb->add_option("--results", choice->results, "Folder of the results")->type_name("DIR");
  verb->callback([choice, &context, exit_code] {
    const std::filesystem::path results =
        choice->results.empty() ? context.installation().results : choice->results;
    *exit_code = 0;
    if (!choice->page.empty()) return write_index(results, choice->page);
    const std::vector<RunRecord> runs = list_runs(results);
    if (context.json)
      for (const RunRecord& run : runs) std::printf("%s\n", to_json(run).dump().c_str());
    else
      std::fputs(text_list(runs, context.colour()).c_str(), stdout);
  });
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/text.h"
#include "cli/verbs.h"
#include "record/run_reader.h"
#include "report/formats.h"
#include "report/lava.h"
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

void add_list(CLI::App& app, Context& context, int* exit_code) {
  auto* const verb = app.add_subcommand("list", "List the runs that were kept, oldest first");
  verb->callback([&context, exit_code] {
    const std::vector<RunRecord> runs = list_runs(context.installation().results);
    if (context.json)
      for (const RunRecord& run : runs) std::printf("%s\n", to_json(run).dump().c_str());
    else
      std::fputs(text_list(runs, context.colour()).c_str(), stdout);
    *exit_code = 0;
  });
}

}  // namespace gridlock

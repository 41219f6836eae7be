// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/run_output.h"

#include <cstdio>

#include "report/lava.h"
#include "report/text.h"

namespace gridlock {

int show_run(const RunResult& result, ConsoleProgress& progress, const Context& context) {
  progress.clear();
  const std::string text =
      context.json ? to_json(result.record).dump() + "\n"
                   : text_report(result.record, result.directory.string(), context.colour());
  std::fputs(text.c_str(), stdout);
  if (context.lava && !context.json) std::fputs(lava_signals(result.record).c_str(), stdout);
  return result.record.exit_code;
}

}  // namespace gridlock

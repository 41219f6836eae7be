// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>

#include "cli/context.h"

namespace CLI {
class App;
}

namespace gridlock {

/// Each adds one verb to the command line. When the verb is called, `*exit_code` is what it returns.
/// A new verb is a file of its own and a line here and in main.cpp.
void add_init(CLI::App& app, Context& context, int* exit_code);
void add_check(CLI::App& app, Context& context, int* exit_code);
void add_plan(CLI::App& app, Context& context, int* exit_code);
void add_prepare(CLI::App& app, Context& context, int* exit_code);
void add_run(CLI::App& app, Context& context, int* exit_code);
void add_compare(CLI::App& app, Context& context, int* exit_code);
void add_resume(CLI::App& app, Context& context, int* exit_code);
void add_hunt(CLI::App& app, Context& context, int* exit_code);
void add_rewind(CLI::App& app, Context& context, int* exit_code);
void add_shell(CLI::App& app, Context& context, int* exit_code);
void add_console(CLI::App& app, Context& context, int* exit_code);
void add_gdb(CLI::App& app, Context& context, int* exit_code);
void add_evidence(CLI::App& app, Context& context, int* exit_code);
void add_release(CLI::App& app, Context& context, int* exit_code);
void add_report(CLI::App& app, Context& context, int* exit_code);
void add_list(CLI::App& app, Context& context, int* exit_code);
void add_scan(CLI::App& app, Context& context, int* exit_code);
void add_diagnose(CLI::App& app, Context& context, int* exit_code);
void add_doctor(CLI::App& app, Context& context, int* exit_code);
void add_clean(CLI::App& app, Context& context, int* exit_code);
void add_schema(CLI::App& app, Context& context, int* exit_code);
void add_completion(CLI::App& app, Context& context, int* exit_code);
void add_man(CLI::App& app, Context& context, int* exit_code);

}  // namespace gridlock

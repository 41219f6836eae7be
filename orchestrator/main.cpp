// SPDX-License-Identifier: GPL-2.0-or-later
// gridlock: puts kernels in a grid of virtual machines around one shared disk and finds out where
// they lock.
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <QCoreApplication>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "campaign/verdict.h"
#include "cli/context.h"
#include "cli/verbs.h"
#include "topology/topology.h"
#include "trial/qt_event_loop.h"

namespace gridlock {
namespace {

/// Turns SIGINT, SIGTERM and SIGHUP into a stop request. They are blocked in every thread and taken
/// by one that waits for them; a second one ends the program at once, leaving the rest to the next
/// start.
class SignalWatch {
 public:
  SignalWatch() {
    sigemptyset(&signals_);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals_, number);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    thread_ = std::thread([this] { wait(); });
    thread_.detach();  // it ends with the process
  }
  std::stop_token stop() const { return source_.get_token(); }

 private:
  void wait() {
    int number = 0;
    sigwait(&signals_, &number);
    source_.request_stop();
    std::fprintf(stderr, "\ngridlock: stopping; once more to leave everything as it is\n");
    sigwait(&signals_, &number);
    std::fprintf(stderr, "gridlock: left as it is; 'gridlock clean' removes what is left\n");
    ::_exit(kExitInterrupted);
  }
  sigset_t signals_;
  std::stop_source source_;
  std::thread thread_;
};

int fail(const Error& error, int code) {
  std::fprintf(stderr, "gridlock: error: %s\n", error.what());
  if (!error.hint().empty()) std::fprintf(stderr, "hint: %s\n", error.hint().c_str());
  return code;
}

/// Takes what comes after a lone "--" off the arguments of a verb that starts another program.
std::vector<std::string> take_rest(int& argc, char** argv) {
  bool takes = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--" && takes) {
      std::vector<std::string> rest(argv + i + 1, argv + argc);
      argc = i;
      return rest;
    }
    takes = takes || word == "shell" || word == "gdb";
  }
  return {};
}

int run(int argc, char** argv, std::stop_token stop) {
  Context context = make_context({argv, argv + argc}, std::move(stop));
  context.rest = take_rest(argc, argv);
  CLI::App app("Puts patched and unpatched kernels around one shared disk and says where they lock.",
               "gridlock");
  app.set_version_flag("--version", "gridlock " GRIDLOCK_VERSION);
  app.add_flag("--quiet,-q", context.quiet, "Say only what went wrong and the result");
  app.add_flag("--json", context.json, "Write JSON, one object a line");
  app.add_flag("--lava", context.lava, "Write a run's results as LAVA's signals, too");
  app.fallthrough();
  app.require_subcommand(1);
  int exit_code = kExitPassed;
  add_init(app, context, &exit_code);
  add_check(app, context, &exit_code);
  add_plan(app, context, &exit_code);
  add_prepare(app, context, &exit_code);
  add_run(app, context, &exit_code);
  add_compare(app, context, &exit_code);
  add_resume(app, context, &exit_code);
  add_hunt(app, context, &exit_code);
  add_rewind(app, context, &exit_code);
  add_shell(app, context, &exit_code);
  add_console(app, context, &exit_code);
  add_gdb(app, context, &exit_code);
  add_evidence(app, context, &exit_code);
  add_release(app, context, &exit_code);
  add_report(app, context, &exit_code);
  add_list(app, context, &exit_code);
  add_scan(app, context, &exit_code);
  add_diagnose(app, context, &exit_code);
  add_doctor(app, context, &exit_code);
  add_clean(app, context, &exit_code);
  add_schema(app, context, &exit_code);
  add_completion(app, context, &exit_code);
  add_man(app, context, &exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error);
    return status == 0 ? kExitPassed : kExitUsage;
  }
  return exit_code;
}

}  // namespace
}  // namespace gridlock

int main(int argc, char** argv) {
  using namespace gridlock;
  // Before anything that starts a thread: the mask is inherited.
  const auto watch = new SignalWatch;  // lives as long as its detached thread
  keep_qt_off_glib();
  const QCoreApplication application(argc, argv);
  try {
    return run(argc, argv, watch->stop());
  } catch (const TopologyError& error) {
    std::fprintf(stderr, "%s", error.what());
    return kExitUsage;
  } catch (const UsageError& error) {
    return fail(error, kExitUsage);
  } catch (const Cancelled& error) {
    return fail(error, kExitInterrupted);
  } catch (const Error& error) {
    return fail(error, kExitHost);
  } catch (const std::exception& error) {
    return fail(Error(std::string("unexpected: ") + error.what(),
                      "this is a bug in Gridlock; please report it"), kExitHost);
  }
}

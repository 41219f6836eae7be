// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/json.h"
#include "cli/progress_parts.h"

namespace gridlock {
namespace {

constexpr Milliseconds kInterval{1'000};

class JsonProgress final : public ConsoleProgress {
 public:
  explicit JsonProgress(ProgressOutput output) : output_(std::move(output)) {}

  void begin(const std::string& what) override { line("begin", {{"what", what}}); }
  void advance(const std::string& what, int done, int total, const std::string& detail) override {
    if (throttle_.allows("work " + what, output_.clock.now()))
      line("advance", {{"what", what}, {"done", done}, {"total", total}, {"detail", detail}});
  }
  void end(const std::string& what, const std::string& outcome) override {
    line("end", {{"what", what}, {"outcome", outcome}});
  }
  void note(const std::string& text) override { line("note", {{"text", text}}); }

  void trial_begins(const PlannedTrial& trial, int total) override {
    line("trial_begins", {{"number", trial.number},
                          {"total", total},
                          {"kernel", trial.kernel},
                          {"name", trial.name}});
  }
  void step(const std::string& step) override { line("step", {{"step", step}}); }
  void node(const PlannedNode& node, const std::string& status) override {
    if (throttle_.allows("node " + node.name, output_.clock.now()))
      line("node", {{"node", node.name}, {"status", status}});
  }
  void finding(const FindingRecord& finding) override {
    line("finding", {{"id", finding.id},
                     {"kind", finding.kind},
                     {"title", finding.title},
                     {"nodes", finding.nodes},
                     {"known", finding.known}});
  }
  void trial_ends(const TrialRecord& trial) override {
    line("trial_ends", {{"number", trial.number},
                        {"kernel", trial.kernel},
                        {"name", trial.name},
                        {"outcome", to_string(trial.outcome)},
                        {"expected", trial.expected},
                        {"reason", trial.reason},
                        {"seconds", trial.seconds}});
  }
  void clear() override {}

 private:
  void line(const char* event, const Json& more) {
    Json json{{"time", rfc3339(output_.clock.utc())}, {"event", event}};
    json.update(more);
    // Escaped to ASCII: such a line may end up on a terminal.
    output_.write(json.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n");
  }

  ProgressOutput output_;
  Throttle throttle_{kInterval};
};

}  // namespace

std::unique_ptr<ConsoleProgress> make_json_progress(ProgressOutput output) {
  return std::make_unique<JsonProgress>(std::move(output));
}

}  // namespace gridlock

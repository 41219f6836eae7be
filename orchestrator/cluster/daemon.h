// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "guest/crew.h"

namespace gridlock {

/// A long-running program of the cluster on one node, with the last lines it printed.
class Daemon {
 public:
  /// Hears every line, for the results.
  using LineSink = std::function<void(const std::string& line)>;

  Daemon(const Crew::Member& member, std::string name, const Job& job, LineSink sink);
  /// One that runs already, as a job of the node's agent.
  Daemon(const Crew::Member& member, std::string name, Agent::JobId running, LineSink sink);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  const std::string& name() const { return name_; }
  Agent::JobId job() const { return job_; }
  const std::optional<JobEnd>& ended() const { return end_; }
  /// Whether a line that contains `text` was printed.
  bool said(const std::string& text) const;
  /// The last lines it printed, oldest first.
  std::string tail(std::size_t lines) const;
  void terminate();

 private:
  JobHandlers handlers();
  void take(std::string& partial, std::string_view bytes);

  Agent& agent_;
  std::string name_;
  LineSink sink_;
  Agent::JobId job_ = 0;
  std::optional<JobEnd> end_;
  std::string partial_output_;
  std::string partial_errors_;
  std::deque<std::string> lines_;
};

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/event_loop.h"
#include "base/json.h"
#include "guest/agent.h"

namespace gridlock {

/// One program on a node whose input and output are somebody's at the desk: a shell on a terminal,
/// or one command. Destroying it kills the program, if it runs still.
class GuestShell {
 public:
  /// What the client is told: events `output`, `input_taken` and `exit` (docs/looking.md).
  using Say = std::function<void(const Json&)>;

  /// Bytes of input that may be on their way: what a client sends beyond them is an error.
  static constexpr std::size_t kInputWindow = 256 * 1024;

  /// `agent` must outlive it. A `job` with neither terminal nor more input is fine, too.
  GuestShell(Agent& agent, EventLoop& loop, const Job& job, Say say);
  GuestShell(const GuestShell&) = delete;
  GuestShell& operator=(const GuestShell&) = delete;
  ~GuestShell();

  /// Passes bytes on as the program takes them. False if that is more than may be on its way.
  [[nodiscard]] bool input(std::string_view bytes);
  void end_input();
  void resize(const TerminalSize& size);

  /// The node's agent is lost: says so and ends it.
  void lose(const std::string& why);
  bool ended() const { return ended_; }
  /// Whether the agent is lost: nobody will hear how the program ended.
  bool lost() const { return !agent_.lost().empty(); }

 private:
  void feed();
  void fed(const Reply& reply, std::size_t taken);
  void end(const Json& event);

  Agent& agent_;
  EventLoop& loop_;
  Say say_;
  Agent::JobId job_ = 0;
  std::string waiting_;  ///< input
  bool asking_ = false;
  bool input_ends_ = false;
  bool ended_ = false;
  EventLoop::TimerId again_ = 0;
  std::shared_ptr<GuestShell*> alive_;  ///< answers of the agent hold it weakly
};

}  // namespace gridlock

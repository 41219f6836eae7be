// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <poll.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/file_jobs.h"
#include "agent/jobs.h"
#include "agent/outbox.h"
#include "agent/waiters.h"
#include "agent/wire.h"
#include "base/json.h"

namespace gridlock::agent {

/// Whether this agent owns the machine it runs in.
enum class Role { node_init, ordinary_process };

/// Answers the host: reads requests, starts work, reports. Knows nothing of the port itself; never
/// touches a file that may hang, never blocks.
class Server {
 public:
  explicit Server(Role role) : role_(role) {}

  /// Lets programs of this node wait at barriers: they come to the socket `path`. Returns an error
  /// text or nothing.
  std::string listen_for_waiters(const std::string& path) { return waiters_.listen(path); }
  /// What the host sent.
  void receive(std::string_view bytes);
  /// The host is there (again): says hello, forgets what was meant for an earlier connection.
  void connected();
  /// `moved`: the port took something since the last call. Does what is due: output, heartbeats,
  /// work that took too long.
  void turn(bool moved);

  /// Descriptors that make a turn necessary.
  void watch(std::vector<pollfd>& polled) const;
  /// Nanoseconds until a turn is necessary whatever happens.
  std::int64_t patience() const;
  void reaped(pid_t pid, int status);
  void kill_jobs() { jobs_.kill_all(); }

  Outbox& outbox() { return outbox_; }
  /// The host asked for it and has been answered.
  bool power_off_wanted() const { return power_off_; }
  std::uint64_t garbage() const { return garbage_ + splitter_.too_long(); }

 private:
  void line(std::string_view text);
  void handle(const Json& request);
  std::string get(const Json& request);
  std::string put(const Json& request);
  std::string sysrq(const Json& request);
  std::string tasks(const Json& request);
  void answer(const Json& id, const std::string& error, const Json& members = Json::object());
  void hello();
  void heartbeat();
  bool wants_output() const;

  Role role_;
  wire::LineSplitter splitter_;
  std::uint64_t garbage_ = 0;
  Outbox outbox_;
  Jobs jobs_;
  Waiters waiters_;
  FileJobs files_;
  std::int64_t heartbeat_at_ = 0;
  std::int64_t moved_at_ = 0;  ///< when the port last took something
  bool power_off_ = false;
  bool identified_ = false;
};

}  // namespace gridlock::agent

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "base/duration.h"
#include "host/descriptor.h"
#include "storage/tgt_request.h"

namespace gridlock {

/// Asks a tgtd that runs as `uid`:`gid` on its management socket. tgtd answers only its own user
/// (ipc_perm(), usr/mgmt.c).
class TgtClient {
 public:
  TgtClient(std::filesystem::path socket, unsigned uid, unsigned gid)
      : socket_(std::move(socket)), uid_(uid), gid_(gid) {}

  /// The process that answers there; absent: nobody listens. Throws like ask().
  std::optional<pid_t> process(Milliseconds limit) const;

  /// Sends a request, waits for the answer and returns what it says. Throws Error "the iSCSI
  /// target: <doing>: …" if tgtd refuses, or says nothing within `limit`; the request's parameters
  /// are in no message.
  std::string ask(const TgtRequest& request, const std::string& doing, Milliseconds limit) const;

 private:
  /// Empty, with errno set, if nobody listens.
  Descriptor connect() const;
  static std::string exchange(const Descriptor& socket, const TgtRequest& request,
                              const std::string& doing, Milliseconds limit);

  std::filesystem::path socket_;
  unsigned uid_;
  unsigned gid_;
};

}  // namespace gridlock

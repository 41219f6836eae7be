// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>

#include "base/duration.h"
#include "base/iscsi_lun.h"

namespace gridlock {

/// A secret of 16 letters and digits from the system's random source, as long as every initiator
/// takes, for a user of a random name.
ChapSecret make_chap_secret();

/// An iSCSI target of Gridlock's own, tgtd, on a port of the loopback interface, with a file as its
/// LUN 1. It lives as long as this object, and dies with Gridlock if that is killed; its command
/// line names `folder`, so that end_leftovers() finds it whatever happens.
class IscsiTarget {
 public:
  struct Options {
    std::filesystem::path folder;  ///< for its sockets; one that `uid` can write
    std::filesystem::path disk;    ///< a raw file that `uid` can read and write
    unsigned uid = 0;              ///< whom tgtd runs as
    unsigned gid = 0;
    std::uint16_t port = 0;  ///< 0: one that is free
    ChapSecret chap = make_chap_secret();
  };

  /// Starts it, and returns when it serves the LUN. Throws Error with a hint where tgtd is missing,
  /// does not start within `limit`, or refuses what it is asked.
  explicit IscsiTarget(const Options& options, Milliseconds limit = Milliseconds{10'000});
  /// Ends it by force; nothing in it needs an orderly end.
  ~IscsiTarget();
  IscsiTarget(const IscsiTarget&) = delete;
  IscsiTarget& operator=(const IscsiTarget&) = delete;

  const IscsiLun& lun() const;
  pid_t process() const;

  /// Why it does not run any more, in a sentence; empty while it does. Costs nothing.
  std::string ended() const;

 private:
  class Daemon;
  std::unique_ptr<Daemon> daemon_;
  IscsiLun lun_;
};

}  // namespace gridlock

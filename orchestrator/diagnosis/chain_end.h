// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace gridlock::diagnosis {

/// What the last of a chain of waits is up to.
struct ChainEnd {
  enum class Kind {
    nobody,       ///< "waits for a lock nobody holds"
    ended,        ///< "held by a task that has ended"
    mount,        ///< "held by the file system itself"
    someone,      ///< "held on node2, by which task is not known"
    demotion,     ///< "node2 does not give it down"
    reply,        ///< "waits for a reply of node3"
    recovery,     ///< "waits for recovery of node3"
    silent,       ///< "node3 did not answer"
    stopped,      ///< "holder is stopped (SIGSTOP)"
    fsync,        ///< "holder is in fsync"
    log_flush,    ///< "holder is in log flush"
    writeback,    ///< "holder is in writeback"
    block_io,     ///< "holder is in block I/O"
    page_fault,   ///< "holder is in a page fault"
    user_space,   ///< "holder is running in user space"
    kernel_spin,  ///< "holder is running in the kernel, in F"
    sleeping,     ///< "holder is sleeping in F"
    unknown,      ///< "what the holder does is not known"
  };
  Kind kind = Kind::unknown;
  std::string text;

  /// Whether such a wait ends by itself where nothing is wrong: I/O and recovery in progress.
  bool passes() const;
};

std::string_view kind_name(ChainEnd::Kind kind);  ///< "log_flush"

}  // namespace gridlock::diagnosis

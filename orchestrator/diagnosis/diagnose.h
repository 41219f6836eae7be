// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "diagnosis/chain_end.h"
#include "diagnosis/look.h"
#include "diagnosis/task_state.h"
#include "diagnosis/wait.h"

namespace gridlock::diagnosis {

/// Why tasks of a cluster wait.
struct Diagnosis {
  enum class Kind {
    nothing,  ///< no wait is in both looks
    cycle,    ///< tasks wait for each other: this does not end by itself
    chain,    ///< the longest way of waits leads to something else: `end`
  };
  Kind kind = Kind::nothing;
  std::string identity;  ///< "deadlock:gfs2:2nodes:[DF>SH inode]x2", the same in every boot
  std::string title;     ///< "deadlock: node1 <-> node2, 2 glocks"
  std::string sentence;  ///< with nodes, tasks, locks and files
  std::vector<std::string> nodes;  ///< of the path, each once, sorted
  std::vector<TaskId> tasks;       ///< of the path, each once, in its order
  std::vector<Lock> locks;         ///< of the path, each once, in its order
  std::optional<ChainEnd> end;     ///< of a chain

  std::vector<Wait> path;   ///< the cycle, or the chain from its begin to its end
  std::vector<Wait> waits;  ///< all that are in both looks, at most 65536; the path's too
  std::map<TaskId, TaskState> states;  ///< of all tasks the looks show, not only waiting ones
  std::map<std::uint64_t, std::string> files;  ///< names of the inodes among `locks`, where known
};

std::string_view kind_name(Diagnosis::Kind kind);  ///< "cycle"

/// Joins what the nodes say by the locks' names and looks for the shortest cycle of waits, else for
/// the longest chain. A wait counts only if it is in both looks, which should be taken at least a
/// second apart: same task, same lock, same one in its way. Tasks that are stopped and nodes that
/// did not answer end chains and are never part of a cycle. The texts are not trusted: time and
/// memory stay bounded whatever they say, and all text in the result is printable.
Diagnosis diagnose(const Look& first, const Look& second, const KnownFiles& files);

}  // namespace gridlock::diagnosis

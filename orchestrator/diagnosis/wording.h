// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "diagnosis/chain_end.h"
#include "diagnosis/look.h"
#include "diagnosis/task_state.h"
#include "diagnosis/wait.h"

namespace gridlock::diagnosis {

/// Puts waits into words. All text is printable.
class Wording {
 public:
  Wording(const std::map<TaskId, std::string>& names, const KnownFiles& files)
      : names_(names), files_(files) {}

  /// "node1 mdio/103"
  std::string task(const Party& party) const;
  /// The name of the file that the lock guards; empty if it is not known.
  std::string file(const Lock& lock) const;

  /// "deadlock: node1 mdio/103 holds glock 2/4249 (DF, file x), waits for 2/4269 (SH, file y) held
  /// by node2 mdio/107, which waits for 2/4249"
  std::string cycle(const std::vector<Wait>& path) const;
  /// "no cycle: node1 mdio/103 waits for glock 2/4269 (SH, file y) held by node2 mdio/107;
  /// holder is in fsync"
  std::string chain(const std::vector<Wait>& path, const ChainEnd& end) const;

 private:
  std::string with_mode(const Lock& lock, const std::string& mode) const;

  const std::map<TaskId, std::string>& names_;
  const KnownFiles& files_;
};

/// "deadlock:gfs2:2nodes:[DF>SH inode]x2", from whichever party the cycle is read.
std::string cycle_identity(const std::vector<Wait>& path);
/// "waits:gfs2:[SH inode]:fsync"
std::string chain_identity(const std::vector<Wait>& path, const ChainEnd& end);

/// The nodes of the path's parties, each once, sorted.
std::vector<std::string> nodes_of(const std::vector<Wait>& path);
/// The path's locks, each once, in its order.
std::vector<Lock> locks_of(const std::vector<Wait>& path);
/// "deadlock: node1 <-> node2, 2 glocks"
std::string cycle_title(const std::vector<Wait>& path);
/// "waits: node1, node2, 1 glock, holder is in fsync"
std::string chain_title(const std::vector<Wait>& path, const ChainEnd& end);

}  // namespace gridlock::diagnosis

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "diagnosis/chain_end.h"
#include "diagnosis/facts.h"
#include "diagnosis/wait.h"

namespace gridlock::diagnosis {

/// Says what chains of waits end in.
class ChainEnds {
 public:
  /// Of the later look; `states` has to outlive it.
  ChainEnds(const Heard& heard, const std::vector<NodeFacts>& facts,
            const std::map<TaskId, TaskState>& states);

  /// Of a chain with this last wait.
  ChainEnd of(const Wait& last) const;

 private:
  const std::map<TaskId, TaskState>& states_;
  std::string recovery_;  ///< "waits for recovery of node3" if one is under way; else empty
};

}  // namespace gridlock::diagnosis

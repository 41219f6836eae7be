// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "diagnosis/look.h"

namespace gridlock {

/// Two looks at a cluster, as a folder keeps them.
struct SavedLooks {
  std::string file_system;  ///< "cluster:name" where the folder tells several apart; else empty
  diagnosis::Look first;    ///< empty if the folder holds one look only
  diagnosis::Look second;
};

struct SavedEvidence {
  std::vector<SavedLooks> looks;      ///< one for each file system; empty: nothing was found
  diagnosis::KnownFiles files;        ///< of files.txt
  std::vector<std::string> problems;  ///< a line for each file that could not be used
};

/// What of a folder is read at most; what is left out is a problem in the result.
struct ReadLimits {
  Bytes file = Bytes::mib(256);
  Bytes total = Bytes::mib(1536);
  std::size_t files = 200'000;
};

/// Reads a folder of dumps in any of the layouts of docs/diagnosis.md: Gridlock's own evidence,
/// what gfs2_lockcapture collects, or a folder for each node. Throws Error if it is no folder,
/// Cancelled if stopped.
SavedEvidence read_saved_looks(const std::filesystem::path& folder, const ReadLimits& limits,
                               std::stop_token stop);

}  // namespace gridlock

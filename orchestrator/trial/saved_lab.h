// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cluster/cluster.h"
#include "fabric/fabric.h"
#include "guest/agent.h"
#include "watch/oracles.h"

namespace gridlock {

/// One node as it was saved: its memory and devices, and what the host's end of its agent knew.
struct SavedNode {
  std::filesystem::path state;        ///< what Hypervisor::save wrote
  std::filesystem::path console_log;  ///< what it had printed until then
  DaemonJobs daemons = {};
  Agent::JobId last_job = 0;            ///< numbers up to here are taken
  std::optional<Oracles> oracles = {};  ///< as it was then, if it was asked
};

/// Nodes saved at one instant, in a folder of their own: a guest that is nobody yet and may become
/// any node, or all nodes of a lab with the disk they share and the frames between them. Or a guest
/// for each node, where these differ.
struct SavedLab {
  std::vector<SavedNode> nodes;        ///< in the plan's order; of a guest for all: the only one
  std::filesystem::path disk = {};     ///< the shared disk; empty: of a guest
  std::vector<KeptFrame> frames = {};  ///< on their way when the nodes were paused
  double at = 0;                       ///< seconds since the trial began; 0: it had not

  /// Whether these are the nodes of a lab that had formed.
  bool formed() const { return !disk.empty(); }
  const SavedNode& node(std::size_t index) const {
    return nodes.size() == 1 ? nodes.front() : nodes.at(index);
  }
};

/// What one node runs in place of the kernel that is tested.
struct OwnKernel {
  std::filesystem::path image;        ///< bzImage, readable by the user QEMU runs as
  std::filesystem::path initrd = {};  ///< for `image`, readable like it; empty: it has none
  std::string key = {};               ///< the kernel's in its cache
  std::string name = {};              ///< for people
};

/// What a saved lab was made of: it is of use only to those who have the same.
struct SavedFrom {
  std::string kernel;     ///< key of the kernel in its cache
  std::string image;      ///< key of the image
  std::string qemu;       ///< version
  std::string processor;  ///< a digest of what tells it from others
  /// Why what was made of `this` is of no use where things are as in `here`; empty: it is of use.
  std::string useless_in(const SavedFrom& here) const;
};

/// Where Lab::save puts what, in `folder`.
SavedLab saved_lab_in(const std::filesystem::path& folder, std::size_t nodes, bool with_disk);

/// Writes saved.json to `folder`, which holds the files of `lab` by now: sizes, digests, jobs and
/// frames. Throws Error.
void write_manifest(const std::filesystem::path& folder, const SavedLab& lab,
                    const SavedFrom& from);

/// Reads what write_manifest wrote and checks every file against it. Throws Error "its state of
/// node 1 has 12 bytes instead of 5000": why it cannot be used.
SavedLab read_saved_lab(const std::filesystem::path& folder);

/// Who made the saved lab in `folder` of what; nothing if that cannot be read.
SavedFrom saved_from(const std::filesystem::path& folder);

}  // namespace gridlock

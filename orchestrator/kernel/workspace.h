// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "host/command_runner.h"
#include "kernel/patches.h"
#include "kernel/source.h"

namespace gridlock {

/// The file of a workspace's folder that is written at each use.
constexpr const char* kWorkspaceStamp = "state.json";

/// A source tree with the objects built in it, kept so that the next kernel of the same source and
/// configuration compiles only what its patches change. On disk:
///   tree/      the source and its objects
///   pristine/  the original of each file that was ever patched
///   state.json what is in the tree, written before anything is changed, so that a kill at any
///   moment
///              leaves a workspace that is either continued or recognised as unusable
/// Whoever uses it holds its lock.
class Workspace {
 public:
  explicit Workspace(std::filesystem::path folder);

  /// Makes the tree hold the source with exactly these patches. Unpacks the source if there is no
  /// usable tree. Files that already are as wanted keep their times. After a build that was
  /// interrupted, removes what it may have left half written. Throws HostError naming the patch and
  /// hunk; the tree then still holds the former patches.
  void switch_to(const Source& source, const std::vector<Patch>& patches, CommandRunner& runner,
                 std::stop_token stop);

  std::filesystem::path tree() const { return folder_ / "tree"; }
  std::filesystem::path folder() const { return folder_; }

  /// Whether make's own tools are made and the tree is configured.
  bool prepared() const { return state_.prepared; }
  /// A kernel was built here: the next one compiles only what differs.
  bool built_before() const { return state_.built; }
  /// The last build here did not end: a failure of this one may be its fault.
  bool was_interrupted() const { return was_interrupted_; }

  void begin_build();
  void set_prepared();
  /// Make ended by itself, so that what it left is whole.
  enum class Ended { built, failed };
  void end_build(Ended how);
  /// Removes everything.
  void drop();

 private:
  struct State {
    std::vector<std::string> patches;  ///< digests of their texts, in order
    std::map<std::string, bool>
        touched;  ///< files that may differ from the source; false: not in it
    bool building = false;
    bool prepared = false;
    bool built = false;
  };

  bool load();
  void save() const;
  void start_over(const Source& source, CommandRunner& runner, std::stop_token stop);
  void keep_pristine(const std::string& file);
  bool install(const std::string& file, const std::filesystem::path& wanted);

  std::filesystem::path folder_;
  State state_;
  bool was_interrupted_ = false;
};

/// Removes from a kernel tree whose build was interrupted what may be half written: kbuild writes
/// `.X.cmd` after X is complete, so an X newer than its `.X.cmd`, or an object without one, is not
/// trusted. Returns how many. Source: if_changed and if_changed_dep in scripts/Kbuild.include.
int remove_untrusted(const std::filesystem::path& tree);

}  // namespace gridlock

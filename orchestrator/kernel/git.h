// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "host/command_runner.h"

namespace gridlock {

/// A git repository that is read and never written: not its files, index, references or objects,
/// and nothing is fetched into it. It may be bare, a linked worktree or a shallow clone, and belong
/// to anybody. Of the user's own settings for git none counts.
class GitRepository {
 public:
  /// Throws HostError if git is not installed or `path` is not the top of a repository.
  GitRepository(std::filesystem::path path, CommandRunner& runner, std::stop_token stop);

  const std::filesystem::path& path() const { return path_; }

  /// The commit that `ref` names, as a full object id. Throws HostError with names that are near.
  std::string commit(const std::string& ref) const;
  /// A commit's tree, as a full object id.
  std::string tree(const std::string& commit) const;
  /// Whether the tree has a file of this name.
  bool has_file(const std::string& tree, const std::string& file) const;
  /// The text of a file of a tree.
  std::string file(const std::string& tree, const std::string& file) const;

  /// The files of the checkout, relative to path(), sorted: those git knows and are there, and new
  /// ones that it does not ignore. Throws HostError if there is no checkout.
  std::vector<std::filesystem::path> worktree_files() const;

  /// Puts the files of a tree into the new folder `target`, to the byte: no attribute or setting of
  /// the repository changes them.
  void export_tree(const std::string& tree, const std::filesystem::path& target) const;

  /// What a commit is called and what it changed.
  struct Change {
    std::string commit;
    std::string subject;
    std::string diff;  ///< unified, with paths like a/fs/gfs2/file.c
  };

  /// The commits of "base..head", oldest first. With merges among them they are one change, from
  /// base to head. Throws HostError if there are none, or an end is unknown.
  std::vector<Change> changes(const std::string& range) const;

 private:
  Command command(std::vector<std::string> arguments) const;
  std::string output(std::vector<std::string> arguments, const std::string& doing) const;
  /// Arguments that name the objects of this repository, and no setting of it: `scratch` becomes a
  /// repository of our own that borrows them.
  std::vector<std::string> borrow(const std::filesystem::path& scratch) const;

  std::filesystem::path path_;
  CommandRunner& runner_;
  std::stop_token stop_;
};

}  // namespace gridlock

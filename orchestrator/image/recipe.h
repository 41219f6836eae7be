// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace gridlock {

/// What images/rootfs says: read once, whole.
struct Recipe {
  std::vector<std::string> packages;  ///< Debian packages
  std::vector<std::string> remove;    ///< paths under the root, * in the last part only
  std::vector<std::string> folders;   ///< paths under the root that must exist
  std::filesystem::path files;        ///< laid over the root
};

/// Throws HostError naming file and line of what cannot be used.
Recipe read_recipe(const std::filesystem::path& folder);

/// Names, kinds, modes and contents of all that is below `folder`, as one SHA-256. Modes count as
/// executable or not, so that a umask makes no other image.
std::string digest_of_tree(const std::filesystem::path& folder);

/// Removes what the patterns name from the tree at `root`; what is not there is fine.
void remove_matching(const std::filesystem::path& root, const std::vector<std::string>& patterns);

/// How the files of a tree get to another place.
enum class Transfer {
  share,  ///< shared blocks or hard links where possible: nobody may change them in place
  copy,   ///< bytes of their own, with mode 0644 or 0755
};

/// Lays all of `from` over `to`; folders get mode 0755.
void lay_over(const std::filesystem::path& from, const std::filesystem::path& to,
              Transfer transfer);

}  // namespace gridlock

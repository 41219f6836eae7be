// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "base/json.h"
#include "host/command_runner.h"
#include "host/progress.h"
#include "image/recipe.h"

namespace gridlock {

/// Debian packages, unpacked and pruned, in the cache: the slow part of an image, and the part that
/// a changed agent leaves as it is.
struct PackageTree {
  std::string key;
  std::filesystem::path root;  ///< shared: nobody changes anything in it
  Json packages;               ///< {"corosync": "3.1.7-1+deb12u2", …}, dependencies included
};

/// What decides the tree: the recipe's packages and what it removes, and the host's Debian release.
/// Throws HostError.
std::string package_tree_key(const Recipe& recipe);

/// Finds the tree in `cache`/images/trees or makes it with mmdebstrap from the host's own mirror,
/// as any user and without running a single maintainer script. Throws HostError.
PackageTree package_tree(const Recipe& recipe, const std::filesystem::path& cache,
                         CommandRunner& runner, Progress& progress, std::stop_token stop);

/// {"corosync": "3.1.7-1+deb12u2"} from the names of package files, one a line:
/// "corosync_3.1.7-1+deb12u2_amd64.deb"; an epoch's colon comes as %3a.
Json packages_from_archives(std::string_view listing);

/// What to tell the user of mmdebstrap's last words, or nothing. The words are APT's, in the C
/// locale.
std::string unpacking_hint(std::string_view errors);

}  // namespace gridlock

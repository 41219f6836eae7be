// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/paths.h"

#include <unistd.h>

#include "base/error.h"

namespace gridlock {

std::filesystem::path cache_directory(const std::string& gridlock_cache,
                                      const std::string& xdg_cache_home, const std::string& home) {
  const std::filesystem::path chosen =
      !gridlock_cache.empty()   ? std::filesystem::path(gridlock_cache)
      : !xdg_cache_home.empty() ? std::filesystem::path(xdg_cache_home) / "gridlock"
      : !home.empty()           ? std::filesystem::path(home) / ".cache" / "gridlock"
                                : std::filesystem::path();
  if (chosen.empty())
    throw UsageError(
        "no folder for the cache: neither GRIDLOCK_CACHE, XDG_CACHE_HOME nor HOME is set",
        "set GRIDLOCK_CACHE to a folder");
  if (!chosen.is_absolute())
    throw UsageError("the cache folder " + chosen.string() + " is not an absolute path",
                     "set GRIDLOCK_CACHE to an absolute path");
  return chosen.lexically_normal();
}

std::filesystem::path run_base_directory() {
  return "/var/tmp/gridlock-" + std::to_string(::getuid());
}

}  // namespace gridlock

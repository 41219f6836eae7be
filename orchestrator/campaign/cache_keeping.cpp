// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/cache_keeping.h"

#include "host/idle_entries.h"
#include "kernel/workspace.h"
#include "trial/saved_lab_cache.h"

namespace gridlock {
namespace {

void append(std::vector<RemovedTree> more, std::vector<RemovedTree>& all) {
  all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

std::vector<RemovedTree> remove_half_made(const std::filesystem::path& cache) {
  std::vector<RemovedTree> removed;
  for (const char* const folder :
       {"images", "images/trees", "kernels/initramfs", "kernels/packages", "labs", "templates"})
    append(remove_dead_drafts(cache / folder), removed);
  return removed;
}

std::vector<RemovedTree> remove_forgotten(const std::filesystem::path& cache, UtcTime now) {
  std::vector<RemovedTree> removed = remove_idle({cache / "labs", kSavedLabStamp}, now);
  append(remove_idle({cache / "templates", kSavedLabStamp}, now), removed);
  append(remove_idle({cache / "kernels" / "work", kWorkspaceStamp}, now), removed);
  return removed;
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/checkpoints.h"

#include <fmt/format.h>

#include <algorithm>

#include "host/files.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

constexpr Milliseconds kLimit{60'000};
constexpr std::size_t kKept = 2;
constexpr const char* kFolder = "checkpoints";

}  // namespace

void Checkpoints::take(Lab& lab, const Cluster& cluster, double at, Bytes room,
                       std::stop_token stop) {
  const fs::path folder = folder_ / kFolder / fmt::format("{:08.0f}", 1000 * at);
  std::exception_ptr failure;
  try {
    make_directories(folder);
    require_free_space(folder, room, "a checkpoint");
    SavedLab saved = lab.save(folder, Lab::Saving::whole, kLimit, stop);
    const std::vector<DaemonJobs> daemons = cluster.daemons();
    for (std::size_t i = 0; i < daemons.size(); ++i) saved.nodes[i].daemons = daemons[i];
    saved.at = at;
    taken_.emplace_back(folder, std::move(saved));
  } catch (const Error&) {
    failure = std::current_exception();
    remove_tree(folder);
  }
  lab.resume(kLimit, stop);
  if (failure) std::rethrow_exception(failure);
  if (taken_.size() <= kKept) return;
  remove_tree(taken_.front().first);
  taken_.erase(taken_.begin());
}

void Checkpoints::keep() const {
  for (const auto& [folder, saved] : taken_) write_manifest(folder, saved, parts_);
}

void Checkpoints::discard() {
  taken_.clear();
  remove_tree(folder_ / kFolder);
}

std::vector<fs::path> checkpoints_of(const fs::path& trial) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (fs::directory_iterator at(trial / kFolder, error), end; !error && at != end;
       at.increment(error))
    if (fs::exists(at->path() / "saved.json")) folders.push_back(at->path());
  std::sort(folders.begin(), folders.end());
  return folders;
}

}  // namespace gridlock

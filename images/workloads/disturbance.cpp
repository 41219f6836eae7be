// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/disturbance.h"

#include <fcntl.h>

#include <array>
#include <chrono>
#include <thread>
#include <vector>

#include "workloads/files.h"

namespace gridlock::mdio {
namespace {

/// Between two disturbances: often enough to meet every transfer, seldom enough to let them
/// through.
constexpr std::chrono::milliseconds kPause{2};
constexpr std::uint64_t kPiece = 64 << 10;

/// Moves the end of the file to and fro, behind its data.
void truncate(const File& file, const Layout& layout, std::uint64_t turn) {
  const std::uint64_t base = layout.end() + kSpare;
  file.resize(turn % 2 == 0 ? base + kSpare : base);
}

void punch(const File& file, const Layout& layout, std::uint64_t turn) {
  static const std::vector<std::byte> kBytes(kPiece, std::byte{0x5a});
  const std::uint64_t at = layout.end() + turn / 2 * kPiece % kSpare;
  if (turn % 2 == 0)
    file.write_all(kBytes, at);
  else
    file.punch(at, kPiece);
}

/// Has GFS2 act as if another node wanted the file's glock. Source: demote_rq_store() in
/// fs/gfs2/sys.c: "type:number mode", the number in decimal; type 2 is an inode.
void demote(const File& file, const std::string& request_path, std::uint64_t turn) {
  static constexpr std::array<const char*, 3> kModes{"EX", "SH", "DF"};
  const std::string text =
      "2:" + std::to_string(file.inode()) + " " + kModes[turn % kModes.size()] + "\n";
  const File request(request_path, O_WRONLY);
  if (::write(request.get(), text.data(), text.size()) < 0)
    throw_errno("asking to demote glock 2:" + std::to_string(file.inode()));
}

}  // namespace

const char* name_of(Disturbance what) {
  switch (what) {
    case Disturbance::evict:
      return "evict";
    case Disturbance::truncate:
      return "truncate";
    case Disturbance::punch:
      return "punch";
    case Disturbance::demote:
      return "demote";
  }
  return "";
}

void disturb(const Options& options, const Layout& layout, const Board& board, Disturbance what,
             WorkerCounters& counters) {
  std::vector<File> files;
  for (std::uint64_t process = 1; process <= options.processes; ++process)
    files.emplace_back(path_of(options, {options.node, process, Role::data}), O_RDWR);
  const std::string request = "/sys/fs/gfs2/" + options.glock_table + "/demote_rq";
  for (std::uint64_t turn = 0; !board.workers_ended; ++turn) {
    for (const File& file : files) {
      if (what == Disturbance::truncate) truncate(file, layout, turn);
      if (what == Disturbance::punch) punch(file, layout, turn);
      if (what == Disturbance::demote) demote(file, request, turn);
      counters.operations.add(1);
    }
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace gridlock::mdio

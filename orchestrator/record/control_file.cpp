// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/control_file.h"

#include <fmt/format.h>

#include <optional>
#include <system_error>

#include "base/error.h"
#include "host/files.h"
#include "record/run_reader.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

constexpr const char* kName = "control.json";
constexpr const char* kCleanHint = "'gridlock clean' removes what it left";
constexpr const char* kHoldHint =
    "'gridlock run --hold-on-failure' keeps the lab of a trial that failed";
constexpr Bytes kLargest = Bytes::mib(1);

LiveRun read_control(const fs::path& run) {
  const fs::path file = run / kName;
  const auto control = parse_json(read_file(file, kLargest));
  const std::string socket = control && control->is_object() ? text_or(*control, "socket", "") : "";
  if (socket.empty()) throw Error(file.string() + " is damaged");
  return {run, socket, *control};
}

}  // namespace

ControlFile::~ControlFile() {
  std::error_code ignored;
  fs::remove(run_ / kName, ignored);
}

void ControlFile::write(const Json& control) {
  write_file_atomically(run_ / kName, control.dump(2) + "\n");
}

LiveRun find_live_run(const fs::path& results, const std::string& name) {
  if (!name.empty()) {
    const fs::path run = find_run(results, name);
    std::error_code error;
    const bool there = fs::exists(run / kName, error);
    if (there && WritingLock::is_held(run)) return read_control(run);
    throw UsageError(
        fmt::format("the run {} does not live{}", run.filename().string(),
                    there ? ": its Gridlock was killed, and nobody looks after its lab" : ""),
        there ? kCleanHint : kHoldHint);
  }
  std::optional<fs::path> newest;
  bool killed = false;
  fs::file_time_type newest_time;
  std::error_code error;
  for (fs::directory_iterator at(results, error), end; !error && at != end; at.increment(error)) {
    std::error_code none;
    const auto time = fs::last_write_time(at->path() / kName, none);
    // `latest` is a link to one of them.
    if (none || at->is_symlink(none)) continue;
    if (!WritingLock::is_held(at->path())) {
      killed = true;
      continue;
    }
    if (newest && time <= newest_time) continue;
    newest = at->path();
    newest_time = time;
  }
  if (newest) return read_control(*newest);
  throw UsageError(fmt::format("no run below {} lives{}", results.string(),
                               killed ? ": one was killed, and nobody looks after its lab" : ""),
                   killed ? kCleanHint : kHoldHint);
}

}  // namespace gridlock

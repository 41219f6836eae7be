// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/run_writer.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <random>
#include <system_error>

#include "base/error.h"
#include "host/files.h"
#include "record/file_name.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

/// Two runs of one topology begin in the same second at most this often.
constexpr int kMostAttempts = 100;

/// What a guest said may not be UTF-8; JSON must be.
std::string text_of(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

void write_json(const fs::path& file, const Json& json) {
  write_file_atomically(file, text_of(json, 2) + "\n");
}

/// A folder that was not there before: <UTC>-<topology>-<four random digits>.
fs::path make_run_folder(const fs::path& results, const std::string& topology, UtcTime now) {
  make_directories(results);
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::random_device random;
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    const fs::path folder =
        results / fmt::format("{:%Y%m%dT%H%M%SZ}-{}-{:04x}", fmt::gmtime(seconds),
                              safe_file_name(topology), random() & 0xffffu);
    std::error_code error;
    if (fs::create_directory(folder, error)) return folder;
    if (error)
      throw Error("making " + folder.string() + ": " + error.message(),
                  "choose a place for the results that can be written");
  }
  throw Error("making a folder in " + results.string() + ": every name tried is taken");
}

/// Points results/latest at `run`. The link is a convenience: where the file system has no links,
/// or a person keeps something of their own under that name, there is none.
void point_latest_at(const fs::path& run) {
  const fs::path draft = run.parent_path() / fmt::format(".latest-{}", ::getpid());
  std::error_code error;
  fs::remove(draft, error);
  fs::create_directory_symlink(run.filename(), draft, error);
  if (!error) fs::rename(draft, run.parent_path() / "latest", error);
  if (error) fs::remove(draft, error);
}

void keep_copy(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
  if (error)
    throw Error(fmt::format("copying {} to {}: {}", from.string(), to.string(), error.message()));
}

}  // namespace

TrialWriter::TrialWriter(fs::path directory)
    : directory_(std::move(directory)),
      events_(directory_ / "events.jsonl"),
      samples_(directory_ / "samples.jsonl") {
  make_directories(directory_);
}

void TrialWriter::event(double t, const std::string& node, const std::string& name,
                        const Json& more) {
  Json line{{"t", t}};
  if (!node.empty()) line["node"] = node;
  line["event"] = name;
  if (more.is_object()) line.update(more);
  events_.append(text_of(line, -1));
}

void TrialWriter::sample(const Json& line) { samples_.append(text_of(line, -1)); }

fs::path TrialWriter::node_directory(const std::string& node) {
  const fs::path folder = directory_ / "nodes" / safe_file_name(node);
  make_directories(folder);
  return folder;
}

void TrialWriter::evidence(const std::string& finding, const fs::path& name,
                           std::string_view bytes) {
  fs::path file = directory_ / "evidence" / safe_file_name(finding);
  for (const fs::path& part : name) file /= safe_file_name(part.string());
  make_directories(file.parent_path());
  write_file_atomically(file, bytes);
}

void TrialWriter::artefact(const std::string& node, const std::string& name,
                           std::string_view bytes) {
  write_file_atomically(node_directory(node) / safe_file_name(name), bytes);
}

RunWriter::RunWriter(const fs::path& results, const Plan& plan, const RunRecord& first,
                     const Clock& clock)
    : clock_(clock),
      directory_(make_run_folder(results, plan.topology_name, clock.utc())),
      lock_(directory_) {
  update(first);
  write_file_atomically(directory_ / "topology.yaml", plan.topology_text);
  write_json(directory_ / "plan.json", to_json(plan));
  point_latest_at(directory_);
}

RunWriter::RunWriter(const fs::path& directory, const Clock& clock)
    : clock_(clock), directory_(directory), lock_(directory_) {
  point_latest_at(directory_);
}

void RunWriter::update(const RunRecord& run) {
  Json json = to_json(run);
  json["id"] = directory_.filename().string();
  json["updated"] = rfc3339(clock_.utc());
  write_json(directory_ / "run.json", json);
}

void RunWriter::keep_kernel(const PlannedKernel& planned, const fs::path& built) {
  const fs::path folder = directory_ / "kernels" / safe_file_name(planned.name);
  make_directories(folder / "patches");
  for (const char* const name : {"config", "manifest.json"}) keep_copy(built / name, folder / name);
  if (planned.patches.empty()) return;
  std::error_code error;
  for (fs::directory_iterator it(built / "patches", error), end; !error && it != end;
       it.increment(error))
    keep_copy(it->path(), folder / "patches" / it->path().filename());
  if (error)
    throw Error(fmt::format("reading {}: {}", (built / "patches").string(), error.message()));
}

std::unique_ptr<TrialWriter> RunWriter::begin_trial(const PlannedTrial& trial) {
  const std::string name =
      fmt::format("{:02}-{}-{}", trial.number, safe_file_name(trial.kernel),
                  safe_file_name(trial.name));
  fs::path folder = directory_ / "trials" / name;
  // What a killed Gridlock left of a trial is kept, and goes on in no other.
  for (int again = 2; fs::exists(folder); ++again)
    folder = directory_ / "trials" / fmt::format("{}-{}", name, again);
  trials_[trial.number] = folder;
  return std::unique_ptr<TrialWriter>(new TrialWriter(folder));
}

void RunWriter::finish_trial(const TrialRecord& trial) {
  const auto folder = trials_.find(trial.number);
  GRIDLOCK_CHECK(folder != trials_.end(), "a trial ended that was not begun");
  write_json(folder->second / "trial.json", to_json(trial));
}

void RunWriter::discard_trial(const TrialRecord& trial) {
  const auto folder = trials_.find(trial.number);
  GRIDLOCK_CHECK(folder != trials_.end(), "a trial ended that was not begun");
  remove_tree(folder->second);
  trials_.erase(folder);
}

void RunWriter::keep_report(std::string_view file, const std::string& text) {
  write_file_atomically(directory_ / safe_file_name(file), text);
}

}  // namespace gridlock

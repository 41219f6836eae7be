// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/run_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "host/files.h"
#include "record/writing_lock.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

/// Far above what a run writes (a trial is a few kB, its findings are bounded); what is larger is
/// not read into memory.
constexpr Bytes kLargestRunFile = Bytes::mib(64);
constexpr Bytes kLargestLineFile = Bytes::gib(1);
constexpr int kExitInterruptedRun = 130;
constexpr std::string_view kLatest = "latest";

/// "line:column" of the byte at `offset`, from 1.
std::string position(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t start = before.rfind('\n') + 1;  // npos + 1 is 0
  return fmt::format("{}:{}", line, before.size() - start + 1);
}

/// Why parse_json refused a text.
struct Damage {
  std::string what;
  std::size_t offset = 0;
  bool cut = false;  ///< what is there could be the start of a JSON text
};

Damage find_damage(std::string_view text) {
  try {
    [[maybe_unused]] const Json json = Json::parse(text);
  } catch (const Json::parse_error& error) {
    if (error.byte > text.size()) return {"it ends before it is complete", text.size(), true};
    return {"damaged: not JSON", error.byte > 0 ? error.byte - 1 : 0, false};
  } catch (const Json::exception&) {
    return {"damaged: a number is out of range", 0, false};
  }
  return {"damaged: nested too deeply", 0, false};
}

bool is_run(const fs::path& folder) {
  std::error_code error;
  return fs::is_regular_file(folder / "run.json", error);
}

/// The names of the folders under `results`, oldest first: they begin with their time.
std::vector<std::string> run_names(const fs::path& results) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(results, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    const std::string name = it->path().filename();
    const bool folder = it->is_directory(ignored) && !it->is_symlink(ignored);
    if (folder && !name.starts_with('.')) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

fs::path latest_run(const fs::path& results) {
  std::error_code error;
  const fs::path linked = fs::canonical(results / kLatest, error);
  if (!error && is_run(linked)) return linked;
  const std::vector<std::string> names = run_names(results);
  for (auto name = names.rbegin(); name != names.rend(); ++name)
    if (is_run(results / *name)) return results / *name;
  throw UsageError("there is no run under " + results.string(), "'gridlock run FILE' makes one");
}

}  // namespace

RunRecord parse_run(std::string_view text, const std::string& name) {
  const std::optional<Json> json = parse_json(text);
  if (!json) {
    const Damage damage = find_damage(text);
    throw Error(fmt::format("{}:{}: {}", name, position(text, damage.offset), damage.what),
                "the trials' own trial.json files may be whole");
  }
  try {
    return run_record_from_json(*json);
  } catch (const Error& error) {
    throw Error(name + ": " + error.what(), error.hint());
  }
}

std::vector<Json> parse_json_lines(std::string_view text, const std::string& name) {
  std::vector<Json> lines;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const bool last = end == std::string_view::npos;
    const std::string_view line = text.substr(0, end);
    std::optional<Json> json = parse_json(line);
    if (!json && last && find_damage(line).cut) break;
    if (!json || !json->is_object())
      throw Error(fmt::format("{}:{}: {}", name, number,
                              json ? "damaged: not a JSON object" : find_damage(line).what));
    lines.push_back(std::move(*json));
    text = last ? std::string_view{} : text.substr(end + 1);
  }
  return lines;
}

std::vector<Json> read_json_lines(const fs::path& file) {
  return parse_json_lines(read_file(file, kLargestLineFile), file.string());
}

RunRecord read_run(const fs::path& run) {
  std::error_code error;
  const fs::path file = fs::is_directory(run, error) ? run / "run.json" : run;
  if (!fs::is_regular_file(file, error))
    throw UsageError("there is no run at " + run.string() + ": run.json is missing",
                     "'gridlock list' shows the runs there are");
  // Asked before the text is read: a writer that is gone by now has written its last word.
  const bool alive = WritingLock::is_held(file.parent_path());
  RunRecord record = parse_run(read_file(file, kLargestRunFile), file.string());
  if (alive || record.outcome != Outcome::running) return record;
  const auto interrupt = [](auto& what) {
    what.outcome = Outcome::interrupted;
    what.reason = "gridlock was killed";
  };
  interrupt(record);
  record.exit_code = kExitInterruptedRun;
  for (TrialRecord& trial : record.trials)
    if (trial.outcome == Outcome::running) interrupt(trial);
  return record;
}

fs::path find_run(const fs::path& results, const std::string& name) {
  if (name == kLatest) return latest_run(results);
  const fs::path path(name);
  if (path.filename() == "run.json" && is_run(path.parent_path())) return path.parent_path();
  if (is_run(path)) return path;
  const std::vector<std::string> names = run_names(results);
  std::vector<std::string> ends;
  for (const std::string& run : names) {
    if (run == name) return results / run;
    if (!name.empty() && run.ends_with(name)) ends.push_back(run);
  }
  if (ends.size() == 1) return results / ends.front();
  if (ends.size() > 1)
    throw UsageError(fmt::format("'{}' is the end of {} runs: {}", printable(name), ends.size(),
                                 printable(join(ends, ", "))),
                     "give more of the name");
  const std::string near = nearest_name(name, names);
  throw UsageError(fmt::format("there is no run '{}' under {}", printable(name), results.string()),
                   near.empty() ? "'gridlock list' shows the runs there are"
                                : "did you mean '" + printable(near) + "'?");
}

void for_each_run(const fs::path& results, const std::function<void(RunRecord&&)>& take) {
  for (const std::string& name : run_names(results)) {
    RunRecord run;
    try {
      run = read_run(results / name);
    } catch (const Error& error) {
      run = {};
      run.outcome = Outcome::error;
      run.reason = error.what();
    }
    run.id = name;
    take(std::move(run));
  }
}

std::vector<RunRecord> list_runs(const fs::path& results) {
  std::vector<RunRecord> runs;
  for_each_run(results, [&](RunRecord&& run) { runs.push_back(std::move(run)); });
  return runs;
}

}  // namespace gridlock

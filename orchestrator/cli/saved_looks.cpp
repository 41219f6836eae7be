// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/saved_looks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "diagnosis/dlm_ids.h"
#include "diagnosis/known_files.h"
#include "host/unpack.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;
using diagnosis::Look;
using diagnosis::NodeLook;

constexpr std::size_t kMaxProblems = 64;
constexpr Milliseconds kFileLimit{10'000};
constexpr int kDeepest = 4;  // folders above those of runs

using Text = std::string NodeLook::*;

/// A text of a look by the name of its file.
struct NamedText {
  std::string_view name;
  Text text;
};
constexpr std::array kTexts = std::to_array<NamedText>({{"glocks", &NodeLook::glocks},
                                                        {"dlm_locks", &NodeLook::dlm_locks},
                                                        {"dlm_waiters", &NodeLook::dlm_waiters},
                                                        {"ocfs2_locks", &NodeLook::ocfs2_locks},
                                                        {"tasks", &NodeLook::tasks},
                                                        {"console", &NodeLook::console}});

/// The entries of a folder, sorted by name; none if it cannot be read.
std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    found.push_back(it->path());
  std::sort(found.begin(), found.end());
  return found;
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}
bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> found = entries(folder);
  std::erase_if(found, [](const fs::path& entry) { return !is_folder(entry); });
  return found;
}

/// Reads files within limits and keeps what went wrong.
class BoundedReader {
 public:
  BoundedReader(const ReadLimits& limits, std::stop_token stop, std::vector<std::string>& problems)
      : limits_(limits), stop_(std::move(stop)), problems_(problems) {}

  /// What the file holds, or one of that name packed with gzip or Zstandard, unpacked. Empty if it
  /// is not there or cannot be used; of an archive that is cut, what there is.
  std::string read(const fs::path& file) {
    for (const char* const packing : {"", ".gz", ".zst"})
      if (const fs::path there = file.string() + packing; is_file(there)) return read_there(there);
    return {};
  }

  void problem(const std::string& what) {
    if (problems_.size() < kMaxProblems) problems_.push_back(printable(what));
  }

 private:
  std::string read_there(const fs::path& file) {
    if (stop_.stop_requested()) throw Cancelled("reading dumps");
    if (files_ == limits_.files) {
      problem("more files than are read");
      return {};
    }
    ++files_;
    std::string text;
    std::error_code unknown;
    if (const auto size = fs::file_size(file, unknown); !unknown)
      text.reserve(std::min<std::uint64_t>(size, limits_.file.count));
    try {
      const auto bytes = unpacked(open_bytes(file, stop_), file.string());
      while (true) {
        const ByteSource::Piece piece = bytes->next(kFileLimit);
        if (piece.kind == ByteSource::Piece::Kind::stopped) throw Cancelled("reading dumps");
        if (piece.kind != ByteSource::Piece::Kind::bytes) break;
        text += piece.bytes;
        if (text.size() > limits_.file.count || total_ + text.size() > limits_.total.count) {
          problem(fmt::format("{}: more than is read {}", file.string(),
                              text.size() > limits_.file.count ? "of a file" : "in all"));
          return {};
        }
      }
    } catch (const Cancelled&) {
      throw;
    } catch (const Error& error) {
      problem(error.what());
    }
    total_ += text.size();
    return text;
  }

  const ReadLimits& limits_;
  std::stop_token stop_;
  std::vector<std::string>& problems_;
  std::size_t files_ = 0;
  std::uint64_t total_ = 0;
};

/// The texts are large: a list in braces would copy them.
std::vector<SavedLooks> only(SavedLooks looks) {
  std::vector<SavedLooks> all;
  all.push_back(std::move(looks));
  return all;
}

/// Gridlock's own: NODE/1/NAME.txt and NODE/2/NAME.txt.
std::vector<SavedLooks> read_own(const fs::path& folder, BoundedReader& reader) {
  SavedLooks looks;
  for (const fs::path& node : folders_in(folder))
    for (const auto& [which, look] :
         {std::pair{"1", &looks.first}, std::pair{"2", &looks.second}}) {
      NodeLook read{.node = node.filename().string()};
      for (const NamedText& text : kTexts)
        read.*text.text = reader.read(node / which / (std::string(text.name) + ".txt"));
      if (is_folder(node / which)) look->push_back(std::move(read));
    }
  const auto answered = [](const NodeLook& node) { return node.answered(); };
  const bool any_first = std::any_of(looks.first.begin(), looks.first.end(), answered);
  const bool any_second = std::any_of(looks.second.begin(), looks.second.end(), answered);
  if (!any_second) std::swap(looks.first, looks.second);
  if (!any_first || !any_second) looks.first.clear();
  if (!any_first && !any_second) return {};
  return only(std::move(looks));
}

/// What gfs2_lockcapture keeps of processes, proc/PID/{status,stack}, as tasks.h describes it.
std::string tasks_of(const fs::path& proc, BoundedReader& reader) {
  std::string tasks;
  for (const fs::path& process : folders_in(proc)) {
    const std::string pid = process.filename().string();
    if (!number<int>(pid, 10)) continue;
    tasks += fmt::format("task {} {}\n", pid, pid);
    std::string name;
    std::string state;
    const std::string status = reader.read(process / "status");
    for (std::string_view rest = status; !rest.empty();) {
      const std::string_view line = take_line(rest);
      if (line.starts_with("Name:")) name = trimmed(line.substr(5));
      if (line.starts_with("State:")) state = trimmed(line.substr(6)).substr(0, 1);
    }
    if (!state.empty()) tasks += fmt::format("stat {} ({}) {}\n", pid, name, state);
    const std::string stack = reader.read(process / "stack");
    for (std::string_view rest = stack; !rest.empty();)
      tasks += fmt::format("stack {}\n", take_line(rest));
  }
  return tasks;
}

/// A run of gfs2_lockcapture on one node: its folder and the number of the run.
struct CaptureRun {
  int number = 0;
  fs::path folder;
};
using Captures = std::map<std::string, std::vector<CaptureRun>>;  // by node

/// Finds runN/NODE at any depth to kDeepest: the captures of several nodes may have been unpacked
/// into one folder or each into its own.
void find_captures(const fs::path& folder, int depth, Captures& captures) {
  for (const fs::path& entry : folders_in(folder)) {
    const std::string name = entry.filename().string();
    const auto run =
        name.starts_with("run") ? number<int>(std::string_view(name).substr(3), 10) : std::nullopt;
    if (run) {
      for (const fs::path& node : folders_in(entry))
        captures[node.filename().string()].push_back({*run, node});
    } else if (depth < kDeepest) {
      find_captures(entry, depth + 1, captures);
    }
  }
}

/// "NODE_ID=2" of a capture's hostinformation.txt.
std::optional<int> node_id_in(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = trimmed(take_line(text));
    if (line.starts_with("NODE_ID="))
      if (const auto id = number<int>(line.substr(8), 10); id && *id > 0) return id;
  }
  return std::nullopt;
}

/// One node in one run, for one file system.
NodeLook read_capture(const std::string& node, const fs::path& folder, const std::string& table,
                      BoundedReader& reader) {
  const std::string lockspace = table.substr(table.find(':') + 1);
  const fs::path dlm = folder / "dlm" / lockspace;
  return {.node = node,
          .dlm_id = node_id_in(reader.read(folder / "hostinformation.txt")),
          .glocks = reader.read(folder / "gfs2" / table / "glocks"),
          .dlm_locks = reader.read(dlm / (lockspace + "_locks")),
          .dlm_waiters = reader.read(dlm / (lockspace + "_waiters")),
          .ocfs2_locks = {},
          .tasks = tasks_of(folder / "proc", reader),
          .console = reader.read(folder / "logs" / "messages")};
}

std::vector<SavedLooks> read_captures(const fs::path& folder, BoundedReader& reader) {
  Captures captures;
  find_captures(folder, 0, captures);
  std::set<std::string> tables;
  for (auto& [node, runs] : captures) {
    std::sort(runs.begin(), runs.end(),
              [](const CaptureRun& a, const CaptureRun& b) { return a.number < b.number; });
    for (const CaptureRun& run : runs)
      for (const fs::path& table : folders_in(run.folder / "gfs2"))
        tables.insert(table.filename().string());
  }
  std::vector<SavedLooks> all;
  for (const std::string& table : tables) {
    SavedLooks looks{.file_system = table, .first = {}, .second = {}};
    const bool twice = std::any_of(captures.begin(), captures.end(),
                                   [](const auto& capture) { return capture.second.size() > 1; });
    for (const auto& capture : captures) {
      const std::string& node = capture.first;
      const std::vector<CaptureRun>& runs = capture.second;
      const auto read = [&](const CaptureRun& run) {
        return read_capture(node, run.folder, table, reader);
      };
      looks.second.push_back(read(runs.back()));
      if (twice)
        looks.first.push_back(runs.size() > 1 ? read(runs[runs.size() - 2])
                                              : NodeLook{.node = node});
    }
    all.push_back(std::move(looks));
  }
  return all;
}

/// What a file of a plain folder is, by its name; null if nothing that is read.
Text text_of(const std::string& name) {
  const auto has = [&](std::string_view part) { return name.find(part) != std::string::npos; };
  if (has("glocks")) return &NodeLook::glocks;
  if (has("waiters")) return &NodeLook::dlm_waiters;
  if (has("locking_state") || has("ocfs2")) return &NodeLook::ocfs2_locks;
  if (has("locks")) return &NodeLook::dlm_locks;
  if (has("tasks")) return &NodeLook::tasks;
  if (has("console") || has("messages") || has("dmesg")) return &NodeLook::console;
  return nullptr;
}

/// A folder for each node, or the files of one node.
std::vector<SavedLooks> read_plain(const fs::path& folder, BoundedReader& reader) {
  SavedLooks looks;
  std::vector<fs::path> nodes = folders_in(folder);
  nodes.push_back(folder);
  for (const fs::path& node : nodes) {
    NodeLook read{.node = fs::absolute(node).lexically_normal().filename().string()};
    if (read.node.empty()) read.node = "node";
    for (const fs::path& file : entries(node)) {
      const Text text = text_of(file.filename().string());
      if (text == nullptr || !is_file(file)) continue;
      if (!(read.*text).empty())
        reader.problem(file.string() + ": another file of this node was read for the same");
      else
        read.*text = reader.read(file);
    }
    if (read.answered()) looks.second.push_back(std::move(read));
  }
  if (looks.second.empty()) return {};
  return only(std::move(looks));
}

}  // namespace

SavedEvidence read_saved_looks(const fs::path& folder, const ReadLimits& limits,
                               std::stop_token stop) {
  if (!is_folder(folder))
    throw Error(folder.string() + " is no folder that can be read",
                "archives are not unpacked: give the folder that holds the dumps");
  SavedEvidence evidence;
  BoundedReader reader(limits, std::move(stop), evidence.problems);
  evidence.files = diagnosis::parse_known_files(reader.read(folder / "files.txt"));
  evidence.looks = read_own(folder, reader);
  if (evidence.looks.empty()) evidence.looks = read_captures(folder, reader);
  if (evidence.looks.empty()) evidence.looks = read_plain(folder, reader);
  for (SavedLooks& looks : evidence.looks) {
    diagnosis::find_dlm_ids(looks.second);
    for (NodeLook& node : looks.first)
      for (const NodeLook& later : looks.second)
        if (later.node == node.node) node.dlm_id = later.dlm_id;
  }
  return evidence;
}

}  // namespace gridlock

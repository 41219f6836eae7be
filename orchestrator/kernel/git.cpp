// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/git.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "host/files.h"

namespace gridlock {
namespace fs = std::filesystem;
namespace {

constexpr Milliseconds kAskDeadline{300'000};
constexpr Milliseconds kExportDeadline{1'800'000};
constexpr Bytes kLargestAnswer = Bytes::mib(64);
/// As many as a topology may list.
constexpr std::size_t kMostCommits = 1000;
/// 6.1 as one tar file is 1.3 GiB.
constexpr Bytes kRoomOfTar = Bytes::gib(2);

/// In the repository's own info/attributes, which overrule those in the tree.
constexpr const char* kNoAttributes =
    "* -text -eol -ident -filter -working-tree-encoding -export-ignore -export-subst\n";

bool is_worktree_file(const fs::path& file) {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(file, error);
  return !error && (fs::is_regular_file(status) || fs::is_symlink(status));
}

}  // namespace

GitRepository::GitRepository(fs::path path, CommandRunner& runner, std::stop_token stop)
    : path_(std::move(path)), runner_(runner), stop_(std::move(stop)) {
  if (!find_program("git"))
    throw HostError("git is not installed, and a kernel's source is a git repository",
                    "apt-get install git");
  if (!fs::is_directory(path_))
    throw HostError(fmt::format("there is no git repository {}", path_.string()));
  const Command ask = command({"rev-parse", "--git-dir"});
  const CommandResult result = runner_.run(ask, stop_);
  if (!result.ok())
    throw HostError(
        fmt::format("{} is not a git repository: {}", path_.string(),
                    printable(trimmed(result.errors), 300)),
        "give the folder of a clone, of one of its worktrees, or of a bare repository as 'git'");
}

Command GitRepository::command(std::vector<std::string> arguments) const {
  Command command;
  // A git that runs Gridlock, in a hook, names its own repository in the environment.
  command.program = "env";
  for (const char* const name :
       {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_CONFIG_PARAMETERS", "GIT_PREFIX",
        "GIT_EXTERNAL_DIFF"})
    command.arguments.insert(command.arguments.end(), {"-u", name});
  command.arguments.insert(
      command.arguments.end(),
      {"git", "--no-pager", "--literal-pathspecs", "-c", "core.fsmonitor=false", "-c",
       "core.hooksPath=/dev/null", "-c", "core.quotePath=false", "-c", "core.untrackedCache=keep",
       "-c", "gc.auto=0", "-c", "log.showSignature=false"});
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  // Where nothing is fetched, what a partial or shallow clone lacks is an error.
  command.environment = {{"GIT_OPTIONAL_LOCKS", "0"},
                         {"GIT_TERMINAL_PROMPT", "0"},
                         {"GIT_ALLOW_PROTOCOL", "none"},
                         {"GIT_CONFIG_NOSYSTEM", "1"},
                         {"GIT_CONFIG_GLOBAL", "/dev/null"},
                         {"GIT_CONFIG_COUNT", "1"},
                         {"GIT_CONFIG_KEY_0", "safe.directory"},
                         {"GIT_CONFIG_VALUE_0", "*"},
                         {"GIT_NO_REPLACE_OBJECTS", "1"},
                         {"GIT_CEILING_DIRECTORIES", path_.parent_path().string()},
                         {"LC_ALL", "C"}};
  command.directory = path_;
  command.deadline = kAskDeadline;
  command.output_limit = kLargestAnswer;
  return command;
}

std::string GitRepository::output(std::vector<std::string> arguments,
                                  const std::string& doing) const {
  const Command ask = command(std::move(arguments));
  CommandResult result = runner_.run(ask, stop_);
  if (result.ok() && result.output.size() >= kLargestAnswer.count)
    throw HostError(fmt::format("{} in {}: there is more of it than {}", doing, path_.string(),
                                to_string(kLargestAnswer)));
  if (result.ok()) return std::move(result.output);
  const std::string why = result.kind == CommandResult::Kind::exited
                              ? printable(trimmed(result.errors), 400)
                              : "git " + describe_end(result, ask);
  throw HostError(fmt::format("{} in {}: {}", doing, path_.string(), why),
                  "see what `git fsck` says of the repository; what a partial or shallow clone "
                  "lacks must be fetched first");
}

std::string GitRepository::commit(const std::string& ref) const {
  const CommandResult result = runner_.run(
      command({"rev-parse", "--verify", "--quiet", "--end-of-options", ref + "^{commit}"}), stop_);
  const std::string found(trimmed(result.output));
  if (result.ok() && !found.empty()) return found;
  std::vector<std::string> names = split(
      output({"for-each-ref", "--format=%(refname:short)"}, "listing branches and tags"), '\n');
  std::erase(names, "");
  const std::string near = nearest_name(ref, names);
  std::string hint;
  if (!near.empty()) {
    hint = fmt::format("did you mean {}?", printable(near, 200));
  } else if (!names.empty()) {
    names.resize(std::min<std::size_t>(names.size(), 8));
    hint = "it has " + printable(join(names, ", "), 400);
  }
  throw HostError(fmt::format("{} has no commit called {}", path_.string(), printable(ref, 200)),
                  hint);
}

std::string GitRepository::tree(const std::string& commit) const {
  return std::string(
      trimmed(output({"rev-parse", "--verify", "--end-of-options", commit + "^{tree}"},
                     "reading the commit " + commit)));
}

bool GitRepository::has_file(const std::string& tree, const std::string& file) const {
  return runner_.run(command({"cat-file", "-e", tree + ":" + file}), stop_).ok();
}

std::string GitRepository::file(const std::string& tree, const std::string& file) const {
  return output({"cat-file", "blob", tree + ":" + file}, "reading " + file);
}

std::vector<fs::path> GitRepository::worktree_files() const {
  const std::string bare = output({"rev-parse", "--is-inside-work-tree"}, "looking for a checkout");
  if (trimmed(bare) != "true")
    throw HostError(
        fmt::format("{} has no files checked out, which `ref: worktree` is about", path_.string()),
        "name a commit, such as `ref: HEAD`, or the folder of a checkout");
  std::vector<fs::path> files;
  for (const std::string& name :
       split(output({"ls-files", "-z", "--cached", "--others", "--exclude-standard"},
                    "listing the files"),
             '\0'))
    if (!name.empty() && is_worktree_file(path_ / name)) files.emplace_back(name);
  std::ranges::sort(files);
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

std::vector<std::string> GitRepository::borrow(const fs::path& scratch) const {
  const std::string objects(trimmed(
      output({"rev-parse", "--path-format=absolute", "--git-path", "objects"}, "finding objects")));
  const std::string format(
      trimmed(output({"rev-parse", "--show-object-format"}, "finding the kind of objects")));
  output(
      {"init", "--quiet", "--bare", "--template=", "--object-format=" + format, scratch.string()},
      "making a repository to export from");
  make_directories(scratch / "objects" / "info");
  make_directories(scratch / "info");
  write_file_atomically(scratch / "objects" / "info" / "alternates", objects + "\n");
  write_file_atomically(scratch / "info" / "attributes", kNoAttributes);
  return {"--git-dir=" + scratch.string()};
}

void GitRepository::export_tree(const std::string& tree, const fs::path& target) const {
  make_directories(target.parent_path());
  require_free_space(target.parent_path(), kRoomOfTar, "exporting a kernel's source");
  const TempDir scratch(target.parent_path(), "git-");
  const fs::path tar = scratch.path() / "tree.tar";
  std::vector<std::string> arguments = borrow(scratch.path() / "repository");
  arguments.insert(arguments.end(), {"archive", "--format=tar", "-o", tar.string(), tree});
  Command archive = command(std::move(arguments));
  archive.deadline = kExportDeadline;
  require_ok(runner_.run(archive, stop_), archive, "exporting the kernel's source from git",
             "what a partial or shallow clone lacks must be fetched first");
  make_directories(target);
  const Command unpack{.program = "tar",
                       .arguments = {"-xf", tar.string(), "-C", target.string(), "--no-same-owner"},
                       .deadline = kExportDeadline};
  require_ok(runner_.run(unpack, stop_), unpack, "unpacking the kernel's source");
}

std::vector<GitRepository::Change> GitRepository::changes(const std::string& range) const {
  const std::size_t dots = range.find("..");
  GRIDLOCK_CHECK(dots != std::string::npos, "a range of commits: " + range);
  const std::string base = commit(range.substr(0, dots)), head = commit(range.substr(dots + 2));
  // "HASH" or, of a merge, "HASH PARENT PARENT …" follows each "commit" line's own parents.
  std::vector<std::string> lines =
      split(output({"rev-list", "--reverse", "--topo-order", "--parents",
                    "--max-count=" + std::to_string(kMostCommits + 1), base + ".." + head},
                   "listing " + range),
            '\n');
  std::erase(lines, "");
  if (lines.empty())
    throw HostError(fmt::format("there are no commits in {} of {}", range, path_.string()),
                    "write the older end first: BASE..HEAD");
  if (lines.size() > kMostCommits)
    throw HostError(fmt::format("{} has more than {} commits", range, kMostCommits),
                    "name the head itself as `ref`");
  const bool merges = std::ranges::any_of(
      lines, [](const std::string& line) { return split(line, ' ').size() > 2; });
  const TempDir scratch(fs::temp_directory_path(), "gridlock-git-");
  const std::vector<std::string> objects = borrow(scratch.path() / "repository");
  const auto diff = [&](std::vector<std::string> what) {
    std::vector<std::string> arguments = objects;
    arguments.insert(arguments.end(),
                     {"diff-tree", "-p", "-U3", "--no-renames", "--no-ext-diff", "--no-textconv",
                      "--no-color", "--no-commit-id", "--src-prefix=a/", "--dst-prefix=b/"});
    arguments.insert(arguments.end(), what.begin(), what.end());
    return output(std::move(arguments), "reading " + range);
  };
  if (merges) return {{head, range, diff({base, head})}};
  std::vector<Change> changes;
  for (const std::string& line : lines) {
    Change change;
    change.commit = line.substr(0, line.find(' '));
    change.subject = std::string(trimmed(
        output({"log", "-1", "--no-color", "--format=%s", change.commit}, "reading " + range)));
    change.diff = diff({"--root", change.commit});
    // One that changes nothing is no patch.
    if (!change.diff.empty()) changes.push_back(std::move(change));
  }
  return changes;
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "image/recipe.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>

#include "base/digest.h"
#include "base/text.h"
#include "host/command_runner.h"
#include "host/files.h"

namespace gridlock {
namespace {

namespace fs = std::filesystem;

constexpr Bytes kListLimit = Bytes::kib(64);
constexpr Bytes kFileLimit = Bytes::mib(256);

/// The lines of a list that are neither empty nor a comment.
std::vector<std::string> read_list(const fs::path& file, bool (*usable)(std::string_view)) {
  std::vector<std::string> out;
  int number = 0;
  for (const std::string& line : split(read_file(file, kListLimit), '\n')) {
    ++number;
    const std::string_view text = trimmed(std::string_view(line).substr(0, line.find('#')));
    if (text.empty()) continue;
    if (!usable(text))
      throw HostError(
          fmt::format("{}:{}: cannot be used: {}", file.string(), number, printable(text)),
          "one package or one relative path a line");
    out.emplace_back(text);
  }
  return out;
}

bool is_package(std::string_view name) {
  return name.size() >= 2 && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' ||
                  c == '.';
         });
}

bool is_inside(std::string_view text) {
  const fs::path path(text);
  if (path.is_absolute()) return false;
  const bool climbs = std::any_of(path.begin(), path.end(),
                                  [](const fs::path& part) { return part == ".." || part == "."; });
  // A star in a folder's name would make two kinds of pattern of one.
  return !climbs && path.parent_path().native().find('*') == std::string::npos;
}

bool is_executable(const fs::path& file) {
  return (fs::status(file).permissions() & fs::perms::owner_exec) != fs::perms::none;
}

std::vector<fs::path> sorted_tree(const fs::path& folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    paths.push_back(entry.path().lexically_relative(folder));
  std::sort(paths.begin(), paths.end());
  return paths;
}

void lay_one(const fs::path& source, const fs::path& target, Transfer transfer) {
  const fs::file_status status = fs::symlink_status(source);
  if (fs::is_directory(status)) {
    // A folder laid over a link to a folder fills that folder.
    if (!fs::is_directory(target)) fs::create_directory(target);
    fs::permissions(target, fs::perms(0755));
    return;
  }
  fs::remove(target);
  if (fs::is_symlink(status)) {
    fs::copy_symlink(source, target);
  } else if (fs::is_regular_file(status) && transfer == Transfer::share) {
    place_file(source, target);
  } else if (fs::is_regular_file(status)) {
    fs::copy_file(source, target);
    fs::permissions(target, fs::perms(is_executable(source) ? 0755 : 0644));
  }
}

}  // namespace

Recipe read_recipe(const fs::path& folder) {
  Recipe recipe{read_list(folder / "packages", is_package), read_list(folder / "remove", is_inside),
                read_list(folder / "folders", is_inside), folder / "files"};
  if (recipe.packages.empty())
    throw HostError(fmt::format("{}: names no package", (folder / "packages").string()));
  return recipe;
}

std::string digest_of_tree(const fs::path& folder) {
  Digest digest;
  if (!fs::exists(folder)) return digest.hex();
  for (const fs::path& path : sorted_tree(folder)) {
    const fs::path whole = folder / path;
    const fs::file_status status = fs::symlink_status(whole);
    if (fs::is_symlink(status))
      digest.field("link " + path.string(), fs::read_symlink(whole).string());
    else if (fs::is_directory(status))
      digest.field("folder", path.string());
    else
      digest.field((is_executable(whole) ? "program " : "file ") + path.string(),
                   read_file(whole, kFileLimit));
  }
  return digest.hex();
}

void remove_matching(const fs::path& root, const std::vector<std::string>& patterns) {
  for (const std::string& pattern : patterns) {
    const fs::path parent = root / fs::path(pattern).parent_path();
    const std::string name = fs::path(pattern).filename();
    std::error_code absent;
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(parent, absent))
      if (::fnmatch(name.c_str(), entry.path().filename().c_str(), 0) == 0)
        found.push_back(entry.path());
    for (const fs::path& path : found) fs::remove_all(path);
  }
}

void lay_over(const fs::path& from, const fs::path& to, Transfer transfer) {
  for (const fs::path& path : sorted_tree(from)) {
    const fs::path source = from / path;
    const fs::path target = to / path;
    lay_one(source, target, transfer);
  }
}

}  // namespace gridlock

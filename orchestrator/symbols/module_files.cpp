// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbols/module_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "base/error.h"

namespace gridlock::symbols {
namespace {

namespace fs = std::filesystem;

/// A whole distribution's modules are some 4,000; more than this is not a modules' folder.
constexpr std::size_t kMaxEntries = 200'000;

}  // namespace

std::string module_name(std::string_view file_name) {
  constexpr std::array<std::string_view, 6> kEndings{".ko",    ".ko.debug", ".ko.gz",
                                                     ".ko.xz", ".ko.zst",   ".ko.bz2"};
  for (const std::string_view ending : kEndings) {
    if (!file_name.ends_with(ending)) continue;
    std::string name(file_name.substr(0, file_name.size() - ending.size()));
    std::ranges::replace(name, '-', '_');
    return name;
  }
  return {};
}

std::map<std::string, std::vector<fs::path>> module_files(const fs::path& folder) {
  const auto refuse = [&](const std::string& why) {
    return Error(fmt::format("cannot look for kernel modules in {}: {}", folder.string(), why),
                 "give the folder that holds the .ko files of that kernel, with debug information");
  };
  std::map<std::string, std::vector<fs::path>> files;
  std::error_code failed;
  fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied,
                                         failed);
  std::size_t seen = 0;
  while (!failed && entry != fs::recursive_directory_iterator()) {
    if (++seen > kMaxEntries)
      throw refuse(fmt::format("it has more than {} files and folders", kMaxEntries));
    const std::string name = module_name(entry->path().filename().string());
    std::error_code unknown;
    if (!name.empty() && entry->is_regular_file(unknown)) files[name].push_back(entry->path());
    entry.increment(failed);
  }
  if (failed) throw refuse(failed.message());
  for (auto& [name, paths] : files) std::ranges::sort(paths);
  return files;
}

}  // namespace gridlock::symbols

// SPDX-License-Identifier: GPL-2.0-or-later
// gridlock-inodes FOLDER: prints "INODE PATH" of what is in FOLDER and its folders, paths relative
// to it. It opens folders only: the files' own locks are left alone, since somebody may be about to
// test who has them.
#include <dirent.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <string>

namespace {

constexpr int kDeepest = 4;
constexpr int kMostNames = 4096;

int printed = 0;

bool print(const std::string& folder, const std::string& below, int depth) {
  DIR* const open = ::opendir(folder.c_str());
  if (open == nullptr) return false;
  while (const dirent* const entry = ::readdir(open)) {
    const std::string name = entry->d_name;
    if (name == "." || name == ".." || name.find('\n') != std::string::npos) continue;
    if (printed++ >= kMostNames) break;
    const std::string path = below.empty() ? name : below + "/" + name;
    std::printf("%" PRIuMAX " %s\n", static_cast<std::uintmax_t>(entry->d_ino), path.c_str());
    if (entry->d_type == DT_DIR && depth < kDeepest) print(folder + "/" + name, path, depth + 1);
  }
  ::closedir(open);
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: gridlock-inodes FOLDER\n", stderr);
    return 2;
  }
  if (print(arguments[1], "", 0)) return 0;
  std::perror(arguments[1]);
  return 1;
}

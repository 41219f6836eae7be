// SPDX-License-Identifier: GPL-2.0-or-later
// The house rules that a compiler does not check: which room may use which, and which third-party
// library stays inside which room.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

const fs::path kHouse = fs::path(GRIDLOCK_SOURCE_DIR) / "orchestrator";

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

/// room -> the rooms it may use, as orchestrator/CMakeLists.txt says.
std::map<std::string, std::set<std::string>> allowed_uses() {
  std::map<std::string, std::set<std::string>> rooms;
  const std::string text = text_of(kHouse / "CMakeLists.txt");
  for (std::size_t at = text.find("\ngridlock_room("); at != std::string::npos;
       at = text.find("\ngridlock_room(", at + 1)) {
    const std::size_t open = text.find('(', at);
    std::istringstream words(text.substr(open + 1, text.find(')', open) - open - 1));
    std::string room;
    words >> room;
    rooms[room].insert(room);
    bool uses = false;
    for (std::string word; words >> word;) {
      if (word == "USES" || word == "LIBS")
        uses = word == "USES";
      else if (uses)
        rooms[room].insert(word);
    }
  }
  return rooms;
}

struct Include {
  fs::path file;
  std::string room;
  std::string header;
};

std::vector<Include> all_includes() {
  std::vector<Include> includes;
  for (const auto& entry : fs::recursive_directory_iterator(kHouse)) {
    if (entry.path().extension() != ".h" && entry.path().extension() != ".cpp") continue;
    std::istringstream lines(text_of(entry.path()));
    const std::string room = entry.path().parent_path().filename();
    for (std::string line; std::getline(lines, line);) {
      if (line.rfind("#include ", 0) != 0 || line.size() < 12) continue;
      const std::size_t end = line.find_first_of("\">", 10);
      includes.push_back({fs::relative(entry.path(), kHouse),
                          entry.path().parent_path() == kHouse ? "" : room,
                          line.substr(10, end - 10)});
    }
  }
  return includes;
}

TEST(House, RoomsUseOnlyTheRoomsTheyMay) {
  const auto rooms = allowed_uses();
  ASSERT_GT(rooms.size(), 15u);
  int looked_at = 0;
  for (const Include& include : all_includes()) {
    const std::string used = include.header.substr(0, include.header.find('/'));
    const bool of_a_room = include.header.find('/') != std::string::npos && rooms.contains(used);
    if (!of_a_room || include.room.empty()) continue;  // main.cpp stands above all rooms
    ++looked_at;
    ASSERT_TRUE(rooms.contains(include.room)) << include.file;
    EXPECT_TRUE(rooms.at(include.room).contains(used))
        << include.file << " includes " << include.header << ", but room " << include.room
        << " may not use room " << used;
  }
  EXPECT_GT(looked_at, 100);
}

TEST(House, NoRoomUsesARoomAbove) {
  const std::vector<std::set<std::string>> floors{
      {"base", "topology", "plan", "console", "compare", "diagnosis"},
      {"host", "kernel", "image", "machine", "fabric", "storage", "guest", "symbols"},
      {"cluster", "workload", "watch"},
      {"record", "trial"},
      {"campaign", "doctor", "report", "cli"}};
  std::map<std::string, std::size_t> floor;
  for (std::size_t i = 0; i < floors.size(); ++i)
    for (const std::string& room : floors[i]) floor[room] = i;
  for (const auto& [room, used_rooms] : allowed_uses()) {
    ASSERT_TRUE(floor.contains(room)) << "room " << room << " stands on no floor";
    for (const std::string& used : used_rooms)
      EXPECT_LE(floor[used], floor[room]) << room << " uses " << used;
  }
}

TEST(House, ThirdPartyLibrariesStayInTheirRooms) {
  struct Rule {
    std::string prefix;
    std::set<std::string> rooms;
    bool headers;  ///< whether headers of the room may include it too
  };
  const std::vector<Rule> rules{
      {"libvirt/", {"machine"}, true},  {"boost/process", {"host"}, false},
      {"yaml-cpp/", {"topology"}, false}, {"CLI/", {"cli", ""}, true},
      {"nlohmann/", {"base"}, true},    {"elfutils/", {"symbols"}, false},
      {"boost/math", {"compare"}, false}, {"zlib.h", {"host"}, false},
      {"slirp/", {"fabric"}, false},
      {"zstd", {"host"}, false}};
  int looked_at = 0;
  for (const Include& include : all_includes()) {
    for (const Rule& rule : rules) {
      if (include.header.rfind(rule.prefix, 0) != 0) continue;
      ++looked_at;
      EXPECT_TRUE(rule.rooms.contains(include.room)) << include.file << ": " << include.header;
      if (!rule.headers) {
        EXPECT_EQ(include.file.extension(), ".cpp") << include.file;
      }
      if (rule.prefix == "libvirt/" && include.file.extension() == ".h") {
        EXPECT_EQ(include.file.filename(), "handles.h");
      }
      if (rule.prefix == "elfutils/") {
        EXPECT_EQ(include.file.filename(), "debug_file.cpp");
      }
      if (rule.prefix == "boost/process") {
        EXPECT_EQ(include.file.filename(), "command_runner.cpp");
      }
    }
    EXPECT_NE(include.header, "QProcess") << include.file;
  }
  EXPECT_GT(looked_at, 4);
}

TEST(House, EverySourceFileNamesItsLicense) {
  int looked_at = 0;
  for (const char* const folder : {"orchestrator", "images", "tests"}) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(GRIDLOCK_SOURCE_DIR) / folder)) {
      if (entry.path().extension() != ".h" && entry.path().extension() != ".cpp") continue;
      ++looked_at;
      EXPECT_EQ(text_of(entry.path()).rfind("// SPDX-License-Identifier: GPL-2.0-or-later", 0), 0u)
          << entry.path();
    }
  }
  EXPECT_GT(looked_at, 80);
}

}  // namespace

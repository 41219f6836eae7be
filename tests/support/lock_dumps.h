// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "diagnosis/look.h"

// Dumps of locks: real ones, from tests/testdata/consoles, and made-up ones in their form.
namespace gridlock::diagnosis {

inline std::string abba_console(int node) {
  std::ifstream in(GRIDLOCK_SOURCE_DIR "/tests/testdata/consoles/abba-unpatched-node" +
                   std::to_string(node) + ".console");
  std::stringstream text;
  text << in.rdbuf();
  std::string bytes = text.str();
  std::erase(bytes, '\r');  // a serial line's ends, not the dumps'
  return bytes;
}

/// What a console shows between "=== begin FILE" and "=== end FILE".
inline std::string section(const std::string& text, const std::string& file) {
  const std::string begin = "=== begin " + file + "\n";
  const std::size_t from = text.find(begin);
  const std::size_t to = text.find("=== end " + file, from);
  if (from == std::string::npos || to == std::string::npos) return {};
  return text.substr(from + begin.size(), to - from - begin.size());
}

/// A node of the deadlock that was observed: node 1 reads x into y, node 2 reads y into x.
inline NodeLook abba_node(int node) {
  const std::string text = abba_console(node);
  NodeLook look{.node = "node" + std::to_string(node), .dlm_id = node};
  look.glocks = section(text, "/sys/kernel/debug/gfs2/lab:data/glocks");
  look.dlm_locks = section(text, "/sys/kernel/debug/dlm/data_locks");
  return look;
}

inline Look abba() { return {abba_node(1), abba_node(2)}; }

/// Replaces one `from`, which has to be there.
inline void replace(std::string& text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  if (at == std::string::npos) throw std::logic_error("not in the text: " + from);
  text.replace(at, from.size(), to);
}

inline std::string glock(const std::string& name, const std::string& state,
                         const std::vector<std::string>& holders,
                         const std::string& flags = "lIqob") {
  std::string text =
      "G:  s:" + state + " n:" + name + " f:" + flags + " t:SH d:EX/0 a:0 v:0 r:5 m:38 p:1\n";
  for (const std::string& holder : holders) text += " H: " + holder + " gfs2_x+0x2a/0xa0\n";
  return text;
}

inline std::string holds(int pid, const std::string& mode, const std::string& name = "mdio") {
  return "s:" + mode + " f:H e:0 p:" + std::to_string(pid) + " [" + name + "]";
}

inline std::string wants(int pid, const std::string& mode) {
  return "s:" + mode + " f:W e:0 p:" + std::to_string(pid) + " [mdio]";
}

/// A row of a DLM's dump. `columns`: "id nodeid remid pid xid exflags flags sts grmode rqmode".
inline std::string dlm_row(const std::string& columns, int master, const std::string& resource) {
  return columns + " 100 " + std::to_string(master) + " 24 \"" + resource + "\"\n";
}

/// A task as sysrq-w shows it.
inline std::string blocked(int pid, const std::vector<std::string>& frames) {
  std::string text =
      "[   59.330974] task:mdio            state:D stack:0     pid:" + std::to_string(pid) +
      "   ppid:106    flags:0x00004002\n" + "[   59.331311] Call Trace:\n[   59.331374]  <TASK>\n";
  for (const std::string& frame : frames) text += "[   59.331428]  " + frame + "+0x2/0x8b0\n";
  return text + "[   59.335762]  </TASK>\n";
}

/// A task as the agent writes it.
inline std::string task(int pid, char state, const std::vector<std::string>& frames,
                        int user_ticks = 0, int kernel_ticks = 0) {
  const std::string id = std::to_string(pid);
  std::string text = "task " + id + " " + id + "\nstat " + id + " (mdio) " + state +
                     " 1 1 1 0 -1 4194304 85 0 0 0 " + std::to_string(user_ticks) + " " +
                     std::to_string(kernel_ticks) + " 0 0 20 0 1 0 100 0 0\n";
  for (const std::string& frame : frames) text += "stack [<0>] " + frame + "+0x2/0x8b0\n";
  return text;
}

}  // namespace gridlock::diagnosis

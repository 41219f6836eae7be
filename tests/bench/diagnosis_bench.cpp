// SPDX-License-Identifier: GPL-2.0-or-later
// How much CPU time a diagnosis of many glocks takes, and how much memory.
//   diagnosis_bench [GLOCKS]
// GLOCKS (a million) are spread over three nodes that wait for each other in a ring, each with its
// holder or none and its inode, as in real dumps; each has its row in the DLM's dump. First the
// glocks alone are read, then a whole diagnosis of two looks is made.
#include <fmt/format.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>

#include "diagnosis/diagnose.h"
#include "diagnosis/glocks.h"

namespace gridlock::diagnosis {
namespace {

constexpr std::size_t kNodes = 3;

std::string glock(std::size_t type, std::size_t number, const std::string& holder) {
  std::string text = fmt::format(
      "G:  s:SH n:{}/{:x} f:Iqob t:SH d:EX/0 a:0 v:0 r:3 m:50 p:1\n{}"
      " I: n:{}/{} t:8 f:0x00 d:0x00000200 s:1048576 p:0\n",
      type, number, holder, number % 1000, number);
  return text;
}

NodeLook node_of(std::size_t node, std::size_t glocks) {
  NodeLook look{.node = fmt::format("node{}", node + 1), .dlm_id = static_cast<int>(node) + 1};
  for (std::size_t i = 0; i < glocks; ++i) {
    const std::size_t number = 0x10000 + node * glocks + i;
    // Half of a real node's glocks are iopen ones, which the inode itself holds.
    const bool is_open = i % 2 == 0;
    look.glocks +=
        glock(is_open ? 5 : 2, number,
              is_open ? " H: s:SH f:EH e:0 p:0 [(none)] gfs2_dir_search+0x96/0xd0\n" : "");
    look.dlm_locks += fmt::format("{:x} 0 0 87 0 0 0 2 3 -1 34531192 0 24 \"{:8x}{:16x}\"\n", i + 1,
                                  is_open ? 5 : 2, number);
  }
  const auto in_ring = [&](std::size_t number, char flag, const char* mode) {
    return glock(
        2, 0x100 + number,
        fmt::format(" H: s:{} f:{} e:0 p:{} [mdio] vfs_read+0x1/0x2\n", mode, flag, 100 + node));
  };
  look.glocks += in_ring(node, 'H', "EX") + in_ring((node + 1) % kNodes, 'W', "EX");
  return look;
}

/// Of this process, on all processors: what else runs on the machine does not count.
double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double peak_megabytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

int run(std::size_t glocks) {
  Look look;
  std::size_t bytes = 0;
  for (std::size_t node = 0; node < kNodes; ++node) {
    look.push_back(node_of(node, glocks / kNodes));
    bytes += look.back().glocks.size() + look.back().dlm_locks.size();
  }
  fmt::print("{} glocks and DLM locks on {} nodes, {:.0f} MB of text; memory so far {:.0f} MB\n",
             glocks, kNodes, static_cast<double>(bytes) / 1e6, peak_megabytes());

  double begin = cpu_seconds();
  std::set<GlockName> waited;
  std::size_t read = 0;
  for (const NodeLook& node : look) read += collect_waited_glocks(node.glocks, waited).glocks;
  std::size_t kept = 0;
  for (const NodeLook& node : look) kept += read_glocks(node.glocks, waited).size();
  fmt::print("glocks alone: {} read, {} kept, {:.2f} s of CPU time; peak {:.0f} MB\n", read, kept,
             cpu_seconds() - begin, peak_megabytes());

  begin = cpu_seconds();
  const Diagnosis diagnosis = diagnose(look, look, {});
  fmt::print("diagnosis of two looks: {:.2f} s of CPU time; peak {:.0f} MB\n  {}\n",
             cpu_seconds() - begin, peak_megabytes(), diagnosis.sentence);
  return diagnosis.kind == Diagnosis::Kind::cycle ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace gridlock::diagnosis

int main(int argc, char** argv) {
  return gridlock::diagnosis::run(argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1'000'000);
}

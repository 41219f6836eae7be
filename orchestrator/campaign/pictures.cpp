// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/pictures.h"

#include <system_error>

#include "host/files.h"
#include "host/graphviz.h"

namespace gridlock {
namespace {

constexpr Bytes kLargestGraph = Bytes::mib(4);

}  // namespace

std::string draw_pictures(const std::filesystem::path& trial, CommandRunner& runner,
                          std::stop_token stop) {
  std::string problem;
  std::error_code none;
  for (const auto& finding : std::filesystem::directory_iterator(trial / "evidence", none)) {
    const std::filesystem::path graph = finding.path() / "graph.dot";
    if (!std::filesystem::is_regular_file(graph, none)) continue;
    const Picture picture = draw_graph(read_file(graph, kLargestGraph), runner, stop);
    if (picture.svg)
      write_file_atomically(finding.path() / "graph.svg", *picture.svg);
    else
      problem = picture.problem;
  }
  return problem;
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "support/sample_run.h"

namespace gridlock {

inline void put_file(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

inline std::string text_of_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// How much a made up trial tells.
struct MadeSamples {
  int nodes = 2;
  int workers = 2;           ///< of each node
  double begin = 3;          ///< when the workload starts, seconds since the trial's
  double seconds = 20;       ///< how long it goes on
  int interval_ms = 200;     ///< between two reports
  double rate = 100;         ///< operations a second of a worker, of 64 KiB each
  double stuck_after = 1e9;  ///< from so many seconds on nothing is done
};

/// The lines of a samples.jsonl as the watch writes them.
inline std::string made_samples(const MadeSamples& made) {
  std::string text;
  for (int ms = made.interval_ms; ms <= made.seconds * 1000; ms += made.interval_ms)
    for (int node = 1; node <= made.nodes; ++node)
      for (int worker = 1; worker <= made.workers; ++worker) {
        const double worked = std::min(ms / 1000.0, made.stuck_after);
        // Rates differ by node and go up and down a little.
        const double operations =
            made.rate * (worked + 0.02 * ((ms / made.interval_ms) % 5)) * (1 + 0.05 * node);
        const auto done = static_cast<std::uint64_t>(operations);
        text += fmt::format(
            "{{\"t\":{:.9f},\"workload\":\"mmap-dio\",\"node\":\"node{}\",\"worker\":\"{}.1\","
            "\"since_start_ms\":{},\"operations\":{},\"bytes\":{},\"short\":0,\"errors\":0,\"bad\":"
            "0,"
            "\"retries\":0,\"p50_us\":{:.3f},\"p90_us\":8192.511,\"p99_us\":16252.927,"
            "\"p999_us\":17301.503,\"max_us\":17301.503}}\n",
            made.begin + ms / 1000.0 + 0.003 * worker, node, worker, ms, done, done * 65'536,
            4096.0 + ms % 777);
      }
  return text;
}

inline std::string made_events(const TrialRecord& trial, int nodes) {
  std::string text = "{\"t\":0.0001,\"event\":\"step\",\"step\":\"start\"}\n";
  for (int node = 1; node <= nodes; ++node)
    text +=
        fmt::format("{{\"t\":{},\"node\":\"node{}\",\"event\":\"hello\",\"kernel\":\"6.1.192\"}}\n",
                    1 + 0.2 * node, node);
  text += "{\"t\":3,\"event\":\"work\",\"workload\":\"mmap-dio\",\"start_uncertainty_ms\":1}\n";
  for (const FindingRecord& finding : trial.findings)
    text += fmt::format("{{\"t\":{},\"node\":\"node1\",\"event\":\"finding\",\"id\":\"{}\"}}\n",
                        finding.at, finding.id);
  return text;
}

/// A graph as Graphviz draws it of two nodes that wait for each other.
inline const char* made_graph() {
  return R"(<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg width="300pt" height="90pt" viewBox="0 0 300 90" xmlns="http://www.w3.org/2000/svg">
<g id="graph0" class="graph"><title>waits</title>
<ellipse fill="#fff8e1" stroke="#b3261e" cx="70" cy="45" rx="60" ry="20"/>
<text text-anchor="middle" x="70" y="49" font-size="11.00" fill="#1f2328">node1 mmap-dio/78</text>
<ellipse fill="#fff8e1" stroke="#b3261e" cx="230" cy="45" rx="60" ry="20"/>
<text text-anchor="middle" x="230" y="49" font-size="11.00" fill="#1f2328">node2 mmap-dio/76</text>
<path fill="none" stroke="#b3261e" d="M130,40L170,40"/><path fill="none" stroke="#b3261e" d="M170,50L130,50"/>
</g></svg>)";
}

/// Writes the files of `run` under `directory` that a page is made of: samples and events of every
/// trial, consoles and graphs of its findings, configs and patches of its kernels. A finding that
/// is no deadlock gets a report of `console`, whole.
inline void write_run_files(RunRecord& run, const std::filesystem::path& directory,
                            const MadeSamples& made, const std::string& console = {}) {
  for (TrialRecord& trial : run.trials) {
    const std::filesystem::path folder = directory / trial.directory;
    MadeSamples samples = made;
    if (trial.outcome == Outcome::failed) samples.stuck_after = made.seconds / 3;
    put_file(folder / "samples.jsonl", made_samples(samples));
    put_file(folder / "events.jsonl", made_events(trial, made.nodes));
    for (FindingRecord& finding : trial.findings) {
      if (finding.kind == "deadlock") {
        put_file(folder / "evidence" / finding.id / "graph.svg", made_graph());
        put_file(folder / "evidence" / finding.id / "diagnosis.txt",
                 "deadlock: node1 mmap-dio/78 waits for node2 mmap-dio/76, which waits for it\n");
      } else if (!console.empty()) {
        put_file(folder / "nodes/node1/console.log", console);
        finding.console = fmt::format("nodes/node1/console.log:0-{}", console.size());
      }
    }
  }
  for (const KernelRecord& kernel : run.kernels) {
    const std::filesystem::path folder = directory / "kernels" / kernel.name;
    put_file(folder / "config", "CONFIG_GFS2_FS=m\nCONFIG_DLM=m\n# CONFIG_KASAN is not set\n");
    if (!kernel.from.empty())
      put_file(folder / "patches/01-faults-enabled.patch",
               "--- a/fs/gfs2/file.c\n+++ b/fs/gfs2/file.c\n@@ -1,2 +1,2 "
               "@@\n-\tpagefault_disable();\n+\t;\n");
  }
  put_file(directory / "topology.yaml", "name: " + run.topology + "\n");
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
// How long the page of a large run takes to write, how large it is, and how long Chromium takes to
// open it: report_bench [TRIALS [NODES [SECONDS [WORKERS]]]]. Not a test: docs/performance.md.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "report/html_page.h"
#include "support/chromium.h"
#include "support/run_files.h"
#include "support/sample_comparison.h"
#include "support/temp_dir.h"

namespace gridlock {
namespace {

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// A comparison of `trials` trials whose base deadlocks in two of three, with a workload on
/// `nodes`.
RunRecord large_run(int trials, int nodes) {
  RunRecord run = sample_comparison(trials / 2, [&](TrialRecord& trial, const SamplePair& pair) {
    for (int node = 3; node <= nodes; ++node) {
      const std::string name = fmt::format("node{}", node);
      trial.workloads[0].nodes[name] = trial.workloads[0].nodes["node1"];
      trial.oracles[name] = trial.oracles["node1"];
      trial.kernel_releases[name] = trial.kernel_releases["node1"];
    }
    if (!pair.is_head && pair.number % 3 != 0) {
      fail_with(trial, sample_deadlock());
      trial.findings.push_back(sample_finding("f2", "hung_task", "hung task in gfs2_fault", 41));
    }
  });
  run.nodes = nodes;
  return run;
}

int measure(int trials, int nodes, double seconds, int workers) {
  const TempDir folder;
  RunRecord run = large_run(trials, nodes);
  MadeSamples made;
  made.nodes = nodes;
  made.workers = workers;
  made.seconds = seconds;
  write_run_files(run, folder.path(), made,
                  text_of_file(std::filesystem::path(GRIDLOCK_SOURCE_DIR) /
                               "tests/testdata/consoles/abba-unpatched-node1.console"));
  std::uintmax_t kept = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder.path()))
    if (file.is_regular_file()) kept += file.file_size();
  fmt::print("{} trials, {} nodes, {} workers each, {:.0f} s of work: {:.1f} MB of files\n",
             run.trials.size(), nodes, workers, seconds, static_cast<double>(kept) / 1e6);
  constexpr int kRounds = 5;
  std::vector<double> writing, reading, opening, drawing;
  std::string page;
  for (int round = 0; round < kRounds; ++round) {
    writing.push_back(seconds_of([&] { page = html_report(run, folder.path()); }));
    reading.push_back(seconds_of([&] { (void)read_material(run, folder.path()); }));
  }
  const std::filesystem::path file = folder.path() / "report.html";
  put_file(file, page);
  fmt::print("written in {:.2f} s (of it reading {:.2f} s), {:.2f} MB\n", median_of(writing),
             median_of(reading), static_cast<double>(page.size()) / 1e6);
  const auto program = find_chromium();
  if (!program) {
    fmt::print("not opened: chromium is not installed\n");
    return 0;
  }
  Chromium browser(*program);
  for (int round = 0; round < kRounds; ++round) {
    opening.push_back(seconds_of([&] { browser.open(file); }));
    // The first trial that failed is open: its charts are what a reader waits for.
    drawing.push_back(seconds_of([&] {
      browser.evaluate(
          "(async () => { const box = document.querySelector('details.trial[open] [data-chart]');"
          " box.scrollIntoView(); while (!Chart.getChart(box.querySelector('canvas')))"
          " await new Promise(r => setTimeout(r, 5)); })()");
    }));
  }
  fmt::print("opened in {:.2f} s, a trial's charts drawn in {:.2f} s (medians of {})\n",
             median_of(opening), median_of(drawing), kRounds);
  return 0;
}

}  // namespace
}  // namespace gridlock

int main(int argc, char** argv) {
  const auto argument = [&](int i, int fallback) {
    return i < argc ? std::atoi(argv[i]) : fallback;
  };
  return gridlock::measure(argument(1, 200), argument(2, 8), argument(3, 60), argument(4, 2));
}

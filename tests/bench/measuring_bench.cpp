// SPDX-License-Identifier: GPL-2.0-or-later
// What it costs a workload to be measured: mmap-dio with its samples and latencies, and without, on
// the file system of FOLDER, in pairs whose order alternates.
//   measuring_bench FOLDER [PAIRS [MILLISECONDS]]
// Prints, for each case, transfers a second without measuring and the ratio of those with it: the
// middle of the pairs' Walsh averages with its 95 % interval, which pairs that something disturbed
// hardly move. Many short pairs tell more than few long ones: what disturbs a machine lasts longer
// than a pair. A file system in memory shows the cost best, since transfers are shortest there.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "compare/walsh.h"
#include "host/command_runner.h"

namespace gridlock {
namespace {

struct Case {
  const char* name;
  std::vector<std::string> options;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases{
      {"direct reads of 4 KiB into memory",
       {"--buffer", "anonymous", "--transfer", "4096", "--file-size", "1048576"}},
      {"buffered reads of 4 KiB into memory",
       {"--access", "buffered", "--buffer", "anonymous", "--transfer", "4096", "--file-size",
        "1048576"}},
      {"direct reads of 256 KiB into a mapping of the same file",
       {"--buffer", "same-file", "--transfer", "262144", "--file-size", "2097152"}},
      {"direct writes of 64 KiB by 4 threads",
       {"--operation", "write", "--buffer", "anonymous", "--threads", "4", "--transfer", "65536",
        "--file-size", "2097152"}},
  };
  return kCases;
}

class Bench {
 public:
  Bench(std::filesystem::path folder, int milliseconds)
      : folder_(std::move(folder)), milliseconds_(milliseconds) {}

  void prepare(const Case& one) { call("prepare", one, {}); }

  /// Transfers a second.
  double run(const Case& one, const std::string& sample_ms) {
    const std::string output = call(
        "run", one, {"--duration-ms", std::to_string(milliseconds_), "--sample-ms", sample_ms});
    const std::string line = last_lines(output, 1).at(0);
    const auto result = parse_json(std::string_view(line).substr(line.find('{')));
    if (!result) throw Error("mmap-dio printed no result", output);
    return static_cast<double>((*result)["result"]["operations"].get<std::int64_t>()) * 1000 /
           milliseconds_;
  }

 private:
  std::string call(const std::string& action, const Case& one, std::vector<std::string> more) {
    std::vector<std::string> arguments{action,    "--dir", folder_.string(), "--node", "1",
                                       "--nodes", "1"};
    arguments.insert(arguments.end(), one.options.begin(), one.options.end());
    arguments.insert(arguments.end(), more.begin(), more.end());
    const CommandResult result =
        runner_->run({.program = GRIDLOCK_BINARY_DIR "/node/mmap-dio", .arguments = arguments}, {});
    if (!result.ok()) throw Error("mmap-dio " + action + " failed", result.errors + result.output);
    return result.output;
  }

  std::filesystem::path folder_;
  int milliseconds_;
  std::unique_ptr<CommandRunner> runner_ = make_command_runner();
};

struct Estimate {
  double ratio = 1;
  double low = 1;
  double high = 1;
};

/// The middle of `ratios` and where it is with 95 %, by their logarithms.
Estimate estimate(const std::vector<double>& ratios) {
  std::vector<double> logs;
  for (const double ratio : ratios) logs.push_back(std::log(ratio));
  const std::int64_t rank = signed_rank_bound(logs.size(), 0.05);
  const WalshAverages averages(logs);
  if (rank == 0) throw UsageError("too few pairs for an interval", "take 6 or more");
  return {std::exp(averages.median()), std::exp(averages.ranked(rank)),
          std::exp(averages.ranked(averages.count() + 1 - rank))};
}

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void measure(Bench& bench, const Case& one, int pairs) {
  bench.prepare(one);
  std::vector<double> ratios;
  std::vector<double> plain;
  bench.run(one, "200");
  for (int i = 0; i < pairs; ++i) {
    const bool measured_first = i % 2 == 0;
    const double first = bench.run(one, measured_first ? "200" : "0");
    const double second = bench.run(one, measured_first ? "0" : "200");
    plain.push_back(measured_first ? second : first);
    ratios.push_back(measured_first ? first / second : second / first);
  }
  const Estimate middle = estimate(ratios);
  fmt::print("{:<58} {:>9.0f}/s  measured/not {:.4f} ({:.4f} to {:.4f}), {} pairs\n", one.name,
             median_of(plain), middle.ratio, middle.low, middle.high, pairs);
  std::fflush(stdout);
}

}  // namespace
}  // namespace gridlock

int main(int count, char** arguments) {
  using namespace gridlock;
  try {
    if (count < 2) throw UsageError("measuring_bench FOLDER [PAIRS [MILLISECONDS]]", "");
    const std::filesystem::path folder = std::filesystem::path(arguments[1]) / "measuring-bench";
    const int pairs = std::max(6, count > 2 ? std::atoi(arguments[2]) : 100);
    const int milliseconds = std::max(50, count > 3 ? std::atoi(arguments[3]) : 400);
    Bench bench(folder, milliseconds);
    for (const Case& one : cases()) measure(bench, one, pairs);
    std::filesystem::remove_all(folder);
    return 0;
  } catch (const Error& error) {
    fmt::print(stderr, "measuring_bench: {}\n{}\n", error.what(), error.hint());
    return 1;
  }
}

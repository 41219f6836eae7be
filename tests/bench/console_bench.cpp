// SPDX-License-Identifier: GPL-2.0-or-later
// How fast the console reader is, on one core and next to grep over the same bytes.
//   console_bench [MEGABYTES [ROUNDS [SEED]]]
// Two consoles are made of the real ones' lines, the same for the same seed: a benign one (boots,
// services, dumps that were asked for, harmless lines that look alarming; no report) and a dense
// one of half the size (report after report). The benign one must give no finding.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "console/line.h"
#include "console/phrases.h"
#include "console/reader.h"
#include "host/command_runner.h"
#include "host/files.h"

namespace gridlock {
namespace {

constexpr std::size_t kPiece = 1 << 20;  // read and written at a time
constexpr double kMegabyte = 1e6;

/// What a healthy kernel and healthy programs say in words that make one look twice.
constexpr std::array kAlarming = std::to_array<std::string_view>({
    "INFO: lockdep is turned off.",
    "rcu: INFO: Stall ended before state dump start",
    "INFO: NMI handler (perf_event_nmi_handler) took too long to run: 1.562 msecs",
    "Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on, data leaks possible!",
    "RETBleed: WARNING: Spectre v2 mitigation leaves CPU vulnerable to RETBleed attacks!",
    "WARNING: The mand mount option has been deprecated and is ignored by this kernel.",
    "traps: fio[812] general protection fault ip:7f3a52c1e0d4 sp:7ffd0a7c error:0 in libc.so.6",
    "fio[812]: segfault at 0 ip 000055d0 sp 00007ffe error 4 in fio[55d0]",
    "EXT4-fs (vda1): INFO: recovery required on readonly filesystem",
    "clocksource: timekeeping watchdog on CPU1: Marking clocksource 'tsc' as unstable",
    "dlm: data: dlm_recover 3",
    "dlm: closing connection to node 2",
    "dlm: connecting to 2",
    "gfs2: fsid=lab:data.0: jid=1: Trying to acquire journal glock...",
    "gfs2: fsid=lab:data.0: recover generation 2 done",
    "perf: interrupt took too long (2523 > 2500), lowering kernel.perf_event_max_sample_rate",
    "systemd[1]: Failed to start gridlock.service - a service that reports no BUG.",
    "kmemleak: Kernel memory leak detector initialized (mem pool available: 15680)",
    "rcu: \tRCU debug extended QS entry/exit.",
    "TCP: request_sock_TCP: Possible SYN flooding on port 80. Sending cookies.",
    "ata1.00: exception Emask 0x0 SAct 0x0 SErr 0x0 action 0x6 frozen",
    "sched: DL replenish lagged too much",
});

std::vector<std::string> real_consoles() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(GRIDLOCK_SOURCE_DIR "/tests/testdata/consoles"))
    if (entry.path().extension() == ".console") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<std::string> consoles;
  for (const auto& file : files) consoles.push_back(read_file(file, Bytes::mib(16)));
  return consoles;
}

/// A line of a real console; without `time` it is a program's.
struct Sample {
  std::optional<double> time;
  std::string text;
};

std::vector<Sample> samples_in(std::string_view bytes) {
  std::vector<Sample> samples;
  console::LineSplitter splitter;
  const auto take = [&](const console::RawLine& raw) {
    const console::Line line = console::parse_line(raw);
    samples.push_back({line.time, std::string(line.text)});
  };
  splitter.feed(bytes, take);
  splitter.finish(take);
  return samples;
}

/// The real consoles' lines, apart: those of reports, and all others but kernels' banners.
struct Samples {
  std::vector<Sample> benign;
  std::vector<std::vector<Sample>> reports;
};

Samples read_samples() {
  Samples samples;
  for (const std::string& console : real_consoles()) {
    console::Reader reader;
    reader.feed(console);
    reader.finish();
    std::size_t at = 0;
    const auto add_benign = [&](std::size_t end) {
      for (Sample& sample : samples_in(std::string_view(console).substr(at, end - at)))
        if (!sample.text.starts_with("Linux version ")) samples.benign.push_back(sample);
    };
    for (const console::Finding& finding : reader.take()) {
      add_benign(finding.begin);
      at = finding.end;
      samples.reports.push_back(
          samples_in(std::string_view(console).substr(finding.begin, at - finding.begin)));
    }
    add_benign(console.size());
  }
  if (samples.benign.empty() || samples.reports.empty())
    throw Error("the real consoles are missing or say nothing");
  return samples;
}

/// Text with another pid and other addresses: the digits after "PID: ", "pid: " and the colon of
/// "task NAME:", and the lower half of 64-bit addresses.
std::string varied(std::string text, unsigned pid, unsigned address) {
  for (const std::string_view key : {"PID: ", "pid: ", "INFO: task "}) {
    std::size_t at = text.find(key);
    if (at == std::string::npos) continue;
    at += key.size();
    if (key.ends_with("task ")) at = std::min(text.find(':', at), text.size() - 1) + 1;
    const std::size_t end = std::min(text.find_first_not_of("0123456789", at), text.size());
    if (end > at) text.replace(at, end - at, std::to_string(pid));
  }
  constexpr std::size_t kAddress = 16;
  for (std::size_t at = text.find("ffff"); at != std::string::npos && at + kAddress <= text.size();
       at = text.find("ffff", at + kAddress)) {
    const std::string_view digits = std::string_view(text).substr(at, kAddress);
    if (digits.find_first_not_of("0123456789abcdef") != std::string_view::npos) continue;
    text.replace(at + kAddress / 2, kAddress / 2, fmt::format("{:08x}", address));
  }
  return text;
}

/// Writes a console piece by piece.
class ConsoleFile {
 public:
  ConsoleFile(const std::filesystem::path& path, std::uint64_t size)
      : out_(path, std::ios::binary), size_(size) {
    out_.exceptions(std::ios::badbit | std::ios::failbit);
  }
  bool is_full() const { return written_ + piece_.size() >= size_; }

  /// A line as a serial console has it; `time` absent: a program's.
  void add(std::optional<double> time, std::string_view text) {
    if (time) fmt::format_to(std::back_inserter(piece_), "[{:12.6f}] ", *time);
    piece_.append(text).append("\r\n");
    if (piece_.size() >= kPiece) flush();
  }
  void flush() {
    out_.write(piece_.data(), static_cast<std::streamsize>(piece_.size()));
    out_.flush();
    written_ += piece_.size();
    piece_.clear();
  }

 private:
  std::ofstream out_;
  std::uint64_t size_;
  std::uint64_t written_ = 0;
  std::string piece_;
};

unsigned below(std::size_t limit, std::mt19937& random) {
  return static_cast<unsigned>(random() % limit);
}

void write_benign(const std::filesystem::path& path, std::uint64_t size, const Samples& samples,
                  std::uint32_t seed) {
  constexpr unsigned kLongestRun = 30;     // lines that stay together
  constexpr unsigned kAlarmingOneIn = 25;  // lines
  std::mt19937 random(seed);
  ConsoleFile file(path, size);
  double time = 2;
  while (!file.is_full()) {
    std::size_t at = below(samples.benign.size(), random);
    for (unsigned left = 1 + below(kLongestRun, random); left > 0; --left) {
      const Sample& sample = samples.benign[at++ % samples.benign.size()];
      time += 1e-6 * below(20'000, random);
      file.add(sample.time ? std::optional(time) : std::nullopt, sample.text);
      if (below(kAlarmingOneIn, random) == 0)
        file.add(time, kAlarming[below(kAlarming.size(), random)]);
    }
  }
  file.flush();
}

/// Returns how many reports it wrote.
std::size_t write_dense(const std::filesystem::path& path, std::uint64_t size,
                        const Samples& samples, std::uint32_t seed) {
  std::mt19937 random(seed);
  ConsoleFile file(path, size);
  double time = 2;
  std::size_t reports = 0;
  for (; !file.is_full(); ++reports) {
    const std::vector<Sample>& report = samples.reports[below(samples.reports.size(), random)];
    const unsigned pid = 100 + below(30'000, random);
    const unsigned address = static_cast<unsigned>(random());
    std::optional<double> before;
    for (const Sample& sample : report) {
      if (sample.time && before) time += std::max(0.0, *sample.time - *before);
      if (sample.time) before = sample.time;
      file.add(sample.time ? std::optional(time) : std::nullopt, varied(sample.text, pid, address));
    }
    time += 0.01;
  }
  file.flush();
  return reports;
}

double wall_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// CPU time of this process, or of its ended children.
double cpu_of(int who) {
  rusage usage{};
  getrusage(who, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

struct Cost {
  double wall = 0;
  double cpu = 0;
};

Cost cost_of(int who, const std::function<void()>& work) {
  const double wall = wall_now();
  const double cpu = cpu_of(who);
  work();
  return {wall_now() - wall, cpu_of(who) - cpu};
}

/// Reads the file as a console that grows is read; the number of findings.
std::size_t read_console(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string piece(kPiece, '\0');
  console::Reader reader;
  std::size_t findings = 0;
  while (in) {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    reader.feed(std::string_view(piece).substr(0, static_cast<std::size_t>(in.gcount())));
    findings += reader.take().size();
  }
  reader.finish();
  return findings + reader.take().size();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// Reader and grep over one console, by turns; what the reader found.
std::size_t compare(const std::string& name, const std::filesystem::path& console,
                    const std::filesystem::path& phrases, int rounds, CommandRunner& runner) {
  const double megabytes = static_cast<double>(std::filesystem::file_size(console)) / kMegabyte;
  Command grep;
  grep.program = "grep";
  grep.arguments = {"-cF", "-f", phrases.string(), console.string()};
  grep.environment = {{"LC_ALL", "C"}};
  grep.deadline = std::chrono::minutes(10);
  std::size_t findings = 0;
  std::string hits;
  std::vector<double> reader_speed;
  std::vector<double> grep_speed;
  std::vector<double> ratios;
  for (int round = 0; round < rounds; ++round) {
    const Cost reader = cost_of(RUSAGE_SELF, [&] { findings = read_console(console); });
    const Cost other = cost_of(RUSAGE_CHILDREN, [&] { hits = runner.run(grep, {}).output; });
    reader_speed.push_back(megabytes / reader.cpu);
    grep_speed.push_back(megabytes / other.cpu);
    ratios.push_back(reader_speed.back() / grep_speed.back());
    std::printf("%s %d: reader %.1f MB/s of CPU, %.1f of wall time; grep %.1f, %.1f; ratio %.2f\n",
                name.c_str(), round + 1, reader_speed.back(), megabytes / reader.wall,
                grep_speed.back(), megabytes / other.wall, ratios.back());
    std::fflush(stdout);
  }
  std::printf(
      "%s, %.0f MB, median of %d: reader %.1f MB/s, grep %.1f MB/s, ratio %.2f; "
      "%zu findings, %s lines with a phrase\n",
      name.c_str(), megabytes, rounds, median(reader_speed), median(grep_speed), median(ratios),
      findings, std::string(trimmed(hits)).c_str());
  return findings;
}

std::uint64_t number_of(const std::vector<std::string>& arguments, std::size_t index,
                        std::uint64_t otherwise) {
  if (arguments.size() <= index) return otherwise;
  const std::uint64_t number = std::strtoull(arguments[index].c_str(), nullptr, 10);
  if (number == 0) throw UsageError("usage: console_bench [MEGABYTES [ROUNDS [SEED]]]");
  return number;
}

int bench(const std::vector<std::string>& arguments) {
  const std::uint64_t size = number_of(arguments, 1, 500) * 1'000'000;
  const int rounds = static_cast<int>(number_of(arguments, 2, 3));
  const auto seed = static_cast<std::uint32_t>(number_of(arguments, 3, 1));
  const TempDir folder(std::filesystem::temp_directory_path(), "console-bench-");
  const std::filesystem::path benign = folder.path() / "benign";
  const std::filesystem::path dense = folder.path() / "dense";
  const std::filesystem::path phrases = folder.path() / "phrases";
  std::size_t reports = 0;
  {
    const Samples samples = read_samples();
    write_benign(benign, size, samples, seed);
    reports = write_dense(dense, size / 2, samples, seed);
    std::ofstream out(phrases);
    for (const std::string_view phrase : console::trigger_phrases()) out << phrase << '\n';
  }
  const auto runner = make_command_runner();
  const std::size_t in_benign = compare("benign", benign, phrases, rounds, *runner);
  const std::size_t in_dense = compare("dense", dense, phrases, rounds, *runner);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("peak resident set %.1f MiB; %zu reports written to the dense console\n",
              static_cast<double>(usage.ru_maxrss) / 1024, reports);
  if (in_benign != 0) throw Error("the benign console gave findings");
  if (in_dense < reports / 2) throw Error("most reports of the dense console were not found");
  return 0;
}

}  // namespace
}  // namespace gridlock

int main(int argc, char** argv) {
  try {
    return gridlock::bench({argv, argv + argc});
  } catch (const gridlock::Error& error) {
    std::fprintf(stderr, "console_bench: error: %s\n%s\n", error.what(), error.hint().c_str());
    return 3;
  }
}

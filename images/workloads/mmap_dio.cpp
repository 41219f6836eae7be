// SPDX-License-Identifier: GPL-2.0-or-later
// mmap-dio: direct I/O whose buffer is a shared mapping of a file, the workload that GFS2
// deadlocked on before "gfs2: Fix mmap + page fault deadlocks for direct I/O" (v5.16).
//
// Standard output: one JSON object a line, samples `{"t_ms":…}` and at the end `{"result":{…}}`.
// Exit status: 0 done and right · 1 bad data, an error or a short transfer · 2 usage · 3 nothing
// was done or looked at · 4 the files could not be set up, or the worker died.
#include <fcntl.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <system_error>

#include "workloads/files.h"
#include "workloads/options.h"
#include "workloads/pattern.h"
#include "workloads/progress.h"

namespace gridlock::mdio {
namespace {

enum Exit { kRight = 0, kWrong = 1, kUsageExit = 2, kNothingDone = 3, kNoSetUp = 4 };

Pattern pattern_of(const Options& options) {
  return Pattern(options.seed, options.transfer, options.nodes, options.transfers());
}

int prepare(const Options& options) {
  const Pattern pattern = pattern_of(options);
  std::filesystem::create_directories(options.directory);
  const File file(options.file_of(options.node), O_RDWR | O_CREAT | O_TRUNC);
  for (std::uint64_t i = 0; i < options.transfers(); ++i) {
    const Block block = pattern.block(make_stamp(options.node, i));
    std::size_t written = 0;
    while (written < block.size()) {
      const ssize_t count = ::pwrite(file.get(), block.data() + written, block.size() - written,
                                     static_cast<off_t>(i * options.transfer + written));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) throw_errno("writing " + file.path());
      written += static_cast<std::size_t>(count);
    }
  }
  if (::fsync(file.get()) != 0) throw_errno("fsync " + file.path());
  print_line("{\"result\":{\"prepared\":" + std::to_string(options.file_size) + "}}");
  return kRight;
}

/// The transfers of one node, one after the other.
class Worker {
 public:
  Worker(const Options& options, Counters& counters)
      : options_(options),
        counters_(counters),
        pattern_(pattern_of(options)),
        own_(options.file_of(options.node), O_RDWR | O_DIRECT) {
    if (own_.size() != options.file_size)
      throw std::runtime_error(own_.path() + ": not as large as --file-size; prepare it first");
    if (options.buffer == Buffer::same_file) mapped_ = std::make_unique<File>(own_.path(), O_RDWR);
    if (options.buffer == Buffer::next_node)
      mapped_ = std::make_unique<File>(options.file_of(options.next_node()), O_RDWR);
    // A mapping beyond the end of the file would end in SIGBUS instead of a message.
    if (mapped_ && mapped_->size() != options.file_size)
      throw std::runtime_error(mapped_->path() + ": not as large as --file-size");
    buffer_ =
        std::make_unique<Mapping>(mapped_.get(), mapped_ ? options.file_size : options.transfer);
    read_stamps();
  }

  void run() {
    const auto end = std::chrono::steady_clock::now() + options_.duration;
    for (std::uint64_t turn = 0; !counters_.stop_wanted; ++turn) {
      if (turn > 0 && std::chrono::steady_clock::now() >= end) break;
      transfer(turn % options_.transfers());
    }
  }

  std::string result() const {
    std::string errnos;
    for (const auto& [number, count] : errnos_) {
      const char* const name = ::strerrorname_np(number);
      errnos += (errnos.empty() ? "\"" : ",\"") +
                (name != nullptr ? std::string(name) : std::to_string(number)) +
                "\":" + std::to_string(count);
    }
    const auto field = [](const char* name, std::uint64_t value) {
      return "\"" + std::string(name) + "\":" + std::to_string(value) + ",";
    };
    return "{\"result\":{" + field("operations", counters_.operations) +
           field("bytes", counters_.bytes) + field("short", counters_.short_transfers) +
           field("errors", counters_.errors) + "\"errnos\":{" + errnos + "}," +
           field("bad", counters_.bad) + "\"first_bad\":" + first_bad_ + "," +
           field("nonresident", counters_.nonresident) +
           "\"resident\":" + std::to_string(counters_.resident) + "}}";
  }

 private:
  /// An earlier run may have moved the data about.
  void read_stamps() {
    const Mapping page(nullptr, kPage);
    for (std::uint64_t i = 0; i < options_.transfers(); ++i) {
      const auto offset = static_cast<off_t>(i * options_.transfer);
      if (::pread(own_.get(), page.at(0), kPage, offset) != static_cast<ssize_t>(kPage))
        throw_errno("reading " + own_.path());
      stamps_.push_back(stamp_of(page.at(0)));
    }
  }

  /// Moves transfer `index` of the own file; the buffer is as far away as it can be.
  void transfer(std::uint64_t index) {
    const std::uint64_t other =
        mapped_ ? (index + options_.transfers() / 2) % options_.transfers() : 0;
    const std::size_t at = other * options_.transfer;
    const bool filled = !mapped_ && options_.operation == Operation::write;
    buffer_->evict(at, options_.transfer);
    if (filled) {
      const Block block = pattern_.block(stamps_[index]);
      std::memcpy(buffer_->at(at), block.data(), block.size());
    }
    const std::uint64_t absent = buffer_->not_resident(at, options_.transfer);
    counters_.nonresident += absent;
    counters_.resident += options_.transfer / kPage - absent;

    const auto offset = static_cast<off_t>(index * options_.transfer);
    const ssize_t count = options_.operation == Operation::read
                              ? ::pread(own_.get(), buffer_->at(at), options_.transfer, offset)
                              : ::pwrite(own_.get(), buffer_->at(at), options_.transfer, offset);
    if (count < 0) {
      if (errno == EINTR) return;
      ++counters_.errors;
      ++errnos_[errno];
      return;
    }
    counters_.bytes += static_cast<std::uint64_t>(count);
    if (static_cast<std::uint64_t>(count) != options_.transfer) {
      ++counters_.short_transfers;
    } else {
      remember(index, other);
      check(index, other, at);
    }
    // Counted last: an operation is one whose data has been looked at.
    ++counters_.operations;
  }

  /// Only this process writes its own file when the buffer is in it, or nowhere; then it is known
  /// which data is where.
  void remember(std::uint64_t index, std::uint64_t other) {
    if (options_.buffer != Buffer::same_file) return;
    if (options_.operation == Operation::read)
      stamps_[other] = stamps_[index];
    else
      stamps_[index] = stamps_[other];
  }

  void check(std::uint64_t index, std::uint64_t other, std::size_t at) {
    std::optional<std::uint64_t> stamp;
    if (options_.buffer == Buffer::same_file) stamp = stamps_[other];
    if (options_.buffer == Buffer::anonymous) stamp = stamps_[index];
    const auto checked = pattern_.check({buffer_->at(at), options_.transfer}, stamp);
    counters_.bad += checked.bad;
    if (checked.first_bad && first_bad_ == "null") first_bad_ = to_json(checked.first_bad, at);
  }

  static constexpr std::uint64_t kPage = 4096;

  const Options& options_;
  Counters& counters_;
  Pattern pattern_;
  File own_;
  std::unique_ptr<File> mapped_;
  std::unique_ptr<Mapping> buffer_;
  std::vector<std::uint64_t> stamps_;  ///< of the own file's transfers, where they are known
  std::map<int, std::uint64_t> errnos_;
  std::string first_bad_ = "null";
};

int run(const Options& options) {
  Counters& counters = shared_counters();
  Worker worker(options, counters);
  const bool ended = run_sampled(counters, options.sample, [&worker] {
    worker.run();
    return worker.result();
  });
  if (!ended) return kNoSetUp;
  if (counters.bad > 0 || counters.errors > 0 || counters.short_transfers > 0) return kWrong;
  return counters.operations == 0 ? kNothingDone : kRight;
}

/// Reads the next node's file as this node sees it, past what it has cached.
int verify(const Options& options) {
  const Pattern pattern = pattern_of(options);
  const File file(options.file_of(options.next_node()), O_RDONLY);
  ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
  Block block(options.transfer);
  std::uint64_t checked = 0;
  std::uint64_t bad = 0;
  std::string first_bad = "null";
  std::uint64_t offset = 0;
  std::size_t held = 0;
  while (true) {
    const ssize_t count = ::pread(file.get(), block.data() + held, block.size() - held,
                                  static_cast<off_t>(offset + held));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_errno("reading " + file.path());
    held += static_cast<std::size_t>(count);
    if (count != 0 && held < block.size()) continue;
    const auto found = pattern.check({block.data(), held}, std::nullopt);
    checked += found.sectors;
    bad += found.bad;
    if (found.first_bad && first_bad == "null") first_bad = to_json(found.first_bad, offset);
    if (count == 0) break;
    offset += held;
    held = 0;
  }
  // A file that ends early has lost data although each sector of it is right.
  const std::uint64_t wanted = options.file_size / kSector;
  if (checked > 0 && checked < wanted) bad += wanted - checked;
  print_line("{\"result\":{\"checked\":" + std::to_string(checked) +
             ",\"bad\":" + std::to_string(bad) + ",\"first_bad\":" + first_bad + "}}");
  if (checked == 0) return kNothingDone;
  return bad > 0 ? kWrong : kRight;
}

int act(const Options& options) {
  switch (options.action) {
    case Action::prepare:
      return prepare(options);
    case Action::run:
      return run(options);
    case Action::verify:
      return verify(options);
  }
  return kUsageExit;
}

}  // namespace
}  // namespace gridlock::mdio

int main(int count, char** arguments) {
  using namespace gridlock::mdio;
  try {
    return act(read_options(count, arguments));
  } catch (const UsageMistake& mistake) {
    std::fprintf(stderr, "mmap-dio: %s\n%s", mistake.what(), kUsage);
    return kUsageExit;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mmap-dio: %s\n", error.what());
    return kNoSetUp;
  }
}

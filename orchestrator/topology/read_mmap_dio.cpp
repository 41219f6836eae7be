// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "topology/read.h"
#include "topology/words.h"

namespace gridlock {
namespace {

using Spec = MmapDioSpec;

constexpr std::uint64_t kSector = 512;
constexpr std::uint64_t kPage = 4096;
/// readv and writev move a transfer in eight pieces.
constexpr std::uint64_t kLeastInPieces = 8 * kSector;

/// The rules between an mmap-dio workload's keys; each mistake stands at the key to change.
class Rules {
 public:
  Rules(const Section& section, const Spec& spec, int node_count, Mistakes& mistakes)
      : section_(section), spec_(spec), node_count_(node_count), mistakes_(mistakes) {}

  void check() {
    check_sizes();
    check_buffer();
    check_writes();
    check_end_of_file();
    check_observers();
  }

 private:
  void refuse(bool wrong, std::string_view key, const std::string& why) {
    if (wrong) mistakes_.add(section_.mark(key), why);
  }

  void check_sizes() {
    const std::uint64_t unit = spec_.alignment == Spec::Alignment::page     ? kPage
                               : spec_.alignment == Spec::Alignment::sector ? kSector
                                                                            : 1;
    refuse(
        spec_.transfer.count % unit != 0, "transfer",
        fmt::format("`transfer` must be a multiple of {} with `alignment: {}`, not {}",
                    to_string(Bytes{unit}), word_of(spec_.alignment), to_string(spec_.transfer)));
    refuse(spec_.alignment == Spec::Alignment::odd && spec_.access != Spec::Access::buffered,
           "alignment",
           "`alignment: odd` needs `access: buffered`; direct I/O takes whole sectors");
    const bool pieces =
        spec_.operation == Spec::Operation::readv || spec_.operation == Spec::Operation::writev;
    refuse(pieces && spec_.transfer.count < kLeastInPieces, "transfer",
           fmt::format("`operation: {}` moves a transfer in 8 pieces and needs at least {}",
                       word_of(spec_.operation), to_string(Bytes{kLeastInPieces})));
    refuse(spec_.file_size.count % spec_.transfer.count != 0 ||
               spec_.file_size.count < 2 * spec_.transfer.count,
           "file_size",
           fmt::format("`file_size` must be a multiple of `transfer` ({}) and at least twice as "
                       "much, not {}",
                       to_string(spec_.transfer), to_string(spec_.file_size)));
  }

  void check_buffer() {
    const bool asynchronous =
        spec_.operation == Spec::Operation::libaio || spec_.operation == Spec::Operation::io_uring;
    refuse(section_.find("direction") != nullptr && !asynchronous, "direction",
           "`direction` is for `operation: libaio` and `io_uring`; the others say it themselves");
    refuse(spec_.buffer == Spec::Buffer::next_node && node_count_ == 1, "buffer",
           "`buffer: next-node` needs at least 2 nodes, and there is 1");
    refuse(spec_.buffer == Spec::Buffer::next_process && spec_.processes < 2, "buffer",
           "`buffer: next-process` needs `processes: 2` or more");
    refuse(spec_.operation == Spec::Operation::fiemap && spec_.buffer == Spec::Buffer::anonymous,
           "buffer", "`operation: fiemap` needs a buffer that is mapped from a file");
  }

  void check_writes() {
    refuse(spec_.access == Spec::Access::append && !spec_.writes(), "access",
           "`access: append` needs an operation that writes");
    refuse(spec_.fsync != Spec::Fsync::none && !spec_.writes(), "fsync",
           "`fsync` needs an operation that writes");
  }

  void check_end_of_file() {
    const bool append = spec_.access == Spec::Access::append;
    const bool fixed = spec_.operation == Spec::Operation::fiemap ||
                       spec_.buffer == Spec::Buffer::same_page || append;
    refuse(fixed && spec_.state != Spec::State::allocated, "state",
           "`state` cannot be chosen for fiemap, `buffer: same-page` and `access: append`");
    const bool moving =
        append || spec_.state == Spec::State::crossing_end || spec_.state == Spec::State::past_end;
    refuse(moving && spec_.buffer == Spec::Buffer::same_page, "buffer",
           "`buffer: same-page` needs a file whose end stays where it is");
    refuse(moving && spec_.threads > 1, "threads",
           "several threads cannot move one file's end; take `processes`");
    const auto moves_end = [](Spec::Disturbance what) {
      return what == Spec::Disturbance::truncate || what == Spec::Disturbance::punch;
    };
    refuse(moving && std::ranges::any_of(spec_.disturb, moves_end), "disturb",
           "`truncate` and `punch` work behind the data, where this workload has its file's end");
  }

  void check_observers() {
    if (spec_.observe.empty()) return;
    refuse(node_count_ == 1, "observe", "`observe` needs at least 2 nodes, and there is 1");
    const bool still = spec_.state == Spec::State::crossing_end ||
                       spec_.state == Spec::State::past_end || spec_.access == Spec::Access::append;
    refuse(
        !spec_.writes() || spec_.buffer != Spec::Buffer::anonymous || still, "observe",
        "`observe` watches versions rise: it needs an operation that writes, `buffer: anonymous` "
        "and a file whose end stays where it is");
  }

  const Section& section_;
  const Spec& spec_;
  int node_count_;
  Mistakes& mistakes_;
};

}  // namespace

MmapDioSpec read_mmap_dio(const Section& section, int node_count, Mistakes& mistakes) {
  Spec spec;
  spec.operation = section.choice<Spec::Operation>("operation");
  spec.direction = section.choice<Spec::Direction>("direction");
  spec.access = section.choice<Spec::Access>("access");
  static_cast<void>(section.choice<int>("file"));
  spec.buffer = section.choice<Spec::Buffer>("buffer");
  spec.mapping = section.choice<Spec::Mapping>("mapping");
  spec.resident = section.choice<Spec::Resident>("resident");
  spec.eviction = section.choice<Spec::Eviction>("eviction");
  spec.alignment = section.choice<Spec::Alignment>("alignment");
  spec.state = section.choice<Spec::State>("state");
  spec.transfer = section.size("transfer");
  // A transfer of whole sectors that says nothing else is asked for by its size.
  if (!section.find("alignment") && spec.transfer.count % kPage != 0 &&
      spec.transfer.count % kSector == 0)
    spec.alignment = Spec::Alignment::sector;
  spec.file_size = section.size("file_size");
  if (spec.file_size.count == 0) spec.file_size = Bytes{8 * spec.transfer.count};
  spec.processes = section.integer("processes");
  spec.threads = section.integer("threads");
  spec.fsync = section.choice<Spec::Fsync>("fsync");
  spec.disturb = section.choices<Spec::Disturbance>("disturb");
  spec.observe = section.choices<Spec::Observer>("observe");
  spec.inject = section.choice<Spec::Fault>("inject");
  Rules(section, spec, node_count, mistakes).check();
  return spec;
}

}  // namespace gridlock

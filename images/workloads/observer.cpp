// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/observer.h"

#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "workloads/content.h"
#include "workloads/files.h"
#include "workloads/stamp.h"

namespace gridlock::mdio {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// A block seen in the same pieces so many times is not on its way to being whole.
constexpr int kTornLooks = 50;

/// So many unanswered questions in a row, 0.2 s each, are taken for a node that is no more.
constexpr int kQuestions = 5;

/// One file of the next node as it is seen from here.
class Watched {
 public:
  Watched(const Options& options, const Layout& layout, std::uint64_t process, Observer way)
      : id_{options.next_node(), process, Role::data},
        file_(path_of(options, id_), O_RDONLY | (way == Observer::direct ? O_DIRECT : 0)),
        seen_(layout.slots() * layout.blocks()),
        begun_(layout.slots()) {
    if (way != Observer::mapped) return;
    if (file_.size() < layout.end())
      throw std::runtime_error(file_.path() + ": smaller than it was prepared");
    mapping_ =
        std::make_unique<Mapping>(&file_, layout.end(), MapKind::shared, Mapping::Way::read_only);
  }

  const FileId& id() const { return id_; }

  /// Fills `data` from `offset`; returns how much there was.
  std::size_t read(std::span<std::byte> data, std::uint64_t offset) const {
    if (!mapping_) return file_.read_all(data, offset);
    std::memcpy(data.data(), mapping_->at(offset), data.size());
    return data.size();
  }

  std::uint64_t& seen(std::uint64_t block) { return seen_[block]; }
  std::uint64_t& begun(std::uint64_t slot) { return begun_[slot]; }

 private:
  FileId id_;
  File file_;
  std::unique_ptr<Mapping> mapping_;
  std::vector<std::uint64_t> seen_;   ///< the newest version seen, by block
  std::vector<std::uint64_t> begun_;  ///< the newest version known to have been begun, by slot
};

class Watch {
 public:
  Watch(const Options& options, const Layout& layout, const Versions& told, Observer way,
        WorkerCounters& counters)
      : options_(options),
        layout_(layout),
        told_(told),
        way_(way),
        counters_(counters),
        asker_(options),
        who_("node" + std::to_string(options.node) + " observer " + name_of(way)),
        memory_(nullptr, layout.transfer(), MapKind::private_) {
    for (std::uint64_t process = 1; process <= options.processes; ++process)
      files_.push_back(std::make_unique<Watched>(options, layout, process, way));
  }

  void look_at_everything(const std::atomic<bool>& ended) {
    for (std::uint64_t process = 1; process <= files_.size(); ++process)
      for (std::uint64_t slot = 0; slot < layout_.slots() && !ended; ++slot) look(process, slot);
  }

 private:
  /// The block of a slot that has the newest version, of those that are right so far.
  struct Newest {
    std::uint64_t block = 0;
    std::uint64_t version = 0;
  };

  void look(std::uint64_t process, std::uint64_t slot) {
    Watched& file = *files_[process - 1];
    // Before the read: what has been told by now must be there.
    const std::uint64_t told = told_.of(process, slot);
    const auto begin = SteadyClock::now();
    const std::span<std::byte> data = memory_.range(0, layout_.transfer());
    const std::size_t count = file.read(data, layout_.transfer_at(slot));
    const auto took =
        std::chrono::duration_cast<std::chrono::nanoseconds>(SteadyClock::now() - begin);
    Newest newest;
    for (std::uint64_t i = 0; i < layout_.blocks(); ++i) {
      const std::uint64_t at = Layout::block_at(i);
      if (at + layout_.block_size(i) > count) break;
      const std::uint64_t version =
          judge(file, slot, i, data.subspan(at, layout_.block_size(i)), told);
      if (version > newest.version) newest = {i, version};
    }
    judge_newest(file, process, slot, newest, data);
    counters_.bytes.add(count);
    counters_.operations.add(1);
    counters_.latency[histogram::bucket_of(static_cast<std::uint64_t>(took.count()))].add(1);
  }

  /// A block that is whole, if not at first sight then by looking again where that is fair.
  std::optional<Stamp> whole_block(const Watched& file, std::uint64_t offset,
                                   std::span<std::byte> block) {
    std::optional<Stamp> found = read_block(block);
    if (found || way_ == Observer::buffered) return found;
    if (all_zeros(block)) return found;
    std::vector<std::byte> before(block.begin(), block.end());
    for (int same = 0; !found && same < kTornLooks;) {
      counters_.retries.add(1);
      // Direct reads want whole sectors at aligned memory, which a block in its place is.
      if (file.read(block, offset) < block.size()) return found;
      found = read_block(block);
      const bool changed = !std::equal(block.begin(), block.end(), before.begin());
      same = changed ? 0 : same + 1;
      before.assign(block.begin(), block.end());
    }
    if (found) counters_.torn.add(1);
    return found;
  }

  /// The stamp of a block that is right in its place.
  Stamp wanted_of(const Watched& file, std::uint64_t offset, std::uint64_t version) const {
    Stamp wanted;
    wanted.file = file.id();
    wanted.offset = offset;
    wanted.version = version;
    wanted.seed = options_.seed;
    return wanted;
  }

  /// Whether the writer was there when its block was looked at. One that lost its power takes with
  /// it what it told and had not written out.
  bool writer_lives(const FileId& file) {
    if (!options_.is_mortal(file.node)) return true;
    for (int i = 0; i < kQuestions; ++i)
      if (asker_.begun(file.process, 0)) return true;
    return false;
  }

  void count_bad(const Watched& file, std::span<const std::byte> block, const Stamp& wanted,
                 const std::optional<Stamp>& found, const std::string& more) {
    if (!writer_lives(file.id())) return;
    counters_.bad.add(1);
    BadBlock bad;
    bad.what = describe_bad(block, wanted) + more;
    bad.excerpt = excerpt_of(block, wanted);
    if (found) bad.writer = found->writer.text();
    counters_.first_bad.set(to_json(bad, file.id().name(), wanted.offset, who_));
  }

  /// Its version if it is right, else 0.
  std::uint64_t judge(Watched& file, std::uint64_t slot, std::uint64_t block_number,
                      std::span<std::byte> block, std::uint64_t told) {
    const std::uint64_t offset = layout_.transfer_at(slot) + Layout::block_at(block_number);
    std::uint64_t& seen = file.seen(slot * layout_.blocks() + block_number);
    const std::uint64_t least = std::max({seen, told, std::uint64_t{1}});
    const Stamp wanted = wanted_of(file, offset, least);
    const std::optional<Stamp> found = whole_block(file, offset, block);
    counters_.checked.add(1);
    // A hole is punched again before each write, so its zeros come back.
    const bool may_be_zeros = options_.state != State::allocated;
    if (!found && may_be_zeros && all_zeros(block)) return 0;
    if (found && found->file == wanted.file && found->offset == offset &&
        found->seed == options_.seed && found->version >= least) {
      seen = found->version;
      return seen;
    }
    const bool stale = found && found->version < least;
    count_bad(file, block, wanted, found,
              !stale          ? ""
              : least == told ? " (told it was written)"
                              : " (seen before)");
    return 0;
  }

  /// What was seen has begun before it was seen, and so before the question.
  void judge_newest(Watched& file, std::uint64_t process, std::uint64_t slot, const Newest& newest,
                    std::span<const std::byte> data) {
    std::uint64_t& begun = file.begun(slot);
    if (newest.version <= begun) return;
    const std::optional<std::uint64_t> answer = asker_.begun(process, slot);
    if (!answer) return;
    begun = std::max(begun, *answer);
    if (newest.version <= begun) return;
    const std::uint64_t at = Layout::block_at(newest.block);
    const auto block = data.subspan(at, layout_.block_size(newest.block));
    count_bad(file, block, wanted_of(file, layout_.transfer_at(slot) + at, begun),
              read_block(block), " (the newest that was begun)");
  }

  const Options& options_;
  const Layout& layout_;
  const Versions& told_;
  Observer way_;
  WorkerCounters& counters_;
  Asker asker_;
  std::string who_;
  Mapping memory_;  ///< aligned for direct reads
  std::vector<std::unique_ptr<Watched>> files_;
};

}  // namespace

const char* name_of(Observer way) {
  return way == Observer::buffered ? "buffered" : way == Observer::direct ? "direct" : "mapped";
}

void observe(const Options& options, const Layout& layout, Board& board, const Versions& told,
             Observer way, WorkerCounters& counters) {
  Watch watch(options, layout, told, way, counters);
  while (!board.workers_ended && !board.stop_wanted) watch.look_at_everything(board.workers_ended);
}

}  // namespace gridlock::mdio

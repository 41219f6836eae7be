// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/worker.h"

#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "workloads/content.h"
#include "workloads/fault.h"
#include "workloads/files.h"
#include "workloads/memory_cgroup.h"
#include "workloads/mover.h"
#include "workloads/telling.h"

namespace gridlock::mdio {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// Every so many transfers, what was written is read back another way.
constexpr std::uint64_t kReadBack = 16;
constexpr std::chrono::milliseconds kEvictPause{1};
constexpr std::chrono::milliseconds kFsyncPause{1};
constexpr std::byte kPoison{0xa5};

bool has(const std::vector<Disturbance>& all, Disturbance one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

/// What the threads of one process share.
class Process {
 public:
  Process(const Options& options, const Layout& layout, Board& board, Versions& begun,
          std::uint64_t process)
      : options_(options),
        layout_(layout),
        board_(board),
        begun_(begun),
        process_(process),
        own_(FileId{options.node, process, Role::data}),
        file_(path_of(options, own_), O_RDWR | (options.access == Access::buffered ? 0 : O_DIRECT) |
                                          (options.access == Access::append ? O_APPEND : 0)),
        // What is set up and looked at goes past the way that is under test.
        plain_(path_of(options, own_), O_RDWR),
        teller_(options),
        end_(SteadyClock::now() + options.duration) {
    const auto left = Knowledge::load(state_path_of(options, options.node, process));
    know_ = left ? *left : Knowledge::prepared(options, layout, process);
    if (know_.transfers.size() != layout.slots())
      throw std::runtime_error(file_.path() + ": prepared for other options; prepare it again");
    for (std::uint64_t slot = 0; slot < layout.slots(); ++slot)
      begun.raise(process, slot, know_.transfers[slot].version);
    if (options.eviction == Eviction::cgroup) enter_memory_cgroup();
    if (options.mapped()) map();
  }

  void run() {
    std::vector<std::jthread> threads;
    for (std::uint64_t i = 1; i <= options_.threads; ++i)
      threads.emplace_back([this, i] {
        guard([&] { transfer_all(i); });
        board_.worker(worker_name(process_, i)).ended = true;
      });
    std::vector<std::jthread> beside;
    if (has(options_.disturb, Disturbance::evict))
      beside.emplace_back([this](const std::stop_token& stop) { guard([&] { evict_on(stop); }); });
    if (options_.fsync == Fsync::beside)
      beside.emplace_back([this](const std::stop_token& stop) { guard([&] { sync_on(stop); }); });
    threads.clear();
    beside.clear();
    if (failure_) std::rethrow_exception(failure_);
    know_.save(state_path_of(options_, options_.node, process_));
  }

 private:
  /// One thread's share of the slots, and what only it touches.
  struct Thread {
    Who who;
    WorkerCounters& counters;
    std::unique_ptr<Mover> mover;
    std::unique_ptr<Mapping> memory;  ///< if the buffer is in no file
    FaultInjector fault;
    std::uint64_t turn = 0;
    std::uint64_t version = 0;
    std::vector<std::byte> scratch;
  };

  void map() {
    const FileId file = buffer_file(options_, process_);
    mapped_ = std::make_unique<File>(path_of(options_, file), O_RDWR);
    const bool same_page = options_.buffer == Buffer::same_page;
    const std::uint64_t needed =
        same_page ? layout_.end() : layout_.shift() + layout_.slots() * layout_.transfer();
    // A mapping beyond the end of the file would end in SIGBUS instead of a message.
    if (mapped_->size() < needed)
      throw std::runtime_error(mapped_->path() + ": smaller than it was prepared");
    mapping_ = std::make_unique<Mapping>(mapped_.get(), needed, options_.mapping);
  }

  /// The first failure of any thread ends the process's work and is thrown at its end.
  void guard(const std::function<void()>& work) {
    try {
      work();
    } catch (const std::exception&) {
      const std::lock_guard lock(failure_mutex_);
      if (!failure_) failure_ = std::current_exception();
      board_.stop_wanted = true;
    }
  }

  void transfer_all(std::uint64_t number) {
    Thread thread{{options_.node, process_, number},
                  board_.worker(worker_name(process_, number)),
                  make_mover(options_, file_),
                  nullptr,
                  FaultInjector(options_.inject),
                  0,
                  1,
                  std::vector<std::byte>(layout_.transfer())};
    if (!options_.mapped())
      thread.memory =
          std::make_unique<Mapping>(nullptr, layout_.transfer() + page_size(), MapKind::private_);
    // More threads than slots: the last ones have nothing to do.
    if (number > layout_.slots()) return;
    // At least one, however late it is.
    for (std::uint64_t slot = number - 1; !board_.stop_wanted;) {
      if (transfer(thread, slot) >= end_) break;
      slot += options_.threads;
      if (slot < layout_.slots()) continue;
      slot = number - 1;
      ++thread.turn;
    }
  }

  /// The bytes a transfer of `slot` moves from or to.
  std::span<std::byte> buffer_of(const Thread& thread, std::uint64_t slot) const {
    if (thread.memory) return thread.memory->range(layout_.shift(), layout_.transfer());
    const std::uint64_t at =
        options_.buffer == Buffer::same_page ? layout_.transfer_at(slot) : layout_.buffer_at(slot);
    return mapping_->range(at, layout_.transfer());
  }

  /// One transfer, with all that is looked at. Returns when it ended.
  SteadyClock::time_point transfer(Thread& thread, std::uint64_t turn_slot) {
    const Mapping& memory = thread.memory ? *thread.memory : *mapping_;
    const bool writes = options_.writes();
    // Which slot of the file, and which of the buffers. Of the side that is read, another one each
    // time, so that a transfer that did nothing is seen.
    std::uint64_t file_slot = turn_slot;
    std::uint64_t buffer_slot = turn_slot;
    const std::uint64_t rotated = (turn_slot + thread.turn) % layout_.slots();
    if (writes)
      buffer_slot = rotated;
    else if (options_.buffer != Buffer::same_page)
      file_slot = options_.state == State::crossing_end ? layout_.slots() - 1 : rotated;
    const std::span<std::byte> buffer =
        buffer_of(thread, options_.buffer == Buffer::same_page ? file_slot : buffer_slot);
    const auto offset_in_memory = static_cast<std::size_t>(buffer.data() - memory.at(0));

    Content moving = prepare_source(thread, file_slot, buffer_slot, buffer);
    set_up_file(file_slot);
    const bool poisoned = moving.kind == Content::Kind::zeros &&
                          poison(thread, turn_slot + thread.turn, buffer_slot, buffer);
    make_cold(thread, memory, offset_in_memory, poisoned);

    const std::uint64_t offset = layout_.transfer_at(file_slot);
    const bool left_out = is_looked_at(thread, moving, poisoned) && thread.fault.skips();
    const bool measured = options_.sample.count() > 0;
    const auto begin = measured ? SteadyClock::now() : SteadyClock::time_point{};
    Moved moved = left_out ? Moved{expected_count()} : thread.mover->move(buffer, offset);
    if (options_.fsync == Fsync::after && file_sync() != 0 && moved.error == 0) moved.error = errno;
    const auto end = SteadyClock::now();
    thread.fault.count(moved.count);

    thread.counters.retries.add(moved.retries);
    if (moved.error != 0) {
      fail(thread, moved.error, offset);
      forget(file_slot, buffer_slot);
      return end;
    }
    thread.counters.bytes.add(moved.count);
    const std::uint64_t expected = expected_count();
    if (moved.count != expected) {
      thread.counters.short_transfers.add(1);
      thread.counters.first_error.set(std::to_string(moved.count) + " bytes moved instead of " +
                                      std::to_string(expected) + " at " + std::to_string(offset) +
                                      " of " + own_.name());
      forget(file_slot, buffer_slot);
    } else if (options_.operation == Operation::fiemap) {
      know_.buffers.at(buffer_slot) = {};
    } else if (writes) {
      wrote(thread, file_slot, moving);
    } else {
      check_read(thread, buffer, buffer_slot, moving, expected);
    }
    if (measured) {
      const auto took = std::chrono::duration_cast<std::chrono::nanoseconds>(end - begin);
      thread.counters.latency[histogram::bucket_of(static_cast<std::uint64_t>(took.count()))].add(
          1);
    }
    // Counted last: an operation is one whose data has been looked at.
    thread.counters.operations.add(1);
    return end;
  }

  /// What the transfer is to move; makes it if it is memory that a write takes it from.
  Content prepare_source(Thread& thread, std::uint64_t file_slot, std::uint64_t buffer_slot,
                         std::span<std::byte> buffer) {
    if (options_.buffer == Buffer::same_page || !options_.writes())
      return know_.transfers.at(file_slot);
    if (options_.mapped()) return know_.buffers.at(buffer_slot);
    Content moving{Content::Kind::stamped, own_, layout_.transfer_at(file_slot), ++thread.version};
    fill(buffer, moving, layout_, options_.seed, thread.who);
    begun_.raise(process_, file_slot, moving.version);
    return moving;
  }

  /// Fills a buffer that zeros are to be read into with something else: zeros over zeros would hide
  /// a transfer that did nothing. Plain memory that is taken away comes back as zeros, so it is
  /// either this or cold, by turns. Returns whether it was done.
  bool poison(const Thread& thread, std::uint64_t turn, std::uint64_t buffer_slot,
              std::span<std::byte> buffer) {
    if (options_.writes() || (thread.memory && turn % 2 == 0)) return false;
    std::fill(buffer.begin(), buffer.end(), kPoison);
    if (options_.mapped() && options_.mapping == MapKind::shared)
      know_.buffers.at(buffer_slot) = {};
    return true;
  }

  /// Puts the file into the state that the transfer is to meet.
  void set_up_file(std::uint64_t slot) {
    const std::uint64_t at = layout_.transfer_at(slot);
    if (!options_.writes()) return;
    if (options_.access == Access::append) {
      if (slot == 0) cut(layout_.transfers_begin(), 0);
      return;
    }
    switch (options_.state) {
      case State::allocated:
        return;
      case State::hole:
        plain_.punch(at, layout_.transfer());
        return;
      case State::preallocated:
        plain_.punch(at, layout_.transfer());
        plain_.preallocate(at, layout_.transfer());
        return;
      case State::crossing_end:
        cut(at + layout_.transfer() / 2, slot);
        return;
      case State::past_end:
        cut(layout_.transfers_begin(), 0);
        for (std::uint64_t i = 0; i < slot; ++i)
          know_.transfers.at(i) = {Content::Kind::zeros, {}, 0, 0};
        return;
    }
  }

  /// Ends the file at `size`; what was in the slots from `slot` on is gone.
  void cut(std::uint64_t size, std::uint64_t slot) {
    plain_.resize(size);
    for (std::uint64_t i = slot; i < layout_.slots(); ++i) know_.transfers.at(i) = {};
  }

  void make_cold(Thread& thread, const Mapping& memory, std::size_t offset, bool poisoned) {
    const std::size_t size = layout_.transfer();
    // Memory that was just filled is dropped with what is in it, and so is a private page.
    const bool would_lose = thread.memory != nullptr && (options_.writes() || poisoned);
    if (!would_lose) {
      memory.evict(offset, size, options_.eviction);
      memory.touch(offset, size, options_.resident);
    }
    const std::uint64_t absent = memory.not_resident(offset, size);
    const std::size_t page = page_size();
    const std::uint64_t pages = (offset % page + size + page - 1) / page;
    thread.counters.nonresident.add(absent);
    thread.counters.resident.add(pages - std::min(pages, absent));
  }

  /// A transfer inside the file is never short; at its end there is what is there.
  std::uint64_t expected_count() const {
    if (options_.writes() || options_.operation == Operation::fiemap) return layout_.transfer();
    if (options_.state == State::past_end) return 0;
    return options_.state == State::crossing_end ? layout_.transfer() / 2 : layout_.transfer();
  }

  void fail(Thread& thread, int error, std::uint64_t offset) {
    thread.counters.errors.add(1);
    const char* const name = ::strerrorname_np(error);
    thread.counters.first_error.set((name != nullptr ? name : std::to_string(error)) + " at " +
                                    std::to_string(offset) + " of " + own_.name());
  }

  /// Nobody knows what a transfer that went wrong left behind.
  void forget(std::uint64_t file_slot, std::uint64_t buffer_slot) {
    if (options_.writes())
      know_.transfers.at(file_slot) = {};
    else if (!know_.buffers.empty())
      know_.buffers.at(buffer_slot) = {};
  }

  /// Whether what was written will be read back. Where an append has landed is only known by
  /// looking.
  bool reads_back(const Thread& thread) const {
    return options_.access == Access::append || thread.counters.operations % kReadBack == 0;
  }

  /// Whether a transfer that does nothing would show at once.
  bool is_looked_at(const Thread& thread, const Content& moving, bool poisoned) const {
    if (options_.operation == Operation::fiemap) return false;
    if (options_.writes()) return reads_back(thread);
    return moving.kind != Content::Kind::zeros || poisoned;
  }

  void wrote(Thread& thread, std::uint64_t slot, const Content& moved) {
    if (options_.buffer != Buffer::same_page) know_.transfers.at(slot) = moved;
    if (!options_.mapped()) teller_.wrote(process_, slot, moved.version);
    if (!reads_back(thread)) return;
    if (thread.fault.due()) thread.fault.spoil(plain_, layout_, slot);
    const std::size_t count = plain_.read_all(thread.scratch, layout_.transfer_at(slot));
    look(thread, std::span(thread.scratch).first(count), know_.transfers.at(slot), own_.name(),
         layout_.transfer_at(slot), layout_.transfer());
  }

  void check_read(Thread& thread, std::span<std::byte> buffer, std::uint64_t slot,
                  const Content& moved, std::uint64_t count) {
    const bool in_file = options_.mapped() && options_.mapping == MapKind::shared &&
                         options_.buffer != Buffer::same_page;
    if (in_file && count > 0)
      know_.buffers.at(slot) = count == layout_.transfer() ? moved : Content{};
    if (thread.fault.due()) thread.fault.spoil(buffer, layout_);
    const std::string file =
        options_.mapped() ? buffer_file(options_, process_).name() : std::string("memory");
    const std::uint64_t at = options_.mapped() ? layout_.buffer_at(slot) : 0;
    if (options_.buffer == Buffer::next_node &&
        taken_away(thread, buffer.first(count), slot, moved))
      return;
    look(thread, buffer.first(count), moved, file, at, count);
  }

  /// Whether all that is wrong is that blocks still show what was in the buffer before; counts
  /// them. While a read is on its way into a mapping of the next node's file, another node may take
  /// that file's glock and with it the pages, so that what comes in has no place any more. That
  /// this is how it happens is inferred, from the data seen and from what pinned pages of files are
  /// promised (Documentation/core-api/pin_user_pages.rst).
  bool taken_away(Thread& thread, std::span<const std::byte> data, std::uint64_t slot,
                  const Content& moved) {
    const std::uint64_t bad = check(data, moved, layout_, options_.seed).bad;
    if (bad == 0) return false;
    std::uint64_t earlier = 0;
    std::uint64_t right = 0;
    for (std::uint64_t i = 0; i < layout_.blocks(); ++i) {
      const std::uint64_t at = Layout::block_at(i);
      const auto found = read_block(data.subspan(at, layout_.block_size(i)));
      if (!found || found->seed != options_.seed) continue;
      const Stamp wanted = moved.stamp(i, options_.seed);
      if (found->file == wanted.file && found->offset == wanted.offset)
        ++right;
      else if (found->file == own_
                   ? found->offset >= layout_.transfers_begin() &&
                         (found->offset - layout_.transfers_begin()) % layout_.transfer() == at
                   : found->file == buffer_file(options_, process_) &&
                         found->offset == layout_.buffer_at(slot) + at)
        ++earlier;
    }
    if (earlier != bad || right + earlier != layout_.blocks()) return false;
    thread.counters.checked.add(layout_.blocks());
    thread.counters.lost.add(earlier);
    return true;
  }

  /// `wanted` bytes should be there.
  void look(Thread& thread, std::span<const std::byte> data, const Content& expected,
            const std::string& file, std::uint64_t base, std::uint64_t wanted) {
    const Checked checked = check(data, expected, layout_, options_.seed);
    thread.counters.checked.add(checked.blocks);
    thread.counters.bad.add(checked.bad);
    if (checked.first_bad)
      thread.counters.first_bad.set(to_json(*checked.first_bad, file, base, thread.who.text()));
    if (data.size() >= wanted) return;
    thread.counters.bad.add(1);
    thread.counters.first_bad.set(
        to_json({data.size(), "the file ends here", {}, {}}, file, base, thread.who.text()));
  }

  int file_sync() const { return ::fsync(file_.get()); }

  /// Takes pages away between the kernel's faulting them in and its next try.
  void evict_on(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (mapping_ && options_.mapping == MapKind::shared)
        mapping_->evict(0, mapping_->size(), options_.eviction);
      std::this_thread::sleep_for(kEvictPause);
    }
  }

  void sync_on(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (file_sync() != 0) throw_errno("fsync beside transfers of " + file_.path());
      std::this_thread::sleep_for(kFsyncPause);
    }
  }

  const Options& options_;
  const Layout& layout_;
  Board& board_;
  Versions& begun_;
  std::uint64_t process_;
  FileId own_;
  File file_;
  File plain_;
  std::unique_ptr<File> mapped_;
  std::unique_ptr<Mapping> mapping_;
  Teller teller_;
  Knowledge know_;  ///< threads have slots of their own in it
  SteadyClock::time_point end_;
  std::mutex failure_mutex_;  ///< guards failure_
  std::exception_ptr failure_;
};

}  // namespace

std::string worker_name(std::uint64_t process, std::uint64_t thread) {
  return std::to_string(process) + "." + std::to_string(thread);
}

void run_worker(const Options& options, const Layout& layout, Board& board, Versions& begun,
                std::uint64_t process) {
  Process(options, layout, board, begun, process).run();
}

}  // namespace gridlock::mdio

// SPDX-License-Identifier: GPL-2.0-or-later
// The parts of mmap-dio that check data, on files and blocks made for the purpose.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/fiemap.h>
#include <signal.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <optional>
#include <thread>

#include "workloads/content.h"
#include "workloads/files.h"
#include "workloads/mover.h"
#include "workloads/observer.h"
#include "workloads/prepare.h"
#include "workloads/stamp.h"

namespace gridlock::mdio {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Stamp some_stamp() { return {{1, 2, Role::data}, 4096, 7, {1, 2, 3}, 99}; }

std::vector<std::byte> block_of(const Stamp& stamp, std::size_t size = kBlock) {
  std::vector<std::byte> block(size);
  make_block(block, stamp);
  return block;
}

TEST(Stamp, SaysWhoWroteWhichVersionOfWhichBlock) {
  const auto found = read_block(block_of(some_stamp()));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->file, some_stamp().file);
  EXPECT_EQ(found->offset, 4096U);
  EXPECT_EQ(found->version, 7U);
  EXPECT_EQ(found->writer.text(), "node1 2.3");
  EXPECT_EQ(found->seed, 99U);
}

TEST(Stamp, EveryFlippedBitIsSeen) {
  const auto right = block_of(some_stamp(), 515);
  for (std::size_t byte = 0; byte < right.size(); ++byte)
    for (const int bit : {0, 7}) {
      auto wrong = right;
      wrong[byte] ^= std::byte{1} << bit;
      EXPECT_FALSE(read_block(wrong)) << byte;
    }
}

TEST(Stamp, TwoHalvesOfTwoVersionsAreNoBlock) {
  Stamp newer = some_stamp();
  ++newer.version;
  auto torn = block_of(some_stamp());
  const auto other = block_of(newer);
  std::copy(other.begin() + 256, other.end(), torn.begin() + 256);
  EXPECT_FALSE(read_block(torn));
  EXPECT_EQ(describe_bad(torn, some_stamp()), "torn or overwritten from byte 256");
}

TEST(Stamp, SaysWhatIsWrong) {
  const std::vector<std::byte> zeros(kBlock);
  EXPECT_EQ(describe_bad(zeros, some_stamp()), "zeros");
  EXPECT_EQ(describe_bad(std::vector<std::byte>(kBlock, std::byte{3}), some_stamp()),
            "no block of this workload");
  Stamp other = some_stamp();
  other.version = 6;
  EXPECT_EQ(describe_bad(block_of(other), some_stamp()), "stale: version 6 instead of 7");
  other.version = 8;
  EXPECT_EQ(describe_bad(block_of(other), some_stamp()), "never written: version 8 instead of 7");
  other = some_stamp();
  other.offset = 512;
  EXPECT_EQ(describe_bad(block_of(other), some_stamp()),
            "the block of node1.2.data at 512 instead of node1.2.data at 4096");
  other = some_stamp();
  other.seed = 1;
  EXPECT_EQ(describe_bad(block_of(other), some_stamp()), "a block of another trial");
}

TEST(Stamp, ExcerptsShowTheFirstDifference) {
  auto wrong = block_of(some_stamp());
  wrong[300] ^= std::byte{0x10};
  const Excerpt excerpt = excerpt_of(wrong, some_stamp());
  EXPECT_EQ(excerpt.expected.size(), 64U);
  EXPECT_EQ(excerpt.found.size(), 64U);
  EXPECT_EQ(excerpt.expected.substr(0, 8), excerpt.found.substr(0, 8)) << "bytes 296 to 299";
  EXPECT_NE(excerpt.expected.substr(8, 2), excerpt.found.substr(8, 2)) << "byte 300";
}

Options options_of(std::uint64_t transfer, std::uint64_t slots, Alignment alignment) {
  Options options;
  options.node = 1;
  options.nodes = 2;
  options.seed = 99;
  options.transfer = transfer;
  options.file_size = 2 * slots * transfer;
  options.alignment = alignment;
  if (alignment == Alignment::odd) options.access = Access::buffered;
  return options;
}

TEST(Layout, SlotsNeverOverlapAndHalvesShareNoPage) {
  for (const auto alignment : {Alignment::page, Alignment::sector, Alignment::odd})
    for (const std::uint64_t transfer : {512U, 1024U, 4096U, 65536U, 66048U}) {
      const Layout layout(options_of(transfer, 3, alignment));
      EXPECT_EQ(layout.slots(), 3U);
      EXPECT_LE(layout.buffer_at(2) + transfer, layout.transfers_begin());
      EXPECT_EQ(layout.transfers_begin() % 4096, 0U);
      EXPECT_EQ(layout.end(), layout.transfer_at(2) + transfer);
      EXPECT_EQ(layout.buffer_at(0) % 512 == 0, alignment != Alignment::odd);
      EXPECT_EQ(layout.buffer_at(0) % 4096 == 0, alignment == Alignment::page);
    }
}

TEST(Layout, BlocksCoverATransferOfAnyLength) {
  for (const std::uint64_t transfer : {512U, 513U, 1023U, 1024U, 65537U}) {
    const Layout layout(options_of(transfer, 1, Alignment::odd));
    std::uint64_t end = 0;
    for (std::uint64_t i = 0; i < layout.blocks(); ++i) {
      EXPECT_EQ(Layout::block_at(i), end);
      EXPECT_GE(layout.block_size(i), kBlock);
      end += layout.block_size(i);
    }
    EXPECT_EQ(end, transfer);
  }
}

TEST(Content, IsRightOnlyWhereItBelongs) {
  const Options options = options_of(2048, 2, Alignment::page);
  const Layout layout(options);
  const Content content{Content::Kind::stamped, {1, 1, Role::data}, 8192, 3};
  std::vector<std::byte> slot(2048);
  fill(slot, content, layout, 99, {1, 1, 1});
  const Checked right = check(slot, content, layout, 99);
  EXPECT_EQ(right.blocks, 4U);
  EXPECT_EQ(right.bad, 0U);
  Content other = content;
  other.offset = 0;
  EXPECT_EQ(check(slot, other, layout, 99).bad, 4U);
  EXPECT_EQ(check(slot, content, layout, 98).bad, 4U);
  const Checked partly = check(std::span(slot).first(1500), content, layout, 99);
  EXPECT_EQ(partly.blocks, 2U) << "whole blocks only";
  // Blocks changed places within the slot.
  std::rotate(slot.begin(), slot.begin() + 512, slot.end());
  const Checked moved = check(slot, content, layout, 99);
  EXPECT_EQ(moved.bad, 4U);
  EXPECT_THAT(moved.first_bad->what, HasSubstr("at 8704 instead of node1.1.data at 8192"));
  EXPECT_EQ(moved.first_bad->writer, "node1 1.1");
}

TEST(Content, OfAHoleIsZerosAndOfTheUnknownNothing) {
  const Layout layout(options_of(1024, 1, Alignment::page));
  std::vector<std::byte> slot(1024);
  const Content hole{Content::Kind::zeros, {}, 0, 0};
  EXPECT_EQ(check(slot, hole, layout, 1).bad, 0U);
  slot[700] = std::byte{1};
  EXPECT_EQ(check(slot, hole, layout, 1).bad, 1U);
  EXPECT_EQ(check(slot, {}, layout, 1).blocks, 0U);
}

/// Keeps a thread out of system calls while it lives: the thread waits in the handler of a signal,
/// which a read of a file is never interrupted for in its middle.
class Held {
 public:
  explicit Held(std::jthread& thread) {
    struct sigaction action {};
    action.sa_handler = [](int) {
      held = true;
      while (wanted) std::this_thread::yield();
      held = false;
    };
    action.sa_flags = SA_RESTART;
    EXPECT_EQ(::sigaction(SIGUSR1, &action, nullptr), 0);
    wanted = true;
    EXPECT_EQ(::pthread_kill(thread.native_handle(), SIGUSR1), 0);
    while (!held) std::this_thread::yield();
  }
  ~Held() {
    wanted = false;
    while (held) std::this_thread::yield();
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

 private:
  static inline std::atomic<bool> wanted{false}, held{false};
};

class WatchedFile : public testing::Test {
 protected:
  WatchedFile()
      : options_(options_of(4096, 2, Alignment::page)),
        layout_(options_),
        told_(options_, 2),
        begun_(options_, 2) {
    std::string pattern = GRIDLOCK_BINARY_DIR "/observer-test-XXXXXX";
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    options_.directory = pattern;
    options_.operation = Operation::write;
    options_.buffer = Buffer::anonymous;
    file_ = std::make_unique<File>(path_of(options_, {2, 1, Role::data}), O_RDWR | O_CREAT);
    for (std::uint64_t slot = 0; slot < 2; ++slot) put(slot, 5);
  }
  ~WatchedFile() override { std::filesystem::remove_all(options_.directory); }

  void put(std::uint64_t slot, std::uint64_t version) {
    std::vector<std::byte> bytes(layout_.transfer());
    fill(bytes, {Content::Kind::stamped, {2, 1, Role::data}, layout_.transfer_at(slot), version},
         layout_, 99, {2, 1, 1});
    file_->write_all(bytes, layout_.transfer_at(slot));
    file_->sync();
  }

  /// Has the file watched, changes it by `change` after a whole look, and watches on. That buffered
  /// reads see whole blocks is a promise of cluster file systems, which the one under the tests does
  /// not give: there, the change comes between two reads.
  const WorkerCounters& watch(Observer way, const std::function<void()>& change) {
    WorkerCounters& counters = board_.worker("observe");
    std::jthread watcher([&, way] { observe(options_, layout_, board_, told_, way, counters); });
    const auto wait_for_looks = [&](std::uint64_t looks) {
      const std::uint64_t wanted = counters.operations + looks;
      while (counters.operations < wanted && counters.bad == 0) std::this_thread::yield();
    };
    wait_for_looks(4);
    EXPECT_EQ(counters.bad, 0U) << counters.first_bad.get();
    {
      std::optional<Held> between_reads;
      if (way == Observer::buffered) between_reads.emplace(watcher);
      change();
    }
    wait_for_looks(8);
    board_.workers_ended = true;
    watcher.join();
    return counters;
  }

  Options options_;
  Layout layout_;
  Board& board_ = shared_board();
  Versions told_;
  Versions begun_;
  std::unique_ptr<File> file_;
};

class WatchedFileInEveryWay : public WatchedFile, public testing::WithParamInterface<Observer> {};

TEST_P(WatchedFileInEveryWay, NewerVersionsAreRight) {
  const WorkerCounters& counters = watch(GetParam(), [&] { put(1, 6); });
  EXPECT_EQ(counters.bad, 0U) << counters.first_bad.get();
  EXPECT_GT(counters.checked, 8U * 8);
}

TEST_P(WatchedFileInEveryWay, AVersionOlderThanOneSeenIsStale) {
  const WorkerCounters& counters = watch(GetParam(), [&] { put(1, 4); });
  EXPECT_GT(counters.bad, 0U);
  EXPECT_THAT(counters.first_bad.get(), HasSubstr("stale: version 4 instead of 5 (seen before)"));
  EXPECT_THAT(counters.first_bad.get(), HasSubstr("\"writer\":\"node2 1.1\""));
}

TEST_P(WatchedFileInEveryWay, ATornBlockThatStaysTornIsBad) {
  const WorkerCounters& counters = watch(GetParam(), [&] {
    std::vector<std::byte> newer(kBlock);
    make_block(newer, {{2, 1, Role::data}, layout_.transfer_at(0), 9, {2, 1, 1}, 99});
    file_->write_all(std::span(newer).last(256), layout_.transfer_at(0) + 256);
    file_->sync();
  });
  EXPECT_GT(counters.bad, 0U);
  EXPECT_THAT(counters.first_bad.get(), HasSubstr("torn or overwritten from byte 256"));
}

TEST_P(WatchedFileInEveryWay, ABlockOfAnotherPlaceIsBad) {
  const WorkerCounters& counters = watch(GetParam(), [&] {
    std::vector<std::byte> other(kBlock);
    make_block(other, {{1, 1, Role::data}, 0, 9, {1, 1, 1}, 99});
    file_->write_all(other, layout_.transfer_at(0) + 512);
    file_->sync();
  });
  EXPECT_GT(counters.bad, 0U);
  EXPECT_THAT(counters.first_bad.get(), HasSubstr("the block of node1.1.data"));
}

TEST_P(WatchedFileInEveryWay, WhatItWasToldMustBeThere) {
  options_.peers = {{"127.0.0.1", static_cast<std::uint16_t>(20000 + ::getpid() % 40000)},
                    {"127.0.0.1", 9}};
  options_.observe = {GetParam()};
  std::jthread listener([&] { listen(options_, told_, begun_, board_.workers_ended); });
  Options writer = options_;
  writer.node = 2;
  const Teller teller(writer);
  const WorkerCounters& counters = watch(GetParam(), [&] {
    // The file still holds version 5.
    while (told_.of(1, 1) < 6) teller.wrote(1, 1, 6);
  });
  EXPECT_GT(counters.bad, 0U);
  EXPECT_THAT(counters.first_bad.get(),
              HasSubstr("stale: version 5 instead of 6 (told it was written)"));
}

TEST_P(WatchedFileInEveryWay, WhatAWriterToldThatIsNoMoreIsNotHeldAgainstIt) {
  options_.peers = {{"127.0.0.1", static_cast<std::uint16_t>(20000 + ::getpid() % 40000)},
                    {"127.0.0.1", 9}};
  options_.observe = {GetParam()};
  options_.mortal = {2};
  std::jthread listener([&] { listen(options_, told_, begun_, board_.workers_ended); });
  Options writer = options_;
  writer.node = 2;
  const Teller teller(writer);
  const WorkerCounters& counters = watch(GetParam(), [&] {
    while (told_.of(1, 1) < 6) teller.wrote(1, 1, 6);
  });
  EXPECT_EQ(counters.bad, 0U) << counters.first_bad.get();
}

/// Has node 2, whose file is watched, answer which versions it has begun.
class WatchedFileThatAnswers : public WatchedFileInEveryWay {
 protected:
  WatchedFileThatAnswers() {
    options_.peers = {{"127.0.0.1", 9},
                      {"127.0.0.1", static_cast<std::uint16_t>(20000 + ::getpid() % 40000)}};
    for (const std::uint64_t slot : {0U, 1U}) begun_.raise(1, slot, 5);
    Options writer = options_;
    writer.node = 2;
    listener_ =
        std::jthread([this, writer] { listen(writer, none_, begun_, board_.workers_ended); });
    // Until it listens.
    Asker asker(options_);
    while (!asker.begun(1, 0)) std::this_thread::yield();
  }
  ~WatchedFileThatAnswers() override { board_.workers_ended = true; }

  Versions none_{options_, 2};
  std::jthread listener_;
};

TEST_P(WatchedFileThatAnswers, AVersionThatWasBegunBeforeItIsSeenIsRight) {
  const WorkerCounters& counters = watch(GetParam(), [&] {
    begun_.raise(1, 1, 6);
    put(1, 6);
  });
  EXPECT_EQ(counters.bad, 0U) << counters.first_bad.get();
}

TEST_P(WatchedFileThatAnswers, AVersionNobodyHasBegunWasNeverWritten) {
  const WorkerCounters& counters = watch(GetParam(), [&] { put(1, 6); });
  EXPECT_GT(counters.bad, 0U);
  EXPECT_THAT(counters.first_bad.get(),
              HasSubstr("never written: version 6 instead of 5 (the newest that was begun)"));
  EXPECT_THAT(counters.first_bad.get(), HasSubstr("\"writer\":\"node2 1.1\""));
}

TEST_P(WatchedFileThatAnswers, AMortalWriterIsAccusedWhileItLives) {
  options_.mortal = {2};
  const WorkerCounters& counters = watch(GetParam(), [&] { put(1, 6); });
  EXPECT_GT(counters.bad, 0U);
}

TEST(Asker, KnowsNothingWhereNobodyListensOrNothingIsKnown) {
  Options options = options_of(4096, 2, Alignment::page);
  EXPECT_FALSE(Asker(options).begun(1, 0));
  options.peers = {{"127.0.0.1", 9}, {"127.0.0.1", 9}};
  EXPECT_FALSE(Asker(options).begun(1, 0));
}

INSTANTIATE_TEST_SUITE_P(Ways, WatchedFileThatAnswers,
                         testing::Values(Observer::buffered, Observer::direct, Observer::mapped),
                         [](const auto& param) { return std::string(name_of(param.param)); });
INSTANTIATE_TEST_SUITE_P(Ways, WatchedFileInEveryWay,
                         testing::Values(Observer::buffered, Observer::direct, Observer::mapped),
                         [](const auto& param) { return std::string(name_of(param.param)); });

TEST(Fiemap, ItsListBeginsOnAPageOfItsOwnAndGoesOnOverSeveral) {
  Options options = options_of(65536, 2, Alignment::page);
  options.operation = Operation::fiemap;
  std::string pattern = GRIDLOCK_BINARY_DIR "/fiemap-test-XXXXXX";
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
  options.directory = pattern;
  const Layout layout(options);
  prepare(options, layout);
  const File file(path_of(options, {1, 1, Role::data}), O_RDWR);
  const Mapping memory(&file, layout.transfers_begin(), MapKind::shared);
  const auto buffer = memory.range(0, layout.transfer());
  const Moved moved = make_mover(options, file)->move(buffer, 0);
  EXPECT_EQ(moved.error, 0);
  EXPECT_EQ(moved.count, layout.transfer());
  fiemap answer{};
  std::memcpy(&answer, buffer.data() + page_size() - sizeof answer, sizeof answer);
  EXPECT_GE(answer.fm_mapped_extents * sizeof(fiemap_extent), 6 * page_size());
  std::filesystem::remove_all(pattern);
}

TEST(Fiemap, AnEmptyListIsNoTransferAlsoInABufferOfOnePage) {
  Options options = options_of(4096, 2, Alignment::page);
  options.operation = Operation::fiemap;
  const std::string path = GRIDLOCK_BINARY_DIR "/fiemap-empty-test";
  const File file(path, O_RDWR | O_CREAT);
  const Mapping memory(nullptr, page_size(), MapKind::private_);
  const Moved moved = make_mover(options, file)->move(memory.range(0, page_size()), 0);
  EXPECT_EQ(moved.error, 0);
  EXPECT_EQ(moved.count, 0U) << "an empty file has no extents";
  std::filesystem::remove(path);
}

TEST(Knowledge, ComesBackAsItWasAndCutShortItDoesNot) {
  Options options = options_of(4096, 2, Alignment::page);
  const Layout layout(options);
  Knowledge know = Knowledge::prepared(options, layout, 1);
  know.transfers[1] = {Content::Kind::zeros, {}, 0, 0};
  know.buffers[0] = {};
  const std::string path = GRIDLOCK_BINARY_DIR "/knowledge-test";
  know.save(path);
  const auto again = Knowledge::load(path);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->transfers, know.transfers);
  EXPECT_EQ(again->buffers, know.buffers);
  // Without its last newline it is still whole.
  for (std::uintmax_t size = std::filesystem::file_size(path) - 2; size > 0; --size) {
    std::filesystem::resize_file(path, size);
    EXPECT_THROW(Knowledge::load(path), std::runtime_error) << size;
  }
  std::filesystem::remove(path);
  EXPECT_FALSE(Knowledge::load(path));
}

}  // namespace
}  // namespace gridlock::mdio

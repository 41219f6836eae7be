// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

/// What can be chosen of mmap-dio, and its words: in a topology and on the program's command line
/// alike. The words, separated by spaces, are in the order of the enumerators.
namespace gridlock::mdio {

enum class Operation { read, write, readv, writev, libaio, io_uring, fiemap };
inline constexpr std::string_view kOperations = "read write readv writev libaio io_uring fiemap";

/// Of libaio and io_uring.
enum class Direction { read, write };
inline constexpr std::string_view kDirections = "read write";

enum class Access { direct, buffered, append };
inline constexpr std::string_view kAccesses = "direct buffered append";

enum class Buffer { same_file, next_node, anonymous, own_file, same_page, next_process };
inline constexpr std::string_view kBuffers =
    "same-file next-node anonymous own-file same-page next-process";

enum class MapKind { shared, private_ };
inline constexpr std::string_view kMapKinds = "shared private";

enum class Resident { none, first_page, every_other, all };
inline constexpr std::string_view kResidents = "none first-page every-other all";

enum class Eviction { dontneed, pageout, cgroup };
inline constexpr std::string_view kEvictions = "dontneed pageout cgroup";

enum class Alignment { page, sector, odd };
inline constexpr std::string_view kAlignments = "page sector odd";

enum class State { allocated, hole, preallocated, crossing_end, past_end };
inline constexpr std::string_view kStates = "allocated hole preallocated crossing-end past-end";

enum class Fsync { none, after, beside };
inline constexpr std::string_view kFsyncs = "none after beside";

enum class Disturbance { evict, truncate, punch, demote };
inline constexpr std::string_view kDisturbances = "evict truncate punch demote";

enum class Observer { buffered, direct, mapped };
inline constexpr std::string_view kObservers = "buffered direct mapped";

enum class Fault { none, flipped_bit, stale_block, short_return, lost_transfer };
inline constexpr std::string_view kFaults =
    "none flipped-bit stale-block short-return lost-transfer";

/// Whether transfers go from memory to the file.
constexpr bool writes(Operation operation, Direction direction) {
  if (operation == Operation::libaio || operation == Operation::io_uring)
    return direction == Direction::write;
  return operation == Operation::write || operation == Operation::writev;
}

}  // namespace gridlock::mdio

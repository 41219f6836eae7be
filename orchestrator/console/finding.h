// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "console/glock_dump.h"

namespace gridlock::console {

/// One line of a call trace: `symbol+0xOFFSET/0xSIZE [module BUILD-ID]`.
struct CodeLocation {
  std::string symbol;        ///< as printed, with .isra.0 and so on
  std::uint64_t offset = 0;  ///< into the symbol
  std::uint64_t size = 0;    ///< of the symbol; tells symbols of one name apart
  std::string module;        ///< empty: the kernel itself
  bool is_return = true;     ///< the address behind a call; false: where the cpu was (RIP, pc)
  bool operator==(const CodeLocation&) const = default;
};

/// One problem a kernel printed.
struct Finding {
  std::string kind;      ///< bug, oops, gpf, panic, warning, lockdep, lockdep_off, hung_task, …
  std::string title;     ///< for people, without addresses and pids: "kernel BUG in gfs2_glock_nq"
  std::string sentence;  ///< what happened, with task and locks, where more can be said; else empty
  std::string function;  ///< the guilty one; empty if none could be named
  std::vector<std::string> frames;  ///< at most 8, best first, without offsets
  std::vector<CodeLocation> stack;  ///< what the frames were read from, in the order printed; at most 64
  std::vector<Glock> glocks;        ///< GFS2's, where the report shows them
  std::string task;                 ///< command name as printed, or empty
  std::optional<int> pid;
  std::optional<int> cpu;
  std::optional<double> kernel_time;  ///< seconds since the guest's boot
  std::uint64_t begin = 0;            ///< byte range in the console's bytes, end exclusive
  std::uint64_t end = 0;
  bool secondary = false;  ///< a consequence of an earlier finding of the same task or of an oops
  bool replayed = false;   ///< the console shows it a second time, with the same time stamps
  std::string incomplete;  ///< why the report is not whole; empty: it is
  std::string identity;    ///< stable over boots, nodes, addresses, pids and builds
  std::string variant;     ///< which of its kind's reports: "circular", "kernel-bug"; may be empty
};

}  // namespace gridlock::console

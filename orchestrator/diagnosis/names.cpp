// SPDX-License-Identifier: GPL-2.0-or-later
// The words that the enumerations stand for in JSON and messages.
#include <array>

#include "diagnosis/diagnose.h"

namespace gridlock::diagnosis {
namespace {

template <class Kind, std::size_t N>
std::string_view name_in(const std::array<std::string_view, N>& names, Kind kind) {
  return names.at(static_cast<std::size_t>(kind));
}

}  // namespace

std::string_view kind_name(Lock::Kind kind) {
  constexpr std::array<std::string_view, 4> kNames{"glock", "dlm", "ocfs2", "kernel"};
  return name_in(kNames, kind);
}

std::string_view kind_name(Party::Kind kind) {
  constexpr std::array<std::string_view, 9> kNames{
      "task", "ended", "mount", "someone", "demotion", "nobody", "reply", "recovery", "silent"};
  return name_in(kNames, kind);
}

std::string_view how_name(Wait::How how) {
  constexpr std::array<std::string_view, 3> kNames{"held", "queued", "works"};
  return name_in(kNames, how);
}

std::string_view kind_name(ChainEnd::Kind kind) {
  constexpr std::array<std::string_view, 18> kNames{
      "nobody",   "ended",      "mount",      "someone",     "demotion",  "reply",
      "recovery", "silent",     "stopped",    "fsync",       "log_flush", "writeback",
      "block_io", "page_fault", "user_space", "kernel_spin", "sleeping",  "unknown"};
  return name_in(kNames, kind);
}

std::string_view kind_name(Diagnosis::Kind kind) {
  constexpr std::array<std::string_view, 3> kNames{"nothing", "cycle", "chain"};
  return name_in(kNames, kind);
}

}  // namespace gridlock::diagnosis

// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/board.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "workloads/files.h"

namespace gridlock::mdio {

void FirstText::set(std::string_view text) {
  int expected = kEmpty;
  if (!state_.compare_exchange_strong(expected, kBeingWritten)) return;
  const std::size_t size = std::min(text.size(), kSize - 1);
  std::memcpy(text_.data(), text.data(), size);
  text_[size] = '\0';
  state_ = kThere;
}

std::string FirstText::get() const { return state_ == kThere ? std::string(text_.data()) : ""; }

WorkerCounters& Board::worker(std::string_view name) {
  for (WorkerCounters& counters : workers) {
    if (name == counters.name.data()) return counters;
    if (counters.name[0] != '\0') continue;
    name.substr(0, counters.name.size() - 1).copy(counters.name.data(), counters.name.size() - 1);
    return counters;
  }
  throw std::logic_error("more workers than the board has room for");
}

Board& shared_board() {
  // Pages nobody counts in are never touched and cost nothing: they are zero, as a new board is.
  void* const memory =
      ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw_errno("shared memory");
  return *static_cast<Board*>(memory);
}

}  // namespace gridlock::mdio

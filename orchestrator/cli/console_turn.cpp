// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/console_turn.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

namespace gridlock {

ConsoleTurn::ConsoleTurn(const std::filesystem::path& log)
    : log_(::open(log.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (!log_) return;
  must_wait_ = ::flock(log_.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  // At once, also where the exclusive one was had: nobody waits for that one.
  ::flock(log_.get(), LOCK_SH | LOCK_NB);
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/own_use.h"

#include <sys/resource.h>

namespace gridlock {

OwnUse own_use() {
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return {seconds(use.ru_utime) + seconds(use.ru_stime),
          Bytes::kib(static_cast<std::uint64_t>(use.ru_maxrss))};
}

}  // namespace gridlock

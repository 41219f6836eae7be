// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/error.h"

#include <fmt/format.h>

namespace gridlock {

void check_failed(const char* condition, const std::string& why, const char* file, int line) {
  throw InternalError(fmt::format("internal error at {}:{}: {} ({})", file, line, why, condition),
                      "this is a bug in Gridlock; please report it with the run's directory");
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>

#include "base/bytes.h"
#include "plan/plan.h"

namespace gridlock {

/// How many labs of a plan fit side by side.
struct Room {
  int least = 1;  ///< as many as have a processor for each of theirs
  int most = 1;   ///< as many as have memory
};

/// `available`: memory that is free before the first lab. At least one lab, whatever is free.
Room room_for_labs(const Plan& plan, int cpus, Bytes available);

/// How many labs to run from now on, if `labs` run now and the processors were busy that part of
/// the time. A lab that hangs needs no processor and a lab that works needs all of its own, so what
/// fits is not known before; one more as long as processors are idle, one less if they have not
/// kept up, since a starved node looks like a stalled one.
int labs_from_now(const Room& room, int labs, std::optional<double> busy);

}  // namespace gridlock

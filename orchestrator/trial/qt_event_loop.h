// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>

#include "base/event_loop.h"

namespace gridlock {

/// The event loop of a process that has a QCoreApplication; made and used on its main thread. An
/// exception out of a task, a timer or a watch ends the run_until it happened in.
std::unique_ptr<EventLoop> make_qt_event_loop();

}  // namespace gridlock

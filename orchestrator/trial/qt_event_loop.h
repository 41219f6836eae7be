// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>

#include "base/event_loop.h"

namespace gridlock {

/// To be called before the QCoreApplication is made. Qt would turn GLib's default main context, and
/// so does libvirt's event loop (virEventRegisterDefaultImpl, since 5.0): whoever comes second waits
/// for ever, and libvirt's events end up on the wrong thread.
void keep_qt_off_glib();

/// The event loop of a process that has a QCoreApplication; made and used on one thread. An
/// exception out of a task, a timer or a watch ends the run_until it happened in.
std::unique_ptr<EventLoop> make_qt_event_loop();

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "agent/descriptor.h"
#include "base/json.h"

namespace gridlock::agent {

/// Makes a bare kernel with a read-only root into a node: a tmpfs over the root, the kernel's file
/// systems, device links for the DLM, the loopback interface. Goes on after a failure; returns what
/// failed, joined with "; ", or nothing.
std::string set_up_node();

/// Keeps this process answering when memory is short and every processor is busy.
std::string become_real_time();

/// Opens the host's virtio-serial port without blocking; an empty descriptor if there is none
/// (yet).
Descriptor open_port();

/// Checks an `identify` request and, if `apply`, makes the node what it says: host name, clock,
/// entropy, /etc/hosts, first network interface. Returns an error text or nothing.
std::string identify(const Json& request, bool apply);

/// Checks a `refresh` request and, if `apply`, sets the clock and feeds the entropy pool of a node
/// that stays who it is. Returns an error text or nothing.
std::string refresh(const Json& request, bool apply);

}  // namespace gridlock::agent

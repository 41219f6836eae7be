// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gridlock::console {

/// The lock class a line of a lockdep report names, `(CLASS){usage}`: without the registration
/// number `#N`, which varies between boots, with the subclass `/M`, which is in the source. Empty
/// if the line names none.
/// Source: print_lock_name() in kernel/locking/lockdep.c.
std::string lock_class_in(std::string_view text);

/// The first `count` lock classes that `lines` name, in order.
std::vector<std::string> lock_classes(std::span<const std::string> lines, std::size_t count);

/// The cycle of a "possible circular locking dependency": the classes in the order in which they
/// are taken, beginning with the rotation that sorts first. Whichever edge closed the cycle, the
/// report is a rotation of the same list. Empty if the chain `-> #k … -> #0` is not whole.
std::vector<std::string> lock_cycle(std::span<const std::string> lines);

}  // namespace gridlock::console

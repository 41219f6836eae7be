// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>

#include "base/json.h"
#include "watch/oracles.h"

namespace gridlock {

/// What is kept of oracles with a lab that is saved. What is absent stays absent.
Json to_json(const Oracles& oracles);

/// Reads it again; nothing if it is no such object. Members of another type count as absent.
std::optional<Oracles> oracles_from_json(const Json& json);

}  // namespace gridlock

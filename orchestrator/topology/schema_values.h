// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/json.h"
#include "topology/keys.h"

namespace gridlock {

/// {"$ref": "#/definitions/…"}.
Json schema_ref(const KeyTable& table);

/// The schema of one mapping that the tables describe: its own definition or, if a `program`
/// decides among several, all of them with their conditions.
Json schema_of_mapping(std::span<const KeyTable* const> tables);

/// The schema of one key's value, with its meaning and its default.
Json schema_of_value(const Key& key);

/// Property names that are names: [A-Za-z0-9][A-Za-z0-9._-]{0,40}.
Json schema_of_names();

}  // namespace gridlock

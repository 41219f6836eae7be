// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/json.h"
#include "topology/keys.h"

namespace gridlock {

/// What a schema is for.
enum class SchemaOf {
  topology,  ///< a whole one; what must be there is asked for, unless it includes files or has
             ///< defaults
  part,      ///< a file that others include: nothing must be there
};

/// A JSON Schema (draft 7, which editors know best) of topology files, made from the tables the
/// reader obeys. It takes every file the reader takes, and refuses what the tables say of each key
/// by itself; what one key says about another only the reader knows, and the bounds of sizes and
/// durations that are written with a unit.
Json topology_schema(SchemaOf what);

/// What the table is called under `definitions` there.
std::string schema_name(const KeyTable& table);

}  // namespace gridlock

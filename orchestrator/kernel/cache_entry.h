// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/json.h"
#include "kernel/builder.h"

namespace gridlock {

/// What a look at a kernel in the cache found.
struct EntryLook {
  enum class State { absent, damaged, whole };
  State state = State::absent;
  std::string damage;  ///< why it is damaged
  BuiltKernel kernel;  ///< of a whole one; without a name
};

/// Looks at the entry `directory` (…/kernels/<key>) and compares each file with what its manifest
/// says of it.
EntryLook look_at_entry(const std::filesystem::path& directory);

/// Completes the folder `fresh`, which holds the files of a kernel, with a manifest made of
/// `description` and the files' sizes and digests, and makes it `directory` in one step. `fresh`
/// and `directory` are on one file system and nobody else is publishing this entry.
void publish_entry(const std::filesystem::path& fresh, const std::filesystem::path& directory,
                   Json description);

/// SHA-256 over a file's size and content; of a large file over evenly spaced pieces of it, which
/// finds a file that was cut or overwritten, fast.
std::string quick_digest(const std::filesystem::path& file);

}  // namespace gridlock

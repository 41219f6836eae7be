// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "workloads/layout.h"
#include "workloads/stamp.h"

namespace gridlock::mdio {

/// What a slot holds, as far as its only writer knows.
struct Content {
  enum class Kind { stamped, zeros, unknown };
  Kind kind = Kind::unknown;
  FileId file;               ///< where its blocks were made for
  std::uint64_t offset = 0;  ///< of its first block, there
  std::uint64_t version = 0;

  /// The stamp of block `block`; who wrote it is not part of it.
  Stamp stamp(std::uint64_t block, std::uint64_t seed) const;
  bool operator==(const Content&) const = default;
};

/// A block that is not what it should be.
struct BadBlock {
  std::uint64_t offset = 0;  ///< in the data looked at
  std::string what;
  Excerpt excerpt;
  std::string writer;  ///< who wrote what was found, "" if that cannot be told
};

/// One object for the result line: `file`, and `base` added to the offset.
std::string to_json(const BadBlock& bad, const std::string& file, std::uint64_t base,
                    const std::string& reader);

struct Checked {
  std::uint64_t blocks = 0;
  std::uint64_t bad = 0;
  std::optional<BadBlock> first_bad;

  void add(const Checked& other);
};

/// Looks at `data`, the begin of a slot of `layout` (only blocks that are there as a whole are
/// looked at). What is unknown is not judged, and not counted as looked at.
Checked check(std::span<const std::byte> data, const Content& expected, const Layout& layout,
              std::uint64_t seed);

/// Fills a slot with stamped content.
void fill(std::span<std::byte> slot, const Content& content, const Layout& layout,
          std::uint64_t seed, const Who& writer);

/// What one process knows of the slots that only it writes: the transfers of its own data file, and
/// the buffers it uses.
struct Knowledge {
  std::vector<Content> transfers;
  std::vector<Content> buffers;  ///< of buffer_file(); empty if the buffers are in no file

  /// What is there after `prepare`.
  static Knowledge prepared(const Options& options, const Layout& layout, std::uint64_t process);

  /// As a file, for whoever goes on or verifies; written whole and synced.
  void save(const std::string& path) const;
  /// Absent if there is no such file; throws if there is one that cannot be understood.
  static std::optional<Knowledge> load(const std::string& path);
};

}  // namespace gridlock::mdio

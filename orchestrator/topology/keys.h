// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace gridlock {

/// What a value of a topology may be.
enum class ValueType {
  name,      ///< becomes part of file names: [A-Za-z0-9][A-Za-z0-9._-]{0,40}
  line,      ///< text without line breaks
  prose,     ///< any text
  integer,   ///< low to high
  size,      ///< "768MiB"; low to high in bytes, and a multiple of `step`
  duration,  ///< "10s"; low to high in milliseconds, and a multiple of `step`
  share,     ///< "5%" or 0.05: above nothing, below all
  choice,    ///< one of `words`
  choices,   ///< one of `words`, or a list of some of them
  lines,     ///< a line, or a list of at most `high` lines
  section,   ///< a mapping with a table of its own, or names to such mappings
  special,   ///< its reader says what it takes, and so does `meaning`
};

/// What of a value is paths on the host, so that a file that is included can have its own folder.
enum class Paths {
  none,
  all,        ///< the value, or every item of a list or value of a mapping
  fragments,  ///< of a list: what has a "/" or ends in ".config"
  patches,    ///< of a list: not BASE..HEAD, and a plain name only if there is such a file
};

/// What a special value, or each of its lines, is. Each has one reader, and one case in the schema.
enum class Form { none, expectation, trials, faults, fio_options, files, variables, statuses };

struct KeyTable;

/// One key of a mapping. The tables below are the only place that knows a key's type, default and
/// bounds: the reader obeys them and docs/topology.md is tested against them.
struct Key {
  std::string_view name;
  ValueType type = ValueType::line;
  std::string_view meaning;
  std::string_view fallback = {};  ///< the default as a person would write it; empty: none
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  std::uint64_t step = 1;
  std::string_view words = {};  ///< of a choice: separated by blanks, in the enumerators' order
  bool required = false;
  Paths paths = Paths::none;
  Form form = Form::none;  ///< of a special value
  /// Of a section: the table of its mapping; several if the mapping's `program` says which.
  std::span<const KeyTable* const> tables = {};
  bool named = false;  ///< of a section: names are mapped to such mappings
  /// Excludes the other alternatives of its table: a mapping that takes another one than what it is
  /// merged with replaces that as a whole.
  bool alternative = false;
};

/// One kind of mapping.
struct KeyTable {
  std::string_view what;  ///< as messages call the mapping: "a disk"
  std::span<const Key> keys;
};

extern const KeyTable kTopologyKeys, kKernelKeys, kSourceKeys, kPrebuiltKeys, kNodesKeys, kNodeKeys,
    kDiskKeys, kTargetKeys, kChapKeys, kClusterKeys, kO2cbKeys, kFilesystemKeys,
    kFilesystemOptionsKeys, kMmapDioKeys, kFioKeys, kLockPingKeys, kExecKeys, kTrialKeys,
    kFaultKeys, kWatchKeys, kDefaultsKeys;

/// All of them, for whoever describes the format.
std::span<const KeyTable* const> all_key_tables();

/// A fio option that a topology may not set.
struct RefusedFioOption {
  std::string_view name;  ///< a final "*" stands for anything
  std::string_view reason;
};
std::span<const RefusedFioOption> refused_fio_options();

/// The I/O engines of fio that do file I/O and nothing else, separated by blanks.
extern const std::string_view kFioEngines;

/// Folders of a node that a file system must not be mounted on or below, separated by blanks.
extern const std::string_view kSystemFolders;

/// Folders of a node below which a topology may put files, separated by blanks.
extern const std::string_view kFileFolders;

// How many of each a topology may hold.
constexpr std::size_t kMaxKernels = 16;
constexpr std::size_t kMaxWorkloads = 64;
constexpr std::size_t kMaxTrials = 100;
constexpr std::size_t kMaxFaults = 64;

}  // namespace gridlock

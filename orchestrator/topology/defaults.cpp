// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology/defaults.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "topology/lone_key.h"
#include "topology/merge.h"
#include "topology/shape.h"

namespace gridlock {
namespace {

constexpr std::string_view kWhat = "the defaults";

DocNode map_at(Mark mark) {
  DocNode map;
  map.kind = DocNode::Kind::map;
  map.mark = mark;
  return map;
}

/// Says what of the defaults for one kind no entry could have.
void check(const DocNode& values, const Key& kind, Mistakes& mistakes) {
  std::vector<std::string> known;
  for (const KeyTable* const table : kind.tables)
    for (const Key& key : table->keys) known.emplace_back(key.name);
  for (const DocEntry& entry : values.entries) {
    bool right = false;
    std::string first_wrong;
    std::vector<Key> rows;
    for (const KeyTable* const table : kind.tables)
      if (const auto row = std::ranges::find(table->keys, std::string_view(entry.key), &Key::name);
          row != table->keys.end())
        rows.push_back(*row);
    for (const Key& row : rows) {
      Mistakes found("", "");
      LoneKey(entry, row, kWhat, found).section().check(row.name);
      right = right || found.size() == 0;
    }
    if (rows.empty()) {
      mistakes.add(entry.mark,
                   fmt::format("unknown key {} in defaults of a {}{}", in_quotes(entry.key),
                               kind.name, suggestion(entry.key, known)));
    } else if (!right) {
      LoneKey(entry, rows.front(), kWhat, mistakes).section().check(rows.front().name);
    }
  }
}

void forget(DocNode& map, std::string_view key) {
  std::erase_if(map.entries, [&](const DocEntry& entry) { return entry.key == key; });
}

bool is_prebuilt(const DocNode& kernel) {
  const DocEntry* const source = entry_of(kernel, "source");
  return source && entry_of(source->value, "prebuilt");
}

/// Leaves of `values` what a mapping with these entries can have.
void keep_fitting(DocNode& values, const DocNode& own, const Key& kind) {
  const Shape shape{kind.tables};
  const auto is_alternative = [&](const DocEntry& entry) {
    return shape.is_alternative(entry.key);
  };
  if (std::ranges::any_of(own.entries, is_alternative))
    std::erase_if(values.entries, [&](const DocEntry& entry) {
      return is_alternative(entry) && !entry_of(own, entry.key);
    });
  const bool prebuilt = is_prebuilt(own) || is_prebuilt(values);
  if (prebuilt || entry_of(own, "from")) forget(values, "config");
  if (prebuilt)
    for (const char* const key : {"patches", "revert"}) forget(values, key);
  if (kind.tables.size() == 1) return;

  const DocEntry* program = entry_of(own, "program");
  if (!program) program = entry_of(values, "program");
  const KeyTable* const table =
      program ? table_of_program(kind.tables, program->value.text) : nullptr;
  std::erase_if(values.entries, [&](const DocEntry& entry) {
    return entry.key != "program" &&
           (!table || std::ranges::find(table->keys, std::string_view(entry.key), &Key::name) ==
                          table->keys.end());
  });
  if (entry_of(own, "program")) forget(values, "program");
  for (const DocNode* const map : {&own, &std::as_const(values)})
    if (const DocEntry* const jobs = entry_of(*map, "jobs");
        jobs && entry_of(jobs->value, "runtime"))
      return forget(values, "duration");
}

void complete(DocNode& entry, const DocNode& defaults, const Key& kind) {
  if (entry.kind == DocNode::Kind::nothing) entry = map_at(entry.mark);
  if (entry.kind != DocNode::Kind::map) return;
  DocNode values = defaults;
  keep_fitting(values, entry, kind);
  merge(values, std::move(entry), Shape{kind.tables});
  entry = std::move(values);
}

/// A trial is a list of workloads, or a mapping.
void complete_trial(DocNode& item, const DocNode& defaults, const Key& kind) {
  if (item.kind == DocNode::Kind::list) {
    DocNode map = map_at(item.mark);
    map.entries.push_back({"workloads", item.mark, std::move(item)});
    item = std::move(map);
  }
  complete(item, defaults, kind);
}

/// What stands for a section that is not written: one disk called shared, a trial for each
/// workload.
DocNode implied(std::string_view section, const DocNode& root, Mark mark) {
  DocNode node = map_at(mark);
  if (section == "disks") {
    node.entries.push_back({"shared", mark, map_at(mark)});
  } else if (const DocEntry* const workloads = entry_of(root, "workloads");
             section == "trials" && workloads) {
    node.kind = DocNode::Kind::list;
    for (const DocEntry& workload : workloads->value.entries) {
      DocNode name;
      name.kind = DocNode::Kind::scalar;
      name.mark = workload.mark;
      name.text = workload.key;
      DocNode trial;
      trial.kind = DocNode::Kind::list;
      trial.mark = workload.mark;
      trial.items.push_back(std::move(name));
      node.items.push_back(std::move(trial));
    }
  }
  return node;
}

/// Bounds what defaults come to in all entries together.
class Room {
 public:
  explicit Room(Mistakes& mistakes) : mistakes_(mistakes) {}

  /// Whether there is room for these values in so many entries; says so if not.
  bool has(const DocNode& values, std::size_t entries) {
    const DocSize size = size_of(values);
    used_.values += size.values * entries;
    used_.bytes += size.bytes * entries;
    if (used_.values <= kMaxDocValues && used_.bytes <= kMaxDocBytes) return true;
    mistakes_.add(values.mark, fmt::format("{} times these defaults are too much", entries));
    return false;
  }

 private:
  Mistakes& mistakes_;
  DocSize used_;
};

void apply(DocNode& root, const DocEntry& written, const Key& kind, Room& room) {
  const std::string section = std::string(kind.name) + "s";
  DocEntry* found = entry_of(root, section);
  if (!found || found->value.kind == DocNode::Kind::nothing) {
    DocNode node = implied(section, root, written.mark);
    if (node.entries.empty() && node.items.empty()) return;
    std::erase_if(root.entries, [&](const DocEntry& entry) { return entry.key == section; });
    root.entries.push_back({section, written.mark, std::move(node)});
    found = &root.entries.back();
  }
  DocNode& value = found->value;
  if (!room.has(written.value, value.entries.size() + value.items.size())) return;
  for (DocEntry& entry : value.entries) complete(entry.value, written.value, kind);
  for (DocNode& item : value.items) complete_trial(item, written.value, kind);
}

}  // namespace

void apply_defaults(DocNode& root, Mistakes& mistakes) {
  const DocEntry* const found = entry_of(std::as_const(root), "defaults");
  if (!found) return;
  const DocEntry defaults = *found;
  forget(root, "defaults");
  const Section section(&defaults.value, defaults.mark, kDefaultsKeys, mistakes);
  Room room(mistakes);
  for (const Key& kind : kDefaultsKeys.keys) {
    const DocEntry* const written = entry_of(defaults.value, kind.name);
    if (!written || written->value.kind == DocNode::Kind::nothing) continue;
    if (written->value.kind != DocNode::Kind::map) {
      mistakes.add(written->value.mark,
                   fmt::format("the defaults of a {} must be a mapping", kind.name));
      continue;
    }
    check(written->value, kind, mistakes);
    apply(root, *written, kind, room);
  }
}

}  // namespace gridlock

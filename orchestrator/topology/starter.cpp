// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology/starter.h"

#include <fmt/format.h>
#include <yaml-cpp/emitter.h>
#include <yaml-cpp/emittermanip.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "topology/emit_text.h"
#include "topology/keys.h"

namespace gridlock {
namespace {

/// Lines are wrapped at this many characters.
constexpr std::size_t kWidth = 98;

/// A value as YAML writes it in one line.
std::string in_line(const std::string& text) {
  YAML::Emitter out;
  out << YAML::Flow << YAML::BeginSeq;
  emit_text(out, text);
  out << YAML::EndSeq;
  GRIDLOCK_CHECK(out.good(), "a value could not be written: " + out.GetLastError());
  const std::string list = out.c_str();
  return list.substr(1, list.size() - 2);
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string in_line(const Pairs& pairs) {
  std::string line;
  for (const auto& [key, value] : pairs)
    line += fmt::format("{}{}: {}", line.empty() ? "" : ", ", key, in_line(value));
  return "{" + line + "}";
}

class Writer {
 public:
  explicit Writer(const Starter& starter) : starter_(starter) {}

  std::string write() {
    comment(
        "A topology of Gridlock: `gridlock check` says what is wrong with it, `gridlock run` runs "
        "it. Every key, its default and its bounds: docs/topology.md");
    key(kTopologyKeys, "name", in_line(starter_.name));
    kernels();
    section("nodes", [this] {
      key(kNodesKeys, "count", std::to_string(starter_.nodes));
      key(kNodesKeys, "memory", std::string(row(kNodesKeys, "memory").fallback));
    });
    section("disks", [this] {
      named("shared", [this] {
        key(kDiskKeys, "size", starter_.nodes > kFewNodes ? "4GiB" : "2GiB");
        key(kDiskKeys, "transport", starter_.transport);
      });
    });
    section("filesystem", [this] {
      key(kFilesystemKeys, "type", starter_.filesystem);
      key(kFilesystemKeys, "journal", "8MiB");
    });
    section("workloads", [this] { workloads(); });
    section("watch", [this] {
      key(kWatchKeys, "stall", "10s");
      key(kWatchKeys, "known", "[]");
    });
    return text_;
  }

 private:
  static const Key& row(const KeyTable& table, std::string_view name) {
    const auto found = std::ranges::find(table.keys, name, &Key::name);
    GRIDLOCK_CHECK(found != table.keys.end(), fmt::format("{} has no {}", table.what, name));
    return *found;
  }

  void line(const std::string& text) { text_ += std::string(2 * depth_, ' ') + text + "\n"; }

  void comment(const std::string& text) {
    std::string wrapped = "#";
    for (const std::string& word : split(text, ' ')) {
      if (2 * depth_ + wrapped.size() + 1 + word.size() > kWidth) {
        line(wrapped);
        wrapped = "#";
      }
      wrapped += " " + word;
    }
    line(wrapped);
  }

  void meaning(const KeyTable& table, std::string_view name) {
    const Key& key = row(table, name);
    comment(key.fallback.empty() ? std::string(key.meaning)
                                 : fmt::format("{}. Default: {}", key.meaning, key.fallback));
  }

  /// A key with its value, below what it means.
  void key(const KeyTable& table, std::string_view name, const std::string& value) {
    meaning(table, name);
    line(fmt::format("{}: {}", name, value));
  }

  template <class Write>
  void named(std::string_view name, Write write) {
    line(fmt::format("{}:", name));
    ++depth_;
    write();
    --depth_;
  }

  template <class Write>
  void section(std::string_view name, Write write) {
    text_ += "\n";
    meaning(kTopologyKeys, name);
    named(name, write);
  }

  Pairs source() const {
    switch (starter_.source) {
      case StarterSource::package:
        return {{"package", starter_.from}};
      case StarterSource::dir:
        return {{"dir", starter_.from}};
      case StarterSource::git:
        break;
    }
    return {{"git", starter_.from}, {"ref", starter_.ref.empty() ? "HEAD" : starter_.ref}};
  }

  void kernels() {
    const bool pair = !starter_.patches.empty();
    section("kernels", [&] {
      named(pair ? "unpatched" : "mine", [&] {
        key(kKernelKeys, "source", in_line(source()));
        key(kKernelKeys, "config", "[base, cluster, debug]");
        key(kKernelKeys, "expect", "pass");
      });
      if (!pair) return;
      comment("The same source, config and objects, with the patches on top.");
      named("patched", [&] {
        line("from: unpatched");
        meaning(kKernelKeys, "patches");
        line("patches:");
        for (const std::string& patch : starter_.patches) line("  - " + in_line(patch));
      });
    });
  }

  void workload(const std::string& name, const std::string& what, const Pairs& pairs) {
    comment(what);
    line(name + ": " + in_line(pairs));
  }

  void workloads() {
    workload(
        "self-read",
        "Each node reads its file into a mapping of the same file, whose pages are not there: the "
        "page fault wants the lock that the read holds.",
        {{"program", "mmap-dio"},
         {"operation", "read"},
         {"buffer", "same-file"},
         {"duration", "15s"}});
    if (starter_.nodes > 1)
      workload(
          "crosswise",
          "Each node reads its file into a mapping of the next node's file: two locks, taken in "
          "opposite orders.",
          {{"program", "mmap-dio"},
           {"operation", "read"},
           {"buffer", "next-node"},
           {"transfer", "256KiB"},
           {"duration", "15s"}});
    workload("write", "Direct writes, whose data is checked to the byte.",
             {{"program", "mmap-dio"},
              {"operation", "write"},
              {"buffer", "anonymous"},
              {"duration", "15s"}});
    // On its own stack OCFS2 has no locks that other nodes see.
    if (starter_.filesystem != "ocfs2")
      workload("locks", "Byte-range locks that are handed from node to node.",
               {{"program", "lock-ping"}, {"data", "file"}, {"duration", "15s"}});
  }

  static constexpr int kFewNodes = 6;

  const Starter& starter_;
  std::size_t depth_ = 0;
  std::string text_;
};

}  // namespace

std::string starter_topology(const Starter& starter) { return Writer(starter).write(); }

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <set>

#include "base/text.h"
#include "campaign/verdict.h"
#include "cli/saved_looks.h"
#include "cli/verbs.h"
#include "diagnosis/diagnose.h"
#include "diagnosis/diagnosis_json.h"
#include "diagnosis/dlm_locks.h"
#include "diagnosis/dlm_waiters.h"
#include "diagnosis/glocks.h"
#include "diagnosis/known_files.h"
#include "diagnosis/ocfs2_locks.h"
#include "diagnosis/picture.h"
#include "diagnosis/tasks.h"
#include "host/files.h"
#include "host/graphviz.h"

namespace gridlock {
namespace {

using diagnosis::Diagnosis;
using diagnosis::NodeLook;

struct DiagnoseOptions {
  std::string folder;
  bool dot = false;
  std::string svg;
  std::string files;
};

/// What a node's texts hold and which are missing, or hold nothing of their kind.
struct Inventory {
  std::string node;
  std::vector<std::string> read;
  std::vector<std::string> missing;
  bool has_locks = false;   ///< that were understood
  bool is_foreign = false;  ///< a text is something else than its name says
};

/// Whether a text without one row says that there is none: it is blank, or has the heading alone.
/// Source: the first line of `dlm/<lockspace>_locks`, print_format2() in fs/dlm/debug_fs.c.
bool says_none(std::string_view text) {
  return trimmed(text).empty() || text.starts_with("id nodeid ");
}

Inventory inventory_of(const NodeLook& node) {
  Inventory inventory{printable(node.node), {}, {}};
  const auto note = [&](const std::string& text, std::string_view name, std::size_t count,
                        const std::string& more = {}) {
    if (text.empty()) {
      inventory.missing.emplace_back(name);
    } else if (count == 0 && !says_none(text)) {
      inventory.is_foreign = true;
      inventory.missing.push_back(fmt::format("{} (no line of the file is one)", name));
    } else {
      inventory.read.push_back(fmt::format("{} {}{}", name, count, more));
    }
    return count > 0;
  };
  std::set<GlockName> waited_glocks;
  const diagnosis::GlockCounts counts =
      diagnosis::collect_waited_glocks(node.glocks, waited_glocks);
  std::set<std::string, std::less<>> waited;
  const bool has_glocks =
      note(node.glocks, "glocks", counts.glocks,
           fmt::format(" ({} holders, {} waiters)", counts.holders, counts.waiters));
  const bool has_dlm_locks = note(node.dlm_locks, "DLM locks",
                                  diagnosis::collect_waited_resources(node.dlm_locks, waited));
  note(node.tasks, "tasks", diagnosis::read_tasks(node.tasks).size());
  note(node.console, "console", node.console.size(), " bytes");
  // Most clusters have neither, and an empty list of waiters is an answer.
  bool has_ocfs2 = false;
  if (!node.ocfs2_locks.empty())
    has_ocfs2 = note(node.ocfs2_locks, "OCFS2 locks",
                     diagnosis::collect_waited_ocfs2(node.ocfs2_locks, waited));
  if (!node.dlm_waiters.empty())
    note(node.dlm_waiters, "DLM messages without a reply",
         diagnosis::read_dlm_waiters(node.dlm_waiters).size());
  inventory.has_locks = has_glocks || has_dlm_locks || has_ocfs2;
  return inventory;
}

/// One file system's diagnosis, as it is told.
struct Told {
  const SavedLooks& looks;
  bool once;
  std::vector<Inventory> nodes;
  Diagnosis diagnosis;

  /// Whether nothing is known of it, since what should be its locks is something else.
  bool is_unread() const {
    return diagnosis.kind == Diagnosis::Kind::nothing &&
           std::ranges::none_of(nodes, &Inventory::has_locks) &&
           std::ranges::any_of(nodes, &Inventory::is_foreign);
  }
};

/// Whose folder may as well be a look of Gridlock's own layout.
bool is_named_like_look(const Inventory& node) { return node.node == "1" || node.node == "2"; }

constexpr std::string_view kOnce = "seen once: waits are not proven to last";

std::string text_of(const Told& told) {
  std::string text;
  if (!told.looks.file_system.empty())
    text += "file system " + printable(told.looks.file_system) + "\n";
  if (told.diagnosis.kind != Diagnosis::Kind::nothing)
    text += told.diagnosis.sentence;
  else
    text += told.is_unread() ? "no lock was read" : "no task waits for another";
  text += '\n';
  if (told.once) text += std::string(kOnce) + "\n";
  if (told.once && std::ranges::all_of(told.nodes, is_named_like_look))
    text +=
        "its folders are taken for nodes: if they are two looks at one, give the folder above\n";
  for (const Inventory& inventory : told.nodes) {
    text += fmt::format("  {}: {}", inventory.node,
                        inventory.read.empty() ? "nothing was read" : join(inventory.read, ", "));
    if (!inventory.missing.empty() && (!inventory.read.empty() || inventory.is_foreign))
      text += "; missing: " + join(inventory.missing, ", ");
    text += '\n';
  }
  return text;
}

Json json_of(const Told& told) {
  Json json = diagnosis::json_of(told.diagnosis);
  if (!told.looks.file_system.empty()) json["file_system"] = printable(told.looks.file_system);
  json["seen_once"] = told.once;
  json["read"] = Json::array();
  for (const Inventory& inventory : told.nodes)
    json["read"].push_back(
        {{"node", inventory.node}, {"read", inventory.read}, {"missing", inventory.missing}});
  return json;
}

/// Writes the picture of the first deadlock, or of the first chain.
void write_picture(const std::vector<Told>& all, const std::string& file, Context& context) {
  const auto worst = std::min_element(all.begin(), all.end(), [](const Told& a, const Told& b) {
    const auto rank = [](const Told& told) {
      return told.diagnosis.kind == Diagnosis::Kind::cycle   ? 0
             : told.diagnosis.kind == Diagnosis::Kind::chain ? 1
                                                             : 2;
    };
    return rank(a) < rank(b);
  });
  const Picture picture =
      draw_graph(diagnosis::dot_of(worst->diagnosis), *context.runner, context.stop);
  if (picture.svg)
    write_file_atomically(file, *picture.svg);
  else
    std::fprintf(stderr, "gridlock: %s\n", picture.problem.c_str());
}

/// A folder whose files hold no locks tells nothing of a cluster.
[[noreturn]] void refuse(const std::string& folder, const std::vector<Inventory>& nodes) {
  std::string hint = "what each file is taken for, and why, is in docs/diagnosis.md";
  for (const Inventory& node : nodes)
    hint += fmt::format("\n  {}: missing: {}", node.node, join(node.missing, ", "));
  throw Error(folder + " has files that should hold locks, and no lock is in them", hint);
}

int diagnose_folder(const DiagnoseOptions& options, Context& context) {
  SavedEvidence evidence = read_saved_looks(options.folder, {}, context.stop);
  for (const std::string& problem : evidence.problems)
    std::fprintf(stderr, "gridlock: left out: %s\n", problem.c_str());
  if (!options.files.empty())
    evidence.files.names.merge(
        diagnosis::parse_known_files(read_file(options.files, Bytes::mib(64))).names);
  if (evidence.looks.empty())
    throw Error(
        options.folder + " holds no dumps of locks",
        "it needs a folder for each node with its glocks and DLM locks (docs/diagnosis.md)");
  std::vector<Told> all;
  for (const SavedLooks& looks : evidence.looks) {
    const bool once = looks.first.empty();
    std::vector<Inventory> nodes;
    for (const NodeLook& node : looks.second) nodes.push_back(inventory_of(node));
    all.push_back(
        {looks, once, std::move(nodes),
         diagnosis::diagnose(once ? looks.second : looks.first, looks.second, evidence.files)});
  }
  if (std::ranges::all_of(all, &Told::is_unread)) refuse(options.folder, all.front().nodes);
  for (const Told& told : all) {
    const std::string text = context.json  ? json_of(told).dump() + "\n"
                             : options.dot ? diagnosis::dot_of(told.diagnosis)
                                           : text_of(told);
    std::fputs(text.c_str(), stdout);
  }
  if (!options.svg.empty()) write_picture(all, options.svg, context);
  const bool found = std::any_of(all.begin(), all.end(), [](const Told& told) {
    return told.diagnosis.kind != Diagnosis::Kind::nothing;
  });
  return found ? kExitFindings : kExitPassed;
}

}  // namespace

void add_diagnose(CLI::App& app, Context& context, int* exit_code) {
  auto* const verb = app.add_subcommand(
      "diagnose", "Say which tasks of a cluster wait for each other, from dumps of its locks");
  auto options = std::make_shared<DiagnoseOptions>();
  verb->add_option("DIR", options->folder, "A folder with the dumps of every node")
      ->required()
      ->type_name("");
  verb->add_flag("--dot", options->dot, "Write the graph in Graphviz's language instead of text");
  verb->add_option("--svg", options->svg, "Draw the graph into FILE (needs Graphviz)")
      ->type_name("FILE");
  verb->add_option("--files", options->files, "Names of files: lines 'INODE NAME'")
      ->type_name("FILE");
  verb->footer(
      "DIR is Gridlock's own evidence, what gfs2_lockcapture collected (unpacked, all nodes), or "
      "a\n"
      "folder for each node with its glocks and DLM locks: see docs/diagnosis.md.\n"
      "Exit code: 0 nothing waits, 1 a deadlock or a chain of waits, 2 bad usage, 3 nothing could\n"
      "be read.");
  verb->callback(
      [options, &context, exit_code] { *exit_code = diagnose_folder(*options, context); });
}

}  // namespace gridlock

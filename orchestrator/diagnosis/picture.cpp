// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnosis/picture.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <tuple>

#include "base/text.h"
#include "diagnosis/dot_writer.h"
#include "diagnosis/drawn_waits.h"

namespace gridlock::diagnosis {
namespace {

constexpr std::size_t kMaxWaits = 48;  // more is no picture but a knot
constexpr std::size_t kMaxLine = 44;   // characters in a box

// Dark enough on white to be read in print, and told apart without colour by their width.
constexpr std::string_view kStrong = "#b3261e";
constexpr std::string_view kPale = "#8a9099";
constexpr std::string_view kInk = "#1f2328";

std::string id_of(const Party& party) {
  return fmt::format("{}|{}|{}|{}", kind_name(party.kind), party.node, party.pid, party.lock);
}
std::string id_of(const Lock& lock) {
  return fmt::format("lock|{}|{}", kind_name(lock.kind), lock.name);
}

std::string cut(std::string_view text) { return printable(text, kMaxLine); }

/// What a party that is no task is called.
std::string words_of(const Party& party) {
  switch (party.kind) {
    case Party::Kind::task:
      return {};
    case Party::Kind::ended:
      return fmt::format("a task that has ended\n(pid {})", party.pid);
    case Party::Kind::mount:
      return "the file system\nitself";
    case Party::Kind::someone:
      return "a task that is\nnot known";
    case Party::Kind::demotion:
      return "unused, to be\ngiven down";
    case Party::Kind::nobody:
      return "nobody holds it";
    case Party::Kind::reply:
      return "has to reply";
    case Party::Kind::recovery:
      return "recovery";
    case Party::Kind::silent:
      return "did not answer";
  }
  return {};
}

class Drawing {
 public:
  explicit Drawing(const Diagnosis& diagnosis)
      : diagnosis_(diagnosis),
        drawn_(drawn_waits(diagnosis, kMaxWaits)),
        dot_(graph_attributes(diagnosis, drawn_.size()),
             {{"fontname", "Helvetica"},
              {"fontsize", "11"},
              {"fontcolor", std::string(kInk)},
              {"color", std::string(kPale)},
              {"shape", "box"},
              {"style", "rounded,filled"},
              {"fillcolor", "white"},
              {"margin", "0.16,0.09"}},
             {{"fontname", "Helvetica"},
              {"fontsize", "10"},
              {"fontcolor", std::string(kPale)},
              {"color", std::string(kPale)},
              {"arrowsize", "0.8"}}) {}

  std::string draw() {
    for (const DrawnWait& drawn : drawn_)
      if (drawn.on_path) note_path(*drawn.wait);
    for (const DrawnWait& drawn : drawn_)
      for (const Party& party : {drawn.wait->from, drawn.wait->to})
        by_node_[party.node].insert(party);
    draw_parties();
    for (const DrawnWait& drawn : drawn_) draw_wait(drawn);
    return dot_.take();
  }

 private:
  static DotWriter::Attributes graph_attributes(const Diagnosis& diagnosis, std::size_t drawn) {
    std::vector<std::string> title{diagnosis.title.empty() ? "no waits" : diagnosis.title};
    if (diagnosis.waits.size() > drawn)
      title.push_back(fmt::format("{} more waits are not drawn", diagnosis.waits.size() - drawn));
    return {{"label", DotWriter::label(title)},
            {"labelloc", "t"},
            {"fontname", "Helvetica"},
            {"fontsize", "14"},
            {"fontcolor", std::string(kInk)},
            {"rankdir", "LR"},
            {"nodesep", "0.35"},
            {"ranksep", "0.55"},
            {"pad", "0.2"},
            {"bgcolor", "white"}};
  }

  void note_path(const Wait& wait) {
    strong_.insert(id_of(wait.from));
    strong_.insert(id_of(wait.to));
    strong_.insert(id_of(wait.lock));
  }

  void draw_parties() {
    for (const auto& [node, parties] : by_node_) {
      if (!node.empty())
        dot_.begin_cluster(node, {{"label", DotWriter::label({cut(node)})},
                                  {"labeljust", "l"},
                                  {"fontsize", "12"},
                                  {"style", "rounded,filled"},
                                  {"color", "#d0d7de"},
                                  {"fillcolor", "#f6f8fa"},
                                  {"margin", "14"}});
      for (const Party& party : parties) draw_party(party);
      if (!node.empty()) dot_.end_cluster();
    }
  }

  DotWriter::Attributes emphasis(const std::string& id) const {
    if (!strong_.contains(id)) return {};
    return {{"color", std::string(kStrong)}, {"penwidth", "2"}};
  }

  void draw_party(const Party& party) {
    const std::string id = id_of(party);
    DotWriter::Attributes attributes = emphasis(id);
    std::vector<std::string> lines;
    if (party.kind == Party::Kind::task) {
      const auto state = diagnosis_.states.find({party.node, party.pid});
      const bool known = state != diagnosis_.states.end();
      lines = {cut(fmt::format("{}/{}", known ? state->second.name : "", party.pid))};
      if (known && state->second.where != TaskState::Where::unknown)
        lines.push_back(cut(state->second.text()));
    } else {
      lines = split(words_of(party), '\n');
      attributes.emplace_back("style", "rounded,filled,dashed");
    }
    attributes.emplace_back("label", DotWriter::label(lines));
    dot_.node(id, attributes);
  }

  void draw_lock(const Lock& lock) {
    const std::string id = id_of(lock);
    if (!locks_.insert(id).second) return;
    std::vector<std::string> lines{
        cut(lock.kind == Lock::Kind::glock ? "glock " + lock.name : lock.name)};
    const auto file = diagnosis_.files.find(lock.inode);
    if (lock.inode != 0 && file != diagnosis_.files.end())
      lines.push_back(cut("file " + file->second));
    else if (lock.kind != Lock::Kind::kernel)
      lines.push_back(cut(lock.type));
    DotWriter::Attributes attributes = emphasis(id);
    attributes.emplace_back("shape", "ellipse");
    attributes.emplace_back("style", "filled");
    attributes.emplace_back("fillcolor", "#fff8e1");
    attributes.emplace_back("label", DotWriter::label(lines));
    dot_.node(id, attributes);
  }

  /// From the task to the lock it wants, and on to whoever has that; past the lock where the other
  /// is only queued before, since such a wait is between the two.
  void draw_wait(const DrawnWait& drawn) {
    const Wait& wait = *drawn.wait;
    if (wait.how == Wait::How::queued) {
      draw_edge(id_of(wait.from), id_of(wait.to), "queued behind, " + wait.lock.name, drawn.on_path,
                true);
      return;
    }
    if (wait.how == Wait::How::works) {
      draw_edge(id_of(wait.from), id_of(wait.to), "by", drawn.on_path, false);
      return;
    }
    draw_lock(wait.lock);
    draw_edge(id_of(wait.from), id_of(wait.lock), "wants " + wait.wanted, drawn.on_path, false);
    draw_edge(id_of(wait.lock), id_of(wait.to), wait.has.empty() ? "" : "held in " + wait.has,
              drawn.on_path, false);
  }

  void draw_edge(const std::string& from, const std::string& to, const std::string& label,
                 bool on_path, bool dashed) {
    // Many tasks share the way from a lock to its holder.
    if (!edges_.insert({from, to, label}).second) return;
    DotWriter::Attributes attributes{{"label", DotWriter::label({cut(label)})}};
    if (on_path) {
      attributes.emplace_back("color", kStrong);
      attributes.emplace_back("fontcolor", kStrong);
      attributes.emplace_back("penwidth", "2.4");
    }
    if (dashed) attributes.emplace_back("style", "dashed");
    dot_.edge(from, to, attributes);
  }

  const Diagnosis& diagnosis_;
  std::vector<DrawnWait> drawn_;
  DotWriter dot_;
  std::map<std::string, std::set<Party>> by_node_;
  std::set<std::string> strong_;  // ids of what is on the path
  std::set<std::string> locks_;   // ids of those drawn
  std::set<std::tuple<std::string, std::string, std::string>> edges_;
};

}  // namespace

std::string dot_of(const Diagnosis& diagnosis) { return Drawing(diagnosis).draw(); }

}  // namespace gridlock::diagnosis

// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnosis/diagnosis_json.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "diagnosis/drawn_waits.h"

namespace gridlock::diagnosis {
namespace {

constexpr int kSchema = 1;
constexpr std::size_t kMaxWaits = 4096;

Json json_of(const TaskId& task, const TaskState& state) {
  Json json{{"node", printable(task.node)},
            {"pid", task.pid},
            {"name", printable(state.name)},
            {"state", state.text()},
            {"doing", doing_name(state.doing)}};
  if (!state.function.empty()) json["function"] = printable(state.function);
  if (state.seen_twice) {
    json["user_ticks"] = state.user_ticks;
    json["kernel_ticks"] = state.kernel_ticks;
  }
  return json;
}

Json json_of(const Party& party) {
  Json json{{"kind", kind_name(party.kind)}};
  if (!party.node.empty()) json["node"] = printable(party.node);
  if (party.pid != 0) json["pid"] = party.pid;
  return json;
}

Json json_of(const Lock& lock, const Diagnosis& diagnosis) {
  Json json{{"kind", kind_name(lock.kind)},
            {"name", printable(lock.name)},
            {"type", printable(lock.type)}};
  if (lock.inode != 0) json["inode"] = lock.inode;
  if (const auto file = diagnosis.files.find(lock.inode); file != diagnosis.files.end())
    json["file"] = file->second;
  return json;
}

Json json_of(const DrawnWait& drawn, const Diagnosis& diagnosis) {
  const Wait& wait = *drawn.wait;
  Json json{{"from", json_of(wait.from)},
            {"to", json_of(wait.to)},
            {"lock", json_of(wait.lock, diagnosis)},
            {"how", how_name(wait.how)}};
  if (!wait.wanted.empty()) json["wanted"] = printable(wait.wanted);
  if (!wait.has.empty()) json["has"] = printable(wait.has);
  json["on_path"] = drawn.on_path;
  return json;
}

}  // namespace

Json json_of(const Diagnosis& diagnosis) {
  Json json{{"schema", kSchema}, {"kind", kind_name(diagnosis.kind)}};
  if (diagnosis.kind != Diagnosis::Kind::nothing) {
    json["identity"] = diagnosis.identity;
    json["title"] = diagnosis.title;
    json["sentence"] = diagnosis.sentence;
  }
  if (diagnosis.end)
    json["end"] = {{"kind", kind_name(diagnosis.end->kind)},
                   {"text", diagnosis.end->text},
                   {"passes", diagnosis.end->passes()}};
  json["nodes"] = Json::array();
  for (const std::string& node : diagnosis.nodes) json["nodes"].push_back(printable(node));
  json["locks"] = Json::array();
  for (const Lock& lock : diagnosis.locks) json["locks"].push_back(json_of(lock, diagnosis));

  std::set<TaskId> tasks;
  json["waits"] = Json::array();
  for (const DrawnWait& drawn : drawn_waits(diagnosis, kMaxWaits)) {
    json["waits"].push_back(json_of(drawn, diagnosis));
    for (const Party& party : {drawn.wait->from, drawn.wait->to})
      if (party.kind == Party::Kind::task) tasks.insert({party.node, party.pid});
  }
  json["waits_in_all"] = diagnosis.waits.size();
  json["tasks"] = Json::array();
  for (const TaskId& task : tasks) {
    const auto state = diagnosis.states.find(task);
    json["tasks"].push_back(
        json_of(task, state == diagnosis.states.end() ? TaskState{} : state->second));
  }
  return json;
}

}  // namespace gridlock::diagnosis

// SPDX-License-Identifier: GPL-2.0-or-later
#include "watch/oracles_json.h"

#include <type_traits>

namespace gridlock {
namespace {

template <class Value>
void put(Json& json, const char* name, const std::optional<Value>& value) {
  if (value) json[name] = *value;
}

template <class Value>
std::optional<Value> value_of(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end()) return std::nullopt;
  if constexpr (std::is_same_v<Value, bool>) {
    if (!found->is_boolean()) return std::nullopt;
  } else if constexpr (std::is_unsigned_v<Value>) {
    if (!found->is_number_unsigned()) return std::nullopt;
  } else if (!found->is_number_integer()) {
    return std::nullopt;
  }
  return found->get<Value>();
}

/// The members of the object `name`; none if there is no such object.
Json members_of(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_object() ? *found : Json::object();
}

}  // namespace

Json to_json(const Oracles& oracles) {
  Json tables = Json::object();
  for (const auto& [name, use] : oracles.lockdep.tables)
    tables[name] = {{"used", use.used}, {"most", use.most}};
  Json json{{"lockdep_tables", tables}, {"counts", oracles.counts}};
  put(json, "lockdep_alive", oracles.lockdep.alive);
  put(json, "taint", oracles.taint);
  put(json, "hung_task_reports_left", oracles.hung_task_reports_left);
  put(json, "gfs2_withdrawn", oracles.gfs2_withdrawn);
  put(json, "ocfs2_failed", oracles.ocfs2_failed);
  put(json, "ocfs2_recovering", oracles.ocfs2_recovering);
  put(json, "dlm_recovering", oracles.dlm_recovering);
  put(json, "dlm_members", oracles.dlm_members);
  if (!oracles.unread.empty()) json["unread"] = oracles.unread;
  return json;
}

std::optional<Oracles> oracles_from_json(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  Oracles oracles;
  const Json tables = members_of(json, "lockdep_tables");
  for (const auto& [name, use] : tables.items()) {
    if (!use.is_object()) continue;
    const auto used = value_of<std::uint64_t>(use, "used");
    const auto most = value_of<std::uint64_t>(use, "most");
    if (used && most) oracles.lockdep.tables[name] = {*used, *most};
  }
  const Json counts = members_of(json, "counts");
  for (const auto& [name, count] : counts.items())
    if (count.is_number_unsigned()) oracles.counts[name] = count.get<std::uint64_t>();
  oracles.lockdep.alive = value_of<bool>(json, "lockdep_alive");
  oracles.taint = value_of<std::uint64_t>(json, "taint");
  oracles.hung_task_reports_left = value_of<std::int64_t>(json, "hung_task_reports_left");
  oracles.gfs2_withdrawn = value_of<bool>(json, "gfs2_withdrawn");
  oracles.ocfs2_failed = value_of<bool>(json, "ocfs2_failed");
  oracles.ocfs2_recovering = value_of<bool>(json, "ocfs2_recovering");
  oracles.dlm_recovering = value_of<bool>(json, "dlm_recovering");
  if (const auto found = json.find("dlm_members"); found != json.end() && found->is_array()) {
    oracles.dlm_members.emplace();
    for (const Json& member : *found)
      if (member.is_number_integer()) oracles.dlm_members->push_back(member.get<int>());
  }
  oracles.unread = text_or(json, "unread", "");
  return oracles;
}

}  // namespace gridlock

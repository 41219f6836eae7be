// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology/schema.h"

#include <algorithm>

#include "base/text.h"
#include "topology/schema_values.h"

namespace gridlock {
namespace {

Json definition(const KeyTable& table) {
  Json properties = Json::object();
  std::vector<std::string> alternatives;
  for (const Key& key : table.keys) {
    properties[std::string(key.name)] = schema_of_value(key);
    if (key.alternative) alternatives.emplace_back(key.name);
  }
  Json schema{{"type", Json::array({"object", "null"})},
              {"properties", std::move(properties)},
              {"additionalProperties", false}};
  Json pairs = Json::array();
  for (std::size_t i = 0; i < alternatives.size(); ++i)
    for (std::size_t j = i + 1; j < alternatives.size(); ++j)
      pairs.push_back(
          {{"type", "object"}, {"required", Json::array({alternatives[i], alternatives[j]})}});
  if (!pairs.empty()) schema["not"]["anyOf"] = std::move(pairs);
  return schema;
}

Json needs_of(const KeyTable& table);

/// What must be there in a value of `key`; empty if nothing.
Json needs_in(const Key& key) {
  if (key.form == Form::trials) {
    Json trial{{"if", {{"type", "object"}}}, {"then", needs_of(kTrialKeys)}};
    return {{"items", std::move(trial)}};
  }
  if (key.form == Form::faults) return {{"items", needs_of(kFaultKeys)}};
  if (key.tables.empty() || key.tables.front() == &kDefaultsKeys) return Json::object();
  Json needs = needs_of(*key.tables.front());
  if (key.tables.size() > 1) {
    const std::vector<std::string> words = split(
        std::ranges::find(key.tables.front()->keys, std::string_view("program"), &Key::name)->words,
        ' ');
    needs = {{"type", "object"}, {"required", Json::array({"program"})}};
    for (std::size_t i = 0; i < key.tables.size(); ++i)
      needs["allOf"].push_back({{"if", {{"properties", {{"program", {{"const", words[i]}}}}}}},
                                {"then", needs_of(*key.tables[i])}});
  }
  if (!key.named || needs.empty()) return needs;
  return {{"additionalProperties", std::move(needs)}};
}

/// What must be there in a mapping that nothing is merged with; empty if nothing.
Json needs_of(const KeyTable& table) {
  Json needs = Json::object();
  for (const Key& key : table.keys) {
    if (key.required) needs["required"].push_back(std::string(key.name));
    if (key.alternative)
      needs["anyOf"].push_back({{"required", Json::array({std::string(key.name)})}});
  }
  if (!needs.empty()) needs["type"] = "object";
  for (const Key& key : table.keys)
    if (Json inner = needs_in(key); !inner.empty())
      needs["properties"][std::string(key.name)] = std::move(inner);
  return needs;
}

}  // namespace

std::string schema_name(const KeyTable& table) {
  std::string name;
  for (const std::string& word : split(table.what, ' ')) {
    if (word == "a" || word == "an" || word == "the") continue;
    name += (name.empty() ? "" : "-") + word;
  }
  std::erase(name, '\'');
  return name;
}

Json topology_schema(SchemaOf what) {
  Json schema{
      {"$schema", "http://json-schema.org/draft-07/schema#"},
      {"title", what == SchemaOf::topology ? "Gridlock topology" : "Part of a Gridlock topology"},
      {"description",
       "Kernels, nodes, a shared disk and what runs on them. "
       "The reference is docs/topology.md of Gridlock."}};
  schema["allOf"].push_back(schema_ref(kTopologyKeys));
  if (what == SchemaOf::topology) {
    const auto has = [](const char* key) -> Json { return {{"required", Json::array({key})}}; };
    Json elsewhere{{"type", "object"}, {"anyOf", Json::array({has("include"), has("defaults")})}};
    schema["allOf"].push_back(
        {{"if", {{"not", std::move(elsewhere)}}}, {"then", needs_of(kTopologyKeys)}});
  }
  for (const KeyTable* const table : all_key_tables())
    schema["definitions"][schema_name(*table)] = definition(*table);
  return schema;
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology/schema_values.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "topology/schema.h"

namespace gridlock {
namespace {

// The reader takes the text of a scalar, whatever YAML makes of it: 5 is a name as well as "5".
// Patterns and lengths only hold for strings, minimum and maximum only for numbers.
const Json kScalar = Json::array({"string", "number", "boolean"});

constexpr const char* kName = "^[A-Za-z0-9][A-Za-z0-9._-]{0,40}$";
constexpr const char* kLine = "^[^\\r\\n]*[^\\s][^\\r\\n]*$";
constexpr const char* kSize = "^\\s*[0-9]+\\s*(B|[KMGT]iB|[KMGTkmg])?\\s*$";
constexpr const char* kDuration = "^(\\s*([0-9]+\\.?[0-9]*|\\.[0-9]+)\\s*(ms|min|s|m|h|d))+\\s*$";
constexpr const char* kShare = "^(?=.*[1-9])(0*[0-9]{0,2}(\\.[0-9]*)?%|0*\\.[0-9]+)$";
constexpr const char* kNotAPath = "^(?!/)(?!.*(:/|\\.\\.))[^\\r\\n]*[^\\s][^\\r\\n]*$";

Json line() { return {{"type", kScalar}, {"pattern", kLine}, {"maxLength", 500}}; }

Json words_of(std::string_view words) { return {{"enum", split(words, ' ')}}; }

/// One value, or a list of at most `most`.
Json one_or_list(const Json& item, std::uint64_t most) {
  return {{"anyOf", Json::array({item, {{"type", "array"}, {"items", item}, {"maxItems", most}}})}};
}

Json named(Json value, std::uint64_t most) {
  Json schema{{"type", "object"},
              {"propertyNames", schema_of_names()},
              {"minProperties", 1},
              {"additionalProperties", std::move(value)}};
  if (most > 0) schema["maxProperties"] = most;
  return schema;
}

/// "a|b.*" of the fio options that are refused.
std::string refused_options() {
  std::string pattern;
  for (const RefusedFioOption& refused : refused_fio_options()) {
    std::string name(refused.name);
    if (name.ends_with('*')) name.insert(name.size() - 1, ".");
    pattern += (pattern.empty() ? "" : "|") + name;
  }
  return pattern;
}

Json special(const Key& key) {
  switch (key.form) {
    case Form::none:
      break;
    case Form::expectation: {
      const Json word = words_of("pass fail");
      return {{"anyOf", Json::array({word, {{"type", "object"}, {"additionalProperties", word}}})}};
    }
    case Form::trials: {
      const auto workloads =
          std::ranges::find(kTrialKeys.keys, std::string_view("workloads"), &Key::name);
      const Json list{
          {"type", "array"}, {"items", line()}, {"minItems", 1}, {"maxItems", workloads->high}};
      const Json trial{
          {"anyOf",
           Json::array(
               {list, {{"type", "object"}, {"allOf", Json::array({schema_ref(kTrialKeys)})}}})}};
      return {{"type", Json::array({"array", "null"})},
              {"minItems", 1},
              {"maxItems", kMaxTrials},
              {"items", trial}};
    }
    case Form::faults:
      return {{"type", Json::array({"array", "null"})},
              {"maxItems", key.high},
              {"items", {{"type", "object"}, {"allOf", Json::array({schema_ref(kFaultKeys)})}}}};
    case Form::fio_options: {
      Json value{{"type", kScalar}, {"pattern", kNotAPath}, {"maxLength", 200}};
      return {{"type", "object"},
              {"minProperties", 1},
              {"maxProperties", key.high},
              {"propertyNames",
               {{"pattern", fmt::format("^(?!({})$)[a-z0-9_]{{1,64}}$", refused_options())}}},
              {"properties", {{"ioengine", words_of(kFioEngines)}}},
              {"additionalProperties", std::move(value)}};
    }
    case Form::files: {
      std::vector<std::string> folders = split(kFileFolders, ' ');
      return {{"type", "object"},
              {"maxProperties", key.high},
              {"propertyNames",
               {{"pattern",
                 fmt::format("^(?!.*(//|/\\.\\./))(?!.*(/|/\\.\\.)$)({})/", join(folders, "|"))}}},
              {"additionalProperties", {{"type", kScalar}, {"minLength", 1}}}};
    }
    case Form::variables:
      return {{"type", "object"},
              {"maxProperties", key.high},
              {"propertyNames", {{"pattern", "^[A-Za-z_][A-Za-z0-9_]{0,99}$"}}},
              {"additionalProperties", {{"type", kScalar}}}};
    case Form::statuses:
      break;
  }
  throw InternalError(fmt::format("nothing describes the special value of {}", key.name));
}

Json section(const Key& key) {
  if (!key.named) return schema_of_mapping(key.tables);
  Json schema = named(schema_of_mapping(key.tables), key.high);
  if (!key.required) schema["type"] = Json::array({"object", "null"});
  return schema;
}

Json plain(const Key& key) {
  switch (key.type) {
    case ValueType::name:
      return {{"type", kScalar}, {"pattern", kName}, {"minimum", 0}};
    case ValueType::line:
      return line();
    case ValueType::prose:
      return {{"type", kScalar}, {"maxLength", 4000}};
    case ValueType::integer:
      return {{"type", Json::array({"integer", "string"})},
              {"minimum", key.low},
              {"maximum", key.high},
              {"pattern", "^[0-9]+$"}};
    case ValueType::size:
      return {{"type", Json::array({"string", "integer"})},
              {"pattern", kSize},
              {"minimum", key.low},
              {"maximum", key.high},
              {"multipleOf", key.step}};
    case ValueType::duration:
      return {{"type", "string"}, {"pattern", kDuration}};
    case ValueType::share:
      return {{"type", Json::array({"string", "number"})},
              {"pattern", kShare},
              {"exclusiveMinimum", 0},
              {"exclusiveMaximum", 1}};
    case ValueType::choice:
      return words_of(key.words);
    case ValueType::choices: {
      const Json word = words_of(key.words);
      return {{"anyOf",
               Json::array({word, {{"type", "array"}, {"items", word}, {"uniqueItems", true}}})}};
    }
    case ValueType::lines:
      if (key.form == Form::statuses)
        return one_or_list({{"type", Json::array({"integer", "string"})},
                            {"minimum", 0},
                            {"maximum", 255},
                            {"pattern", "^[0-9]+$"}},
                           key.high);
      return one_or_list(line(), key.high);
    case ValueType::section:
      return section(key);
    case ValueType::special:
      return special(key);
  }
  return {};
}

/// Where no program is written yet, or it comes from elsewhere: any key of any.
Json of_any_program(std::span<const KeyTable* const> tables) {
  Json properties = Json::object();
  for (const KeyTable* const table : tables)
    for (const Key& key : table->keys) {
      const std::string name(key.name);
      const Json ref{
          {"$ref", fmt::format("#/definitions/{}/properties/{}", schema_name(*table), name)}};
      Json& ways = properties[name]["anyOf"];
      ways.push_back(ref);
    }
  return {{"properties", std::move(properties)}, {"additionalProperties", false}};
}

}  // namespace

Json schema_ref(const KeyTable& table) { return {{"$ref", "#/definitions/" + schema_name(table)}}; }

Json schema_of_names() { return {{"pattern", kName}}; }

Json schema_of_mapping(std::span<const KeyTable* const> tables) {
  if (tables.size() == 1) return schema_ref(*tables.front());
  const auto program =
      std::ranges::find(tables.front()->keys, std::string_view("program"), &Key::name);
  Json conditions = Json::array();
  const Json is_mapping{{"type", "object"}, {"required", Json::array({"program"})}};
  const std::vector<std::string> words = split(program->words, ' ');
  for (std::size_t i = 0; i < words.size(); ++i) {
    Json when = is_mapping;
    when["properties"]["program"]["const"] = words[i];
    conditions.push_back({{"if", std::move(when)}, {"then", schema_ref(*tables[i])}});
  }
  conditions.push_back(
      {{"if", {{"type", "object"}, {"not", {{"required", Json::array({"program"})}}}}},
       {"then", of_any_program(tables)}});
  return {{"type", Json::array({"object", "null"})},
          {"properties", {{"program", schema_of_value(*program)}}},
          {"allOf", std::move(conditions)}};
}

Json schema_of_value(const Key& key) {
  Json schema = plain(key);
  // Beside a reference nothing is read.
  if (schema.contains("$ref")) schema = {{"allOf", Json::array({std::move(schema)})}};
  schema["description"] = std::string(key.meaning) +
                          (key.fallback.empty() ? "" : fmt::format(". Default: {}", key.fallback));
  if (!key.fallback.empty()) {
    const auto whole = number<std::int64_t>(key.fallback, 10);
    if (whole)
      schema["default"] = *whole;
    else
      schema["default"] = std::string(key.fallback);
  }
  return schema;
}

}  // namespace gridlock

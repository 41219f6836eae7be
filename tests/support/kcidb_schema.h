// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"

namespace gridlock {

/// Checks a report against the rules of Kernel CI's schema 5.3, written down here in our own words:
/// members and their types, what is required, patterns, lengths, and that ids are unique and refer
/// to something. Says each mistake in a line. Source: kcidb_io/schema/v05_03.py of kcidb-io.
class KcidbSchema {
 public:
  static std::vector<std::string> mistakes_in(const Json& report) {
    KcidbSchema check;
    check.report(report);
    return check.mistakes_;
  }

 private:
  enum class Type {
    id,
    origin,
    text,
    excerpt,
    uri,
    time,
    number,
    natural,
    truth,
    any_object,
    path,
    status,
    word,
    environment,
    measure,
    culprit,
    commit,
    sha256,
    resources
  };
  struct Member {
    Type type = Type::text;
    bool required = false;
  };
  using Shape = std::map<std::string, Member>;

  static const Shape& shape_of(const std::string& list) {
    static const Member id{Type::id, true}, origin{Type::origin, true};
    static const std::map<std::string, Shape> shapes{{"checkouts",
                                                      {{"id", id},
                                                       {"origin", origin},
                                                       {"tree_name", {}},
                                                       {"git_repository_url", {Type::uri}},
                                                       {"git_commit_hash", {Type::commit}},
                                                       {"git_commit_name", {}},
                                                       {"git_repository_branch", {}},
                                                       {"patchset_files", {Type::resources}},
                                                       {"patchset_hash", {Type::sha256}},
                                                       {"message_id", {}},
                                                       {"comment", {}},
                                                       {"start_time", {Type::time}},
                                                       {"log_url", {Type::uri}},
                                                       {"log_excerpt", {Type::excerpt}},
                                                       {"valid", {Type::truth}},
                                                       {"misc", {Type::any_object}}}},
                                                     {"builds",
                                                      {{"id", id},
                                                       {"origin", origin},
                                                       {"checkout_id", id},
                                                       {"comment", {}},
                                                       {"start_time", {Type::time}},
                                                       {"duration", {Type::number}},
                                                       {"architecture", {Type::word}},
                                                       {"command", {}},
                                                       {"compiler", {}},
                                                       {"input_files", {Type::resources}},
                                                       {"output_files", {Type::resources}},
                                                       {"config_name", {}},
                                                       {"config_url", {Type::uri}},
                                                       {"log_url", {Type::uri}},
                                                       {"log_excerpt", {Type::excerpt}},
                                                       {"status", {Type::status}},
                                                       {"misc", {Type::any_object}}}},
                                                     {"tests",
                                                      {{"id", id},
                                                       {"origin", origin},
                                                       {"build_id", id},
                                                       {"environment", {Type::environment}},
                                                       {"path", {Type::path}},
                                                       {"comment", {}},
                                                       {"log_url", {Type::uri}},
                                                       {"log_excerpt", {Type::excerpt}},
                                                       {"status", {Type::status}},
                                                       {"number", {Type::measure}},
                                                       {"start_time", {Type::time}},
                                                       {"duration", {Type::number}},
                                                       {"input_files", {Type::resources}},
                                                       {"output_files", {Type::resources}},
                                                       {"misc", {Type::any_object}}}},
                                                     {"issues",
                                                      {{"id", id},
                                                       {"origin", origin},
                                                       {"version", {Type::natural, true}},
                                                       {"report_url", {Type::uri}},
                                                       {"report_subject", {}},
                                                       {"culprit", {Type::culprit}},
                                                       {"comment", {}},
                                                       {"misc", {Type::any_object}}}},
                                                     {"incidents",
                                                      {{"id", id},
                                                       {"origin", origin},
                                                       {"issue_id", id},
                                                       {"issue_version", {Type::natural, true}},
                                                       {"build_id", {Type::id}},
                                                       {"test_id", {Type::id}},
                                                       {"present", {Type::truth}},
                                                       {"comment", {}},
                                                       {"misc", {Type::any_object}}}}};
    return shapes.at(list);
  }

  void report(const Json& report) {
    if (!report.is_object()) return wrong("the report", "is no object");
    for (const auto& item : report.items()) {
      static const std::set<std::string> lists{"checkouts", "builds", "tests", "issues",
                                               "incidents"};
      if (item.key() == "version") continue;
      if (!lists.contains(item.key()))
        wrong(item.key(), "is not in the schema");
      else
        list(item.key(), item.value());
    }
    const Json version = report.value("version", Json::object());
    if (version.value("major", 0) != 5 || version.value("minor", -1) < 0 ||
        version.value("minor", 9) > 3)
      wrong("version", "is not 5.0 to 5.3");
    refers(report, "builds", "checkout_id", "checkouts");
    refers(report, "tests", "build_id", "builds");
    refers(report, "incidents", "issue_id", "issues");
    refers(report, "incidents", "test_id", "tests");
  }

  void list(const std::string& name, const Json& list) {
    if (!list.is_array()) return wrong(name, "is no list");
    std::set<std::string> ids;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string where = name + "[" + std::to_string(i) + "]";
      const Json& object = list[i];
      if (!object.is_object()) {
        wrong(where, "is no object");
        continue;
      }
      const Shape& shape = shape_of(name);
      for (const auto& [key, member] : shape)
        if (member.required && !object.contains(key)) wrong(where + "." + key, "is missing");
      for (const auto& item : object.items()) {
        const auto known = shape.find(item.key());
        if (known == shape.end())
          wrong(where + "." + item.key(), "is not in the schema");
        else
          value(where + "." + item.key(), known->second.type, item.value());
      }
      if (object.contains("id") && object["id"].is_string() &&
          !ids.insert(object["id"].get<std::string>()).second)
        wrong(where + ".id", "is not unique");
    }
  }

  void value(const std::string& where, Type type, const Json& value) {
    static const std::set<std::string> statuses{"FAIL", "ERROR", "MISS", "PASS", "DONE", "SKIP"};
    switch (type) {
      case Type::number:
        if (!value.is_number()) wrong(where, "is no number");
        return;
      case Type::natural:
        if (!value.is_number_integer() || value < 0) wrong(where, "is no number of at least 0");
        return;
      case Type::truth:
        if (!value.is_boolean()) wrong(where, "is neither true nor false");
        return;
      case Type::any_object:
        if (!value.is_object()) wrong(where, "is no object");
        return;
      case Type::environment:
        return members(where, value, {{"comment", {}}, {"misc", {Type::any_object}}});
      case Type::measure:
        if (value.is_object() && !value.contains("value")) wrong(where, "has no value");
        if (value.is_object() && value.contains("prefix") && value["prefix"] != "metric" &&
            value["prefix"] != "binary")
          wrong(where + ".prefix", "is no prefix");
        return members(where, value, {{"value", {Type::number}}, {"unit", {}}, {"prefix", {}}});
      case Type::culprit:
        return members(
            where, value,
            {{"code", {Type::truth}}, {"tool", {Type::truth}}, {"harness", {Type::truth}}});
      case Type::resources:
        if (!value.is_array()) return wrong(where, "is no list");
        for (const Json& one : value)
          members(where, one, {{"name", {Type::text, true}}, {"url", {Type::uri, true}}});
        return;
      default:
        break;
    }
    if (!value.is_string()) return wrong(where, "is no text");
    const std::string text = value.get<std::string>();
    if (text.find('\0') != std::string::npos) wrong(where, "has a NUL");
    const auto must_match = [&](const char* pattern) {
      if (!std::regex_match(text, std::regex(pattern))) wrong(where, "is '" + text + "'");
    };
    if (type == Type::id) must_match("[a-z0-9_]+:[^\\n]*");
    if (type == Type::origin) must_match("[a-z0-9_]+");
    if (type == Type::uri) must_match("https?://\\S+");
    if (type == Type::commit) must_match("[0-9a-f]{40}|[0-9a-f]{64}");
    if (type == Type::sha256) must_match("|[0-9a-f]{64}");
    if (type == Type::word) must_match("[a-z0-9_]*");
    if (type == Type::path) must_match("([A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*)?");
    if (type == Type::time)
      must_match("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)");
    if (type == Type::status && !statuses.contains(text)) wrong(where, "is no status: " + text);
    if (type == Type::excerpt && text.size() > 16384) wrong(where, "is too long");
  }

  void members(const std::string& where, const Json& object, const Shape& shape) {
    if (!object.is_object()) return wrong(where, "is no object");
    for (const auto& [key, member] : shape)
      if (member.required && !object.contains(key)) wrong(where + "." + key, "is missing");
    for (const auto& item : object.items()) {
      const auto known = shape.find(item.key());
      if (known == shape.end())
        wrong(where + "." + item.key(), "is not in the schema");
      else
        value(where + "." + item.key(), known->second.type, item.value());
    }
  }

  /// Whether each `key` of `from` is the id of one of `to`.
  void refers(const Json& report, const char* from, const char* key, const char* to) {
    std::set<std::string> ids;
    for (const Json& one : report.value(to, Json::array()))
      if (one.contains("id")) ids.insert(one["id"].get<std::string>());
    for (const Json& one : report.value(from, Json::array()))
      if (one.contains(key) && !ids.contains(one[key].get<std::string>()))
        wrong(std::string(from) + "." + key, "refers to nothing: " + one[key].get<std::string>());
  }

  void wrong(const std::string& where, const std::string& how) {
    mistakes_.push_back(where + " " + how);
  }

  std::vector<std::string> mistakes_;
};

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "record/run_record.h"

namespace gridlock::record_json {

/// Beyond this neither seconds nor bytes a second were measured.
inline constexpr double kLargestNumber = 1e21;
inline constexpr std::uint64_t kLargestInteger = std::numeric_limits<std::int64_t>::max();
/// No lab is near it.
inline constexpr int kMostNodes = 1'000'000;

/// Reads exactly what rfc3339() writes: "2026-11-22T22:30:05.123Z"; absent: it is not that.
std::optional<UtcTime> parse_rfc3339(std::string_view text);

/// One object of a run.json and where it stands in the document, so that an Error can name the
/// member that is missing or wrong. Borrows the object.
class Members {
 public:
  Members(const Json& object, std::string path) : object_(object), path_(std::move(path)) {
    if (!object_.is_object()) wrong("", "is not an object");
  }

  const Json& at(std::string_view key) const {
    const auto it = object_.find(key);
    if (it == object_.end()) wrong(key, "is missing");
    return *it;
  }
  bool has(std::string_view key) const { return object_.contains(key); }

  void read(std::string_view key, std::string& to) const {
    if (!at(key).is_string()) wrong(key, "is not a text");
    to = at(key).get<std::string>();
  }
  void read(std::string_view key, bool& to) const {
    if (!at(key).is_boolean()) wrong(key, "is neither true nor false");
    to = at(key).get<bool>();
  }
  void read(std::string_view key, double& to) const {
    if (!at(key).is_number()) wrong(key, "is not a number");
    to = at(key).get<double>();
    if (!(std::abs(to) <= kLargestNumber)) wrong(key, "is out of range");
  }
  void read(std::string_view key, std::uint64_t& to) const {
    if (!at(key).is_number_unsigned()) wrong(key, "is not a whole number of at least 0");
    to = at(key).get<std::uint64_t>();
  }
  void read(std::string_view key, std::int64_t& to) const {
    // What does not fit is unsigned there.
    if (!at(key).is_number_integer() || (at(key).is_number_unsigned() && at(key) > kLargestInteger))
      wrong(key, "is not a whole number that fits");
    to = at(key).get<std::int64_t>();
  }
  void read(std::string_view key, int& to) const {
    if (!at(key).is_number_integer()) wrong(key, "is not a whole number");
    const std::int64_t value = integer_or(object_, key, std::numeric_limits<std::int64_t>::max());
    if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max())
      wrong(key, "is out of range");
    to = static_cast<int>(value);
  }
  template <class Value>
  void read(std::string_view key, std::optional<Value>& to) const {
    if (!has(key)) return;
    Value value{};
    read(key, value);
    to = value;
  }
  void read(std::string_view key, Outcome& to) const {
    std::string text;
    read(key, text);
    const std::optional<Outcome> outcome = parse_outcome(text);
    if (!outcome) wrong(key, "is no outcome");
    to = *outcome;
  }
  void read(std::string_view key, Expectation& to) const {
    std::string text;
    read(key, text);
    if (text != "pass" && text != "fail") wrong(key, "is neither \"pass\" nor \"fail\"");
    to = text == "fail" ? Expectation::fail : Expectation::pass;
  }
  void read(std::string_view key, UtcTime& to) const;
  void read(std::string_view key, std::vector<std::string>& to) const {
    for (const Json& item : array(key)) {
      if (!item.is_string()) wrong(key, "has an element that is not a text");
      to.push_back(item.get<std::string>());
    }
  }
  void read(std::string_view key, std::vector<int>& to) const {
    for (const Json& item : array(key)) {
      if (!item.is_number_integer() || item < 0 || item > kMostNodes)
        wrong(key, "has an element that is no number of a node");
      to.push_back(item.get<int>());
    }
  }
  void read(std::string_view key, std::map<std::string, std::string>& to) const {
    const Members members(at(key), inner(key));
    for (const auto& item : members.object_.items()) members.read(item.key(), to[item.key()]);
  }
  void read(std::string_view key, std::map<std::string, std::uint64_t>& to) const {
    const Members members(at(key), inner(key));
    for (const auto& item : members.object_.items()) members.read(item.key(), to[item.key()]);
  }
  void read(std::string_view key, std::map<std::string, double>& to) const {
    const Members members(at(key), inner(key));
    for (const auto& item : members.object_.items()) members.read(item.key(), to[item.key()]);
  }
  void read(std::string_view key, Notes& to) const {
    const Members members(at(key), inner(key));
    for (const auto& item : members.object_.items()) {
      if (item.value().is_string())
        to[item.key()] = item.value().get<std::string>();
      else
        members.read(item.key(), to[item.key()].emplace<double>());
    }
  }
  template <class Value>
  void read(std::string_view key, std::optional<Value>& to,
            Value (*convert)(const Members&)) const {
    if (has(key)) to = convert(Members(at(key), inner(key)));
  }
  template <class Value>
  void read(std::string_view key, std::vector<Value>& to, Value (*convert)(const Members&)) const {
    for (const Json& item : array(key))
      to.push_back(convert(Members(item, fmt::format("{}[{}]", inner(key), to.size()))));
  }
  template <class Value>
  void read(std::string_view key, std::map<std::string, Value>& to,
            Value (*convert)(const Members&)) const {
    const Members members(at(key), inner(key));
    for (const auto& item : members.object_.items())
      to[item.key()] = convert(Members(item.value(), members.inner(item.key())));
  }

  /// Throws Error: "'trials[2].kind' is not a text".
  [[noreturn]] void wrong(std::string_view key, std::string_view how) const;

  /// The path of a member: "trials[2].kind".
  std::string inner(std::string_view key) const;

 private:
  const Json& array(std::string_view key) const {
    if (!at(key).is_array()) wrong(key, "is not a list");
    return at(key);
  }

  const Json& object_;
  std::string path_;
};

}  // namespace gridlock::record_json

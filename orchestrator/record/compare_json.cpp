// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/compare_json.h"

#include <cmath>

namespace gridlock::record_json {
namespace {

/// `value` to 1 / `parts`. Where a double has no such digits any more, rounding would only change it,
/// perhaps to more than a reader takes.
double rounded(double value, double parts) {
  constexpr double kNoFractions = 1e12;
  return std::abs(value) < kNoFractions ? std::round(value * parts) / parts : value;
}

double to_the_millisecond(double seconds) { return rounded(seconds, 1000); }

/// Of a share of processors' time; finer is not known.
double to_a_ten_thousandth(double share) { return rounded(share, 10'000); }

Json pair_json(const PairRecord& pair) {
  return Json{{"number", pair.number},         {"trial", pair.trial},
              {"head_first", pair.head_first}, {"base_trial", pair.base_trial},
              {"head_trial", pair.head_trial}, {"spoilt", pair.spoilt}};
}

Json pairs_json(const std::vector<PairRecord>& pairs) {
  Json json = Json::array();
  for (const PairRecord& pair : pairs) json.push_back(pair_json(pair));
  return json;
}

PairRecord read_pair(const Members& from) {
  PairRecord pair;
  from.read("number", pair.number);
  from.read("trial", pair.trial);
  from.read("head_first", pair.head_first);
  from.read("base_trial", pair.base_trial);
  from.read("head_trial", pair.head_trial);
  from.read("spoilt", pair.spoilt);
  return pair;
}

}  // namespace

Json health_json(const HealthRecord& health) {
  Json json = Json::object();
  json["load"] = to_a_ten_thousandth(health.load);
  if (health.steal) json["steal"] = to_a_ten_thousandth(*health.steal);
  if (health.iowait) json["iowait"] = to_a_ten_thousandth(*health.iowait);
  json["memory_available_bytes"] = health.memory_available_bytes;
  json["other_machines"] = health.other_machines;
  json["clock_jump_seconds"] = to_the_millisecond(health.clock_jump_seconds);
  json["problems"] = health.problems;
  return json;
}

Json compare_json(const CompareRecord& compare) {
  Json margins = Json::object();
  for (const auto& [workload, margin] : compare.margins) margins[workload] = margin;
  return Json{{"base", compare.base},
              {"head", compare.head},
              {"pairs", compare.pairs},
              {"same", compare.same},
              {"gates", compare.gates},
              {"budget_seconds", to_the_millisecond(compare.budget_seconds)},
              {"order_seed", compare.order_seed},
              {"margins", std::move(margins)},
              {"pairs_run", pairs_json(compare.pairs_run)},
              {"same_pairs", pairs_json(compare.same_pairs)},
              {"stopped", compare.stopped}};
}

HealthRecord read_health(const Members& from) {
  HealthRecord health;
  from.read("load", health.load);
  from.read("steal", health.steal);
  from.read("iowait", health.iowait);
  from.read("memory_available_bytes", health.memory_available_bytes);
  from.read("other_machines", health.other_machines);
  from.read("clock_jump_seconds", health.clock_jump_seconds);
  from.read("problems", health.problems);
  return health;
}

CompareRecord read_compare(const Members& from) {
  CompareRecord compare;
  from.read("base", compare.base);
  from.read("head", compare.head);
  from.read("pairs", compare.pairs);
  from.read("same", compare.same);
  from.read("gates", compare.gates);
  from.read("budget_seconds", compare.budget_seconds);
  from.read("order_seed", compare.order_seed);
  from.read("margins", compare.margins);
  from.read("pairs_run", compare.pairs_run, read_pair);
  from.read("same_pairs", compare.same_pairs, read_pair);
  from.read("stopped", compare.stopped);
  return compare;
}

}  // namespace gridlock::record_json

// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/lava.h"

#include <fmt/format.h>

#include <cmath>
#include <set>

#include "record/file_name.h"
#include "report/cases.h"

namespace gridlock {
namespace {

std::string_view result_of(CaseResult result) {
  switch (result) {
    case CaseResult::passed:
    case CaseResult::known_failure:
      return "pass";
    case CaseResult::failed:
      return "fail";
    case CaseResult::skipped:
      return "skip";
    case CaseResult::broken:
      break;
  }
  return "unknown";
}

/// Names without blanks and brackets, each once. What safe_file_name() leaves is what LAVA takes.
class Ids {
 public:
  std::string id_of(const std::string& name) {
    const std::string id = safe_file_name(name);
    std::string out = id;
    for (int i = 2; !taken_.insert(out).second; ++i) out = fmt::format("{}-{}", id, i);
    return out;
  }

 private:
  std::set<std::string> taken_;
};

/// A name that people can read: its blanks and the brackets of a number need no digest behind it.
std::string plain(std::string name) {
  std::string out;
  for (const char c : name) {
    if (c == '(' || c == ')') continue;
    out += c == ' ' ? '-' : c;
  }
  return out;
}

}  // namespace

std::string lava_signals(const RunRecord& run) {
  std::string out;
  Ids ids;
  for (const CaseGroup& group : cases_of(run))
    for (const ResultCase& one : group.cases) {
      const std::string id = ids.id_of(plain(group.name + "." + one.name));
      out += fmt::format(
          "<LAVA_SIGNAL_STARTTC {0}>\n<LAVA_SIGNAL_ENDTC {0}>\n"
          "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID={0} RESULT={1}>\n",
          id, result_of(one.result));
      if (!one.trial) continue;
      for (const WorkloadRecord& workload : one.trial->workloads) {
        if (!workload.total.steady || !std::isfinite(workload.total.steady->operations_per_second))
          continue;
        out += fmt::format(
            "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID={} RESULT={} UNITS=operations/s "
            "MEASUREMENT={:.3f}>\n",
            ids.id_of(id + "." + plain(workload.name)),
            workload.outcome == Outcome::passed ? "pass" : "fail",
            workload.total.steady->operations_per_second);
      }
    }
  return out;
}

}  // namespace gridlock

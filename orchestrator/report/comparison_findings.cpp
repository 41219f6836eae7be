// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <set>

#include "compare/rate.h"
#include "report/comparison_parts.h"
#include "report/observed.h"
#include "report/summary.h"
#include "report/trace_text.h"

namespace gridlock::comparison {
namespace {

/// The sightings of one identity on one kernel.
struct Sightings {
  std::set<const TrialRecord*> whole;  ///< trials that count
  std::set<const TrialRecord*> pieces;
  std::set<std::string> nodes;
  FindingPlace first;
  bool outside = false;  ///< also, or only, in trials that do not count
};

struct Identity {
  const FindingRecord* sample = nullptr;
  bool known = false;
  std::set<std::string> trial_names;  ///< of trials that count and showed it, on either kernel
  Sightings base, head;
};

using Identities = std::map<std::string, Identity>;

void add_sightings(const std::vector<TrialRef>& side, Sightings Identity::*of,
                   Identities& identities, int& incomplete) {
  for (const TrialRef& ref : side)
    for (const FindingRecord& finding : ref.trial->findings) {
      if (finding.secondary || !is_of_kernel(finding)) continue;
      const bool whole = finding.incomplete.empty();
      if (!whole) ++incomplete;
      Identity& identity = identities[finding.identity];
      if (!identity.sample || (whole && !identity.sample->incomplete.empty()))
        identity.sample = &finding;
      identity.known = identity.known || finding.known;
      Sightings& sightings = identity.*of;
      if (!counts(ref)) {
        sightings.outside = true;
      } else if (whole) {
        identity.trial_names.insert(ref.trial->name);
        sightings.whole.insert(ref.trial);
      } else {
        sightings.pieces.insert(ref.trial);
      }
      sightings.nodes.insert(finding.nodes.begin(), finding.nodes.end());
      if (sightings.first.trial == 0)
        sightings.first = {ref.run->id, ref.trial->number, ref.trial->directory, finding.id,
                           finding.at};
    }
}

enum class Asked { shown, absent };

/// How many trials of `side` would have shown the finding, those that did among them. What no trial
/// of a name ever showed on either kernel, its workload does not lead to.
int observed_on(const std::vector<TrialRef>& side, const Sightings& sightings,
                const Identity& identity, Asked asked) {
  const FindingRecord& finding = *identity.sample;
  int observed = 0;
  for (const TrialRef& ref : side) {
    if (!counts(ref) || !identity.trial_names.contains(ref.trial->name)) continue;
    const bool watched = asked == Asked::absent ? shows_absence(*ref.run, *ref.trial, finding)
                                                : would_have_shown(*ref.run, *ref.trial, finding);
    if (sightings.whole.contains(ref.trial) || (watched && !sightings.pieces.contains(ref.trial)))
      ++observed;
  }
  return observed;
}

FindingCount count_of(const std::vector<TrialRef>& side, const Sightings& sightings,
                      const Identity& identity, Asked asked) {
  FindingCount count;
  count.seen = static_cast<int>(sightings.whole.size());
  count.observed = observed_on(side, sightings, identity, asked);
  count.nodes.assign(sightings.nodes.begin(), sightings.nodes.end());
  count.first = sightings.first;
  return count;
}

/// Why a kernel on which nothing was seen cannot be said not to have it; empty: it can.
std::string doubt_of(const JudgedFinding& judged, const Identity& identity) {
  if (judged.base.seen == 0 && judged.head.seen == 0)
    return identity.base.pieces.empty() && identity.head.pieces.empty()
               ? "seen only in trials that do not count"
               : "its reports were cut short";
  const Sightings& unseen = judged.base.seen == 0 ? identity.base : identity.head;
  const bool one_sided = judged.base.seen == 0 || judged.head.seen == 0;
  if (one_sided && !unseen.pieces.empty()) return "the other kernel's report was cut short";
  if (one_sided && unseen.outside)
    return "the other kernel showed it in a trial that does not count";
  if (judged.base.observed == 0 || judged.head.observed == 0)
    return "no trial of the other kernel came so far with its detector alive";
  return {};
}

JudgedFinding judged_finding(const Sides& sides, const Identity& identity,
                             const std::string& name) {
  const FindingRecord& sample = *identity.sample;
  JudgedFinding judged;
  judged.identity = name;
  judged.kind = sample.kind;
  judged.title = sample.title;
  judged.function = sample.function;
  judged.source = source_text(sample);
  judged.known = identity.known;
  // That a kernel does not have it is believed only of trials that came past the place.
  const auto asked = [](const Sightings& here, const Sightings& there) {
    return here.whole.empty() && !there.whole.empty() ? Asked::absent : Asked::shown;
  };
  judged.base = count_of(sides.base, identity.base, identity, asked(identity.base, identity.head));
  judged.head = count_of(sides.head, identity.head, identity, asked(identity.head, identity.base));
  judged.doubt = doubt_of(judged, identity);
  if (!judged.doubt.empty()) return judged;
  judged.p =
      fisher_exact(judged.base.seen, judged.base.observed, judged.head.seen, judged.head.observed);
  judged.verdict =
      judge_finding(judged.base.seen, judged.base.observed, judged.head.seen, judged.head.observed);
  return judged;
}

/// What a reader looks for first comes first.
int rank_of(const JudgedFinding& finding) {
  if (finding.known) return 6;
  switch (finding.verdict) {
    case FindingVerdict::added:
      return 0;
    case FindingVerdict::fixed:
      return 1;
    case FindingVerdict::rate_changed:
      return 2;
    case FindingVerdict::still_present:
      return 3;
    case FindingVerdict::not_seen:
      return 4;
    case FindingVerdict::not_observable:
      return 5;
  }
  return 6;
}

}  // namespace

std::vector<JudgedFinding> judge_findings(const Sides& sides, int& incomplete) {
  Identities identities;
  add_sightings(sides.base, &Identity::base, identities, incomplete);
  add_sightings(sides.head, &Identity::head, identities, incomplete);
  std::vector<JudgedFinding> out;
  for (const auto& [name, identity] : identities)
    out.push_back(judged_finding(sides, identity, name));
  std::stable_sort(out.begin(), out.end(), [](const JudgedFinding& a, const JudgedFinding& b) {
    return std::pair(rank_of(a), -std::max(a.base.seen, a.head.seen)) <
           std::pair(rank_of(b), -std::max(b.base.seen, b.head.seen));
  });
  return out;
}

}  // namespace gridlock::comparison

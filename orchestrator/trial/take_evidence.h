// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "diagnosis/diagnose.h"
#include "guest/crew.h"
#include "plan/plan.h"
#include "watch/evidence.h"

namespace gridlock {

/// Keeps one file of evidence; `name` is relative and may have folders.
using KeepEvidence = std::function<void(const std::filesystem::path& name, std::string_view bytes)>;

/// Whom to look at.
struct LookedAt {
  const Plan& plan;
  const Crew& crew;
  std::map<NodeId, ConsoleTail*> consoles;
  std::set<NodeId> broken;   ///< their locks are not read: that could hang them
  std::set<NodeId> without;  ///< they are not asked at all
};

/// What a look at a lab came to.
struct EvidenceTaken {
  int files = 0;
  std::vector<std::string> skipped;  ///< "glocks on node2: no answer within 6s"
  diagnosis::Diagnosis diagnosis;
  std::string sentence;  ///< the diagnosis in_words()
};

/// Whether mutexes and semaphores are looked at for a diagnosis, which takes seconds, or are only
/// kept.
enum class KernelLocks { diagnosed, kept };

/// Climbs the whole ladder now, healthy or not, and keeps what it finds. Throws Cancelled, and what
/// `keep` throws.
EvidenceTaken take_evidence(const LookedAt& lab, const diagnosis::KnownFiles& files,
                            KernelLocks locks, const KeepEvidence& keep, std::stop_token stop);

/// Keeps what was taken: `<node>/<look>/<name>`, or `<node>/<name>` of what was taken once.
void keep_files(const Evidence& evidence, const Plan& plan, const KeepEvidence& keep);

/// The diagnosis' sentence. If nothing waits it says so, and which nodes of `look` told nothing of
/// their locks.
std::string in_words(const diagnosis::Diagnosis& diagnosis, const diagnosis::Look& look);

/// Keeps what the looks have come to: the sentence, the graph as JSON and to draw, the files'
/// names.
void keep_diagnosis(const diagnosis::Diagnosis& diagnosis, const diagnosis::Look& look,
                    const KeepEvidence& keep);

/// The files' names that were kept in any part of a trial's folder `evidence`; none if there is no
/// such folder.
diagnosis::KnownFiles kept_files(const std::filesystem::path& evidence);

}  // namespace gridlock

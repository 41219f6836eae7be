// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/take_evidence.h"

#include "diagnosis/diagnosis_json.h"
#include "diagnosis/known_files.h"
#include "diagnosis/picture.h"
#include "host/files.h"

namespace gridlock {
namespace {

constexpr Bytes kMostNames = Bytes::mib(64);

}  // namespace

EvidenceTaken take_evidence(const LookedAt& lab, const diagnosis::KnownFiles& files,
                            KernelLocks locks, const KeepEvidence& keep, std::stop_token stop) {
  const Crew crew = lab.crew.without(lab.without);
  EvidenceLadder ladder(lab.plan, crew, lab.consoles, lab.broken, std::move(stop));
  ladder.look_twice({});
  if (locks == KernelLocks::diagnosed)
    ladder.look_at_kernel_locks();
  else
    ladder.ask_for_kernel_locks();
  ladder.ask_kernels();
  Evidence evidence = ladder.take();
  // Who was not asked has not answered: a chain of waits may end there.
  for (const NodeId node : lab.without)
    for (diagnosis::Look* const look : {&evidence.first, &evidence.second}) {
      diagnosis::NodeLook& silent = look->emplace_back();
      silent.node = lab.plan.node(node).name;
      silent.dlm_id = node.number;
    }
  EvidenceTaken taken{static_cast<int>(evidence.files.size()),
                      evidence.skipped,
                      diagnosis::diagnose(evidence.first, evidence.second, files),
                      {}};
  taken.sentence = in_words(taken.diagnosis, evidence.second);
  keep_files(evidence, lab.plan, keep);
  keep_diagnosis(taken.diagnosis, evidence.second, keep);
  return taken;
}

void keep_files(const Evidence& evidence, const Plan& plan, const KeepEvidence& keep) {
  for (const EvidenceFile& file : evidence.files) {
    std::filesystem::path name = plan.node(file.node).name;
    if (file.look > 0) name /= std::to_string(file.look);
    keep(name / file.name, file.bytes);
  }
}

std::string in_words(const diagnosis::Diagnosis& diagnosis, const diagnosis::Look& look) {
  if (diagnosis.kind != diagnosis::Diagnosis::Kind::nothing) return diagnosis.sentence;
  std::string text = "no task waits for another in both looks";
  for (const diagnosis::NodeLook& node : look) {
    if (!node.answered())
      text += "; " + node.node + " did not answer";
    else if (node.glocks.empty() && node.ocfs2_locks.empty())
      text += "; " + node.node + " gave no locks of its file system";
  }
  return text;
}

void keep_diagnosis(const diagnosis::Diagnosis& diagnosis, const diagnosis::Look& look,
                    const KeepEvidence& keep) {
  keep("diagnosis.txt", in_words(diagnosis, look) + "\n");
  keep("diagnosis.json",
       diagnosis::json_of(diagnosis).dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
  keep("graph.dot", diagnosis::dot_of(diagnosis));
  std::string names;
  for (const auto& [inode, name] : diagnosis.files)
    names += std::to_string(inode) + " " + name + "\n";
  if (!names.empty()) keep("files.txt", names);
}

diagnosis::KnownFiles kept_files(const std::filesystem::path& evidence) {
  diagnosis::KnownFiles files;
  std::error_code error;
  for (std::filesystem::directory_iterator it(evidence, error), end; !error && it != end;
       it.increment(error)) {
    try {
      const std::string text = read_file(it->path() / "files.txt", kMostNames);
      files.names.merge(diagnosis::parse_known_files(text).names);
    } catch (const Error&) {
      // Evidence without a deadlock or a chain names no files.
    }
  }
  return files;
}

}  // namespace gridlock

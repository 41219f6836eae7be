// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/lab_news.h"

#include <fmt/format.h>

#include "base/text.h"
#include "trial/boot_end.h"
#include "trial/finding_log.h"

namespace gridlock {
namespace {

constexpr std::size_t kExcerpt = 6 << 10;

}  // namespace

std::vector<NodeNews> LabNews::look(Lab& lab) {
  std::vector<NodeNews> all;
  lab.look_for_silence();
  lab.look_at_host();
  for (Lab::Node& node : lab.nodes()) {
    NodeNews& news = all.emplace_back();
    news.node = node.id;
    const bool just_lost = node.loss && told_loss_.insert(node.id).second;
    // What ended says no more: a report it was printing is as long as it gets.
    if (just_lost &&
        (node.loss->kind == Loss::Kind::stopped || node.loss->kind == Loss::Kind::killed))
      node.console->finish();
    if (node.console->poll()) news.line = printable(node.console->reader().last_line(), 120);
    // In a lab that began with another trial the console is in that one's folder.
    const std::string log = node.console_log.lexically_relative(folder_).string();
    for (const console::Finding& finding : node.console->take()) {
      tallies_[node.id].add(finding);
      news.findings.push_back(
          record_of(finding, log, node.console->text(finding.begin, finding.end, kExcerpt)));
    }
    if (!just_lost || node.loss->kind == Loss::Kind::killed) continue;
    news.loss = node.loss;
    if (auto finding = finding_of(*node.loss)) {
      finding->excerpt = last_move(node);
      news.findings.push_back(std::move(*finding));
    }
  }
  return all;
}

std::optional<FindingRecord> LabNews::finding_of(const Loss& loss) {
  switch (loss.kind) {
    case Loss::Kind::panicked:
      return std::nullopt;  // the console says more
    case Loss::Kind::stopped:
      return own_finding("reboot", loss.what, "unasked");
    case Loss::Kind::silent:
      return own_finding("silent", loss.what, "agent");
    case Loss::Kind::qemu_died:
    case Loss::Kind::agent_lost:
    case Loss::Kind::stopped_on_host:
    case Loss::Kind::disk_lost:
    case Loss::Kind::killed:
      break;
  }
  // The host's doing: told, and nothing that a kernel is judged by.
  const char* const what = loss.kind == Loss::Kind::qemu_died    ? "qemu"
                           : loss.kind == Loss::Kind::agent_lost ? "agent"
                           : loss.kind == Loss::Kind::disk_lost  ? "disk"
                                                                 : "stopped";
  FindingRecord finding = own_finding("machine", loss.what, what);
  finding.secondary = true;
  return finding;
}

std::string LabNews::last_move(const Lab::Node& node) const {
  std::string text;
  if (const auto heard = node.agent ? node.agent->last_heard() : std::nullopt)
    text = fmt::format("its agent was last heard {} before\n",
                       to_string(std::chrono::duration_cast<Milliseconds>(loop_.now() - *heard)));
  const std::string line = printable(node.console->reader().last_line(), 200);
  if (line.empty()) return text + "it has printed nothing: " + kNothingPrinted;
  return text + "the last line on its console: " + line;
}

}  // namespace gridlock

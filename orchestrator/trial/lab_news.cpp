// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/lab_news.h"

#include "base/text.h"
#include "trial/finding_log.h"

namespace gridlock {
namespace {

constexpr std::size_t kExcerpt = 6 << 10;

}  // namespace

std::vector<NodeNews> LabNews::look(Lab& lab) {
  std::vector<NodeNews> all;
  lab.look_for_silence();
  for (Lab::Node& node : lab.nodes()) {
    NodeNews& news = all.emplace_back();
    news.node = node.id;
    if (node.console->poll()) news.line = printable(node.console->reader().last_line(), 120);
    // In a lab that began with another trial the console is in that one's folder.
    const std::string log = node.console_log.lexically_relative(folder_).string();
    for (const console::Finding& finding : node.console->take()) {
      tallies_[node.id].add(finding);
      news.findings.push_back(
          record_of(finding, log, node.console->text(finding.begin, finding.end, kExcerpt)));
    }
    if (!node.loss || !told_loss_.insert(node.id).second) continue;
    news.loss = node.loss;
    if (node.loss->kind == Loss::Kind::stopped)
      news.findings.push_back(own_finding("reboot", node.loss->what, "unasked"));
    if (node.loss->kind == Loss::Kind::silent)
      news.findings.push_back(own_finding("silent", node.loss->what, "agent"));
  }
  return all;
}

}  // namespace gridlock

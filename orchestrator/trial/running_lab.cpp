// SPDX-License-Identifier: GPL-2.0-or-later
#include "trial/running_lab.h"

#include <fmt/format.h>

#include <algorithm>

namespace gridlock {
namespace {

constexpr std::size_t kLongestDaemonLog = 2 << 20;
/// A report that is open when the kernel has nothing more to say is closed after this.
constexpr Milliseconds kLastWords{2'000};
/// So much of what a console shows last is searched for a mark.
constexpr std::size_t kMarkRange = 64 << 10;

}  // namespace

RunningLab::RunningLab(const LabSetting& setting, const NodeSource& source, int trial,
                       const std::vector<std::filesystem::path>& console_logs)
    : source_(source),
      plan_(setting.plan),
      loop_(setting.loop),
      first_trial_(trial),
      lab_(setting, source, console_logs),
      oracles_(setting.plan) {}

void RunningLab::start(Milliseconds limit, std::stop_token stop) {
  lab_.start(limit, stop);
  lab_.identify(limit, stop);
  meet_nodes();
  if (disk_) disk_->attach(limit, stop);
  cluster_->begin(stop);
}

void RunningLab::restore(Milliseconds limit, std::stop_token stop) {
  lab_.start(limit, stop);
  lab_.refresh(limit, stop);
  meet_nodes();
  std::vector<DaemonJobs> daemons;
  std::map<NodeId, Oracles> oracles;
  for (std::size_t i = 0; i < source_.from->nodes.size(); ++i) {
    const SavedNode& saved = source_.from->nodes[i];
    daemons.push_back(saved.daemons);
    if (saved.oracles) oracles[plan_.nodes[i].id] = *saved.oracles;
  }
  cluster_->adopt(daemons);
  if (oracles.size() == daemons.size()) oracles_.found(std::move(oracles));
}

void RunningLab::meet_nodes() {
  const auto hear = [this](NodeId node, const std::string& daemon, const std::string& line) {
    std::string& log = daemon_lines_[{plan_.node(node).name, daemon}];
    if (log.size() < kLongestDaemonLog) log += line + "\n";
    if (listener_) listener_(node, daemon, line);
  };
  if (plan_.disk.transport == Transport::iscsi)
    disk_ = std::make_unique<NodeDisk>(
        lab_.crew(), lab_.lun_for_guests(), plan_.disk.size,
        [hear](NodeId node, const std::string& line) { hear(node, "iscsid", line); });
  cluster_ = std::make_unique<Cluster>(plan_, lab_.crew(), hear);
}

std::map<std::pair<std::string, std::string>, std::string> RunningLab::take_daemon_lines() {
  return std::exchange(daemon_lines_, {});
}

std::map<NodeId, std::string> RunningLab::mark_consoles(const Crew& crew, const std::string& line,
                                                        Milliseconds limit, std::stop_token stop) {
  std::map<NodeId, std::string> problems;
  std::map<NodeId, std::uint64_t> begins;
  for (Lab::Node& node : lab_.nodes()) {
    node.console->poll();
    begins[node.id] = node.console->reader().bytes_read();
  }
  Job print;
  print.argv = {"sh", "-c", "echo \"$1\" >/dev/kmsg", "sh", line};
  print.environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
  for (const JobResult& result :
       crew.run_all([&](const Crew::Member&) { return print; }, limit, stop))
    if (!result.ok()) problems[result.node] = result.describe("writing to the kernel's log");
  std::vector<Lab::Node*> missing;
  for (Lab::Node& node : lab_.nodes())
    if (std::ranges::any_of(crew.members(), [&](const auto& one) { return one.id == node.id; }) &&
        !problems.contains(node.id))
      missing.push_back(&node);
  const auto shows = [&](Lab::Node* node) {
    const std::uint64_t begin = begins[node->id];
    node->console->poll();
    const std::uint64_t end = node->console->reader().bytes_read();
    const std::uint64_t from = end - begin > kMarkRange ? end - kMarkRange : begin;
    return node->console->text(from, end, kMarkRange).find(line) != std::string::npos;
  };
  std::vector<Lab::Node*> marked = missing;
  const auto all_show = [&] {
    std::erase_if(missing, shows);
    return missing.empty();
  };
  try {
    crew.wait("the consoles", all_show, limit, stop);
  } catch (const BarrierFailed&) {
    for (const Lab::Node* node : missing)
      problems[node->id] = fmt::format(
          "the console of {} does not show what its kernel was asked to print within {}",
          node->name, to_string(limit));
  }
  std::erase_if(marked, [&](const Lab::Node* node) { return problems.contains(node->id); });
  const auto whole = [&] {
    return std::ranges::none_of(marked, [](const Lab::Node* node) {
      node->console->poll();
      return node->console->reader().pending();
    });
  };
  if (whole()) return problems;
  loop_.run_until(whole, kLastWords, stop);
  for (Lab::Node* const node : marked) node->console->finish();
  return problems;
}

std::string RunningLab::diagnose(std::stop_token stop) {
  std::string text;
  try {
    text = cluster_->diagnose(stop);
  } catch (const Error& error) {
    text = error.what();
  }
  for (const Lab::Node& node : lab_.nodes())
    text += fmt::format("--- last console lines of {}\n{}", node.name, node.console->tail(8));
  return text;
}

std::string RunningLab::leave(Milliseconds limit, std::stop_token stop) {
  try {
    const std::set<NodeId> gone = lab_.killed();
    cluster_->leave(gone, limit, stop);
    if (disk_) disk_->detach(gone, limit, stop);
  } catch (const Error& error) {
    return std::string("leaving the cluster: ") + error.what();
  }
  return {};
}

std::string RunningLab::end(Milliseconds limit) {
  const std::string gone = lab_.stop_machines(limit);
  cluster_.reset();
  disk_.reset();
  for (Lab::Node& node : lab_.nodes()) node.console->finish();
  return gone;
}

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "cluster/node_disk.h"

#include <fmt/format.h>

#include "cluster/steps.h"

namespace gridlock {
namespace {

/// Links the disk and says how many bytes it has; waits for it as long as the barrier does. $1 says
/// which device it is.
constexpr const char* kFind =
    "while :; do dev=$({}); [ -b \"/dev/$dev\" ] && break; sleep 0.2; done; "
    "mkdir -p /dev/disk/by-serial; ln -sfn \"/dev/$dev\" /dev/disk/by-serial/SHARED; "
    "size=$(($(cat /sys/block/$dev/size) * 512)); "
    "[ \"$size\" -ge {} ] || {{ echo \"the disk has $size bytes, which is less than the topology's "
    "size of {}\" >&2; exit 1; }}";

/// The device whose unit serial number (VPD page 0x80: four bytes, then the text) is SHARED.
constexpr const char* kBySerial =
    "for page in /sys/block/*/device/vpd_pg80; do [ -e \"$page\" ] || continue; "
    "[ \"$(tail -c +5 \"$page\" | tr -d '\\000 ')\" = SHARED ] || continue; "
    "dev=${page#/sys/block/}; echo \"${dev%%/*}\"; break; done";

/// The device of the one session that a node has.
std::string by_session(int lun) {
  return fmt::format(
      "for dev in /sys/class/iscsi_session/session*/device/target*/*:*:*:{}/block/*; do "
      "[ -e \"$dev\" ] || continue; echo \"${{dev##*/}}\"; break; done",
      lun);
}

/// A setting that no default of open-iscsi has like this.
constexpr const char* kPingSetting = "noop_out_timeout";
constexpr const char* kPingSeconds = "30";

/// A setting is a line; no value has a line break.
std::string setting(const std::string& name, const std::string& value) {
  return name + " = " + value + "\n";
}

}  // namespace

std::string iscsid_conf(const IscsiLun& lun) {
  std::string text =
      setting("node.startup", "manual") + setting("node.session.timeo.replacement_timeout", "120") +
      setting("node.conn[0].timeo.login_timeout", "30") +
      setting("node.conn[0].timeo.logout_timeout", "30") +
      setting("node.conn[0].timeo.noop_out_interval", "10") +
      setting(fmt::format("node.conn[0].timeo.{}", kPingSetting), kPingSeconds) +
      setting("node.session.initial_login_retry_max", "4") + setting("node.session.scan", "auto");
  if (lun.chap)
    text += setting("node.session.auth.authmethod", "CHAP") +
            setting("node.session.auth.username", lun.chap->user) +
            setting("node.session.auth.password", lun.chap->secret);
  return text;
}

NodeDisk::NodeDisk(const Crew& crew, std::optional<IscsiLun> lun, Bytes size, Sink sink)
    : crew_(crew), lun_(std::move(lun)), size_(size), sink_(std::move(sink)) {}

void NodeDisk::put(const std::string& path,
                   const std::function<std::string(const Crew::Member&)>& text, Milliseconds limit,
                   std::stop_token stop) {
  // Shared with answers that may come after the wait was given up.
  struct Answers {
    std::size_t came = 0;
    std::string refused;
  };
  const auto answers = std::make_shared<Answers>();
  for (const Crew::Member& member : crew_.members())
    member.agent->put(
        path, text(member), 0600, [answers, path, name = member.name](const Reply& reply) {
          ++answers->came;
          if (!reply.ok())
            answers->refused = fmt::format("writing {} on {}: {}", path, name, reply.error);
        });
  crew_.wait(
      "writing " + path,
      [&] { return answers->came == crew_.members().size() || !answers->refused.empty(); }, limit,
      std::move(stop));
  if (!answers->refused.empty()) throw BarrierFailed(answers->refused);
}

void NodeDisk::log_in(Milliseconds limit, std::stop_token stop) {
  const TimeLeft left(crew_.loop(), limit);
  put(
      "/etc/iscsi/iscsid.conf", [&](const Crew::Member&) { return iscsid_conf(*lun_); }, left(),
      stop);
  put(
      "/etc/iscsi/initiatorname.iscsi",
      [](const Crew::Member& member) {
        return fmt::format("InitiatorName=iqn.2026-01.invalid.gridlock:node{}\n", member.id.number);
      },
      left(), stop);
  for (const Crew::Member& member : crew_.members())
    iscsid_.push_back(std::make_unique<Daemon>(member, "iscsid",
                                               program({"iscsid", "--foreground", "--no-pid-file"}),
                                               [this, node = member.id](const std::string& line) {
                                                 if (sink_) sink_(node, line);
                                               }));
  // A record takes its settings, the secret among them, from the file that iscsid names; while that
  // does not answer it takes iscsiadm's own, and is made again.
  const std::string record =
      fmt::format("iscsiadm -m node -T {} -p {}:{}", lun_->iqn, lun_->host, lun_->port);
  const std::string script = fmt::format(
      "mkdir -p /run/lock/iscsi; modprobe -q iscsi_tcp 2>/dev/null; "
      "until {0} -o new >/tmp/iscsi.log 2>&1 && {0} -o show | grep -q '{1} = {2}$'; do "
      "{0} -o delete >/dev/null 2>&1; sleep 0.5; done; "
      "n=0; until {0} --login >/tmp/iscsi.log 2>&1; do n=$((n+1)); "
      "[ $n -ge 5 ] && {{ cat /tmp/iscsi.log >&2; exit 1; }}; sleep 1; done",
      record, kPingSetting, kPingSeconds);
  try {
    run_everywhere(crew_, "iscsiadm", script, left(), stop);
  } catch (const BarrierFailed& failed) {
    std::string said;
    for (std::size_t i = 0; i < iscsid_.size(); ++i)
      said += fmt::format("\n  {}: {}", crew_.members()[i].name, iscsid_[i]->tail(3));
    throw BarrierFailed(
        fmt::format("the nodes do not log in to the iSCSI target: {}", failed.what()),
        "what iscsid said last:" + said);
  }
}

void NodeDisk::attach(Milliseconds limit, std::stop_token stop) {
  const TimeLeft left(crew_.loop(), limit);
  if (lun_) log_in(limit, stop);
  const std::string find = lun_ ? by_session(lun_->lun) : kBySerial;
  run_everywhere(crew_, "finding the shared disk",
                 fmt::format(fmt::runtime(kFind), find, size_.count, to_string(size_)), left(),
                 std::move(stop));
}

void NodeDisk::detach(const std::set<NodeId>& gone, Milliseconds limit, std::stop_token stop) {
  if (iscsid_.empty()) return;
  const TimeLeft left(crew_.loop(), limit);
  run_everywhere(crew_.without(gone), "iscsiadm", "iscsiadm -m node --logout >/dev/null", left(),
                 stop);
  for (const auto& daemon : iscsid_) daemon->terminate();
  wait_for_all(
      crew_, "iscsid to end",
      [&](std::size_t i) {
        return gone.contains(crew_.members()[i].id) || iscsid_[i]->ended().has_value();
      },
      [] { return std::string(); }, left(), std::move(stop));
}

}  // namespace gridlock

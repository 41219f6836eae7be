// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/phrases.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "console/mlog.h"

namespace gridlock::console {
namespace {

using enum Shape;
constexpr std::size_t kMaxHeader = 1024;  // printk's longest record
constexpr std::size_t kMaxStart = 200;    // subsystems and host names come before, texts do not
constexpr Opens kAlone = Opens::alone;
constexpr Opens kAlways = Opens::always;
constexpr std::string_view kGfs2 = "gfs2: fsid=";
constexpr std::string_view kDlm = "dlm: ";

bool is_dlm(std::string_view text) { return text.starts_with(kDlm); }

/// Not -EINTR: a recovery that another change of members overtakes is given up and begun anew, as
/// when three nodes mount at once (ls_recover() in fs/dlm/recoverd.c).
bool is_failed_recovery(std::string_view text) { return is_dlm(text) && !text.ends_with(" error -4"); }

/// "F lkid X error N" (gdlm_ast() and gdlm_lock() in fs/gfs2/lock_dlm.c); not "… lkid X" of a dump.
bool is_lock_error(std::string_view text) {
  return text.find(" error ", text.find(" lkid ")) != std::string_view::npos;
}

/// "connect N try N error N" (dlm_connect() in fs/dlm/lowcomms.c).
bool is_failed_connect(std::string_view text) {
  return text.starts_with("dlm: connect ") && text.find(" error ") != std::string_view::npos;
}

/// Not -EEXIST: what the second of two nodes that make the same name is answered, as it is on any
/// file system; mlog_errno() leaves out -ENOSPC and -EDQUOT for the same reason, but not this one.
bool is_mlog(std::string_view text) {
  return !text.ends_with(" ERROR: status = -17") && parse_mlog(text).has_value();
}

// Of two phrases that match at the same place the first counts: the particular before the general.
constexpr std::array kPhrases = std::to_array<Phrase>({
    {"lockdep", "circular", "possible circular locking dependency detected", "", lockdep},
    {"lockdep", "recursive", "possible recursive locking detected", "", lockdep},
    {"lockdep", "irq-inversion", "possible irq lock inversion dependency detected", "", lockdep},
    {"lockdep", "hardirq-order", "WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order", "", lockdep},
    {"lockdep", "softirq-order", "WARNING: SOFTIRQ-safe -> SOFTIRQ-unsafe lock order", "", lockdep},
    {"lockdep", "hardirq-order", "HARDIRQ-safe -> HARDIRQ-unsafe lock order detected", "", lockdep},
    {"lockdep", "softirq-order", "SOFTIRQ-safe -> SOFTIRQ-unsafe lock order detected", "", lockdep},
    {"lockdep", "order", "WARNING: ", "-unsafe lock order detected", lockdep},
    {"lockdep", "inconsistent", "inconsistent lock state", "", lockdep},
    {"lockdep", "rcu-usage", "suspicious RCU usage", "", lockdep},
    {"lockdep", "wait-context", "BUG: Invalid wait context", "", lockdep},
    {"lockdep", "unlock-balance", "bad unlock balance detected!", "", lockdep},
    {"lockdep", "contention", "bad contention detected!", "", lockdep},
    {"lockdep", "held-freed", "held lock freed!", "", lockdep},
    {"lockdep", "nested", "Nested lock was not taken", "", lockdep},
    {"lockdep", "still-held", "WARNING: ", " still has locks held!", lockdep},
    {"lockdep", "still-held", "BUG: ", " still has locks held!", lockdep},
    {"lockdep", "held-in-user-space", "lock held when returning to user space!", "", lockdep},
    {"lockdep", "chain-key", "WARNING: chain_key collision", "", lockdep},
    {"lockdep", "non-static-key", "INFO: trying to register non-static key", "", lockdep},
    {"lockdep", "unregistered-key", "BUG: key ", " has not been registered!", lockdep},
    {"lockdep", "subclass", "BUG: looking up invalid subclass:", "", lockdep},
    {"lockdep", "leaked", "BUG: workqueue leaked ", "", lockdep},
    {"lockdep_off", "", "BUG: MAX_LOCKDEP_", " too low!", line},
    {"lockdep_off", "", "BUG: MAX_STACK_TRACE_ENTRIES too low!", "", line},
    {"lockdep_off", "", "BUG: MAX_LOCK_DEPTH too low!", "", line},

    {"hung_task", "", "INFO: task ", " blocked for more than ", hung_task},
    {"hung_task", "io", "INFO: task ", " blocked in I/O wait for more than ", hung_task},
    {"hung_task", "", "INFO: task ", " can't die for more than ", hung_task},

    {"rcu_stall", "", "INFO: rcu", "detected stall", stall},
    {"rcu_stall", "", "INFO: rcu", "self-detected stall on CPU", stall},
    {"rcu_stall", "", "INFO: rcu", "detected expedited stalls on CPUs/tasks", stall},
    {"rcu_stall", "starved", "rcu: rcu_", " kthread starved for ", stall, kAlone},
    {"soft_lockup", "", "BUG: soft lockup - CPU#", "", stall},
    {"hard_lockup", "", "Watchdog detected hard LOCKUP on cpu", "", stall},
    {"wq_lockup", "", "BUG: workqueue lockup - pool", "", stall},

    {"kasan", "", "BUG: KASAN: ", "", sanitizer},
    {"kfence", "", "BUG: KFENCE: ", "", sanitizer},
    {"kcsan", "", "BUG: KCSAN: ", "", sanitizer},
    {"kmsan", "", "BUG: KMSAN: ", "", sanitizer},
    {"ubsan", "", "UBSAN: ", " in ", sanitizer},
    {"memory_leak", "", "BUG: memory leak", "", leak},
    {"memory_leak", "", "kmemleak: ", " new suspected memory leak", line},

    {"atomic_sleep", "sleeping", "BUG: sleeping function called from invalid context at ", "",
     atomic_sleep},
    {"atomic_sleep", "scheduling", "BUG: scheduling while atomic: ", "", atomic_sleep},
    {"atomic_sleep", "non-blocking", "BUG: scheduling in a non-blocking section", "", atomic_sleep},
    {"atomic_sleep", "assuming", "BUG: assuming atomic context at ", "", atomic_sleep},

    {"gpf", "", "general protection fault, ", "", die, kAlone},
    {"gpf", "", "general protection fault: ", "", die, kAlone},
    {"gpf", "", "Oops: general protection fault", "", die, kAlone},
    {"oops", "null", "BUG: kernel NULL pointer dereference", "", die},
    {"oops", "null", "BUG: unable to handle kernel NULL pointer dereference", "", die},
    {"oops", "fault", "BUG: unable to handle ", "", die},
    {"oops", "null", "BUG: Kernel NULL pointer dereference", "", die},
    {"oops", "fault", "BUG: Unable to handle kernel ", "", die},
    {"oops", "fault", "Unhandled fault: ", "", die},
    {"oops", "fault", "Unhandled prefetch abort: ", "", die},
    {"oops", "stack-overflow", "BUG: stack guard page was hit at", "", die},
    {"oops", "stack-overflow", "BUG: ", " stack guard page was hit at", die},
    {"oops", "null", "Unable to handle kernel NULL pointer dereference", "", die},
    {"oops", "fault", "Unable to handle kernel ", "", die},
    {"oops", "divide", "divide error: ", "", die, kAlone},
    {"oops", "int3", "int3: ", "[#", die, kAlone},
    {"oops", "stack-overflow", "kernel stack overflow (", "", die, kAlone},
    {"oops", "stack-segment", "stack segment: ", "", die, kAlone},
    {"oops", "double-fault", "PANIC: double fault", "", die, kAlone},
    {"bug", "kernel-bug", "kernel BUG at ", "", die},
    {"bug", "invalid-opcode", "invalid opcode: ", "[#", die, kAlone},
    {"bug", "invalid-opcode", "Oops: invalid opcode", "", die, kAlone},
    {"oops", "divide", "Oops: divide error", "", die, kAlone},
    {"oops", "other", "Oops: ", "[#", die, kAlone},
    {"oops", "other", "Internal error: ", "[#", die, kAlone},

    {"panic", "", "Kernel panic - not syncing", "", panic},

    {"warning", "", "WARNING: CPU: ", " PID: ", warning},
    {"warning", "", "WARNING: at ", "", warning},
    {"warning", "", "WARNING: ", ", CPU#", warning},

    {"warning", "unwinder", "WARNING: kernel stack ", " has bad ", line},

    {"gfs2", "assertion", kGfs2, "fatal: assertion ", fs},
    {"gfs2", "consistency", kGfs2, "fatal: filesystem consistency error", fs},
    {"gfs2", "metadata", kGfs2, "fatal: invalid metadata block", fs},
    {"gfs2", "io", kGfs2, "fatal: I/O error", fs},
    {"gfs2", "withdraw", kGfs2, "withdrawing the file system to prevent further damage", fs,
     kAlone},
    {"gfs2", "withdraw", kGfs2, "about to withdraw this file system", fs, kAlone},
    {"gfs2", "withdraw", kGfs2, "daemon is withdrawing", fs, kAlone},
    {"gfs2", "withdrawn", kGfs2, "telling LM to unmount", fs, kAlone},
    {"gfs2", "withdrawn", kGfs2, "File system withdrawn", fs, kAlone},
    {"gfs2", "assertion", kGfs2, "warning: assertion ", fs},
    {"gfs2", "panic", "GFS2: fsid=", "panic requested", line},
    {"gfs2", "journal", kGfs2, "error recovering journal", line},
    {"gfs2", "journal", kGfs2, " writing to journal, jid=", line},
    {"gfs2", "journal", kGfs2, "Can't replay:", line},
    {"gfs2", "lock", kGfs2, ": lm_lock ret ", line},
    {"gfs2", "lock", kGfs2, " lkid ", line, kAlways, false, is_lock_error},
    {"gfs2", "lock", kGfs2, " syncing glock", line},
    {"gfs2", "lock-state", kGfs2, ": wanted ", line},
    {"gfs2", "lockspace", kGfs2, "dlm_new_lockspace error ", line},
    {"gfs2", "resource-group", kGfs2, "has an error, marking it readonly", line},
    {"gfs2", "resource-group", kGfs2, " lvb flag mismatch", line},
    {"gfs2", "resource-group", kGfs2, " lvb mismatch", line},
    {"gfs2", "stuck", kGfs2, ": Error: In ", line},
    {"gfs2", "freeze", kGfs2, "Fatal IO error: cannot freeze gfs2", line},

    {"dlm", "assertion", "DLM:  Assertion failed on line", "", line},
    {"dlm", "midcomms", kDlm, "cannot start dlm midcomms", line},
    {"dlm", "connect", kDlm, " try ", line, kAlways, false, is_failed_connect},
    {"dlm", "addwait", kDlm, "addwait error", line},
    {"dlm", "remwait", kDlm, "remwait error", line},
    {"dlm", "receive", "receive_", " error ", line, kAlways, false, is_dlm},
    {"dlm", "receive", "receive_", " not found", line, kAlways, false, is_dlm},
    {"dlm", "receive", "receive_", " bad ", line, kAlways, false, is_dlm},
    {"dlm", "recover", "dlm_recover_", " error ", line, kAlways, false, is_failed_recovery},
    {"dlm", "deadlock", kDlm, "pending deadlock", line},
    {"dlm", "deadlock", kDlm, "can_be_granted deadlock", line},
    {"dlm", "version", kDlm, "version mismatch", line},
    {"dlm", "config", kDlm, "config mismatch", line},
    {"dlm", "cluster-name", kDlm, "does not match the system cluster name", line},
    {"dlm", "no-buffers", kDlm, "ENOBUFS", line},
    {"dlm", "no-daemon", kDlm, "no userland control daemon, stopping lockspace", line},
    {"dlm", "shutdown-stuck", kDlm, "because shutdown stuck", line},

    {"ocfs2", "error", "OCFS2: ERROR (device ", "", fs},
    {"ocfs2", "abort", "OCFS2: abort (device ", "", fs},
    {"ocfs2", "corruption", "On-disk corruption discovered.", "", fs, kAlone},
    {"ocfs2", "read-only", "OCFS2: File system is now read-only", "", fs, kAlone},
    {"ocfs2", "fencing", "ocfs2 is very sorry to be fencing this system", "", line},
    {"ocfs2", "mlog", "(", " ERROR: ", way_up, kAlways, true, is_mlog},
    // o2cb's heartbeat, network and locks: fs/ocfs2/cluster/heartbeat.c and tcp.c, stack_o2cb.c.
    {"ocfs2", "heartbeat-hung", "o2hb: ", " hb write hung", line, kAlways, true},
    {"ocfs2", "heartbeat-unstable", "o2hb: Unable to stabilize heartbeat", "", line, kAlways, true},
    {"ocfs2", "idle", "o2net: Connection to ", " has been idle for ", line, kAlways, true},
    {"ocfs2", "no-connection", "o2net: No connection established with ", "", line, kAlways, true},
    {"ocfs2", "no-connection", "o2cb: This node could not connect to nodes:", "", line, kAlways,
     true},
    {"ocfs2", "disagreement", "o2net: ", " Disconnecting.", line, kAlways, true},
    {"ocfs2", "evicted", "o2cb: o2dlm has evicted node ", "", line, kAlways, true},
    {"ocfs2", "lockspace", "ocfs2: Unable to create the lockspace ", "", line, kAlways, true},
    {"ocfs2", "version", "ocfs2: Could not determine locking version", "", line, kAlways, true},

    {"bug", "bad-page", "BUG: Bad page ", "", other_bug},
    {"bug", "busy-inodes", "VFS: Busy inodes after unmount of ", "", line},
    {"bug", "file-count", "VFS: Close: file count is ", "", line},
    {"bug", "slub", "BUG ", "): ", line, kAlways, true},
    // The kernel calls nothing else a BUG; what follows may be any of a hundred texts.
    {"bug", "other", "BUG: ", "", other_bug, kAlways, true},
});

// Lines that a phrase matches and that are nobody's fault.
struct Benign {
  std::string_view start;
  std::string_view then;
};
constexpr std::array kBenign = std::to_array<Benign>({
    {"traps: ", " ip:"},  // a program's own fault
    {"general protection fault ip:", ""},
    // ENOTCONN: a mount came before dlm_controld had told the kernel its addresses; mounting again
    // helps, and whoever mounted got the error himself.
    {"cannot start dlm midcomms -107", ""},
    {"dlm_new_lockspace error -107", ""},
    {"Command line: ", ""},
    {"Kernel command line: ", ""},
});

// Lines of a report's inside that carry names chosen by programs.
constexpr std::array kDetails = std::to_array<std::string_view>(
    {"CPU: ", "task:", "Code: ", "Hardware name: ", "Workqueue: ", "---[ end ",
     "Modules linked in:"});

constexpr std::size_t kKeyLength = 4;  // bytes that tell most places of a line from a phrase
constexpr unsigned kKeyBits = 12;
static_assert(std::all_of(kPhrases.begin(), kPhrases.end(),
                          [](const Phrase& phrase) {
                            return phrase.at_start || phrase.start.size() >= kKeyLength;
                          }),
              "a phrase's start is too short for its key");

/// The first four bytes of `text` in few bits.
constexpr std::size_t key_of(const char* text) {
  const auto byte = [text](unsigned i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])) << (8 * i);
  };
  // Written out, compilers make one load of it.
  return ((byte(0) | byte(1) | byte(2) | byte(3)) * 2654435761U) >> (32 - kKeyBits);
}

/// Where in the table to look: at nearly all places of nearly all lines nowhere.
struct Index {
  std::array<bool, 1 << kKeyBits> known{};           // keys of phrases
  std::array<std::vector<const Phrase*>, 256> rows;  // by first byte
  Index() {
    for (const Phrase& phrase : kPhrases) {
      if (phrase.start.size() >= kKeyLength) known.at(key_of(phrase.start.data())) = true;
      rows.at(static_cast<unsigned char>(phrase.start.front())).push_back(&phrase);
    }
  }
};

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_benign(std::string_view text) {
  return std::any_of(kBenign.begin(), kBenign.end(), [&](const Benign& benign) {
    const std::size_t at = text.find(benign.start);
    return at != std::string_view::npos &&
           text.find(benign.then, at + benign.start.size()) != std::string_view::npos;
  });
}

bool is_detail(std::string_view text) {
  return std::any_of(kDetails.begin(), kDetails.end(),
                     [&](std::string_view start) { return text.starts_with(start); });
}

}  // namespace

const Phrase* match_header(std::string_view text) {
  static const Index index;
  text = text.substr(0, kMaxHeader);
  for (std::size_t at = 0; at < kMaxStart && at + kKeyLength <= text.size(); ++at) {
    // A line's own first byte is looked up in any case: some rows begin with less than a key.
    if (at > 0 && !index.known[key_of(text.data() + at)]) continue;
    if (at > 0 && is_word(text[at - 1]) && is_word(text[at])) continue;
    const std::string_view rest = text.substr(at);
    for (const Phrase* phrase : index.rows[static_cast<unsigned char>(text[at])]) {
      if (!rest.starts_with(phrase->start) || (phrase->at_start && at > 0)) continue;
      if (rest.find(phrase->then, phrase->start.size()) == std::string_view::npos) continue;
      if (phrase->holds != nullptr && !phrase->holds(text)) continue;
      return is_detail(text) || is_benign(text) ? nullptr : phrase;
    }
  }
  return nullptr;
}

std::vector<std::string_view> trigger_phrases() {
  std::vector<std::string_view> starts;
  for (const Phrase& phrase : kPhrases) starts.push_back(phrase.start);
  std::sort(starts.begin(), starts.end());
  starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
  return starts;
}

}  // namespace gridlock::console

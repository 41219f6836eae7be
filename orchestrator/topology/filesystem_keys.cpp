// SPDX-License-Identifier: GPL-2.0-or-later
// The keys of what joins the nodes and of what is on the disk.
#include <array>

#include "topology/keys.h"

namespace gridlock {
namespace {

constexpr std::uint64_t kMiB = 1 << 20, kGiB = 1024 * kMiB;
constexpr std::uint64_t kSecond = 1000, kMinute = 60 * kSecond;

constexpr std::array<const KeyTable*, 1> kO2cbTables{&kO2cbKeys};
constexpr std::array<const KeyTable*, 1> kOptionsTables{&kFilesystemOptionsKeys};

constexpr std::array kCluster{
    Key{.name = "stack",
        .type = ValueType::choice,
        .meaning =
            "membership and locking: corosync with dlm_controld and the kernel's DLM; OCFS2's "
            "own stack in the kernel; or nothing, for one node that mounts locally. Default: "
            "o2cb for ocfs2, else corosync",
        .words = "corosync o2cb none"},
    Key{.name = "token",
        .type = ValueType::duration,
        .meaning = "corosync's token time-out: how long a node may be silent. Of o2cb, what its "
                   "times come from",
        .fallback = "10s",
        .low = kSecond,
        .high = 5 * kMinute},
    Key{.name = "o2cb",
        .type = ValueType::section,
        .meaning = "o2cb's own times, for who does not want those that come from token",
        .tables = kO2cbTables},
};

constexpr std::array kO2cb{
    Key{.name = "dead_threshold",
        .type = ValueType::integer,
        .meaning =
            "a node is dead that did not write its heartbeat to the disk for so many rounds of "
            "2 s, less one; a node that could not for as long panics. Default: as long as six "
            "tokens",
        .low = 3,
        .high = 2000},
    Key{.name = "idle_timeout",
        .type = ValueType::duration,
        .meaning =
            "a connection between two nodes on which nothing came for this long is given up. "
            "Default: three tokens",
        .low = kSecond,
        .high = 60 * kMinute},
    Key{.name = "keepalive_delay",
        .type = ValueType::duration,
        .meaning = "the other node is asked when nothing came from it for this long; less than "
                   "idle_timeout. Default: a fifth of a token",
        .low = 100,
        .high = 10 * kMinute},
    Key{.name = "reconnect_delay",
        .type = ValueType::duration,
        .meaning = "between two attempts to connect. Default: a fifth of a token",
        .low = 100,
        .high = 10 * kMinute},
};

constexpr std::array kFilesystem{
    Key{.name = "type",
        .type = ValueType::choice,
        .meaning = "the file system",
        .fallback = "gfs2",
        .words = "gfs2 ocfs2"},
    Key{.name = "disk",
        .type = ValueType::name,
        .meaning = "the disk it is on. Default: the only one"},
    Key{.name = "mount",
        .type = ValueType::line,
        .meaning = "where every node mounts it: an absolute path outside the system's folders",
        .fallback = "/mnt/shared"},
    Key{.name = "journal",
        .type = ValueType::size,
        .meaning = "size of one journal; every node has one, and together they may take half the "
                   "disk",
        .fallback = "32MiB",
        .low = 8 * kMiB,
        .high = kGiB,
        .step = kMiB},
    Key{.name = "options",
        .type = ValueType::section,
        .meaning = "what mkfs and mount are given beside what they need",
        .tables = kOptionsTables},
};

constexpr std::array kFilesystemOptions{
    Key{.name = "mkfs",
        .type = ValueType::lines,
        .meaning = "arguments of mkfs.gfs2 or mkfs.ocfs2",
        .high = 40},
    Key{.name = "mount",
        .type = ValueType::line,
        .meaning = "options as mount -o takes them, added to noatime"},
};

}  // namespace

const KeyTable kClusterKeys{"cluster", kCluster};
const KeyTable kO2cbKeys{"o2cb", kO2cb};
const KeyTable kFilesystemKeys{"filesystem", kFilesystem};
const KeyTable kFilesystemOptionsKeys{"the file system's options", kFilesystemOptions};

}  // namespace gridlock

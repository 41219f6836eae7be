// SPDX-License-Identifier: GPL-2.0-or-later
// The keys of the shared disk and of what carries it to the nodes.
#include <array>

#include "topology/keys.h"

namespace gridlock {
namespace {

constexpr std::uint64_t kMiB = 1 << 20, kTiB = kMiB * kMiB;

constexpr std::array<const KeyTable*, 1> kTargetTables{&kTargetKeys};
constexpr std::array<const KeyTable*, 1> kChapTables{&kChapKeys};

constexpr std::array kDisk{
    Key{.name = "size",
        .type = ValueType::size,
        .meaning =
            "size of the disk; its file is sparse. Of a target that exists, what its LUN has "
            "at least",
        .fallback = "2GiB",
        .low = 64 * kMiB,
        .high = 16 * kTiB,
        .step = kMiB},
    Key{.name = "transport",
        .type = ValueType::choice,
        .meaning = "how the disk reaches the nodes: as a virtio disk of each, or by iSCSI",
        .fallback = "virtio",
        .words = "virtio iscsi"},
    Key{.name = "via",
        .type = ValueType::choice,
        .meaning = "who the iSCSI initiators are. host: each node's QEMU, and the node has a SCSI "
                   "disk. guest: the node's own kernel, with open-iscsi, over the fabric",
        .fallback = "host",
        .words = "host guest"},
    Key{.name = "target",
        .type = ValueType::section,
        .meaning = "an iSCSI target that exists; everything on its LUN is lost. Default: one that "
                   "Gridlock starts for each lab",
        .tables = kTargetTables},
};

constexpr std::array kTarget{
    Key{.name = "portal",
        .type = ValueType::line,
        .meaning = "where it listens: HOST, HOST:PORT or [IPV6]:PORT, as seen from this host. "
                   "Without a port 3260",
        .required = true},
    Key{.name = "iqn",
        .type = ValueType::line,
        .meaning = "its name, such as iqn.2003-01.org.linux-iscsi.host:shared",
        .required = true},
    Key{.name = "lun",
        .type = ValueType::integer,
        .meaning = "which of its logical units",
        .fallback = "1",
        .low = 0,
        .high = 255},
    Key{.name = "chap",
        .type = ValueType::section,
        .meaning = "what the initiators prove themselves with. Default: nothing",
        .tables = kChapTables},
};

constexpr std::array kChap{
    Key{.name = "user",
        .type = ValueType::line,
        .meaning = "the name the target knows",
        .required = true},
    Key{.name = "secret_file",
        .type = ValueType::line,
        .meaning =
            "a file whose first line is the secret, of 12 to 16 characters. It is read when a "
            "lab starts, and kept nowhere",
        .required = true,
        .paths = Paths::all},
};

}  // namespace

const KeyTable kDiskKeys{"a disk", kDisk};
const KeyTable kTargetKeys{"a target", kTarget};
const KeyTable kChapKeys{"chap", kChap};

}  // namespace gridlock

// SPDX-License-Identifier: GPL-2.0-or-later
#include "topology/keys.h"

#include <array>

namespace gridlock {
namespace {

constexpr std::uint64_t kKiB = 1024, kMiB = 1024 * kKiB, kGiB = 1024 * kMiB;
constexpr std::uint64_t kSecond = 1000, kHour = 3600 * kSecond;

// Of what the sections hold.
constexpr std::array<const KeyTable*, 1> kKernelTables{&kKernelKeys}, kSourceTables{&kSourceKeys},
    kPrebuiltTables{&kPrebuiltKeys}, kNodesTables{&kNodesKeys}, kDiskTables{&kDiskKeys},
    kClusterTables{&kClusterKeys}, kFilesystemTables{&kFilesystemKeys}, kTrialTables{&kTrialKeys},
    kWatchTables{&kWatchKeys}, kDefaultsTables{&kDefaultsKeys};
constexpr std::array<const KeyTable*, 4> kWorkloadTables{&kMmapDioKeys, &kFioKeys, &kLockPingKeys,
                                                         &kExecKeys};

constexpr std::array kTopology{
    Key{.name = "include",
        .type = ValueType::lines,
        .meaning = "files this one is put on top of, the later ones on top of the earlier ones; "
                   "mappings are merged key by key, anything else replaces what it is put on",
        .high = 16},
    Key{.name = "defaults",
        .type = ValueType::section,
        .meaning = "what holds for every kernel, disk, workload or trial that does not say it itself",
        .tables = kDefaultsTables},
    Key{.name = "name",
        .type = ValueType::name,
        .meaning = "what the run is called; becomes part of its folder's name. Default: the file's "
                   "name without its ending"},
    Key{.name = "description", .type = ValueType::prose, .meaning = "for people"},
    Key{.name = "accel",
        .type = ValueType::choice,
        .meaning = "hardware or software emulation; auto proves that KVM works and else uses TCG",
        .fallback = "auto",
        .words = "auto kvm tcg"},
    Key{.name = "start",
        .type = ValueType::choice,
        .meaning = "boot: every node of every trial is powered on. template: each kernel boots once "
                   "and is saved; every node goes on from there. formed: a whole lab of each kernel "
                   "is saved when it has mounted; every trial goes on from there",
        .fallback = "boot",
        .words = "boot template formed"},
    Key{.name = "lab",
        .type = ValueType::choice,
        .meaning = "fresh: every trial has a lab of its own. shared: a trial goes on in the lab of "
                   "the one before it on the same kernel, as long as that passed",
        .fallback = "fresh",
        .words = "fresh shared"},
    Key{.name = "kernels",
        .type = ValueType::section,
        .meaning = "the kernels to test, by name",
        .high = kMaxKernels,
        .required = true,
        .tables = kKernelTables,
        .named = true},
    Key{.name = "nodes",
        .type = ValueType::section,
        .meaning = "the virtual machines",
        .tables = kNodesTables},
    Key{.name = "disks",
        .type = ValueType::section,
        .meaning = "the disk all nodes share, by name. Default: one called shared",
        .high = kMaxKernels,
        .tables = kDiskTables,
        .named = true},
    Key{.name = "cluster",
        .type = ValueType::section,
        .meaning = "what joins the nodes",
        .tables = kClusterTables},
    Key{.name = "filesystem",
        .type = ValueType::section,
        .meaning = "what is on the disk",
        .tables = kFilesystemTables},
    Key{.name = "workloads",
        .type = ValueType::section,
        .meaning = "what the nodes do, by name",
        .high = kMaxWorkloads,
        .required = true,
        .tables = kWorkloadTables,
        .named = true},
    Key{.name = "trials",
        .type = ValueType::special,
        .meaning =
            "a list; each item is one fresh lab: a list of workloads, or a mapping. Default: "
            "one trial for each workload",
        .form = Form::trials},
    Key{.name = "watch",
        .type = ValueType::section,
        .meaning = "what counts as a failure",
        .tables = kWatchTables},
};

constexpr std::array kKernel{
    Key{.name = "source",
        .type = ValueType::section,
        .meaning = "where the source comes from; required without from",
        .tables = kSourceTables,
        .alternative = true},
    Key{.name = "from",
        .type = ValueType::name,
        .meaning = "another kernel whose source, config and patches this one starts from",
        .alternative = true},
    Key{.name = "config",
        .type = ValueType::lines,
        .meaning =
            "config fragments in the order they are merged: names of files in images/kernels "
            "without .config, or paths. Default: base, cluster, debug",
        .high = 32,
        .paths = Paths::fragments},
    Key{.name = "patches",
        .type = ValueType::lines,
        .meaning = "what is applied, in this order, after the patches of from and after revert: "
                   "patches, mailboxes as saved from a list, quilt folders, or, of a git "
                   "repository, commits as BASE..HEAD",
        .high = 1000,
        .paths = Paths::patches},
    Key{.name = "revert",
        .type = ValueType::lines,
        .meaning = "what is taken back, before patches are applied: as patches, in the order it was "
                   "applied once; the last one goes first",
        .high = 1000,
        .paths = Paths::patches},
    Key{.name = "expect",
        .type = ValueType::special,
        .meaning = "pass, fail (at least one trial), or a mapping of trials to pass or fail. "
                   "Default: pass",
        .form = Form::expectation},
};

constexpr std::array kSource{
    Key{.name = "package",
        .type = ValueType::line,
        .meaning = "a Debian package with a source archive, such as linux-source-6.1",
        .alternative = true},
    Key{.name = "dir",
        .type = ValueType::line,
        .meaning = "a folder with a kernel source tree; it is only read",
        .paths = Paths::all,
        .alternative = true},
    Key{.name = "git",
        .type = ValueType::line,
        .meaning = "a git repository of a kernel, or a checkout of one; it is only read",
        .paths = Paths::all,
        .alternative = true},
    Key{.name = "ref",
        .type = ValueType::line,
        .meaning = "which commit of git: a branch, tag or hash; worktree: the checkout as it is, with "
                   "what is not committed. Default: HEAD"},
    Key{.name = "prebuilt",
        .type = ValueType::section,
        .meaning = "a kernel that is already built; needs no compiler",
        .tables = kPrebuiltTables,
        .alternative = true},
};

constexpr std::array kPrebuilt{
    Key{.name = "package",
        .type = ValueType::line,
        .meaning = "a Debian package with a kernel, such as linux-image-amd64; taken from this host "
                   "if it is installed, else downloaded with apt-get",
        .alternative = true},
    Key{.name = "image",
        .type = ValueType::line,
        .meaning = "a bzImage",
        .paths = Paths::all,
        .alternative = true},
    Key{.name = "modules",
        .type = ValueType::line,
        .meaning = "the folder of the image's modules, such as /lib/modules/6.1.0-18-amd64. "
                   "Default: the image has all that is needed built in",
        .paths = Paths::all},
};

/// Of what a section holds.
constexpr std::array<const KeyTable*, 1> kNodeTables{&kNodeKeys};

constexpr std::uint64_t kMostNodes = 16, kMostVcpus = 64;
constexpr std::uint64_t kLeastMemory = 128 * kMiB, kMostMemory = 64 * kGiB;

constexpr std::array kNodes{
    Key{.name = "count",
        .type = ValueType::integer,
        .meaning = "how many nodes. With names written, as many as these",
        .fallback = "2",
        .low = 1,
        .high = kMostNodes},
    Key{.name = "names",
        .type = ValueType::lines,
        .meaning = "the host names of the nodes, one for each. Default: node1, node2, …",
        .high = kMostNodes},
    Key{.name = "vcpus",
        .type = ValueType::integer,
        .meaning = "processors of each node",
        .fallback = "1",
        .low = 1,
        .high = kMostVcpus},
    Key{.name = "memory",
        .type = ValueType::size,
        .meaning = "memory of each node",
        .fallback = "768MiB",
        .low = kLeastMemory,
        .high = kMostMemory,
        .step = kMiB},
    Key{.name = "overrides",
        .type = ValueType::section,
        .meaning = "what single nodes have that differs, by their names",
        .tables = kNodeTables,
        .named = true},
};

constexpr std::array kNode{
    Key{.name = "kernel",
        .type = ValueType::name,
        .meaning = "a kernel of the topology that this node runs whatever kernel is tested. "
                   "Default: the kernel that is tested"},
    Key{.name = "vcpus",
        .type = ValueType::integer,
        .meaning = "processors of this node. Default: as of all",
        .low = 1,
        .high = kMostVcpus},
    Key{.name = "memory",
        .type = ValueType::size,
        .meaning = "memory of this node. Default: as of all",
        .low = kLeastMemory,
        .high = kMostMemory,
        .step = kMiB},
};

constexpr std::array kTrial{
    Key{.name = "name",
        .type = ValueType::name,
        .meaning = "what the trial is called. Default: the workloads' names joined with +"},
    Key{.name = "workloads",
        .type = ValueType::lines,
        .meaning = "what runs in the trial, one after another",
        .high = 64,
        .required = true},
    Key{.name = "start",
        .type = ValueType::choice,
        .meaning = "where this trial's nodes begin. Default: as the topology says for all",
        .words = "boot template formed"},
    Key{.name = "lab",
        .type = ValueType::choice,
        .meaning = "whether this trial may share a lab. Default: as the topology says for all",
        .words = "fresh shared"},
    Key{.name = "faults",
        .type = ValueType::special,
        .meaning = "what is done to nodes on purpose while the trial works: a list of nodes that "
                   "are killed, paused or cut off, and when. Default: nothing",
        .high = kMaxFaults,
        .form = Form::faults},
};

constexpr std::array kFault{
    Key{.name = "at",
        .type = ValueType::duration,
        .meaning = "when, from the instant the work begins. Only time of work counts: a second "
                   "workload goes on where the first one's duration ends",
        .high = 24 * kHour,
        .required = true},
    Key{.name = "kill",
        .type = ValueType::name,
        .meaning = "a node whose machine ends as at a power cut, and stays away",
        .alternative = true},
    Key{.name = "pause",
        .type = ValueType::name,
        .meaning = "a node whose machine stands still, and goes on",
        .alternative = true},
    Key{.name = "cut",
        .type = ValueType::name,
        .meaning = "a node whose link carries nothing, in or out, and carries again",
        .alternative = true},
    Key{.name = "for",
        .type = ValueType::duration,
        .meaning =
            "how long a pause or a cut lasts: at most half of what the cluster takes to give "
            "a node up, since nothing fences",
        .low = 1,
        .high = kHour},
};

constexpr std::array kWatch{
    Key{.name = "hung_task",
        .type = ValueType::duration,
        .meaning = "the kernel reports a task that is blocked for this long",
        .fallback = "10s",
        .low = kSecond,
        .high = kHour,
        .step = kSecond},
    Key{.name = "stall",
        .type = ValueType::duration,
        .meaning = "a workload without progress for this long is a finding",
        .fallback = "5s",
        .low = kSecond,
        .high = kHour},
    Key{.name = "checkpoint",
        .type = ValueType::duration,
        .meaning = "while a workload runs, the whole lab is saved this often; the last two are kept "
                   "if the trial fails. Default: never",
        .low = kSecond,
        .high = kHour},
    Key{.name = "lockdep",
        .type = ValueType::choice,
        .meaning = "required: a kernel without a working lockdep gives no verdict",
        .fallback = "optional",
        .words = "required optional"},
    Key{.name = "memory_image",
        .type = ValueType::choice,
        .meaning = "on-hang: the memory of every node is kept when a workload hangs",
        .fallback = "never",
        .words = "never on-hang"},
    Key{.name = "known",
        .type = ValueType::lines,
        .meaning = "identities of findings that are reported but not judged",
        .high = 200},
};

constexpr std::array kDefaults{
    Key{.name = "kernel",
        .type = ValueType::section,
        .meaning = "what holds for every kernel that does not say it itself",
        .tables = kKernelTables},
    Key{.name = "disk",
        .type = ValueType::section,
        .meaning = "what holds for every disk that does not say it itself",
        .tables = kDiskTables},
    Key{.name = "workload",
        .type = ValueType::section,
        .meaning = "what holds for every workload whose program has the key and that does not say it "
                   "itself",
        .tables = kWorkloadTables},
    Key{.name = "trial",
        .type = ValueType::section,
        .meaning = "what holds for every trial that does not say it itself",
        .tables = kTrialTables},
};

}  // namespace

const KeyTable kTopologyKeys{"a topology", kTopology};
const KeyTable kKernelKeys{"a kernel", kKernel};
const KeyTable kSourceKeys{"a kernel's source", kSource};
const KeyTable kPrebuiltKeys{"a kernel that is built already", kPrebuilt};
const KeyTable kNodesKeys{"nodes", kNodes};
const KeyTable kNodeKeys{"a node", kNode};
const KeyTable kTrialKeys{"a trial", kTrial};
const KeyTable kFaultKeys{"a fault", kFault};
const KeyTable kWatchKeys{"watch", kWatch};
const KeyTable kDefaultsKeys{"the defaults", kDefaults};

std::span<const KeyTable* const> all_key_tables() {
  static constexpr auto kAll = std::to_array<const KeyTable*>({
      &kTopologyKeys,   &kKernelKeys,  &kSourceKeys, &kPrebuiltKeys, &kNodesKeys,    &kNodeKeys, &kDiskKeys,
      &kTargetKeys, &kChapKeys, &kClusterKeys,    &kO2cbKeys, &kFilesystemKeys, &kFilesystemOptionsKeys, &kMmapDioKeys, &kFioKeys,  &kLockPingKeys,
      &kExecKeys,       &kTrialKeys,   &kFaultKeys,  &kWatchKeys,  &kDefaultsKeys});
  return kAll;
}

const std::string_view kSystemFolders =
    "/bin /boot /dev /etc /gridlock /home /lib /lib32 /lib64 /libx32 /proc /root /run /sbin /sys "
    "/tmp /usr /var";

const std::string_view kFileFolders = "/opt /root /srv /tmp";

}  // namespace gridlock

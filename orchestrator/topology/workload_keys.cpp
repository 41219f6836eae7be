// SPDX-License-Identifier: GPL-2.0-or-later
// The keys of workloads, program by program.
#include <array>

#include "topology/keys.h"
#include "workloads/mmap_dio_words.h"

namespace gridlock {
namespace {

constexpr std::uint64_t kKiB = 1024, kMiB = 1024 * kKiB, kGiB = 1024 * kMiB, kTiB = 1024 * kGiB;
constexpr std::uint64_t kSecond = 1000, kHour = 3600 * kSecond;

constexpr Key kDuration{.name = "duration",
                        .type = ValueType::duration,
                        .meaning = "how long it runs",
                        .fallback = "20s",
                        .low = kSecond,
                        .high = 24 * kHour};
constexpr Key kMargin{.name = "margin",
                      .type = ValueType::share,
                      .meaning =
                          "differences between two kernels' throughput within it do not "
                          "matter, where they are compared",
                      .fallback = "5%"};
constexpr Key kProgram{.name = "program",
                       .type = ValueType::choice,
                       .meaning = "the program every node runs",
                       .words = "mmap-dio fio lock-ping exec",
                       .required = true};

constexpr std::array kMmapDio{
    kProgram,
    kDuration,
    kMargin,
    Key{.name = "operation",
        .type = ValueType::choice,
        .meaning = "how bytes move between the node's file and the buffer; fiemap lists the file's "
                   "extents into it",
        .fallback = "read",
        .words = mdio::kOperations},
    Key{.name = "direction",
        .type = ValueType::choice,
        .meaning = "which way libaio and io_uring move them",
        .fallback = "read",
        .words = mdio::kDirections},
    Key{.name = "access",
        .type = ValueType::choice,
        .meaning = "how the file is opened: past the page cache, through it, or past it and for "
                   "appending",
        .fallback = "direct",
        .words = mdio::kAccesses},
    Key{.name = "file",
        .type = ValueType::choice,
        .meaning = "the file of the transfers: every process has its own",
        .fallback = "own",
        .words = "own"},
    Key{.name = "buffer",
        .type = ValueType::choice,
        .meaning =
            "the memory of the transfers: a mapping of the same file, of the next node's "
            "file, plain memory, a mapping of another file of the process, of the very bytes "
            "that are transferred, or of the next process's file",
        .fallback = "same-file",
        .words = mdio::kBuffers},
    Key{.name = "mapping",
        .type = ValueType::choice,
        .meaning = "how the buffer's file is mapped",
        .fallback = "shared",
        .words = mdio::kMapKinds},
    Key{.name = "resident",
        .type = ValueType::choice,
        .meaning = "which of the buffer's pages are touched, after all were evicted, before each "
                   "transfer",
        .fallback = "none",
        .words = mdio::kResidents},
    Key{.name = "eviction",
        .type = ValueType::choice,
        .meaning = "how they are evicted: by MADV_DONTNEED, by MADV_PAGEOUT, or by reclaim from a "
                   "memory cgroup of the process's own",
        .fallback = "dontneed",
        .words = mdio::kEvictions},
    Key{.name = "alignment",
        .type = ValueType::choice,
        .meaning =
            "what the buffer's address and the transfer's length are multiples of: a page, "
            "512 bytes, or nothing (only with access: buffered). A transfer of whole sectors "
            "but not pages makes it sector",
        .fallback = "page",
        .words = mdio::kAlignments},
    Key{.name = "state",
        .type = ValueType::choice,
        .meaning = "what the transfer meets in the file: blocks, a hole, preallocated blocks, the "
                   "end of the file in its middle, or nothing, past the end",
        .fallback = "allocated",
        .words = mdio::kStates},
    Key{.name = "transfer",
        .type = ValueType::size,
        .meaning = "size of one transfer",
        .fallback = "1MiB",
        .low = 512,
        .high = 64 * kMiB},
    Key{.name = "file_size",
        .type = ValueType::size,
        .meaning = "size of each process's file: a multiple of transfer, at least twice as much. "
                   "Default: 8 times transfer",
        .low = kKiB,
        .high = kTiB},
    Key{.name = "processes",
        .type = ValueType::integer,
        .meaning = "processes on each node, each with files of its own",
        .fallback = "1",
        .low = 1,
        .high = 16},
    Key{.name = "threads",
        .type = ValueType::integer,
        .meaning = "threads of each process, on one descriptor",
        .fallback = "1",
        .low = 1,
        .high = 16},
    Key{.name = "fsync",
        .type = ValueType::choice,
        .meaning =
            "after: each write is followed by fsync. beside: a thread calls it all the time, "
            "on the same descriptor",
        .fallback = "none",
        .words = mdio::kFsyncs},
    Key{.name = "disturb",
        .type = ValueType::choices,
        .meaning = "what goes on beside the transfers: the buffer's pages are evicted, the file's "
                   "end moves, holes are punched behind the data, GFS2 is asked to give the file's "
                   "glock away. Default: nothing",
        .words = mdio::kDisturbances},
    Key{.name = "observe",
        .type = ValueType::choices,
        .meaning = "how every node watches the next node's blocks while they are written. Default: "
                   "not at all",
        .words = mdio::kObservers},
    Key{.name = "inject",
        .type = ValueType::choice,
        .meaning = "a fault done on purpose on every node, once, to see that it is found",
        .fallback = "none",
        .words = mdio::kFaults},
};

constexpr std::array kFio{
    kProgram,
    kDuration,
    kMargin,
    Key{.name = "jobs",
        .type = ValueType::special,
        .meaning = "options of one fio job and their values, spelt as fio spells them",
        .high = 100,
        .required = true,
        .form = Form::fio_options},
};

constexpr std::array kLockPing{
    kProgram,
    kDuration,
    kMargin,
    Key{.name = "locks",
        .type = ValueType::integer,
        .meaning = "bytes of one file that are locked in turn by all processes. Default: one more "
                   "than there are processes in the cluster",
        .fallback = "0",
        .low = 0,
        .high = 1024},
    Key{.name = "data",
        .type = ValueType::choice,
        .meaning = "what is done under each lock: nothing, or counting up by read and write, or in "
                   "a shared mapping",
        .fallback = "none",
        .words = "none file mapped"},
    Key{.name = "processes",
        .type = ValueType::integer,
        .meaning = "processes on each node",
        .fallback = "1",
        .low = 1,
        .high = 16},
};

constexpr std::array kExec{
    kProgram,
    kDuration,
    kMargin,
    Key{.name = "files",
        .type = ValueType::special,
        .meaning =
            "files and folders to put on every node: the path there, below /opt, /root, /srv "
            "or /tmp, and the path here, relative to the topology",
        .high = 200,
        .paths = Paths::all,
        .form = Form::files},
    Key{.name = "command",
        .type = ValueType::lines,
        .meaning = "the program and its arguments",
        .high = 200,
        .required = true},
    Key{.name = "prepare",
        .type = ValueType::lines,
        .meaning = "a command that every node runs to its end before any starts",
        .high = 200},
    Key{.name = "verify",
        .type = ValueType::lines,
        .meaning = "a command that every node runs when all have ended",
        .high = 200},
    Key{.name = "environment",
        .type = ValueType::special,
        .meaning = "environment variables and their values",
        .high = 100,
        .form = Form::variables},
    Key{.name = "exit",
        .type = ValueType::lines,
        .meaning = "exit statuses that mean it went well. Default: 0",
        .high = 256,
        .form = Form::statuses},
    Key{.name = "data",
        .type = ValueType::size,
        .meaning = "what it writes to the disk on each node at the most",
        .low = 1,
        .high = kTiB},
};

constexpr std::string_view kGridlockSets =
    "Gridlock sets it, so that each node works on files of its own below the mount";
constexpr std::string_view kRuns = "it runs commands in the node";
constexpr std::string_view kElsewhere = "it reads or writes files outside the mount";
constexpr std::string_view kTogether = "Gridlock starts and stops the job on all nodes together";

constexpr std::array kRefused{
    RefusedFioOption{"directory", kGridlockSets},
    RefusedFioOption{"filename", kGridlockSets},
    RefusedFioOption{"filename_format", kGridlockSets},
    RefusedFioOption{"opendir", kElsewhere},
    RefusedFioOption{"randseed", "Gridlock sets it from the trial's seed; see gridlock run --seed"},
    RefusedFioOption{"output*", "Gridlock reads fio's output itself"},
    RefusedFioOption{"exec_*", kRuns},
    RefusedFioOption{"trigger*", kRuns},
    RefusedFioOption{"program", kRuns},
    RefusedFioOption{"arguments", kRuns},
    RefusedFioOption{"include", kElsewhere},
    RefusedFioOption{"write_*", kElsewhere},
    RefusedFioOption{"read_iolog*", kElsewhere},
    RefusedFioOption{"replay_*", kElsewhere},
    RefusedFioOption{"merge_blktrace*", kElsewhere},
    RefusedFioOption{"verify_state_*", kElsewhere},
    RefusedFioOption{"aux_path", kElsewhere},
    RefusedFioOption{"iomem", kElsewhere},
    RefusedFioOption{"cgroup*", kElsewhere},
    RefusedFioOption{"wait_for*", kTogether},
    RefusedFioOption{"exitall*", kTogether},
    RefusedFioOption{"stonewall", kTogether},
    RefusedFioOption{"new_group", kTogether},
};

}  // namespace

const KeyTable kMmapDioKeys{"an mmap-dio workload", kMmapDio};
const KeyTable kFioKeys{"a fio workload", kFio};
const KeyTable kLockPingKeys{"a lock-ping workload", kLockPing};
const KeyTable kExecKeys{"an exec workload", kExec};

std::span<const RefusedFioOption> refused_fio_options() { return kRefused; }

const std::string_view kFioEngines =
    "sync psync vsync pvsync pvsync2 libaio io_uring posixaio mmap splice";

}  // namespace gridlock

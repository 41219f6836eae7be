// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/duration.h"
#include "base/error.h"
#include "workloads/mmap_dio_words.h"

namespace gridlock {

/// A place in a topology file, counted from 1.
struct Mark {
  int line = 0;
  int column = 0;
  int source = 0;  ///< which file: 0 is the topology itself, the others are what it includes
};

/// The topology file is wrong. `what()` is the whole text a person reads: one block per mistake,
/// "file:line:col: error: text", the offending line, and a caret under the column.
class TopologyError : public UsageError {
  using UsageError::UsageError;
};

/// A kernel that nobody builds; `package` or `image` is set.
struct PrebuiltKernel {
  std::string package;            ///< a Debian package with a kernel, e.g. linux-image-amd64
  std::filesystem::path image;    ///< a bzImage, absolute
  std::filesystem::path modules;  ///< its modules, …/lib/modules/RELEASE, absolute; may be empty
};

/// Where a kernel comes from; exactly one of `package`, `dir`, `git` and `prebuilt` is set.
struct KernelSource {
  std::string package;        ///< a Debian package with a source archive, e.g. linux-source-6.1
  std::filesystem::path dir;  ///< a source tree, absolute
  std::filesystem::path git;  ///< a git repository, or a checkout of one, absolute
  /// Of `git`: whatever names a commit, or "worktree" for the checkout as it is, changes included.
  std::string ref;
  std::optional<PrebuiltKernel> prebuilt;
};

/// Patches to apply, or to take back; `path` or `range` is set.
struct PatchSpec {
  /// A patch, a mailbox with a series of them, or a quilt folder; absolute.
  std::filesystem::path path;
  std::string range = {};  ///< "base..head": commits of the kernel's git repository
  bool revert = false;     ///< taken back, the last one first
};

/// What a topology expects of a trial on a kernel.
enum class Expectation { pass, fail };

/// One kernel as written, with `from:` already resolved: source and config are the inherited
/// ones and patches are the inherited ones followed by its own.
struct KernelSpec {
  std::string name;
  std::string from;  ///< the kernel it was derived from, or empty
  KernelSource source;
  std::vector<std::string> config;             ///< fragment names or paths, in order of merging
  std::vector<PatchSpec> patches;              ///< in order of applying
  Expectation expect = Expectation::pass;      ///< fail: at least one trial must fail
  std::map<std::string, Expectation> expect_trial;  ///< by trial name; overrides `expect`
  Mark mark;
};

/// What one node has that differs from the others.
struct NodeOverride {
  std::string kernel;  ///< runs this one whatever kernel is tested; empty: the tested one
  std::optional<int> vcpus;
  std::optional<Bytes> memory;
  Mark mark;
};

struct NodesSpec {
  int count = 2;  ///< 1 to 16
  int vcpus = 1;
  Bytes memory = Bytes::mib(768);
  std::vector<std::string> names = {"node1", "node2"};  ///< one for each node
  std::map<std::string, NodeOverride> overrides = {};  ///< by the node's name
};

/// How the shared disk reaches the nodes.
enum class Transport { virtio, iscsi };

/// Who speaks iSCSI: QEMU for its node, which sees a SCSI disk, or the node's own kernel.
enum class IscsiVia { host, guest };

/// Of `chap`. The secret itself is in a file, so that it is in no topology, plan or result.
struct ChapSpec {
  std::string user;
  std::filesystem::path secret_file;  ///< absolute; its first line is the secret
};

/// An iSCSI target that exists, in place of one that Gridlock starts.
struct IscsiTargetSpec {
  std::string portal;  ///< "host:port"
  std::string iqn;
  int lun = 1;
  std::optional<ChapSpec> chap;
};

struct DiskSpec {
  std::string name;
  Bytes size;
  Transport transport = Transport::virtio;
  IscsiVia via = IscsiVia::host;
  std::optional<IscsiTargetSpec> target = {};
};

/// What joins the nodes: corosync and dlm_controld, OCFS2's own stack in the kernel, or nothing,
/// for one node that mounts locally.
enum class ClusterStack { corosync, o2cb, none };

/// When o2cb gives a node up. A token of 10 s makes these the kernel's own defaults.
/// Source: o2cb(7); O2HB_DEFAULT_DEAD_THRESHOLD and O2NET_*_DEFAULT in fs/ocfs2/cluster.
struct O2cbTimes {
  /// A node is dead that did not write its heartbeat to the disk in this many rounds of 2 s, less
  /// one.
  int dead_threshold = 31;
  Milliseconds idle_timeout{30'000};    ///< a connection is given up on which nothing came for so long
  Milliseconds keepalive_delay{2'000};  ///< a connection on which nothing came is asked
  Milliseconds reconnect_delay{2'000};  ///< between two attempts to connect
};

struct ClusterSpec {
  ClusterStack stack = ClusterStack::corosync;
  Milliseconds token{10'000};  ///< corosync's token time-out; of o2cb, how long a node may be silent
  O2cbTimes o2cb = {};         ///< of `stack: o2cb`; what is not written comes from `token`
};

enum class FilesystemType { gfs2, ocfs2 };

/// Arguments for mkfs and mount beside Gridlock's own.
struct FilesystemOptions {
  std::vector<std::string> mkfs;
  std::string mount;  ///< as after `mount -o`
};

struct FilesystemSpec {
  FilesystemType type = FilesystemType::gfs2;
  std::string disk;                   ///< name of a disk
  std::string mount = "/mnt/shared";  ///< absolute path in the node
  Bytes journal = Bytes::mib(32);     ///< size of one journal; each node has one
  FilesystemOptions options = {};
};

/// `program: mmap-dio`: transfers between a file and memory that is, or is not, mapped from a file.
/// The choices and their words are the program's own.
struct MmapDioSpec {
  using Operation = mdio::Operation;
  using Direction = mdio::Direction;
  using Access = mdio::Access;
  using Buffer = mdio::Buffer;
  using Mapping = mdio::MapKind;
  using Resident = mdio::Resident;
  using Eviction = mdio::Eviction;
  using Alignment = mdio::Alignment;
  using State = mdio::State;
  using Fsync = mdio::Fsync;
  using Disturbance = mdio::Disturbance;
  using Observer = mdio::Observer;
  using Fault = mdio::Fault;

  Operation operation = Operation::read;
  Direction direction = Direction::read;
  Access access = Access::direct;
  Buffer buffer = Buffer::same_file;
  Mapping mapping = Mapping::shared;
  Resident resident = Resident::none;
  Eviction eviction = Eviction::dontneed;
  Alignment alignment = Alignment::page;
  State state = State::allocated;
  Fsync fsync = Fsync::none;
  Bytes transfer = Bytes::mib(1);   ///< size of one transfer
  Bytes file_size = Bytes::mib(8);  ///< of each process's file
  int processes = 1;                ///< on each node
  int threads = 1;                  ///< of each process, on one descriptor
  std::vector<Disturbance> disturb;  ///< what goes on beside, on every node
  std::vector<Observer> observe;     ///< how every node watches the next node's blocks
  Fault inject = Fault::none;        ///< done on purpose, so that the checks can be checked

  /// Whether transfers go from memory to the file.
  bool writes() const { return mdio::writes(operation, direction); }
};

/// `program: fio`: one fio job; keys and values are passed on as fio spells them.
struct FioSpec {
  std::vector<std::pair<std::string, std::string>> jobs;  ///< in the order written
};

/// `program: lock-ping`: POSIX byte-range locks handed from node to node, one after another, as
/// ctdb's ping_pong does.
struct LockPingSpec {
  enum class Data { none, file, mapped };
  int locks = 0;           ///< bytes that are locked in turn; 0: one more than there are processes
  Data data = Data::none;  ///< how the byte under the lock is counted up, if it is
  int processes = 1;       ///< on each node
};

/// `program: exec`: any program. In its words {node}, {nodes}, {name}, {address}, {mount}, {dir},
/// {seed} and {duration} (seconds) are replaced; {{ and }} stand for the braces.
struct ExecSpec {
  struct File {
    std::filesystem::path from;  ///< a file or folder on the host, absolute
    std::string to;              ///< absolute path in the node
  };
  std::vector<File> files;            ///< put on every node
  std::vector<std::string> command;   ///< the program and its arguments
  std::vector<std::string> prepare;   ///< a command every node runs before; empty: none
  std::vector<std::string> verify;    ///< a command every node runs after; empty: none
  std::map<std::string, std::string> environment;
  std::vector<int> success{0};        ///< exit statuses that mean it went well
  Bytes data;                         ///< what it writes on each node at the most
};

struct WorkloadSpec {
  std::string name;
  std::optional<MmapDioSpec> mmap_dio;  ///< exactly one of the programs is set
  std::optional<FioSpec> fio;
  std::optional<LockPingSpec> lock_ping;
  std::optional<ExecSpec> exec;
  Milliseconds duration{20'000};
  double margin = 0.05;  ///< a ratio: effects of a patch on its throughput within it do not matter
  Mark mark;
};

/// Where a trial's nodes begin: at power-on; at a guest of the same kernel, image and shape that was
/// saved when its agent had come up; or at a whole lab that was saved when its file system had been
/// mounted.
enum class Start { boot, from_template, formed };

/// Whether a trial has a lab of its own, or goes on in the lab of the trial before it on the same
/// kernel as long as nothing happened to that lab.
enum class LabUse { fresh, shared };

/// What is done to a node on purpose while a trial works: its machine ends as at a power cut; or
/// stands still, or no frame passes its link, for a while.
enum class FaultKind { kill, pause, cut };

struct FaultSpec {
  FaultKind kind = FaultKind::kill;
  std::string node;
  Milliseconds at{0};     ///< time of work: what lies between two workloads does not count
  Milliseconds lasts{0};  ///< of pause and cut
};

/// The workloads that run in a lab, one after another.
struct TrialSpec {
  std::string name;  ///< as written, or the workloads' names joined with "+"
  std::vector<std::string> workloads;
  std::optional<Start> start = {};  ///< as written for this trial
  LabUse lab = LabUse::fresh;       ///< as written for this trial, else for all
  std::vector<FaultSpec> faults = {};  ///< by their time
};

enum class Lockdep { required, optional };

/// Whether the memory of every node is kept when a workload hangs or a kernel is stuck.
enum class MemoryImage { never, on_hang };

struct WatchSpec {
  Milliseconds hung_task{10'000};       ///< the kernel's hung_task_timeout_secs; whole seconds
  Milliseconds stall{5'000};            ///< no progress of a worker for this long is a finding
  std::optional<Milliseconds> checkpoint = {};  ///< the lab is saved this often while it works
  Lockdep lockdep = Lockdep::optional;  ///< required: a kernel without lockdep is an error
  MemoryImage memory_image = MemoryImage::never;
  std::vector<std::string> known;       ///< identities of findings that are reported but not judged
};

enum class Accel { automatic, kvm, tcg };

struct Topology {
  std::filesystem::path file;  ///< absolute
  /// Kept with the results: the file as read or, if it includes others, one file that says the same.
  std::string text;
  std::string name;
  std::string description;
  Accel accel = Accel::automatic;
  std::optional<Start> start;  ///< as written for all; `boot`, if written, is insisted on
  LabUse lab = LabUse::fresh;  ///< as written for all
  std::vector<KernelSpec> kernels;  ///< in the order written
  NodesSpec nodes;
  std::vector<DiskSpec> disks;
  ClusterSpec cluster;
  FilesystemSpec filesystem;
  std::vector<WorkloadSpec> workloads;  ///< in the order written
  std::vector<TrialSpec> trials;        ///< without `trials:`, one per workload
  WatchSpec watch;
};

/// The files around a topology, for one that includes others.
struct Surroundings {
  /// The text of a file that is included; throws UsageError if it cannot be read.
  std::function<std::string(const std::filesystem::path& file)> text;
  std::function<bool(const std::filesystem::path& file)> exists;
};

/// Reads `text`, which came from `file` (for messages; relative paths in it are relative to the
/// file's folder). With null for `around`, a topology that includes others is a mistake. Throws
/// TopologyError with every mistake found.
Topology read_topology(std::string_view text, const std::filesystem::path& file,
                       const Surroundings* around = nullptr);

/// Reads the file itself and what it includes; throws UsageError if it cannot be read or is above
/// 1 MiB.
Topology load_topology(const std::filesystem::path& file);

}  // namespace gridlock

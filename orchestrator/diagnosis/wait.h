// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace gridlock::diagnosis {

/// What tasks wait for.
struct Lock {
  enum class Kind {
    glock,   ///< GFS2's: name "2/4269", type "inode"
    dlm,     ///< a DLM resource that is none of GFS2's: name as printed, type "dlm"
    ocfs2,   ///< name "M0000000000000000114e2a00000000", type "meta"
    kernel,  ///< mutex, rwsem, …: name "&mm->mmap_lock ff11000004f215a0", type "&mm->mmap_lock"
  };
  Kind kind = Kind::glock;
  std::string name;
  std::string type;
  std::uint64_t inode = 0;  ///< st_ino of the file it guards; 0: none, or not known
  auto operator<=>(const Lock&) const = default;
};

std::string_view kind_name(Lock::Kind kind);  ///< "glock"

/// One that waits, or that is waited for: a vertex of the graph.
struct Party {
  enum class Kind {
    task,      ///< `pid` (of a thread) on `node`
    ended,     ///< a task that has ended and left the lock held
    mount,     ///< a holder of the file system itself, without a task
    someone,   ///< of `node`, which has the lock; the dumps do not say which task
    demotion,  ///< `node`'s cluster lock `lock`: no task uses it, it has to be given down
    nobody,    ///< no lock is in the way of `lock`
    reply,     ///< a DLM message that `node` has to answer
    recovery,  ///< of the DLM or a journal, during which `lock` is frozen
    silent,    ///< `node`, which did not answer and has the lock
  };
  Kind kind = Kind::task;
  std::string node;
  int pid = 0;       ///< of a task, also of one that has ended
  std::string lock;  ///< name, for the kinds that are nothing without it
  auto operator<=>(const Party&) const = default;
};

std::string_view kind_name(Party::Kind kind);  ///< "task"

/// `from` cannot go on before `to` gives way.
struct Wait {
  enum class How {
    held,    ///< `to` has the lock in `has`
    queued,  ///< `to` wants it in `has` and asked earlier
    works,   ///< `to` is the task that works on what `from` stands for
  };
  Party from;
  Party to;
  Lock lock;
  std::string wanted;  ///< mode: "SH", "PR", "write"; empty where a lock has none
  std::string has;     ///< mode of `to`; empty where it is not known or there is none
  How how = How::held;
  auto operator<=>(const Wait&) const = default;
};

std::string_view how_name(Wait::How how);  ///< "held"

}  // namespace gridlock::diagnosis

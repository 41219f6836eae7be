// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "host/descriptor.h"

namespace gridlock {

/// libvirt makes QEMU a daemon, so that it becomes the child of init. Where init reaps late, or is
/// none, as in many containers, an ended QEMU stays a zombie, and libvirt takes it to be alive and
/// waits. While this lives, orphans become our children, and the machines' processes are reaped as
/// they end, by a thread that waits for nothing else. Source: PR_SET_CHILD_SUBREAPER, prctl(2). One
/// per process; safe from any thread.
class OrphanReaper {
 public:
  /// `processes`: the processes of libvirt's now; called on any thread.
  explicit OrphanReaper(std::function<std::vector<pid_t>()> processes);
  ~OrphanReaper();
  OrphanReaper(const OrphanReaper&) = delete;
  OrphanReaper& operator=(const OrphanReaper&) = delete;

  /// While one lives, libvirt may start processes, and they are looked for.
  class Attention {
   public:
    explicit Attention(OrphanReaper& reaper) : reaper_(reaper) { reaper_.attend(1); }
    ~Attention() { reaper_.attend(-1); }
    Attention(const Attention&) = delete;
    Attention& operator=(const Attention&) = delete;

   private:
    OrphanReaper& reaper_;
  };

 private:
  void attend(int change);
  void run();
  void wake() const;
  /// Both with the mutex held.
  void look();
  void reap_ended_ones();

  std::function<std::vector<pid_t>()> list_;
  Descriptor wake_;
  std::mutex mutex_;  ///< guards what follows
  std::map<pid_t, Descriptor> processes_;
  int attentions_ = 0;
  bool stop_ = false;
  std::thread thread_;
};

/// Reaps `pidfd`'s process if it is a child of ours that has ended. From any thread.
void reap_ended(const Descriptor& pidfd);

}  // namespace gridlock

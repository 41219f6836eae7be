// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <memory>
#include <string>

#include "machine/hypervisor.h"

namespace gridlock {

/// One hypervisor for labs on several threads, each with a loop of its own. Lives on the real
/// one's loop and is the only one to hear its events; must outlive the shares, and its loop must
/// turn while they are used.
class SharedHypervisor {
 public:
  SharedHypervisor(Hypervisor& real, EventLoop& loop);
  ~SharedHypervisor();
  SharedHypervisor(const SharedHypervisor&) = delete;
  SharedHypervisor& operator=(const SharedHypervisor&) = delete;

  /// A hypervisor whose calls are made, and whose answers and events come, on `loop`: events of the
  /// machines whose names begin with `prefix`. Made on the real one's loop; destroyed on any thread
  /// once `loop` turns no more.
  std::unique_ptr<Hypervisor> share(EventLoop& loop, const std::string& prefix);

 private:
  class Share;
  struct Link;

  Hypervisor& real_;
  EventLoop& loop_;
  std::map<std::string, std::weak_ptr<Link>> links_;  ///< by prefix; on the real loop only
};

}  // namespace gridlock

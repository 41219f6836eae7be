// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>

#include "base/event_loop.h"
#include "doctor/host_view.h"
#include "plan/plan.h"

namespace gridlock {

/// The folders Gridlock works in.
struct WorkFolders {
  std::filesystem::path cache;
  std::filesystem::path results;
  std::filesystem::path runs;
};

/// Reads how this host is, as whoever runs this. Changes nothing but that it makes, and removes
/// again, a folder in `runs` if KVM or libvirt can be tried: KVM is proven by booting a kernel of
/// the cache, or the host's own. Where `plan` is set and wants no KVM, that is left out. What
/// cannot be found out is said in the view. Throws Cancelled only.
HostView read_host_view(const WorkFolders& folders, const HostFacts& facts, const Plan* plan,
                        EventLoop& loop, std::stop_token stop);

}  // namespace gridlock

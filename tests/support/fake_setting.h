// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <unistd.h>

#include <filesystem>

#include "support/fake_lab.h"
#include "trial/lab.h"

namespace gridlock {

/// What trials on the machines of `lab` share: with their disk and sockets in `folder`, and without
/// a fabric. All that is referred to must outlive it.
inline LabSetting fake_setting(const Plan& plan, FakeEventLoop& loop, FakeLab& lab,
                               const std::filesystem::path& folder) {
  LabSetting setting{plan, loop, lab,
                     [&lab](const std::filesystem::path& socket) { return lab.connect(socket); }};
  setting.directory = folder;
  setting.root_disk = folder / "root.erofs";
  setting.qemu_uid = ::getuid();
  setting.qemu_gid = ::getgid();
  return setting;
}

}  // namespace gridlock

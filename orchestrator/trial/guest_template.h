// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "host/progress.h"
#include "trial/lab.h"

namespace gridlock {

/// What a template is made of besides the plan and this host: the content of its kernel and image.
struct TemplateParts {
  std::string kernel_name;  ///< for people
  std::string kernel_key;   ///< the kernel's in its cache
  std::string image_key;
  std::filesystem::path kernel;  ///< bzImage, readable by the user QEMU runs as
};

/// Finds or makes the template of a kernel: a guest of the shape of the plan's nodes, booted until
/// its agent said hello, before it was anybody, and saved. It is kept in `cache`/templates under a
/// key of everything that must be equal when it is restored: kernel, image, command line, machine
/// shape, disk size, accelerator, QEMU's version and the processor. A kept one is checked against
/// its digest once; one that is damaged is made anew, and `progress` says why.
///
/// Throws Error: the guest did not come up, printed a report while it booted, or there is no room.
GuestTemplate guest_template(const LabSetting& setting, const TemplateParts& parts,
                             const std::string& qemu_version, const std::filesystem::path& cache,
                             Progress& progress, std::stop_token stop);

}  // namespace gridlock

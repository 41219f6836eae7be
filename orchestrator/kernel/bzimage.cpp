// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/bzimage.h"

#include <fmt/format.h>

#include <fstream>

#include "base/text.h"
#include "host/command_runner.h"

namespace gridlock {
namespace {

// Offsets in the setup header.
constexpr std::size_t kMagic = 0x202, kVersionPointer = 0x20e, kVersionBase = 0x200;
constexpr std::size_t kHeader = 0x8000;  // of the setup code, which is never larger
constexpr std::size_t kLongestVersion = 300;

}  // namespace

std::string release_of_image(const std::filesystem::path& image) {
  std::ifstream in(image, std::ios::binary);
  std::string head(kHeader, '\0');
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  if (head.size() > kVersionPointer + 1 && head.compare(kMagic, 4, "HdrS") == 0) {
    const auto byte = [&](std::size_t at) {
      return static_cast<std::size_t>(static_cast<unsigned char>(head[at]));
    };
    const std::size_t at = kVersionBase + byte(kVersionPointer) + (byte(kVersionPointer + 1) << 8);
    if (at > kVersionBase && at < head.size()) {
      const std::string version = head.substr(at, kLongestVersion).c_str();
      const std::string release = version.substr(0, version.find(' '));
      if (!release.empty() && release == printable(release, kLongestVersion)) return release;
    }
  }
  throw HostError(fmt::format("{} is not a bzImage that says its version", image.string()),
                  "give what a kernel's build leaves in arch/x86/boot/bzImage, or /boot/vmlinuz-…");
}

}  // namespace gridlock

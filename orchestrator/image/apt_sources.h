// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gridlock {

/// A file of the host's APT configuration.
struct AptSourceFile {
  std::string name;  ///< its ending says the format: ".sources" is deb822, else one entry a line
  std::string text;
};

/// The host's own Debian mirror as one deb822 text: every enabled "deb" entry for `codename` or its
/// updates and security suites, component main. Other archives the host uses stay out of a node.
/// Empty if there is none. Source: sources.list(5).
std::string select_sources(const std::vector<AptSourceFile>& files, std::string_view codename);

/// The VERSION_CODENAME of an os-release(5) text.
std::optional<std::string> codename_of(std::string_view os_release);

/// Of what `apt-config dump` prints, how the host reaches and trusts its mirror (proxies, retries,
/// checks of dates); not where the host keeps things.
std::string select_apt_options(std::string_view apt_config_dump);

}  // namespace gridlock

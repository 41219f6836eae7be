// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/saved_state.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>

#include <cerrno>
#include <chrono>
#include <system_error>

#include "base/duration.h"
#include "machine/virt_error.h"

namespace gridlock {
namespace {

/// Under emulation a guest of a few hundred MiB takes a second. QEMU that died ends the wait itself.
constexpr Milliseconds kLimit{60'000};
constexpr int kPauseMs = 5;
/// QEMU would keep to 128 MiB/s.
constexpr std::int64_t kBytesPerSecond = std::int64_t{100} << 30;

Descriptor open_file(const std::filesystem::path& file, int flags) {
  Descriptor opened(::open(file.c_str(), flags | O_CLOEXEC, 0600));
  if (!opened)
    throw VirtError(fmt::format("opening {}: {}", file.string(),
                                std::generic_category().message(errno)),
                    0);
  return opened;
}

Json command(const char* name, Json arguments) {
  return Json{{"execute", name}, {"arguments", std::move(arguments)}};
}

/// Waits for the end of a migration that goes on.
void wait_for_end(VirtConnection& connection, const std::string& name, const std::string& doing) {
  const auto begin = std::chrono::steady_clock::now();
  while (true) {
    const Json state = connection.monitor(name, Json{{"execute", "query-migrate"}});
    const std::string status = text_or(state, "status", "none");
    if (status == "completed") return;
    if (status == "failed" || status == "cancelled")
      throw VirtError(fmt::format("{} {}: {}", doing, name, text_or(state, "error-desc", status)), 0);
    if (std::chrono::steady_clock::now() - begin > kLimit)
      throw VirtError(fmt::format("{} {} took longer than {}", doing, name, to_string(kLimit)), 0);
    ::poll(nullptr, 0, kPauseMs);
  }
}

}  // namespace

void save_state(VirtConnection& connection, const std::string& name,
                const std::filesystem::path& file) {
  connection.pause(name);
  const Descriptor target = open_file(file, O_WRONLY | O_CREAT | O_EXCL);
  try {
    connection.monitor(name, command("migrate-set-parameters", {{"max-bandwidth", kBytesPerSecond}}));
    connection.monitor(name, command("getfd", {{"fdname", "state"}}), &target);
    connection.monitor(name, command("migrate", {{"uri", "fd:state"}}));
    wait_for_end(connection, name, "saving");
  } catch (const VirtError&) {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
    throw;
  }
}

void load_state(VirtConnection& connection, const std::string& name,
                const std::filesystem::path& file) {
  const Descriptor source = open_file(file, O_RDONLY);
  connection.monitor(name, command("getfd", {{"fdname", "state"}}), &source);
  connection.monitor(name, command("migrate-incoming", {{"uri", "fd:state"}}));
  wait_for_end(connection, name, "restoring");
}

}  // namespace gridlock

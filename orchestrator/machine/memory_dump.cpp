// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/memory_dump.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>

#include <cerrno>
#include <chrono>
#include <system_error>

#include "machine/virt_error.h"

namespace gridlock {
namespace {

constexpr int kPauseMs = 20;

/// Source: qapi/dump.json of QEMU 7.2. Detached, so that the monitor answers meanwhile.
void begin_dump(VirtConnection& connection, const std::string& name, const Descriptor& target) {
  connection.monitor(name, {{"execute", "getfd"}, {"arguments", {{"fdname", "memory"}}}}, &target);
  connection.monitor(name, {{"execute", "dump-guest-memory"},
                            {"arguments",
                             {{"paging", false},
                              {"protocol", "fd:memory"},
                              {"format", "kdump-zlib"},
                              {"detach", true}}}});
}

void wait_for_end(VirtConnection& connection, const std::string& name, Milliseconds limit) {
  const auto begin = std::chrono::steady_clock::now();
  while (true) {
    const Json state = connection.monitor(name, Json{{"execute", "query-dump"}});
    const std::string status = text_or(state, "status", "none");
    if (status == "completed") return;
    if (status != "active")
      throw VirtError(fmt::format("dumping the memory of {}: QEMU says {}", name, status), 0);
    if (std::chrono::steady_clock::now() - begin > limit)
      throw VirtError(fmt::format("dumping the memory of {} took longer than {} ({} of {} bytes)",
                                  name, to_string(limit), integer_or(state, "completed", 0),
                                  integer_or(state, "total", 0)),
                      0);
    ::poll(nullptr, 0, kPauseMs);
  }
}

}  // namespace

void write_memory_dump(VirtConnection& connection, const std::string& name,
                       const std::filesystem::path& file, Milliseconds limit) {
  const Descriptor target(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!target)
    throw VirtError(
        fmt::format("making {}: {}", file.string(), std::generic_category().message(errno)), 0);
  try {
    begin_dump(connection, name, target);
    wait_for_end(connection, name, limit);
  } catch (const VirtError&) {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
    throw;
  }
}

}  // namespace gridlock

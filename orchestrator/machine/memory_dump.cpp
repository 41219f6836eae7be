// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/memory_dump.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <system_error>

#include "host/descriptor.h"
#include "machine/kdump_file.h"
#include "machine/virt_error.h"

namespace gridlock {

void make_dump_file(const std::filesystem::path& file) {
  if (!Descriptor(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)))
    throw VirtError(
        fmt::format("making {}: {}", file.string(), std::generic_category().message(errno)), 0);
}

void write_memory_dump(VirtConnection& connection, const std::string& name,
                       const std::filesystem::path& file) {
  try {
    connection.dump_memory(name, file);
    make_kdump_plain(file, name);
  } catch (const VirtError&) {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
    throw;
  }
}

}  // namespace gridlock
